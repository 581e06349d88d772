/* Reads members of an archive that may change while they are being read. */
#include "view.h"

#include <string.h>

#include "../errors.h"
#include "zstd.h"

#include "../../zip/format.h"
#include "../../zip/link.h"
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
    view->link_text = NULL;
    view->record = zi_importer_record(self, &view->archive_path);
    return view->record ? get_archive(view) : -1;
}

void zi_view_init_mounted(struct zi_view *view, struct zi_state *state, PyObject *path,
                          struct zi_record *record, struct zi_archive *archive)
{
    *view = (struct zi_view){
        .state = state,
        .archive_path = Py_NewRef(path),
        .record = zi_record_ref(record),
        .archive = zi_archive_ref(archive),
    };
}

void zi_view_release(struct zi_view *view)
{
    zi_archive_unref(view->archive);
    zi_record_unref(view->record);
    Py_CLEAR(view->link_text);
    Py_XDECREF(view->archive_path);
}

/* 1 when looking again found another archive, 0 when not, -1 with an exception. */
static int look_again(struct zi_view *view, enum zi_look look)
{
    struct zi_archive *before = zi_archive_ref(view->archive);
    int answer;

    if (look == ZI_LOOK_BYTES)
        view->state->host.count.retries++;
    zi_record_look_again(view->record, look);
    answer = get_archive(view);
    if (answer == 0)
        answer = view->archive != before;
    zi_archive_unref(before);
    return answer;
}

/* Another archive was met. */
static void note_change(struct zi_view *view)
{
    view->retried = true;
    Py_CLEAR(view->link_text);
}

/* Makes room for a member's data in a bytes object, which nobody else sees yet. */
static void *allocate_bytes(void *context, size_t nbytes)
{
    PyObject **bytes = context;

    /* Below PY_SSIZE_T_MAX: see zi_member_nbytes_max(). */
    *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)nbytes);
    return *bytes ? PyBytes_AsString(*bytes) : NULL;
}

/* Reads a whole member in the given form. NULL with an exception, where *err says ZI_ERR_HOST, or
 * without one and the error set. With the bytes, *err may say how the local header differs. */
static PyObject *read_whole(struct zi_source *source, const struct zi_entry *entry,
                            enum zi_member_form form, struct zi_error *err)
{
    PyObject *bytes = NULL;
    struct zi_member_room room = {allocate_bytes, &bytes};
    struct zi_member member;
    enum zi_status status = zi_member_load(&member, source, entry, form, &room, err);

    if (status != ZI_OK)
        Py_CLEAR(bytes);
    else if (member.difference != ZI_DETAIL_NONE)
        zi_member_fail(entry, member.difference, err);
    return bytes;
}

/* Reads the beginning of a longer member; see read_whole(). */
static PyObject *read_start(struct zi_source *source, const struct zi_entry *entry, size_t nbytes,
                            struct zi_error *err)
{
    PyObject *bytes = NULL;
    char *memory = allocate_bytes(&bytes, nbytes);
    enum zi_detail difference = ZI_DETAIL_NONE;
    enum zi_status status;

    if (!memory) {
        zi_fail(err, ZI_DETAIL_HOST_RAISED);
        return NULL;
    }
    status = zi_member_peek(source, entry, memory, nbytes, &difference, err);
    if (status != ZI_OK)
        Py_CLEAR(bytes);
    else if (difference != ZI_DETAIL_NONE)
        zi_member_fail(entry, difference, err);
    return bytes;
}

static PyObject *read_zstd(struct zi_view *view, struct zi_source *source,
                           const struct zi_entry *entry, size_t nbytes_max, struct zi_error *err)
{
    PyObject *packed = read_whole(source, entry, ZI_MEMBER_PACKED, err);
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

/* Opens the archive for this one read; see read_whole(). */
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
    else if (nbytes_max != SIZE_MAX &&
             nbytes_max < entry.nbytes) /* a claim may be beyond SIZE_MAX */
        bytes = read_start(&source, &entry, nbytes_max, err);
    else
        bytes = read_whole(&source, &entry, ZI_MEMBER_DATA, err);
    zi_source_release(&source);
    return bytes;
}

/* Whether the error may mean that the archive is another one by now, or gone. */
static bool may_have_changed(const struct zi_error *err)
{
    return err->status == ZI_ERR_CHANGED ||
           (err->status == ZI_ERR_SYSTEM && !zi_error_is_passing(err));
}

int zi_view_glance(struct zi_view *view)
{
    int answer = 0;

    if (!view->retried && !view->record->pinned)
        answer = look_again(view, ZI_LOOK_GLANCE);
    if (answer > 0)
        note_change(view);
    return answer;
}

/* zi_view_read() of a node that is no link. */
static PyObject *read_member(struct zi_view *view, uint32_t node, size_t nbytes, bool *changed_ret)
{
    enum zi_look look = ZI_LOOK_BYTES;
    struct zi_error error;
    PyObject *bytes;
    int answer;

    *changed_ret = false;
    zi_error_clear(&error);
    bytes = read_node(view, node, nbytes, &error);
    if (error.status == ZI_OK)
        return bytes;
    if (!may_have_changed(&error) || (!bytes && view->retried))
        return zi_raise(view->state, &error, view->archive_path);

    /* Bytes that are right behind a header that is not are this archive's if it still stands. One
     * whose headers are known to differ is taken for what its stamp says it is. */
    if (bytes && view->archive->headers_differ)
        look = ZI_LOOK_STAMP;
    answer = look_again(view, look);
    if (answer == 0 && bytes) {
        view->archive->headers_differ = true;
        return bytes;
    }
    Py_XDECREF(bytes);
    if (answer < 0)
        return NULL;
    if (answer == 0 || view->retried)
        return zi_raise(view->state, &error, view->archive_path);
    note_change(view);
    *changed_ret = true;
    return NULL;
}

