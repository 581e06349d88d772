/*
 * Members compressed with zstd, where the interpreter has _zstd (3.14 and later).
 */
#ifndef ZI_PYTHON_ZSTD_H
#define ZI_PYTHON_ZSTD_H

#include "../state.h"

#include "../../zip/archive.h"

/* Whether this version can have _zstd and is not importing it just now, which an archive that
 * itself holds a module of that name could ask for. */
bool zi_zstd_is_available(const struct zi_state *state);

/* Decompresses a member's frames; gives up as soon as there is more than the directory says. A new
 * bytes object. NULL with an exception, where *err says ZI_ERR_HOST, or without one and the error
 * set. */
PyObject *zi_zstd_decompress(struct zi_state *state, PyObject *packed, const struct zi_entry *entry,
                             struct zi_error *err);

#endif
