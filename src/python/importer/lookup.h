/*
 * From a module's name to the members of an archive that may hold it.
 */
#ifndef ZI_PYTHON_LOOKUP_H
#define ZI_PYTHON_LOOKUP_H

#include "view.h"

/* zipimport's search order: a package before a module, bytecode before source. */
enum zi_candidate {
    ZI_PACKAGE_BYTECODE,
    ZI_PACKAGE_SOURCE,
    ZI_MODULE_BYTECODE,
    ZI_MODULE_SOURCE,
    ZI_CANDIDATE_COUNT,
};

static inline bool zi_candidate_is_package(enum zi_candidate candidate)
{
    return candidate == ZI_PACKAGE_BYTECODE || candidate == ZI_PACKAGE_SOURCE;
}

static inline bool zi_candidate_is_bytecode(enum zi_candidate candidate)
{
    return candidate == ZI_PACKAGE_BYTECODE || candidate == ZI_MODULE_BYTECODE;
}

struct zi_lookup {
    struct zi_view view;
    PyObject *fullname;              /* borrowed from the caller */
    size_t path_nbytes;              /* of the module's path in the archive, without a suffix */
    size_t directory_nbytes;         /* of which: up to the last slash */
    uint32_t directory;              /* the node of that part in `walked` */
    const struct zi_archive *walked; /* the archive that it was looked for in, or NULL */
    char *path;                      /* with room for any suffix; NULL when no member can have it */
    char small_path[160];
    /* In an archive with symbolic links, what was found by following them: */
    bool followed;
    uint32_t nodes[ZI_CANDIDATE_COUNT];
    bool is_directory;
};

/* Finds the archive and the module's path in it: only the name's last part counts. Returns -1 with
 * an exception; an archive that is absent is no failure. Needs zi_lookup_release() after success.
 */
int zi_lookup_init(struct zi_lookup *lookup, PyObject *self, PyObject *fullname);
void zi_lookup_release(struct zi_lookup *lookup);

/* Follows symbolic links anew: for a lookup whose view shows another archive than before. -1 with
 * an exception. */
int zi_lookup_renew(struct zi_lookup *lookup);

/* The node of a candidate, or ZI_INDEX_NONE. It is a symbolic link only if that is wrong:
 * zi_view_read() raises why. */
uint32_t zi_lookup_node(struct zi_lookup *lookup, enum zi_candidate candidate);

/* The path of a candidate in the archive, borrowed until the lookup is asked something else. Only
 * for a lookup that found it. */
const char *zi_lookup_path(struct zi_lookup *lookup, enum zi_candidate candidate,
                           size_t *nbytes_ret);

/* The same with the archive's path before it, as in __file__: a new reference. */
PyObject *zi_lookup_file(struct zi_lookup *lookup, enum zi_candidate candidate);

/* The folder in which the module's own modules are, if it is a package: a new reference. Of a
 * relative archive it is absolute, as of a relative folder, so that a package does not get the
 * modules of another archive when the program has changed its folder. */
PyObject *zi_lookup_folder(const struct zi_lookup *lookup);

/* The source beside bytecode. */
static inline enum zi_candidate zi_candidate_source(enum zi_candidate bytecode)
{
    return bytecode == ZI_PACKAGE_BYTECODE ? ZI_PACKAGE_SOURCE : ZI_MODULE_SOURCE;
}

/* The first candidate there is, ZI_CANDIDATE_COUNT when there is none. */
enum zi_candidate zi_lookup_first(struct zi_lookup *lookup);

/* Whether there is a directory of the module's name. */
bool zi_lookup_is_directory(struct zi_lookup *lookup);

/* Raises ZipImportError "can't find module", or what became of the archive if it was lost during
 * the call; returns NULL. */
PyObject *zi_lookup_raise_not_found(const struct zi_lookup *lookup);

#endif
