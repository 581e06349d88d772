/*
 * The exceptions to the stable API, each with its reason. Everything declared here is exported by
 * CPython 3.11 to 3.15 and by every supported Pyodide, with this signature.
 */
#ifndef ZI_PYTHON_UNSTABLE_H
#define ZI_PYTHON_UNSTABLE_H

/* Part of the stable ABI's list of symbols, but hidden by marshal.h from whoever asks for the
 * stable API. marshal.loads() would do as well, and need an object made around bytes that are at
 * hand. */
PyAPI_FUNC(PyObject *) PyMarshal_ReadObjectFromString(const char *data, Py_ssize_t nbytes);

#endif
