/*
 * What JavaScript asks of the mounts through Python, which is not in a system call then.
 */
#ifndef ZI_PYTHON_MOUNTING_H
#define ZI_PYTHON_MOUNTING_H

#include "mount.h"

/* _mount(), _unmount(), _share() and _archive_key(): module.c says what they do. */
PyObject *zi_mount_add(PyObject *module, PyObject *args);
PyObject *zi_mount_remove(PyObject *module, PyObject *pointer);
PyObject *zi_mount_share(PyObject *module, PyObject *path);
PyObject *zi_mount_key(PyObject *module, PyObject *archive_path);

#endif
