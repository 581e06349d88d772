/*
 * Specs of modules as importlib makes them, without its detours. New references, NULL with an
 * exception.
 */
#ifndef ZI_PYTHON_SPEC_H
#define ZI_PYTHON_SPEC_H

#include "../state.h"

/* Of a module whose file is known; of a package with the folder in which its modules are, else
 * NULL. */
PyObject *zi_spec_of_file(struct zi_state *state, PyObject *loader, PyObject *fullname,
                          PyObject *path, PyObject *folder);

/* Of a namespace package's portion, which is a folder. */
PyObject *zi_spec_of_portion(struct zi_state *state, PyObject *fullname, PyObject *folder);

#endif
