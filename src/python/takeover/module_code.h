/*
 * zipimport's function _get_module_code(), which its own methods call.
 */
#ifndef ZI_PYTHON_MODULE_CODE_H
#define ZI_PYTHON_MODULE_CODE_H

#include "../state.h"

/* (code, is package, path) for our importers, stock's own answer for stock's. */
PyObject *zi_module_code_get(PyObject *module, PyObject *args);

#endif
