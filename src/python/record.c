/* This file knows how an archive's directory looks from Python. */
#include "record.h"

#include <string.h>

#include "errors.h"
#include "packs.h"

#define TABLE_RATIO_MAX 64

void zi_record_drop_attachment(void *attachment)
{
    struct zi_attachment *at = attachment;

    Py_XDECREF(at->files);
    zi_pack_unref(at->state, at->pack);
    PyMem_Free(at);
}

struct zi_attachment *zi_record_attachment(struct zi_state *state, struct zi_record *record)
{
    struct zi_attachment *at = record->attachment;

    if (at)
        return at;
    at = PyMem_Calloc(1, sizeof *at);
    if (!at) {
        PyErr_NoMemory();
        return NULL;
    }
    at->state = state;
    record->attachment = at;
    return at;
}

/* The path in the file system's encoding, or NULL with an exception; writes its bytes. */
static PyObject *encode_path(PyObject *path, const char **bytes_ret, size_t *nbytes_ret)
{
    PyObject *encoded = PyUnicode_EncodeFSDefault(path);
    char *bytes;
    Py_ssize_t nbytes;

    if (!encoded)
        return NULL;
    if (PyBytes_AsStringAndSize(encoded, &bytes, &nbytes) < 0) {
        Py_DECREF(encoded);
        return NULL;
    }
    if (memchr(bytes, '\0', (size_t)nbytes)) {
        Py_DECREF(encoded);
        PyErr_SetString(PyExc_ValueError, "embedded null character");
        return NULL;
    }
    *bytes_ret = bytes;
    *nbytes_ret = (size_t)nbytes;
    return encoded;
}

bool zi_is_str(PyObject *path)
{
    if (PyUnicode_Check(path))
        return true;
    PyErr_Format(PyExc_TypeError, "expected str, not %R", (PyObject *)Py_TYPE(path));
    return false;
}

struct zi_record *zi_record_of_path(struct zi_state *state, PyObject *path)
{
    const char *bytes = NULL;
    size_t nbytes = 0;
    PyObject *encoded = zi_is_str(path) ? encode_path(path, &bytes, &nbytes) : NULL;
    struct zi_record *record;

    if (!encoded)
        return NULL;
    record = zi_registry_get(&state->registry, bytes, nbytes);
    Py_DECREF(encoded);
    if (!record)
        PyErr_NoMemory();
    return record;
}

struct zi_record *zi_record_of_path_if_any(struct zi_state *state, PyObject *path)
{
    const char *bytes = NULL;
    size_t nbytes = 0;
    PyObject *encoded;
    struct zi_record *record;

    if (!PyUnicode_Check(path))
        return NULL;
    encoded = encode_path(path, &bytes, &nbytes);
    if (!encoded) {
        /* A null character, or what the file system's encoding does not have. */
        if (PyErr_ExceptionMatches(PyExc_ValueError))
            PyErr_Clear();
        return NULL;
    }
    record = zi_registry_find(&state->registry, bytes, nbytes);
    Py_DECREF(encoded);
    return record;
}

int zi_record_look(struct zi_state *state, struct zi_record *record, struct zi_archive **ret,
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

PyObject *zi_record_path(struct zi_record *record)
{
    return PyUnicode_DecodeFSDefaultAndSize(record->path, (Py_ssize_t)record->path_nbytes);
}

/* As importlib's _path_join(): an empty name adds nothing, and no part keeps slashes at its end. */
static PyObject *join_name(PyObject *archive_path, const struct zi_node *node)
{
    size_t nbytes = node->path_nbytes;
    PyObject *name, *path;

    if (nbytes == 0)
        return Py_NewRef(archive_path);
    while (nbytes > 0 && node->path[nbytes - 1] == '/')
        nbytes--;
    name = PyUnicode_FromStringAndSize((const char *)node->path, (Py_ssize_t)nbytes);
    path = name ? PyUnicode_FromFormat("%U/%U", archive_path, name) : NULL;
    Py_XDECREF(name);
    return path;
}

static PyObject *make_toc_entry(PyObject *archive_path, const struct zi_node *node,
                                const struct zi_entry *entry)
{
    PyObject *path = join_name(archive_path, node);

    return Py_BuildValue("NHKKKHHI", path, entry->method, entry->packed_nbytes, entry->nbytes,
                         entry->local_position, entry->dos_time, entry->dos_date,
                         (unsigned)entry->crc);
}

static int add_node(PyObject *files, PyObject *archive_path, const struct zi_archive *archive,
                    uint32_t at)
{
    const struct zi_node *node = zi_archive_node(archive, at);
    PyObject *name = PyUnicode_FromStringAndSize((const char *)node->path,
                                                 (Py_ssize_t)node->path_nbytes);
    PyObject *value = NULL;
    int answer = -1;

    if (name && node->record == ZI_NO_RECORD) {
        value = Py_NewRef(Py_None);
    } else if (name) {
        struct zi_entry entry;
        zi_archive_entry(archive, at, &entry);
        value = make_toc_entry(archive_path, node, &entry);
    }
    if (value)
        answer = PyDict_SetItem(files, name, value);
    Py_XDECREF(value);
    Py_XDECREF(name);
    return answer;
}

/* Whether the directories' paths, one str each, are in proportion to the archive: names of hundreds
 * of levels would make a table a thousand times its size. */
static bool shows_directories(const struct zi_archive *archive)
{
    uint64_t nbytes = 0;

    for (uint32_t at = 1; at < archive->index.node_count; at++)
        if (zi_archive_node(archive, at)->record == ZI_NO_RECORD)
            nbytes += zi_archive_node(archive, at)->path_nbytes;
    return nbytes <= (uint64_t)archive->directory_nbytes * TABLE_RATIO_MAX;
}

static PyObject *build_files(struct zi_state *state, struct zi_record *record,
                             const struct zi_archive *archive)
{
    bool implicit = state->version >= 0x030e && shows_directories(archive);
    PyObject *path = zi_record_path(record);
    PyObject *files = path ? PyDict_New() : NULL;

    if (!files)
        goto fail;
    for (uint32_t at = 0; at < archive->index.node_count; at++)
        if (zi_archive_node(archive, at)->record != ZI_NO_RECORD &&
            add_node(files, path, archive, at) < 0)
            goto fail;
    /* The root is not in zipimport's table. */
    for (uint32_t at = 1; implicit && at < archive->index.node_count; at++)
        if (zi_archive_node(archive, at)->record == ZI_NO_RECORD &&
            add_node(files, path, archive, at) < 0)
            goto fail;
    Py_DECREF(path);
    return files;

fail:
    Py_XDECREF(files);
    Py_XDECREF(path);
    return NULL;
}

PyObject *zi_record_files(struct zi_state *state, struct zi_record *record,
                          const struct zi_archive *archive)
{
    struct zi_attachment *at = zi_record_attachment(state, record);
    /* As they are before building, which may run a finalizer that invalidates. */
    uint64_t invalidations = record->invalidations;
    uint64_t epoch = state->registry.epoch;
    PyObject *files, *previous;

    if (!at)
        return NULL;
    if (at->files && at->files_invalidations == invalidations && at->files_epoch == epoch)
        return Py_NewRef(at->files);
    files = build_files(state, record, archive);
    if (!files)
        return NULL;
    previous = at->files;
    at->files = Py_NewRef(files);
    at->files_invalidations = invalidations;
    at->files_epoch = epoch;
    Py_XDECREF(previous);
    return files;
}
