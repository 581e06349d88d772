/* Code objects from their marshalled bytes. */
#ifndef ZI_PYTHON_UNMARSHAL_H
#define ZI_PYTHON_UNMARSHAL_H

#include "../state.h"

/* The code object, a new reference; NULL with an exception, which names `path`. `filename` becomes
 * its co_filename; with NULL that stays what the code was compiled with. */
PyObject *zi_unmarshal(struct zi_state *state, const char *bytes, Py_ssize_t nbytes, PyObject *path,
                       PyObject *filename);

#endif
