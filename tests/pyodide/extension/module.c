/* A small extension module, made twice: alone, and with LIBRARY as one that needs a shared library.
 */
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#ifdef LIBRARY
int number(void);
#define NAME "_linked"
#define INIT PyInit__linked
#else
static int number(void)
{
    return 7;
}
#define NAME "_alone"
#define INIT PyInit__alone
#endif

static PyObject *get(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    return PyLong_FromLong(number());
}

static PyMethodDef methods[] = {
    {"get", get, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = NAME,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC INIT(void);

PyMODINIT_FUNC INIT(void)
{
    return PyModuleDef_Init(&definition);
}
