/* Calls the methods of the store. */
#include "store.h"

PyObject *zi_store_call(struct zi_state *state, PyObject *method, PyObject *first, PyObject *second)
{
    PyObject *store = Py_NewRef(state->packs->store);
    PyObject *function = PyObject_GetAttr(store, method);
    PyObject *result = NULL;

    if (function)
        result = PyObject_CallFunctionObjArgs(function, first, second, (PyObject *)NULL);
    Py_XDECREF(function);
    Py_DECREF(store);
    return result;
}

/* None when the method fails, and *passing_ret true where that is a matter of the moment: how deep
 * the stack was. NULL with an exception that escapes. */
static PyObject *call(struct zi_state *state, PyObject *method, PyObject *first, PyObject *second,
                      bool *passing_ret)
{
    PyObject *store = Py_NewRef(state->packs->store);
    PyObject *result = zi_store_call(state, method, first, second);

    if (!result && PyErr_ExceptionMatches(PyExc_Exception) &&
        !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        *passing_ret = PyErr_ExceptionMatches(PyExc_RecursionError);
        PyErr_WriteUnraisable(store);
        result = Py_NewRef(Py_None);
    }
    Py_DECREF(store);
    return result;
}

static PyObject *call_with_names(const struct zi_compiled *compiled, PyObject *method,
                                 bool *passing_ret)
{
    PyObject *name = PyUnicode_FromString(compiled->name);
    PyObject *path_name = name ? PyUnicode_FromString(compiled->path_name) : NULL;
    PyObject *result = NULL;

    if (path_name)
        result = call(compiled->state, method, name, path_name, passing_ret);
    Py_XDECREF(path_name);
    Py_XDECREF(name);
    return result;
}

int zi_store_load(struct zi_compiled *compiled)
{
    struct zi_state *state = compiled->state;
    struct zi_pack_file *files;
    PyObject *paths;
    Py_ssize_t count;
    bool passing = false;

    /* The store may import meanwhile: it then finds nothing. */
    compiled->loaded = true;
    paths = call_with_names(compiled, state->load_name, &passing);
    if (!paths) {
        compiled->loaded = false; /* the next import tries again */
        return -1;
    }
    count = paths == Py_None ? 0 : zi_compiled_open_files(state, paths, &passing, &files);
    Py_DECREF(paths);
    if (count < 0 || passing)
        compiled->loaded = false;
    if (count < 0)
        return -1;
    if (count > 0) {
        zi_compiled_set_files(compiled, files, (size_t)count);
        state->packs->count.loads += (uint64_t)count;
    }
    return 0;
}

/* What a method that tells something says of itself. */
static int was_told(PyObject *result, bool passing)
{
    if (!result)
        return -1;
    Py_DECREF(result);
    return passing ? 0 : 1;
}

int zi_store_tell_used(const struct zi_compiled *compiled)
{
    bool passing = false;
    PyObject *result = call_with_names(compiled, compiled->state->used_name, &passing);

    return was_told(result, passing);
}

int zi_store_tell_changed(struct zi_state *state)
{
    bool passing = false;
    PyObject *result = call(state, state->changed_name, NULL, NULL, &passing);

    return was_told(result, passing);
}
