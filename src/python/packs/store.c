/* Calls the methods of the store. */
#include "store.h"

/* None when the method fails. NULL with an exception that escapes. */
static PyObject *call(struct zi_state *state, PyObject *method, PyObject *first, PyObject *second)
{
    PyObject *store = Py_NewRef(state->packs->store);
    PyObject *result = PyObject_CallMethodObjArgs(store, method, first, second, (PyObject *)NULL);

    if (!result && PyErr_ExceptionMatches(PyExc_Exception) &&
        !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_WriteUnraisable(store);
        result = Py_NewRef(Py_None);
    }
    Py_DECREF(store);
    return result;
}

static PyObject *call_with_names(const struct zi_compiled *compiled, PyObject *method)
{
    PyObject *name = PyUnicode_FromString(compiled->name);
    PyObject *path_name = name ? PyUnicode_FromString(compiled->path_name) : NULL;
    PyObject *result = path_name ? call(compiled->state, method, name, path_name) : NULL;

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

    /* The store may import meanwhile: it then finds nothing. */
    compiled->loaded = true;
    paths = call_with_names(compiled, state->load_name);
    if (!paths) {
        compiled->loaded = false; /* the next import tries again */
        return -1;
    }
    count = paths == Py_None ? 0 : zi_compiled_open_files(state, paths, true, &files);
    Py_DECREF(paths);
    if (count < 0) {
        compiled->loaded = false;
        return -1;
    }
    if (count > 0) {
        zi_compiled_set_files(compiled, files, (size_t)count);
        state->packs->count.loads += (uint64_t)count;
    }
    return 0;
}

int zi_store_tell_used(const struct zi_compiled *compiled)
{
    PyObject *result = call_with_names(compiled, compiled->state->used_name);

    Py_XDECREF(result);
    return result ? 0 : -1;
}

int zi_store_tell_changed(struct zi_state *state)
{
    PyObject *result = call(state, state->changed_name, NULL, NULL);

    Py_XDECREF(result);
    return result ? 0 : -1;
}
