/*
 * What every file of the Python glue includes: the stable ABI of CPython 3.11, so that one binary
 * serves 3.11 to 3.15, and the few exceptions to it.
 */
#ifndef ZI_PYTHON_COMMON_H
#define ZI_PYTHON_COMMON_H

#ifdef Py_PYTHON_H
#error "include common.h before Python.h"
#endif

#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "unstable.h"

#endif
