/*
 * The mounts' part of the module's state.
 */
#ifndef ZI_PYTHON_MOUNT_H
#define ZI_PYTHON_MOUNT_H

#include "folder.h"

/* Python objects that finding and loading use: strong references, fetched at the first mount. Stock
 * is what importlib has for folders. */
#define ZI_MOUNT_OBJECTS(X)                                                                        \
    X(finder)        /* our class of finders */                                                    \
    X(source_loader) /* our classes of loaders */                                                  \
    X(sourceless_loader)                                                                           \
    X(extension_loader) /* stock's */                                                              \
    X(stock_source_loader)                                                                         \
    X(stock_sourceless_loader)                                                                     \
    X(extension_suffixes) /* list: of the extension modules that this Python loads */              \
    X(supported_loaders)  /* stock's function that tells FileFinder of them all */                 \
    X(stock_find_spec)    /* FileFinder's method */                                                \
    X(stock_get_code)     /* SourceLoader's method */                                              \
    X(stock_get_data)     /* FileLoader's method */

/* See state.h. */
struct zi_mounts {
    struct zi_folder *folders;
#define ZI_MOUNT_MEMBER(name) PyObject *name;
    ZI_MOUNT_OBJECTS(ZI_MOUNT_MEMBER)
#undef ZI_MOUNT_MEMBER
};

int zi_mounts_traverse(struct zi_mounts *mounts, visitproc visit, void *arg);

/* Breaks the cycles between our classes and the module; finders and loaders serve as stock's after
 * that. */
void zi_mounts_clear(struct zi_mounts *mounts);

/* Frees a mount that is in no folder. */
void zi_mount_free(struct zi_mounts *mounts, struct zi_mount *mount);

/* Before the registry is released. */
void zi_mounts_free(struct zi_mounts *mounts);

#endif
