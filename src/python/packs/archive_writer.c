/*
 * Makes a copy of an archive with other members in it, for Python code:
 *
 *     writer = _write_archive(source, target, omit)
 *     writer.add(name, data)                     # stored
 *     writer.add(name, deflated, nbytes, crc)    # packed by the caller
 *     directory_crc, nbytes, members = writer.finish()
 */
#include "writer_object.h"

#include <string.h>

#include "../errors.h"

struct archive_writer {
    struct zi_writer_object base;
    struct zi_sink sink;
    struct zi_writer writer;
};

#define ARCHIVE_WRITER(self) ((struct archive_writer *)(self))

static void close_writer(struct archive_writer *self)
{
    if (self->base.open) {
        zi_writer_release(&self->writer);
        zi_sink_release(&self->sink);
    }
    self->base.open = false;
}

static void archive_writer_dealloc(PyObject *object)
{
    close_writer(ARCHIVE_WRITER(object));
    zi_writer_object_free(object);
}

/* Raises what went wrong with a path; there is no going on after that. */
static PyObject *fail(struct archive_writer *self, const struct zi_error *error, PyObject *path)
{
    close_writer(self);
    return zi_raise(self->base.state, error, path);
}

static PyObject *archive_writer_add(PyObject *object, PyObject *args)
{
    struct archive_writer *self = ARCHIVE_WRITER(object);
    const char *name, *data;
    Py_ssize_t name_nbytes, data_nbytes;
    PyObject *nbytes = NULL;
    unsigned long crc = 0;
    struct zi_piece piece;
    struct zi_error error;
    enum zi_status status;

    if (!PyArg_ParseTuple(args, "s#y#|Ok:add", &name, &name_nbytes, &data, &data_nbytes, &nbytes,
                          &crc) ||
        zi_writer_object_check_open(object) < 0)
        return NULL;
    piece = (struct zi_piece){data, (size_t)data_nbytes};
    if (nbytes) {
        struct zi_inflated inflated = {PyLong_AsUnsignedLongLong(nbytes), (uint32_t)crc};
        if (PyErr_Occurred())
            return NULL;
        status = zi_writer_add_deflated(&self->writer, (const uint8_t *)name, (size_t)name_nbytes,
                                        &piece, &inflated, &error);
    } else {
        status = zi_writer_add(&self->writer, (const uint8_t *)name, (size_t)name_nbytes, &piece, 1,
                               &error);
    }
    return status == ZI_OK ? Py_NewRef(Py_None) : fail(self, &error, Py_None);
}

static PyObject *archive_writer_finish(PyObject *object, PyObject *unused)
{
    struct archive_writer *self = ARCHIVE_WRITER(object);
    struct zi_written written;
    struct zi_error error;
    enum zi_status status;

    (void)unused;
    if (zi_writer_object_check_open(object) < 0)
        return NULL;
    status = zi_writer_finish(&self->writer, &written, &error);
    if (status == ZI_OK)
        status = zi_sink_close(&self->sink, &error);
    if (status != ZI_OK)
        return fail(self, &error, Py_None);
    close_writer(self);
    return zi_writer_object_written(&written);
}

/* Sets the bit of each name that the archive has; NULL with an exception. */
static uint8_t *mark_omitted(struct zi_state *state, const struct zi_archive *archive,
                             PyObject *names)
{
    size_t nbytes = archive->index.node_count / 8 + 1;
    PyObject *list = PySequence_List(names);
    uint8_t *omitted = list ? zi_host_reallocate(&state->host, NULL, nbytes) : NULL;

    if (!omitted) {
        if (list)
            PyErr_NoMemory();
        Py_XDECREF(list);
        return NULL;
    }
    memset(omitted, 0, nbytes);
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        Py_ssize_t name_nbytes;
        const char *name = PyUnicode_AsUTF8AndSize(PyList_GetItem(list, i), &name_nbytes);
        uint32_t node;
        if (!name) {
            zi_host_free(&state->host, omitted);
            omitted = NULL;
            break;
        }
        node = zi_archive_find(archive, name, (size_t)name_nbytes);
        if (node != ZI_INDEX_NONE)
            omitted[node / 8] |= (uint8_t)(1u << (node % 8));
    }
    Py_DECREF(list);
    return omitted;
}

/* Copies what is kept of the source; -1 with an exception. */
static int copy_source(struct archive_writer *self, PyObject *path, PyObject *omit)
{
    struct zi_host *host = &self->base.state->host;
    PyObject *encoded = zi_is_str(path) ? PyUnicode_EncodeFSDefault(path) : NULL;
    struct zi_source source = ZI_SOURCE_INIT;
    struct zi_archive *archive = NULL;
    uint8_t *omitted = NULL;
    struct zi_error error;
    enum zi_status status;

    if (!encoded)
        return -1;
    status = zi_source_open(&source, host, PyBytes_AsString(encoded), &error);
    Py_DECREF(encoded);
    if (status == ZI_OK)
        status = zi_archive_open(&archive, &source, &error);
    if (status == ZI_OK)
        omitted = mark_omitted(self->base.state, archive, omit);
    if (omitted)
        status = zi_writer_copy(&self->writer, archive, &source, omitted, &error);
    zi_host_free(host, omitted);
    zi_archive_unref(archive);
    zi_source_release(&source);
    if (status != ZI_OK)
        fail(self, &error, path);
    return PyErr_Occurred() ? -1 : 0;
}

static int create(struct archive_writer *self, PyObject *path)
{
    PyObject *encoded = zi_is_str(path) ? PyUnicode_EncodeFSDefault(path) : NULL;
    struct zi_error error;
    enum zi_status status;

    if (!encoded)
        return -1;
    status = zi_sink_create(&self->sink, &self->base.state->host, PyBytes_AsString(encoded),
                            &error);
    Py_DECREF(encoded);
    if (status != ZI_OK) {
        fail(self, &error, path);
        return -1;
    }
    zi_writer_init(&self->writer, &self->sink);
    self->base.open = true;
    return 0;
}

PyObject *zi_archive_writer_new(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *source, *target, *omit, *object;

    if (!PyArg_ParseTuple(args, "OOO:_write_archive", &source, &target, &omit))
        return NULL;
    object = zi_writer_object_new(module, state->archive_writer_type);
    if (!object)
        return NULL;
    if (create(ARCHIVE_WRITER(object), target) < 0 ||
        copy_source(ARCHIVE_WRITER(object), source, omit) < 0)
        Py_CLEAR(object);
    return object;
}

static PyMethodDef archive_writer_methods[] = {
    {"add", archive_writer_add, METH_VARARGS,
     "add($self, name, data, nbytes=<stored>, crc=0, /)\n--\n\n"
     "Append a member: stored, or deflated by the caller from so many bytes of that CRC-32."},
    {"finish", archive_writer_finish, METH_NOARGS,
     "finish($self, /)\n--\n\n"
     "End the file; return the CRC-32 of its directory, its size and its number of members."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot archive_writer_slots[] = {
    {Py_tp_doc, "Writes an archive that continues another one."},
    {Py_tp_dealloc, archive_writer_dealloc},
    {Py_tp_methods, archive_writer_methods},
    {0, NULL},
};

static PyType_Spec archive_writer_spec = {
    .name = "pyodide_zipimport._ArchiveWriter",
    .basicsize = sizeof(struct archive_writer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = archive_writer_slots,
};

int zi_archive_writer_make_type(struct zi_state *state, PyObject *module)
{
    state->archive_writer_type = PyType_FromModuleAndSpec(module, &archive_writer_spec, NULL);
    return state->archive_writer_type ? 0 : -1;
}
