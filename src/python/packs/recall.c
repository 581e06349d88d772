/* Finds the code that an archive's sources were compiled to before. */
#include "recall.h"

#include <string.h>

#include "../archives.h"
#include "../errors.h"
#include "store.h"
#include "unmarshal.h"

#include "../../cache/pyc.h"

/* --- from an archive to its compiled code --- */

struct zi_pack_identity zi_recall_identity(const struct zi_state *state,
                                           const struct zi_record *record)
{
    struct zi_pack_identity identity = state->packs->identity;

    identity.build = record == state->library ? state->packs->build : NULL;
    return identity;
}

/* The node of a member of another archive with an equal directory, or nearly so: what has the same
 * name, CRC-32 and size. */
static uint32_t find_same(const struct zi_archive *archive, const struct zi_archive *other,
                          uint32_t node)
{
    struct zi_entry here, there;
    uint32_t found;

    if (archive == other)
        return node;
    zi_archive_entry(other, node, &there);
    found = zi_archive_find(archive, (const char *)there.name, there.name_nbytes);
    if (found == ZI_INDEX_NONE || zi_archive_node(archive, found)->record == ZI_NO_RECORD)
        return ZI_INDEX_NONE;
    zi_archive_entry(archive, found, &here);
    return here.crc == there.crc && here.nbytes == there.nbytes ? found : ZI_INDEX_NONE;
}

/* What was compiled of an archive that has changed may be right for what it is now. */
static int take_over_queue(struct zi_compiled *compiled, const struct zi_compiled *previous)
{
    PyObject *items = PyDict_Items(previous->queue);
    int result = items ? 0 : -1;

    for (Py_ssize_t i = 0; result == 0 && i < PyList_Size(items); i++) {
        PyObject *item = PyList_GetItem(items, i); /* borrowed */
        uint32_t there, here;
        result = zi_compiled_item_node(item, &there);
        if (result < 0)
            break;
        here = find_same(compiled->archive, previous->archive, there);
        if (here != ZI_INDEX_NONE)
            result = zi_compiled_queue(compiled, here, PyTuple_GetItem(item, 1));
    }
    Py_XDECREF(items);
    return result;
}

/* A function of this file: the linker exports one of another whose address is taken. */
static void release_compiled(struct zi_compiled *compiled)
{
    zi_compiled_unref(compiled);
}

/* Finds or makes the compiled code of the archive that the record holds now. */
static int attach(struct zi_state *state, struct zi_record *record, struct zi_attachment *attached)
{
    struct zi_pack_identity identity = zi_recall_identity(state, record);
    struct zi_compiled *previous = attached->compiled, *compiled;
    char name[ZI_PACK_NAME_NBYTES], path_name[ZI_PACK_NAME_NBYTES];
    int result = 0;

    zi_pack_name(name, &identity, record->archive);
    zi_pack_path_name(path_name, &identity, record->path, record->path_nbytes);
    compiled = zi_compiled_find(state, name);
    compiled = compiled ? zi_compiled_ref(compiled) : zi_compiled_new(state, record->archive, name);
    if (!compiled)
        return -1;
    /* The record of a path comes and goes; what was compiled of its archive may still be here. */
    if (!previous && (previous = zi_compiled_find_path(state, path_name)))
        zi_compiled_ref(previous);
    memcpy(compiled->path_name, path_name, strlen(path_name) + 1);
    attached->compiled = compiled;
    attached->compiled_generation = record->generation;
    attached->release_compiled = release_compiled;
    if (previous && previous != compiled) {
        /* Letting go of what was queued may run Python code, which may attach another. */
        zi_compiled_ref(compiled);
        result = take_over_queue(compiled, previous);
        zi_compiled_unref(compiled);
        if (previous->ref_count == 1)
            PyDict_Clear(previous->queue); /* what the path held before is not worth writing */
    }
    zi_compiled_unref(previous);
    return result;
}

/* Whether the member is a symbolic link that leads nowhere, since others are followed: its text is
 * no source, though a file of that text may have been compiled once. */
static bool is_link(const struct zi_source_member *source)
{
    struct zi_entry entry;

    if (!source->archive->has_links)
        return false;
    zi_archive_entry(source->archive, source->node, &entry);
    return entry.is_link;
}

/* The compiled code of the source's archive, loaded: a new reference, or NULL: without an exception
 * where there is none. */
static struct zi_compiled *find_compiled(struct zi_state *state,
                                         const struct zi_source_member *source)
{
    struct zi_record *record = source->record;
    struct zi_attachment *attached;
    struct zi_compiled *compiled;
    bool is_new = false;
    int result = 0;

    /* The record may have moved on while the call is at work: rare, and not worth a pack. */
    if (!state->packs->store || source->archive != record->archive || is_link(source))
        return NULL;
    attached = zi_archives_attachment(record);
    if (!attached)
        return NULL;
    if (!attached->compiled || attached->compiled_generation != record->generation) {
        /* Letting go of what was queued may run Python code. */
        if (attach(state, record, attached) < 0 || !state->packs->store)
            return NULL;
        is_new = true;
    }
    compiled = zi_compiled_ref(attached->compiled);
    if (!compiled->loaded) {
        result = zi_store_load(compiled);
    } else if (is_new) {
        result = zi_store_tell_used(compiled);
        if (result <= 0)
            attached
                ->compiled_generation = 0; /* no archive's: it is attached, and told, once more */
    }
    if (result >= 0)
        return compiled;
    zi_compiled_unref(compiled);
    return NULL;
}

