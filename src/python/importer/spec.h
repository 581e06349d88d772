/*
 * Specs of modules as importlib makes them, without its detours. New references, NULL with an
 * exception.
 */
#ifndef ZI_PYTHON_SPEC_H
#define ZI_PYTHON_SPEC_H

#include "../state.h"

/* Of a module whose file is known. */
PyObject *zi_spec_of_file(struct zi_state *state, PyObject *loader, PyObject *fullname,
                          bool package, PyObject *path);

/* Of a namespace package's portion, which is a folder. */
PyObject *zi_spec_of_portion(struct zi_state *state, PyObject *fullname, PyObject *path);

#endif
