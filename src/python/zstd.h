/* Members compressed with zstd, where the interpreter has _zstd (3.14 and later). */
#ifndef ZI_PYTHON_ZSTD_H
#define ZI_PYTHON_ZSTD_H

#include "state.h"

/* Whether this version can have _zstd and is not importing it just now, which an archive that
 * itself holds a module of that name could ask for. */
bool zi_zstd_is_available(const struct zi_state *state);

/* Decompresses all frames; gives up as soon as there is more than nbytes. A new bytes object. */
PyObject *zi_zstd_decompress(struct zi_state *state, PyObject *packed, uint64_t nbytes);

#endif
