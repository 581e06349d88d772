/*
 * The mounts: which archive is shown in which directory, and what the user made his own there.
 *
 * The files of a mount are nodes of Pyodide's file system, which js/mount/tree.js makes; what they
 * show they ask for through src/bridge.h. This is the other half: the archive, and the path at
 * which Python finds it. A mount's archive never changes; another one in the same directory is
 * another mount, which is found in the first one's place from then on.
 */
#ifndef ZI_PYTHON_MOUNT_H
#define ZI_PYTHON_MOUNT_H

#include "../../zip/tree.h"
#include "../state.h"

/* What became of a directory of a mount; flags. */
enum zi_change {
    /* A name in it was made, removed or replaced, or a file in it written to. */
    ZI_CHANGE_WITHIN = 1,
    /* It was removed, moved or replaced: its path, and those below, mean something else. */
    ZI_CHANGE_GONE = 2,
};

struct zi_mount {
    struct zi_mount *next; /* an older one */
    PyObject *path;        /* str, absolute, without a slash at its end */
    const char *path_text; /* in UTF-8, borrowed from it */
    size_t path_nbytes;
    /* Of the archive's file: a reference. Pinned while there is a mount of it. */
    struct zi_record *record;
    struct zi_archive *archive; /* a reference: nodes are this one's */
    uint8_t *changes;           /* enum zi_change of every node */
    struct zi_host host;        /* plain: for what runs inside of system calls */
};

/* Python objects that finding and loading use: strong references, fetched at the first mount. Stock
 * is what importlib has for folders. */
#define ZI_MOUNT_OBJECTS(X)                                                                        \
    X(finder)        /* our class of finders */                                                    \
    X(source_loader) /* our classes of loaders */                                                  \
    X(sourceless_loader)                                                                           \
    X(extension_loader)   /* stock's */                                                            \
    X(extension_suffixes) /* list: of the extension modules that this Python loads */              \
    X(supported_loaders)  /* stock's function that tells FileFinder of them all */                 \
    X(stock_find_spec)    /* FileFinder's method */                                                \
    X(stock_get_code)     /* SourceLoader's method */                                              \
    X(stock_get_data)     /* FileLoader's method */

/* The mounts' part of the state; see state.h. */
struct zi_mounts {
    struct zi_mount *newest;
#define ZI_MOUNT_MEMBER(name) PyObject *name;
    ZI_MOUNT_OBJECTS(ZI_MOUNT_MEMBER)
#undef ZI_MOUNT_MEMBER
};

int zi_mounts_traverse(struct zi_mounts *mounts, visitproc visit, void *arg);

/* Breaks the cycles between our classes and the module; finders and loaders serve as stock's after
 * that. */
void zi_mounts_clear(struct zi_mounts *mounts);

/* Frees a mount that is not on the list, or not any more. */
void zi_mount_free(struct zi_mounts *mounts, struct zi_mount *mount);

/* Before the registry is released. */
void zi_mounts_free(struct zi_mounts *mounts);

/* Where a path leads that lies in a mount. */
struct zi_place {
    struct zi_mount *mount; /* until Python code runs */
    uint32_t node;
    enum zi_tree_kind kind; /* a file or a directory */
};

/* Finds what of an archive a path (a str, as importlib has it) means. 1; 0 where it lies in no
 * mount, where the archive has nothing, and where the user changed what it means, or what its
 * directory holds; -1 with an exception. No Python code runs. */
int zi_mounts_locate(struct zi_state *state, PyObject *path, struct zi_place *ret);

/* A str in UTF-8, borrowed from it. NULL with an exception, or without one where the str has none:
 * no name in an archive is its. */
const char *zi_mounts_text(PyObject *str, size_t *nbytes_ret);

/* Notes what became of a directory. */
void zi_mount_change(struct zi_mount *mount, uint32_t directory, enum zi_change change);

/* Whether the names in a directory, and the files, still are those of the archive. */
bool zi_mount_is_intact(const struct zi_mount *mount, uint32_t directory);

#endif
