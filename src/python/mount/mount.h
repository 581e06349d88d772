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
    /* Of the archive's file: a reference. Pinned while there is a mount of it. */
    struct zi_record *record;
    struct zi_archive *archive; /* a reference: nodes are this one's */
    uint8_t *changes;           /* enum zi_change of every node */
    struct zi_host host;        /* plain: for what runs inside of system calls */
};

/* The mounts' part of the state; see state.h. */
struct zi_mounts {
    struct zi_mount *newest;
};

/* Before the registry is released. */
void zi_mounts_free(struct zi_mounts *mounts);

/* The mount that a path lies in, or the path of which it is; NULL when there is none. Writes the
 * rest of the path, without a slash before it, borrowed from the path. Raises nothing: a str that
 * has no UTF-8 lies in no mount. */
struct zi_mount *zi_mounts_find(struct zi_state *state, PyObject *path, const char **rest_ret,
                                size_t *nbytes_ret);

/* Notes what became of a directory. */
void zi_mount_change(struct zi_mount *mount, uint32_t directory, enum zi_change change);

/* Whether the names in a directory, and the files, still are those of the archive. */
bool zi_mount_is_intact(const struct zi_mount *mount, uint32_t directory);

/* _mount(), _unmount() and _archive_key(): module.c says what they do. */
PyObject *zi_mount_add(PyObject *module, PyObject *args);
PyObject *zi_mount_remove(PyObject *module, PyObject *pointer);
PyObject *zi_mount_key(PyObject *module, PyObject *archive_path);

#endif
