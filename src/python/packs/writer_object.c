/* Makes, checks and frees the objects that write files. */
#include "writer_object.h"

PyObject *zi_writer_object_new(PyObject *module, PyObject *type)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_alloc);
    PyObject *object = allocate((PyTypeObject *)type, 0);

    if (!object)
        return NULL;
    ZI_WRITER_OBJECT(object)->module = Py_NewRef(module);
    ZI_WRITER_OBJECT(object)->state = PyModule_GetState(module);
    return object;
}

void zi_writer_object_free(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    Py_XDECREF(ZI_WRITER_OBJECT(object)->module);
    release(object);
    Py_DECREF(type);
}

int zi_writer_object_check_open(PyObject *object)
{
    if (ZI_WRITER_OBJECT(object)->open)
        return 0;
    PyErr_SetString(PyExc_ValueError, "the file is finished, or was given up");
    return -1;
}

PyObject *zi_writer_object_written(const struct zi_written *written)
{
    return Py_BuildValue("kKk", (unsigned long)written->directory_crc,
                         (unsigned long long)written->nbytes, (unsigned long)written->entry_count);
}