bool zi_view_is_link(const struct zi_view *view, uint32_t node)
{
    struct zi_entry entry;

    if (!view->archive->has_links || zi_archive_node(view->archive, node)->record == ZI_NO_RECORD)
        return false;
    zi_archive_entry(view->archive, node, &entry);
    return entry.is_link;
}

/* For zi_link_reader: what it reads from, and whether another archive was met there. */
struct link_source {
    struct zi_view *view;
    bool changed;
};

static enum zi_status read_link(void *context, uint32_t node, uint8_t *text, struct zi_error *err)
{
    struct link_source *source = context;
    struct zi_view *view = source->view;

    /* One link may lead to all of a module's candidates. */
    if (!view->link_text || view->link != node) {
        PyObject *bytes = read_member(view, node, SIZE_MAX, &source->changed);
        if (!bytes)
            return zi_fail(err, ZI_DETAIL_HOST_RAISED);
        Py_XDECREF(view->link_text);
        view->link_text = bytes;
        view->link = node;
    }
    memcpy(text, PyBytes_AsString(view->link_text), (size_t)PyBytes_Size(view->link_text));
    return ZI_OK;
}

/* Whether the path has a part `.` or `..`, or may have one. */
static bool may_have_steps(const char *path, size_t nbytes)
{
    for (size_t i = 0; i < nbytes; i++)
        if (path[i] == '.' && (i == 0 || path[i - 1] == '/'))
            return true;
    return false;
}

int zi_view_find(struct zi_view *view, const char *path, size_t nbytes, enum zi_path_form form,
                 uint32_t *node_ret, bool *changed_ret)
{
    struct link_source source = {.view = view};
    const struct zi_link_reader reader = {read_link, &source};
    struct zi_archive *archive;
    struct zi_error error;
    enum zi_status status;
    bool same;

    *changed_ret = false;
    *node_ret = ZI_INDEX_NONE;
    if (!view->archive)
        return 0;
    *node_ret = zi_archive_find(view->archive, path, nbytes);
    if (*node_ret != ZI_INDEX_NONE
            ? !zi_view_is_link(view, *node_ret)
            : !view->archive->has_links && !(form == ZI_PATH_STEPS && may_have_steps(path, nbytes)))
        return 0;
    archive = zi_archive_ref(view->archive);
    if (*node_ret == ZI_INDEX_NONE)
        status = zi_link_resolve(archive, &reader, (const uint8_t *)path, nbytes, node_ret, &error);
    else
        status = zi_link_resolve_own(archive, &reader, *node_ret, (const uint8_t *)path, nbytes,
                                     node_ret, &error);
    same = view->archive == archive;
    zi_archive_unref(archive);
    *changed_ret = source.changed;
    if (source.changed)
        *node_ret = ZI_INDEX_NONE;
    if (source.changed || status == ZI_OK || status == ZI_ERR_ARCHIVE)
        return 0;
    /* The link is a node of the archive that it was found in: where the view has lost that one, or
     * has met a further one, there is no node to give. */
    if (status == ZI_ERR_HOST && same && PyErr_ExceptionMatches(view->state->zip_import_error)) {
        PyErr_Clear();
        return 0;
    }
    *node_ret = ZI_INDEX_NONE;
    zi_raise(view->state, &error, view->archive_path);
    return -1;
}

/* Writes what a link leads to; raises why it leads nowhere, and -1. */
static int follow_link(struct zi_view *view, uint32_t *node, bool *changed_ret)
{
    struct link_source source = {.view = view};
    const struct zi_link_reader reader = {read_link, &source};
    struct zi_archive *archive = zi_archive_ref(view->archive);
    struct zi_error error;
    enum zi_status status = zi_link_follow(archive, &reader, *node, node, &error);

    zi_archive_unref(archive);
    *changed_ret = source.changed;
    if (status == ZI_OK)
        return 0;
    if (!source.changed)
        zi_raise(view->state, &error, view->archive_path);
    return -1;
}

PyObject *zi_view_read(struct zi_view *view, uint32_t node, size_t nbytes, bool *changed_ret)
{
    if (zi_view_is_link(view, node)) {
        if (follow_link(view, &node, changed_ret) < 0)
            return NULL;
        if (zi_archive_node(view->archive, node)->record == ZI_NO_RECORD)
            return PyBytes_FromStringAndSize(NULL, 0);
    }
    return read_member(view, node, nbytes, changed_ret);
}

int zi_view_raise_if_lost(const struct zi_view *view)
{
    if (view->archive || !view->retried)
        return 0;
    if (view->error.status == ZI_ERR_SYSTEM)
        zi_raise(view->state, &view->error, view->archive_path); /* as of a file that is gone */
    else
        zi_raise_directory_error(view->state, &view->error, view->archive_path);
    return -1;
}
