/*
 * The exceptions to the stable ABI, each with its reason. Everything declared here is exported by
 * CPython 3.11 to 3.15 and by every supported Pyodide, with this signature.
 */
#ifndef ZI_PYTHON_UNSTABLE_H
#define ZI_PYTHON_UNSTABLE_H

/* marshal.h hides it from the stable ABI since marshal's format changes between versions, not this
 * call. The stable way, marshal.loads(), needs an object made around bytes that are at hand. */
PyAPI_FUNC(PyObject *) PyMarshal_ReadObjectFromString(const char *data, Py_ssize_t nbytes);

#endif
