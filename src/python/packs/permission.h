/*
 * Whether the user lets bytecode be written.
 */
#ifndef ZI_PYTHON_PERMISSION_H
#define ZI_PYTHON_PERMISSION_H

#include "../common.h"

/* 0 when Python was started with -B, or with PYTHONDONTWRITEBYTECODE in an environment that it
 * reads; else 1; -1 with an exception. sys.dont_write_bytecode does not say: Pyodide always sets
 * it. */
int zi_permission_to_write(void);

#endif
