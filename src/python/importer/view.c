/* Reads members of an archive that may change while they are being read. */
#include "view.h"

#include "../errors.h"
#include "zstd.h"

#include "../../zip/format.h"
#include "../../zip/member.h"

/* Gets the archive, or the reason why there is none; -1 with an exception. */
static int get_archive(struct zi_view *view)
{
    zi_archive_unref(view->archive);
    view->archive = NULL;
    return zi_archives_look(view->state, view->record, &view->archive, &view->error);
}

int zi_view_init(struct zi_view *view, PyObject *self)
{
    view->state = zi_importer_state(self); /* NULL: then there is no record either */
    view->archive_path = NULL;
    view->archive = NULL;
    view->retried = false;
    view->record = zi_importer_record(self, &view->archive_path);
    return view->record ? get_archive(view) : -1;
}

void zi_view_release(struct zi_view *view)
{
    zi_archive_unref(view->archive);
    zi_record_unref(view->record);
    Py_XDECREF(view->archive_path);
}

/* 1 when looking again found another archive, 0 when not, -1 with an exception. */
static int look_again(struct zi_view *view)
{
    struct zi_archive *before = view->archive;
    int answer;

    if (view->retried)
        return 0;
    view->retried = true;
    view->state->host.count.retries++;
    zi_archive_ref(before);
    zi_record_look_again(view->record, ZI_LOOK_BYTES);
    answer = get_archive(view);
    if (answer == 0)
        answer = view->archive != before;
    zi_archive_unref(before);
    if (answer == 1 && !view->archive) {
        zi_raise_directory_error(view->state, &view->error, view->archive_path);
        return -1;
    }
    return answer;
}

/* Makes a bytes object of this size and hands out its memory, which nobody else sees yet. */
static PyObject *make_bytes(uint64_t nbytes, char **memory_ret)
{
    if (nbytes > (uint64_t)PY_SSIZE_T_MAX)
        return PyErr_NoMemory();
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)nbytes);
    if (bytes)
        *memory_ret = PyBytes_AsString(bytes);
    return bytes;
}

/* Reads the member in the given form. NULL with an exception, where *err says ZI_ERR_HOST, or
 * without one and the error set. */
static PyObject *read_form(struct zi_source *source, const struct zi_entry *entry,
                           enum zi_member_form form, size_t nbytes_max, struct zi_error *err)
{
    struct zi_member member;
    PyObject *bytes;
    char *memory = NULL;
    enum zi_status status = zi_member_open(&member, source, entry, form, err);

    if (status != ZI_OK)
        return NULL;
    bool whole = member.nbytes_left <= nbytes_max;
    size_t nbytes = whole ? (size_t)member.nbytes_left : nbytes_max;
    bytes = make_bytes(nbytes, &memory);
    if (!bytes) {
        zi_member_release(&member);
        zi_fail(err, ZI_DETAIL_HOST_RAISED);
        return NULL;
    }
    status = zi_member_read(&member, memory, nbytes, err);
    if (status == ZI_OK && whole && form == ZI_MEMBER_DATA)
        status = zi_member_finish(&member, err);
    zi_member_release(&member);
    if (status != ZI_OK)
        Py_CLEAR(bytes);
    return bytes;
}

static PyObject *read_zstd(struct zi_view *view, struct zi_source *source,
                           const struct zi_entry *entry, size_t nbytes_max, struct zi_error *err)
{
    PyObject *packed = read_form(source, entry, ZI_MEMBER_PACKED, SIZE_MAX, err);
    PyObject *data = packed ? zi_zstd_decompress(view->state, packed, entry, err) : NULL;
    char *memory;
    Py_ssize_t nbytes;

    if (data && PyBytes_AsStringAndSize(data, &memory, &nbytes) < 0) {
        zi_fail(err, ZI_DETAIL_HOST_RAISED);
        Py_CLEAR(data);
    } else if (data && zi_member_check(entry, (const uint8_t *)memory, (size_t)nbytes, err)) {
        Py_CLEAR(data);
    }
    if (data && (size_t)nbytes > nbytes_max) {
        PyObject *start = PyBytes_FromStringAndSize(memory, (Py_ssize_t)nbytes_max);
        Py_DECREF(data);
        data = start;
        if (!data)
            zi_fail(err, ZI_DETAIL_HOST_RAISED);
    }
    Py_XDECREF(packed);
    return data;
}

/* Opens the archive for this one read; see read_form() for the failures. */
static PyObject *read_node(struct zi_view *view, uint32_t node, size_t nbytes_max,
                           struct zi_error *err)
{
    struct zi_state *state = view->state;
    struct zi_source source = ZI_SOURCE_INIT;
    struct zi_entry entry;
    PyObject *bytes;

    if (zi_source_open(&source, &state->host, view->record->path, err) != ZI_OK)
        return NULL;
    zi_archive_entry(view->archive, node, &entry);
    if (entry.method == ZI_METHOD_ZSTD && zi_zstd_is_available(state))
        bytes = read_zstd(view, &source, &entry, nbytes_max, err);
    else
        bytes = read_form(&source, &entry, ZI_MEMBER_DATA, nbytes_max, err);
    zi_source_release(&source);
    return bytes;
}

PyObject *zi_view_read(struct zi_view *view, uint32_t node, size_t nbytes, bool *changed_ret)
{
    struct zi_error error;
    PyObject *bytes = read_node(view, node, nbytes, &error);

    *changed_ret = false;
    if (bytes)
        return bytes;
    if (error.status == ZI_ERR_CHANGED) {
        int answer = look_again(view);
        if (answer < 0)
            return NULL;
        if (answer > 0) {
            *changed_ret = true;
            return NULL;
        }
    }
    return zi_raise(view->state, &error, view->archive_path);
}

PyObject *zi_view_join(const struct zi_view *view, const void *path, size_t nbytes)
{
    PyObject *name = PyUnicode_FromStringAndSize(path, (Py_ssize_t)nbytes);
    PyObject *joined = name ? PyUnicode_FromFormat("%U/%U", view->archive_path, name) : NULL;

    Py_XDECREF(name);
    return joined;
}
