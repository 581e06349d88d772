/*
 * zipimport's function _get_module_code(), which its own methods call.
 */
#ifndef ZI_PYTHON_MODULE_CODE_H
#define ZI_PYTHON_MODULE_CODE_H

#include "../state.h"

/* (code, is package, path) for our importers, stock's own answer for stock's. As in 3.15.1 and
 * later, compile_source=False asks for None instead of a source's code; what stock takes is stock's
 * affair. */
PyObject *zi_module_code_get(PyObject *module, PyObject *args, PyObject *keywords);

#endif
