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

/* What the names leave out; NULL with an exception. */
static uint8_t *mark_omitted(struct zi_state *state, const struct zi_archive *archive,
                             PyObject *names)
{
    size_t nbytes = zi_omitted_nbytes(archive);
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
        if (!name) {
            zi_host_free(&state->host, omitted);
            omitted = NULL;
            break;
        }
        zi_omit(omitted, archive, name, (size_t)name_nbytes);
    }
    Py_DECREF(list);
    return omitted;
}

/* Opens the archive to copy from, and reads its directory; 0, or -1 with an exception. */
static int open_source(struct zi_state *state, PyObject *path, struct zi_source *source,
                       struct zi_archive **archive_ret)
{
    const char *bytes;
    PyObject *encoded = zi_encode_path(path, &bytes);
    struct zi_error error;
    enum zi_status status;

    if (!encoded)
        return -1;
    status = zi_source_open(source, &state->host, bytes, &error);
    Py_DECREF(encoded);
    if (status == ZI_OK)
        status = zi_archive_open(archive_ret, source, &error);
    if (status == ZI_OK)
        return 0;
    zi_raise(state, &error, path);
    return -1;
}

/* Whether there is a file at the path, and it is the source: 1, 0, or -1 with an exception.
 * Compared by what stat says, since a file has many spellings and links. */
static int is_source(struct zi_state *state, struct zi_source *source, const char *path)
{
    struct zi_host *host = &state->host;
    struct zi_stamp here, there;
    struct zi_error error;
    int answer = host->ops->stamp_path(host->context, path, &there);

    if (answer == ZI_HOST_RAISED)
        return -1;
    if (answer != 0)
        return 0; /* creating the file will tell why */
    if (zi_source_stamp(source, &here, &error) != ZI_OK) {
        zi_raise(state, &error, Py_None);
        return -1;
    }
    return here.device == there.device && here.inode == there.inode;
}

/* Creates the file, or empties the one that is there, unless that is the source. */
static int create(struct archive_writer *self, PyObject *path, struct zi_source *source)
{
    struct zi_state *state = self->base.state;
    const char *bytes;
    PyObject *encoded = zi_encode_path(path, &bytes);
    struct zi_error error;
    enum zi_status status = ZI_OK;
    int same;

    if (!encoded)
        return -1;
    same = is_source(state, source, bytes);
    if (same == 0)
        status = zi_sink_create(&self->sink, &state->host, bytes, &error);
    Py_DECREF(encoded);
    if (same < 0)
        return -1;
    if (same > 0) {
        PyErr_Format(PyExc_ValueError, "%R is the archive that it would be made from", path);
        return -1;
    }
    if (status != ZI_OK) {
        fail(self, &error, path);
        return -1;
    }
    zi_writer_init(&self->writer, &self->sink);
    self->base.open = true;
    return 0;
}

/* Copies what is kept of the source; -1 with an exception. */
static int copy_source(struct archive_writer *self, struct zi_source *source,
                       struct zi_archive *archive, PyObject *path, PyObject *omit)
{
    struct zi_state *state = self->base.state;
    uint8_t *omitted = mark_omitted(state, archive, omit);
    struct zi_error error;
    enum zi_status status;

    if (!omitted)
        return -1;
    status = zi_writer_copy(&self->writer, archive, source, omitted, &error);
    zi_host_free(&state->host, omitted);
    if (status == ZI_OK)
        return 0;
    fail(self, &error, path);
    return -1;
}

PyObject *zi_archive_writer_new(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_source source = ZI_SOURCE_INIT;
    struct zi_archive *archive = NULL;
    PyObject *source_path, *target, *omit, *object = NULL;

    if (!PyArg_ParseTuple(args, "OOO:_write_archive", &source_path, &target, &omit))
        return NULL;
    if (open_source(state, source_path, &source, &archive) < 0)
        goto done;
    object = zi_writer_object_new(module, state->archive_writer_type);
    if (object && (create(ARCHIVE_WRITER(object), target, &source) < 0 ||
                   copy_source(ARCHIVE_WRITER(object), &source, archive, source_path, omit) < 0))
        Py_CLEAR(object);
done:
    zi_archive_unref(archive);
    zi_source_release(&source);
    return object;
}

static PyMethodDef archive_writer_methods[] = {
    /* add(name, data, nbytes=<stored>, crc=0, /): append a member: stored, or deflated by the
     * caller from so many bytes of that CRC-32. */
    {"add", archive_writer_add, METH_VARARGS, NULL},
    /* finish(): end the file; the CRC-32 of its directory, its size and its number of members. */
    {"finish", archive_writer_finish, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot archive_writer_slots[] = {
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