/* --- getting --- */

static void count_finding(struct zi_state *state, enum zi_pack_finding finding)
{
    struct zi_pack_counters *count = &state->packs->count;

    if (finding == ZI_PACK_OTHER_SOURCE)
        count->other_source++;
    else if (finding == ZI_PACK_OTHER_MAGIC)
        count->other_magic++;
    else if (finding == ZI_PACK_DAMAGED)
        count->damaged++;
}

/* Whether the exception says that bytecode is broken; anything else escapes. */
static bool is_broken_bytecode(void)
{
    return PyErr_ExceptionMatches(PyExc_ValueError) || PyErr_ExceptionMatches(PyExc_TypeError) ||
           PyErr_ExceptionMatches(PyExc_EOFError);
}

/* Unmarshals a member of a pack: 1, 0 when it is broken, -1 with an exception. */
static int unmarshal_member(struct zi_state *state, const struct zi_pack_member *member,
                            PyObject *path, PyObject **code_ret)
{
    *code_ret = zi_unmarshal(state, (const char *)member->pyc.bytes + ZI_PYC_HEADER_NBYTES,
                             (Py_ssize_t)(member->pyc.nbytes - ZI_PYC_HEADER_NBYTES), path, path);
    if (*code_ret)
        return 1;
    if (!is_broken_bytecode())
        return -1;
    PyErr_Clear();
    state->packs->count.damaged++;
    return 0;
}

/* 1, 0 when the file does not have it, -1 with an exception. */
static int get_from_file(struct zi_state *state, struct zi_pack_file *file,
                         const struct zi_entry *source, PyObject *path, PyObject **code_ret)
{
    struct zi_pack_member member;
    struct zi_error error;
    enum zi_status status = zi_pack_file_read(file, source, state->magic, &member, &error);
    int result;

    if (status != ZI_OK && status != ZI_ERR_SYSTEM) {
        zi_raise(state, &error, NULL);
        return -1;
    }
    /* A file that cannot be read now is no reason for an import to fail. */
    count_finding(state, member.finding);
    if (member.finding != ZI_PACK_FOUND)
        return 0;
    result = unmarshal_member(state, &member, path, code_ret);
    state->packs->count.nbytes += member.pyc.nbytes;
    zi_pack_member_release(&member);
    return result;
}

/* What was compiled in this process and not written yet: a copy, since code objects are not shared
 * between two calls of get_code(), and this one may need another co_filename. 1, 0 when there is
 * none, -1 with an exception. */
static int get_queued(struct zi_state *state, const struct zi_compiled *compiled, uint32_t node,
                      PyObject *path, PyObject **code_ret)
{
    PyObject *key = PyLong_FromUnsignedLong(node);
    PyObject *code = key ? Py_XNewRef(PyDict_GetItemWithError(compiled->queue, key)) : NULL;
    PyObject *data;

    Py_XDECREF(key);
    if (!code)
        return PyErr_Occurred() ? -1 : 0;
    data = PyObject_CallFunctionObjArgs(state->marshal_dumps, code, (PyObject *)NULL);
    Py_DECREF(code);
    if (!data)
        return -1;
    *code_ret = zi_unmarshal(state, PyBytes_AsString(data), PyBytes_Size(data), path, path);
    Py_DECREF(data);
    return *code_ret ? 1 : -1;
}

int zi_recall(struct zi_state *state, const struct zi_source_member *source, PyObject *path,
              PyObject **code_ret, uint64_t *nbytes_ret)
{
    uint64_t nbytes = state->packs->count.nbytes;
    struct zi_compiled *compiled;
    struct zi_entry entry;
    uint32_t node;
    int result = 0;

    *code_ret = NULL;
    *nbytes_ret = 0;
    compiled = find_compiled(state, source);
    if (!compiled)
        return PyErr_Occurred() ? -1 : 0;
    zi_archive_entry(source->archive, source->node, &entry);
    node = find_same(compiled->archive, source->archive, source->node);
    if (node != ZI_INDEX_NONE)
        result = get_queued(state, compiled, node, path, code_ret);
    /* Unmarshalling may run Python code, and so give it other files. */
    for (size_t i = 0; result == 0 && i < compiled->file_count; i++)
        result = get_from_file(state, &compiled->files[i], &entry, path, code_ret);
    if (result > 0)
        state->packs->count.hits++;
    else if (result == 0)
        state->packs->count.misses++;
    *nbytes_ret = state->packs->count.nbytes - nbytes;
    zi_compiled_unref(compiled);
    return result;
}

int zi_remember(struct zi_state *state, const struct zi_source_member *source, PyObject *code)
{
    struct zi_compiled *compiled;
    uint32_t node;
    int result;

    if (!state->packs->writes)
        return 0;
    compiled = find_compiled(state, source);
    if (!compiled)
        return PyErr_Occurred() ? -1 : 0;
    node = find_same(compiled->archive, source->archive, source->node);
    if (node == ZI_INDEX_NONE) {
        zi_compiled_unref(compiled);
        return 0;
    }
    result = zi_compiled_queue(compiled, node, code);
    if (result == 0 && !state->packs->changed && state->packs->store) {
        state->packs->changed = true;
        result = zi_store_tell_changed(state);
        if (result <= 0)
            state->packs->changed = false;
    }
    zi_compiled_unref(compiled);
    return result < 0 ? -1 : 0;
}
