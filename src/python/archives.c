/* Finds the registry's records by Python's paths. */
#include "archives.h"

#include <string.h>

#include "errors.h"

void zi_archives_drop_attachment(void *attachment)
{
    struct zi_attachment *attached = attachment;

    Py_XDECREF(attached->table);
    if (attached->compiled)
        attached->release_compiled(attached->compiled);
    PyMem_Free(attached);
}

struct zi_attachment *zi_archives_attachment(struct zi_record *record)
{
    if (!record->attachment) {
        record->attachment = PyMem_Calloc(1, sizeof(struct zi_attachment));
        if (!record->attachment)
            PyErr_NoMemory();
    }
    return record->attachment;
}

struct zi_record *zi_archives_get(struct zi_state *state, PyObject *path)
{
    const char *bytes;
    PyObject *encoded = zi_encode_path(path, &bytes);
    struct zi_record *record;

    if (!encoded)
        return NULL;
    record = zi_registry_get(&state->registry, bytes, strlen(bytes));
    Py_DECREF(encoded);
    if (!record)
        PyErr_NoMemory();
    return record;
}

struct zi_record *zi_archives_find(struct zi_state *state, PyObject *path)
{
    const char *bytes;
    PyObject *encoded;
    struct zi_record *record;

    if (!PyUnicode_Check(path))
        return NULL;
    encoded = zi_encode_path(path, &bytes);
    if (!encoded) {
        /* A null character, or what the file system's encoding does not have. */
        if (PyErr_ExceptionMatches(PyExc_ValueError))
            PyErr_Clear();
        return NULL;
    }
    record = zi_registry_find(&state->registry, bytes, strlen(bytes));
    Py_DECREF(encoded);
    return record;
}

int zi_archives_look(struct zi_state *state, struct zi_record *record, struct zi_archive **ret,
                     struct zi_error *err)
{
    enum zi_status status;

    *ret = NULL;
    status = zi_record_archive(record, ret, err);
    if (status != ZI_ERR_MEMORY && status != ZI_ERR_HOST)
        return 0;
    zi_raise(state, err, NULL);
    return -1;
}

PyObject *zi_archives_path(struct zi_record *record)
{
    return PyUnicode_DecodeFSDefaultAndSize(record->path, (Py_ssize_t)record->path_nbytes);
}

int zi_archives_forget_assigned(struct zi_state *state, PyObject *path)
{
    int found;

    if (PyDict_Size(state->assigned_tables) == 0)
        return 0;
    found = PyDict_Contains(state->assigned_tables, path);
    return found == 1 ? PyDict_DelItem(state->assigned_tables, path) : found;
}
