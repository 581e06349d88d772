/*
 * Writes a pack step by step, so that whoever has other work to do can do it in between. The file
 * lies beside the pack that is in use, which stays what it is until commit().
 *
 *     writer = _write_pack(name, path, others)   # None when there is no such pack any more
 *     while not writer.step(milliseconds): ...
 *     digest, nbytes, members = writer.finish()
 *     writer.commit(path)                        # use that file from now on
 */
#include "writer_object.h"

#include "../errors.h"
#include "compiled.h"

struct pack_writer {
    struct zi_writer_object base;
    struct zi_compiled *compiled; /* a reference */
    struct zi_pack_writer writer;
    PyObject *items;    /* what was queued when writing began: a list of (node, code) */
    Py_ssize_t item_at; /* the next of them */
    uint32_t node;      /* of the archive: the next that other packs are searched for */
    struct zi_pack_file *others;
    size_t other_count;
};

#define PACK_WRITER(self) ((struct pack_writer *)(self))

#define NS_PER_MS 1000000.0

static void close_writer(struct pack_writer *self)
{
    if (self->base.open)
        zi_pack_writer_release(&self->writer);
    self->base.open = false;
}

static void pack_writer_dealloc(PyObject *object)
{
    struct pack_writer *self = PACK_WRITER(object);

    close_writer(self);
    zi_compiled_close_files(self->base.state, self->others, self->other_count);
    zi_compiled_unref(self->compiled);
    Py_XDECREF(self->items);
    zi_writer_object_free(object);
}

static PyObject *raise(struct pack_writer *self, const struct zi_error *error)
{
    return zi_raise(self->base.state, error, Py_None);
}

/* Marshals the next code object and writes it. */
static int write_queued(struct pack_writer *self)
{
    PyObject *item = PyList_GetItem(self->items, self->item_at++); /* borrowed */
    PyObject *data = PyObject_CallFunctionObjArgs(self->base.state->marshal_dumps,
                                                  PyTuple_GetItem(item, 1), (PyObject *)NULL);
    struct zi_error error;
    enum zi_status status = ZI_OK;
    uint32_t node;

    if (!data || zi_compiled_item_node(item, &node) < 0) {
        Py_XDECREF(data);
        return -1;
    }
    /* What ran meanwhile may have ended this writer. */
    if (zi_writer_object_check_open((PyObject *)self) == 0 &&
        zi_pack_writer_wants(&self->writer, node))
        status = zi_pack_writer_add(&self->writer, node, PyBytes_AsString(data),
                                    (size_t)PyBytes_Size(data), &error);
    Py_DECREF(data);
    if (status != ZI_OK)
        raise(self, &error);
    return PyErr_Occurred() ? -1 : 0;
}

static int copy_from(struct pack_writer *self, struct zi_pack_file *files, size_t file_count)
{
    struct zi_error error;

    for (size_t i = 0; i < file_count && zi_pack_writer_wants(&self->writer, self->node); i++)
        if (zi_pack_writer_copy(&self->writer, self->node, &files[i], &error) != ZI_OK) {
            raise(self, &error);
            return -1;
        }
    return 0;
}

/* Copies what other packs hold of the next source. */
static int copy_next(struct pack_writer *self)
{
    int answer = copy_from(self, self->others, self->other_count);

    if (answer == 0)
        answer = copy_from(self, self->compiled->files, self->compiled->file_count);
    self->node++;
    return answer;
}

static bool is_done(const struct pack_writer *self)
{
    return self->item_at == PyList_Size(self->items) &&
           self->node == self->compiled->archive->index.node_count;
}

