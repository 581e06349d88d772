/*
 * Has importlib ask for the folders of mounts here, while there are any.
 */
#ifndef ZI_PYTHON_HOOK_H
#define ZI_PYTHON_HOOK_H

#include "mount.h"

/* _mount_hook(): module.c says what it does. */
PyObject *zi_mount_hook(PyObject *module, PyObject *path);

/* When something is mounted or unmounted at a path: has our hook on sys.path_hooks, first, where it
 * is wanted, and importlib look anew for what it knows of the path and of those below. 0, or -1
 * with an exception; then the hook stands as before. */
int zi_hook_renew(PyObject *module, PyObject *path, bool wanted);

#endif
