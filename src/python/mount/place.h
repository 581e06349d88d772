/*
 * What a path means in the mounts.
 */
#ifndef ZI_PYTHON_PLACE_H
#define ZI_PYTHON_PLACE_H

#include "mount.h"

/* A directory that more archives share than this is left to FileFinder. */
#define ZI_LAYERS_MAX 16

/* A file or a link of one archive, or the directories of some. It stands until Python code runs. */
struct zi_place {
    enum zi_tree_kind kind; /* ZI_TREE_INVISIBLE: none */
    unsigned count;
    struct zi_layer { /* the newest first */
        struct zi_mount *mount;
        uint32_t node;
    } layers[ZI_LAYERS_MAX];
};

/* Finds what of the archives a path (a str, as importlib has it) means. 1; 0 where that is not all
 * there is to say: the path lies in no mount, they have nothing there, a link is on the way, or the
 * user changed the file, or names in the directory; -1 with an exception. No Python code runs. */
int zi_place_locate(struct zi_state *state, PyObject *path, struct zi_place *ret);

/* The same for a directory in which a module is looked for: archives that have nothing for it may
 * be left out. It is a directory where the result is 1. */
int zi_place_locate_for(struct zi_state *state, PyObject *path, const char *module, size_t nbytes,
                        struct zi_place *ret);

/* Whether archives fill the directory of a path, whatever else is in it: 1 or 0, or -1 with an
 * exception. */
int zi_place_is_filled(struct zi_state *state, PyObject *path);

/* A name in the directories of a place: the nodes that unpacking the archives, the oldest first,
 * would leave there. */
void zi_place_find(const struct zi_place *place, const char *name, size_t nbytes,
                   struct zi_place *ret);

/* Whether the archives say all that there is to say of the place. */
bool zi_place_is_intact(const struct zi_place *place);

/* A str in UTF-8, borrowed from it. NULL with an exception, or without one where the str has none:
 * no name in an archive is its. */
const char *zi_place_text(PyObject *str, size_t *nbytes_ret);

#endif