static int read_clock(struct pack_writer *self, double *ms_ret)
{
    PyObject *now = PyObject_CallNoArgs(self->base.state->perf_counter_ns);
    uint64_t ns = now ? PyLong_AsUnsignedLongLongMask(now) : 0;

    Py_XDECREF(now);
    *ms_ret = (double)ns / NS_PER_MS;
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *pack_writer_step(PyObject *object, PyObject *budget)
{
    struct pack_writer *self = PACK_WRITER(object);
    double ms = PyFloat_AsDouble(budget), start, now;

    if (PyErr_Occurred() || zi_writer_object_check_open(object) < 0 || read_clock(self, &start) < 0)
        return NULL;
    now = start;
    while (!is_done(self) && now - start < ms) {
        int answer = self->item_at < PyList_Size(self->items) ? write_queued(self)
                                                              : copy_next(self);
        if (answer < 0 || read_clock(self, &now) < 0) {
            close_writer(self);
            return NULL;
        }
    }
    return PyBool_FromLong(is_done(self));
}

static PyObject *pack_writer_finish(PyObject *object, PyObject *unused)
{
    struct pack_writer *self = PACK_WRITER(object);
    struct zi_written written;
    struct zi_error error;
    enum zi_status status;

    (void)unused;
    if (zi_writer_object_check_open(object) < 0)
        return NULL;
    if (!is_done(self)) {
        PyErr_SetString(PyExc_ValueError, "not all is written");
        return NULL;
    }
    status = zi_pack_writer_finish(&self->writer, &written, &error);
    close_writer(self);
    if (status != ZI_OK)
        return raise(self, &error);
    self->base.state->packs->count.writes++;
    return zi_writer_object_written(&written);
}

/* Removes from the queue what was written, unless it has become something else. */
static int prune_queue(struct pack_writer *self)
{
    for (Py_ssize_t i = 0; i < self->item_at; i++) {
        PyObject *item = PyList_GetItem(self->items, i); /* borrowed */
        PyObject *key = PyTuple_GetItem(item, 0);
        PyObject *code = PyDict_GetItemWithError(self->compiled->queue, key);
        if (PyErr_Occurred())
            return -1;
        if (code == PyTuple_GetItem(item, 1) && PyDict_DelItem(self->compiled->queue, key) < 0)
            return -1;
    }
    return 0;
}

static PyObject *pack_writer_commit(PyObject *object, PyObject *path)
{
    struct pack_writer *self = PACK_WRITER(object);
    struct zi_pack_file *files;
    PyObject *paths = zi_is_str(path) ? PyTuple_Pack(1, path) : NULL;
    Py_ssize_t count = paths ? zi_compiled_open_files(self->base.state, paths, NULL, &files) : -1;

    Py_XDECREF(paths);
    if (count < 0)
        return NULL;
    if (count == 0)
        return PyErr_Format(PyExc_OSError, "%R is not the pack that was written", path);
    zi_compiled_set_files(self->compiled, files, (size_t)count);
    return prune_queue(self) < 0 ? NULL : Py_NewRef(Py_None);
}

static int open_writer(struct pack_writer *self, PyObject *path, PyObject *others)
{
    const char *bytes;
    PyObject *encoded = zi_encode_path(path, &bytes);
    struct zi_error error;
    enum zi_status status;
    Py_ssize_t count;

    if (!encoded)
        return -1;
    count = zi_compiled_open_files(self->base.state, others, NULL, &self->others);
    if (count < 0) {
        Py_DECREF(encoded);
        return -1;
    }
    self->other_count = (size_t)count;
    status = zi_pack_writer_open(&self->writer, &self->base.state->host, bytes,
                                 self->compiled->archive, self->base.state->magic, &error);
    Py_DECREF(encoded);
    if (status != ZI_OK) {
        zi_raise(self->base.state, &error, path);
        return -1;
    }
    self->base.open = true;
    self->items = PyDict_Items(self->compiled->queue);
    return self->items ? 0 : -1;
}

PyObject *zi_pack_writer_new(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *path, *others, *object;
    struct zi_compiled *compiled;
    const char *name;

    if (!PyArg_ParseTuple(args, "sOO:_write_pack", &name, &path, &others))
        return NULL;
    compiled = zi_compiled_find(state, name);
    if (!compiled)
        return Py_NewRef(Py_None);
    zi_compiled_ref(compiled);
    object = zi_writer_object_new(module, state->pack_writer_type);
    if (!object) {
        zi_compiled_unref(compiled);
        return NULL;
    }
    PACK_WRITER(object)->compiled = compiled;
    if (open_writer(PACK_WRITER(object), path, others) < 0)
        Py_CLEAR(object);
    return object;
}

static PyMethodDef pack_writer_methods[] = {
    /* step(milliseconds, /): go on for about that long; whether all is written. */
    {"step", pack_writer_step, METH_O, NULL},
    /* finish(): end the file; the CRC-32 of its directory, its size and its number of members. */
    {"finish", pack_writer_finish, METH_NOARGS, NULL},
    /* commit(path, /): use the file, which may have been moved here, and let go of what it holds.
     */
    {"commit", pack_writer_commit, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot pack_writer_slots[] = {
    {Py_tp_dealloc, pack_writer_dealloc},
    {Py_tp_methods, pack_writer_methods},
    {0, NULL},
};

static PyType_Spec pack_writer_spec = {
    .name = "pyodide_zipimport._PackWriter",
    .basicsize = sizeof(struct pack_writer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = pack_writer_slots,
};

int zi_pack_writer_make_type(struct zi_state *state, PyObject *module)
{
    state->pack_writer_type = PyType_FromModuleAndSpec(module, &pack_writer_spec, NULL);
    return state->pack_writer_type ? 0 : -1;
}
