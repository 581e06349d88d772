/* Archives that continue another one, for Python code that adds members to them. */
#ifndef ZI_PYTHON_ARCHIVE_WRITER_H
#define ZI_PYTHON_ARCHIVE_WRITER_H

#include "state.h"

/* A function of the module; module.c says what it does. */
PyObject *zi_archive_writer_new(PyObject *module, PyObject *args);

/* Makes the type of what it returns. */
int zi_archive_writer_make_type(struct zi_state *state, PyObject *module);

#endif
