/* Finds the registry's records by Python's paths. */
#include "archives.h"

#include <string.h>

#include "errors.h"

void zi_archives_drop_attachment(void *attachment)
{
    struct zi_attachment *attached = attachment;

    while (attached->names) {
        struct zi_name *name = attached->names;
        attached->names = name->next;
        Py_DECREF(name->path);
        Py_XDECREF(name->table);
        PyMem_Free(name);
    }
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

/* The path with the current folder before it, as FileFinder has it; bytes, or NULL with an
 * exception. */
static PyObject *make_absolute(struct zi_state *state, const char *path)
{
    PyObject *folder = PyObject_CallNoArgs(state->current_folder);
    PyObject *absolute = NULL;
    char *folder_bytes, *bytes;
    Py_ssize_t folder_nbytes;
    size_t nbytes;

    if (!folder || PyBytes_AsStringAndSize(folder, &folder_bytes, &folder_nbytes) < 0)
        goto done;
    while (folder_nbytes > 0 && folder_bytes[folder_nbytes - 1] == '/')
        folder_nbytes--;
    if (path[0] == '.' && path[1] == '/')
        path += 2;
    nbytes = strlen(path);
    while (nbytes > 0 && path[nbytes - 1] == '/')
        nbytes--;
    absolute = PyBytes_FromStringAndSize(NULL, folder_nbytes + 1 + (Py_ssize_t)nbytes);
    if (!absolute)
        goto done;
    bytes = PyBytes_AsString(absolute);
    memcpy(bytes, folder_bytes, (size_t)folder_nbytes);
    bytes[folder_nbytes] = '/';
    memcpy(bytes + folder_nbytes + 1, path, nbytes);

done:
    Py_XDECREF(folder);
    return absolute;
}

/* zi_encode_path() for a path that is to be absolute. */
static PyObject *encode_absolute(struct zi_state *state, PyObject *path, const char **bytes_ret)
{
    PyObject *encoded = zi_encode_path(path, bytes_ret);
    PyObject *absolute;

    if (!encoded || **bytes_ret == '/' || **bytes_ret == '\0')
        return encoded;
    absolute = make_absolute(state, *bytes_ret);
    Py_DECREF(encoded);
    if (absolute)
        *bytes_ret = PyBytes_AsString(absolute);
    return absolute;
}

struct zi_record *zi_archives_get(struct zi_state *state, PyObject *path)
{
    const char *bytes;
    PyObject *encoded = encode_absolute(state, path, &bytes);
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
    PyObject *encoded = encode_absolute(state, path, &bytes);
    struct zi_record *record;

    if (!encoded) {
        if (PyErr_ExceptionMatches(PyExc_OSError))
            PyErr_Clear();
        return NULL;
    }
    record = zi_registry_find(&state->registry, bytes, strlen(bytes));
    Py_DECREF(encoded);
    return record;
}

struct zi_record *zi_archives_nowhere(struct zi_state *state)
{
    struct zi_record *record = zi_registry_get(&state->registry, "", 0);

    if (!record)
        PyErr_NoMemory();
    return record;
}

struct zi_name *zi_archives_name(struct zi_record *record, PyObject *path)
{
    struct zi_attachment *attached = record->attachment;
    struct zi_name *name = attached ? attached->names : NULL;

    while (name && PyUnicode_Compare(name->path, path) != 0)
        name = name->next;
    return name;
}

struct zi_record *zi_archives_find_key(struct zi_state *state, PyObject *key)
{
    if (!PyUnicode_Check(key))
        return NULL;
    for (struct zi_record *record = state->registry.records; record; record = record->next) {
        struct zi_name *name = zi_archives_name(record, key);
        if (name && name->is_key)
            return record;
    }
    return NULL;
}

int zi_archives_add_name(struct zi_record *record, PyObject *path)
{
    struct zi_attachment *attached = zi_archives_attachment(record);
    struct zi_name *name = zi_archives_name(record, path);

    if (!attached)
        return -1;
    if (name && name->is_key)
        return 0;
    /* An absolute path is nobody else's. */
    for (struct zi_record *other = record->registry->records; other; other = other->next) {
        struct zi_name *same = zi_archives_name(other, path);
        if (same)
            same->is_key = false;
    }
    if (!name) {
        name = PyMem_Calloc(1, sizeof *name);
        if (!name) {
            PyErr_NoMemory();
            return -1;
        }
        /* A copy: what a subclass of str has besides is not kept alive. */
        name->path = PyUnicode_FromObject(path);
        if (!name->path) {
            PyMem_Free(name);
            return -1;
        }
        name->next = attached->names;
        attached->names = name;
    }
    name->is_key = true;
    return 0;
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

int zi_archives_forget_assigned(struct zi_state *state, PyObject *path)
{
    int found;

    if (PyDict_Size(state->assigned_tables) == 0)
        return 0;
    found = PyDict_Contains(state->assigned_tables, path);
    return found == 1 ? PyDict_DelItem(state->assigned_tables, path) : found;
}
