/*
 * What the owner of the store asks of the compiled code: functions of the module, described in
 * module.c.
 */
#ifndef ZI_PYTHON_CONTROL_H
#define ZI_PYTHON_CONTROL_H

#include "../state.h"

PyObject *zi_control_use_store(PyObject *module, PyObject *args);
PyObject *zi_control_queued(PyObject *module, PyObject *unused);
PyObject *zi_control_names(PyObject *module, PyObject *path);
PyObject *zi_control_forget(PyObject *module, PyObject *args);
PyObject *zi_control_reload(PyObject *module, PyObject *args);

#endif
