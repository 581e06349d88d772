/* Makes code objects of marshalled bytes. */
#include "unmarshal.h"

PyObject *zi_unmarshal(struct zi_state *state, const char *bytes, Py_ssize_t nbytes, PyObject *path,
                       PyObject *filename)
{
    PyObject *code = PyMarshal_ReadObjectFromString(bytes, nbytes), *fixed;

    if (!code)
        return NULL;
    if (!PyObject_TypeCheck(code, (PyTypeObject *)state->code_type)) {
        Py_DECREF(code);
        return PyErr_Format(PyExc_TypeError, "compiled module %R is not a code object", path);
    }
    state->unmarshals++;
    if (!filename)
        return code;
    fixed = PyObject_CallFunctionObjArgs(state->fix_co_filename, code, filename, (PyObject *)NULL);
    if (!fixed)
        Py_CLEAR(code);
    Py_XDECREF(fixed);
    return code;
}
