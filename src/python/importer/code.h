/*
 * Where a module's code comes from.
 */
#ifndef ZI_PYTHON_CODE_H
#define ZI_PYTHON_CODE_H

#include "lookup.h"

struct zi_choice {
    enum zi_candidate candidate;
    PyObject *path; /* of the member, with the archive's before it */
    PyObject *code; /* only when it was asked for */
};

/* Chooses the candidate that a module's code comes from and, with `load`, gets the code: 0 and new
 * references, or -1 with an exception, an ImportError when no candidate is usable. */
int zi_code_choose(PyObject *self, PyObject *fullname, bool load, struct zi_choice *ret);

/* The path of the member that get_code() would take the code from: a new reference, or NULL with an
 * exception, an ImportError when none is usable. */
PyObject *zi_code_path(struct zi_lookup *lookup);

#endif
