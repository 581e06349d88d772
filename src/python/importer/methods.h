/*
 * The methods of the zipimporter, which zipimporter.c makes the type of. Each file here implements
 * what it is named for; what they do is said where the type lists them.
 */
#ifndef ZI_PYTHON_METHODS_H
#define ZI_PYTHON_METHODS_H

#include "../state.h"

/* constructor.c */
int zi_importer_init(PyObject *self, PyObject *args, PyObject *keywords);

/* find.c */
PyObject *zi_importer_find_spec(PyObject *self, PyObject *fullname, PyObject *target);
PyObject *zi_importer_is_package(PyObject *self, PyObject *fullname);

/* code.c */
PyObject *zi_importer_get_code(PyObject *self, PyObject *fullname);
PyObject *zi_importer_get_filename(PyObject *self, PyObject *fullname);

/* data.c */
PyObject *zi_importer_get_data(PyObject *self, PyObject *pathname);

/* source.c */
PyObject *zi_importer_get_source(PyObject *self, PyObject *fullname);

#endif
