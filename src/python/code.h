/*
 * Where a module's code comes from.
 */
#ifndef ZI_PYTHON_CODE_H
#define ZI_PYTHON_CODE_H

#include "lookup.h"

/* The path of the member that get_code() would take the code from: a new reference, or NULL with an
 * exception, an ImportError when none is usable. */
PyObject *zi_code_path(struct zi_lookup *lookup);

#endif
