/* This file knows which code was compiled before. */
#include "packs.h"

#include <errno.h>
#include <string.h>

#include "bytecode.h"
#include "errors.h"
#include "lookup.h"
#include "record.h"
#include "trace.h"

#include "../cache/pyc.h"

/* --- the life of a pack --- */

static struct zi_pack *make_pack(struct zi_state *state, struct zi_archive *archive,
                                 const char *name)
{
    struct zi_pack *pack = PyMem_Calloc(1, sizeof *pack);

    if (!pack) {
        PyErr_NoMemory();
        return NULL;
    }
    pack->queue = PyDict_New();
    if (!pack->queue) {
        PyMem_Free(pack);
        return NULL;
    }
    pack->ref_count = 1;
    pack->archive = zi_archive_ref(archive);
    memcpy(pack->name, name, strlen(name) + 1);
    pack->next = state->packs.list;
    state->packs.list = pack;
    return pack;
}

static void free_pack(struct zi_state *state, struct zi_pack *pack)
{
    struct zi_pack **link = &state->packs.list;

    while (*link != pack)
        link = &(*link)->next;
    *link = pack->next;
    zi_pack_close_files(state, pack->files, pack->file_count);
    zi_archive_unref(pack->archive);
    Py_DECREF(pack->queue);
    PyMem_Free(pack);
}

struct zi_pack *zi_pack_ref(struct zi_pack *pack)
{
    pack->ref_count++;
    return pack;
}

void zi_pack_unref(struct zi_state *state, struct zi_pack *pack)
{
    if (pack && --pack->ref_count == 0 && PyDict_Size(pack->queue) == 0)
        free_pack(state, pack);
}

struct zi_pack *zi_packs_find(const struct zi_state *state, const char *name)
{
    struct zi_pack *pack = state->packs.list;

    while (pack && strcmp(pack->name, name) != 0)
        pack = pack->next;
    return pack;
}

void zi_pack_close_files(struct zi_state *state, struct zi_pack_file *files, size_t file_count)
{
    for (size_t i = 0; i < file_count; i++)
        zi_pack_file_release(&files[i]);
    zi_host_free(&state->host, files);
}

void zi_pack_set_files(struct zi_state *state, struct zi_pack *pack, struct zi_pack_file *files,
                       size_t file_count)
{
    zi_pack_close_files(state, pack->files, pack->file_count);
    pack->files = files;
    pack->file_count = file_count;
}

static void forget(struct zi_state *state, struct zi_pack *pack, bool loaded)
{
    zi_pack_set_files(state, pack, NULL, 0);
    pack->loaded = loaded;
    PyDict_Clear(pack->queue);
}

void zi_packs_forget(struct zi_state *state)
{
    struct zi_pack *pack = state->packs.list ? zi_pack_ref(state->packs.list) : NULL;

    /* What is held stays in the list, whatever letting go of code objects runs. */
    while (pack) {
        struct zi_pack *next;
        forget(state, pack, false);
        next = pack->next ? zi_pack_ref(pack->next) : NULL;
        zi_pack_unref(state, pack);
        pack = next;
    }
}

void zi_packs_release(struct zi_state *state)
{
    while (state->packs.list)
        free_pack(state, state->packs.list);
}

/* --- the store --- */

/* Calls a method of the store; None when it fails, which must not fail an import. NULL with an
 * exception that is about this moment. */
static PyObject *call_store(struct zi_state *state, PyObject *name, PyObject *first,
                            PyObject *second)
{
    PyObject *store = Py_NewRef(state->packs.store);
    PyObject *result = PyObject_CallMethodObjArgs(store, name, first, second, (PyObject *)NULL);

    if (!result && PyErr_ExceptionMatches(PyExc_Exception) &&
        !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_WriteUnraisable(store);
        result = Py_NewRef(Py_None);
    }
    Py_DECREF(store);
    return result;
}

/* Calls a method of the store with the name of a pack and that of the path it was last found at. */
static PyObject *call_store_about(struct zi_state *state, PyObject *method,
                                  const struct zi_pack *pack)
{
    PyObject *name = PyUnicode_FromString(pack->name);
    PyObject *path_name = name ? PyUnicode_FromString(pack->path_name) : NULL;
    PyObject *result = path_name ? call_store(state, method, name, path_name) : NULL;

    Py_XDECREF(path_name);
    Py_XDECREF(name);
    return result;
}

/* 1, 0 when it is no pack, -1 with an exception. */
static int open_file(struct zi_state *state, PyObject *path, bool may_fail,
                     struct zi_pack_file *ret)
{
    PyObject *encoded = zi_is_str(path) ? PyUnicode_EncodeFSDefault(path) : NULL;
    struct zi_error error;
    enum zi_status status;

    if (!encoded)
        return -1;
    status = zi_pack_file_open(ret, &state->host, PyBytes_AsString(encoded), &error);
    Py_DECREF(encoded);
    if (status == ZI_OK)
        return 1;
    if (status == ZI_ERR_MEMORY || status == ZI_ERR_HOST ||
        (status == ZI_ERR_SYSTEM && !may_fail && error.system_errno != ENOENT)) {
        zi_raise(state, &error, path);
        return -1;
    }
    state->packs.count.refused++;
    return 0;
}

Py_ssize_t zi_pack_open_files(struct zi_state *state, PyObject *paths, bool may_fail,
                              struct zi_pack_file **ret)
{
    PyObject *list = PySequence_List(paths);
    Py_ssize_t count = list ? PyList_Size(list) : -1, opened = 0;
    struct zi_pack_file *files = NULL;

    *ret = NULL;
    if (count > 0) {
        files = zi_host_reallocate(&state->host, NULL, (size_t)count * sizeof *files);
        if (!files) {
            PyErr_NoMemory();
            count = -1;
        }
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        int answer = open_file(state, PyList_GetItem(list, i), may_fail, &files[opened]);
        if (answer < 0) {
            zi_pack_close_files(state, files, (size_t)opened);
            Py_DECREF(list);
            return -1;
        }
        opened += answer;
    }
    Py_XDECREF(list);
    *ret = files;
    return count < 0 ? -1 : opened;
}

/* Asks the store for what it has kept. The store may import meanwhile: it then finds nothing. */
static int load(struct zi_state *state, struct zi_pack *pack)
{
    PyObject *paths;
    struct zi_pack_file *files;
    Py_ssize_t count = -1;

    pack->loaded = true;
    paths = call_store_about(state, state->load_name, pack);
    if (paths == Py_None)
        count = 0;
    else if (paths)
        count = zi_pack_open_files(state, paths, true, &files);
    if (count > 0) {
        zi_pack_set_files(state, pack, files, (size_t)count);
        state->packs.count.loads += (uint64_t)count;
    } else if (count == 0 && paths != Py_None) {
        zi_host_free(&state->host, files);
    }
    Py_XDECREF(paths);
    if (count < 0)
        pack->loaded = false; /* the next import tries again */
    return count < 0 ? -1 : 0;
}

/* Tells the store that a pack which is loaded is now that of one more path. */
static int tell_path(struct zi_state *state, const struct zi_pack *pack)
{
    PyObject *result = call_store_about(state, state->used_name, pack);

    Py_XDECREF(result);
    return result ? 0 : -1;
}

/* --- from an archive to its pack --- */

static struct zi_pack_identity identity_of(const struct zi_state *state,
                                           const struct zi_record *record)
{
    struct zi_pack_identity identity = state->packs.identity;

    identity.build = record == state->takeover.library ? state->packs.build : NULL;
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

int zi_pack_node(PyObject *item, uint32_t *node_ret)
{
    unsigned long node = PyLong_AsUnsignedLong(PyTuple_GetItem(item, 0));

    *node_ret = (uint32_t)node;
    return node == (unsigned long)-1 && PyErr_Occurred() ? -1 : 0;
}

static int queue(struct zi_pack *pack, uint32_t node, PyObject *code)
{
    PyObject *key = PyLong_FromUnsignedLong(node);
    int answer = key ? PyDict_SetItem(pack->queue, key, code) : -1;

    Py_XDECREF(key);
    return answer;
}

/* What was compiled of an archive that has changed may be right for what it is now. */
static int take_over_queue(struct zi_pack *pack, const struct zi_pack *previous)
{
    PyObject *items = PyDict_Items(previous->queue);
    int answer = items ? 0 : -1;

    for (Py_ssize_t i = 0; answer == 0 && i < PyList_Size(items); i++) {
        PyObject *item = PyList_GetItem(items, i); /* borrowed */
        uint32_t there, here = ZI_INDEX_NONE;
        answer = zi_pack_node(item, &there);
        if (answer == 0)
            here = find_same(pack->archive, previous->archive, there);
        if (here != ZI_INDEX_NONE)
            answer = queue(pack, here, PyTuple_GetItem(item, 1));
    }
    Py_XDECREF(items);
    return answer;
}

/* The pack that was last the one of the archive at a path: a new reference, or NULL. The record of
 * a path comes and goes. */
static struct zi_pack *find_of_path(const struct zi_state *state, const char *path_name)
{
    struct zi_pack *pack = state->packs.list;

    while (pack && strcmp(pack->path_name, path_name) != 0)
        pack = pack->next;
    return pack ? zi_pack_ref(pack) : NULL;
}

/* Finds or makes the pack of the archive that the record holds now. */
static int attach(struct zi_state *state, struct zi_record *record, struct zi_attachment *at)
{
    struct zi_pack_identity identity = identity_of(state, record);
    struct zi_pack *previous = at->pack, *pack;
    char name[ZI_PACK_NAME_NBYTES], path_name[ZI_PACK_NAME_NBYTES];
    int answer = 0;

    zi_pack_name(name, &identity, record->archive);
    zi_pack_path_name(path_name, &identity, record->path, record->path_nbytes);
    pack = zi_packs_find(state, name);
    pack = pack ? zi_pack_ref(pack) : make_pack(state, record->archive, name);
    if (!pack)
        return -1;
    if (!previous)
        previous = find_of_path(state, path_name);
    memcpy(pack->path_name, path_name, strlen(path_name) + 1);
    at->pack = pack;
    at->pack_generation = record->generation;
    if (previous && previous != pack) {
        answer = take_over_queue(pack, previous);
        if (previous->ref_count == 1)
            PyDict_Clear(previous->queue); /* what the path held before is not worth writing */
    }
    zi_pack_unref(state, previous);
    return answer;
}

/* The pack of the archive that the view shows, loaded: a new reference, or NULL: without an
 * exception where there is none. */
static struct zi_pack *pack_of(struct zi_view *view)
{
    struct zi_state *state = view->state;
    struct zi_record *record = view->record;
    struct zi_attachment *at;
    struct zi_pack *pack;
    bool attached = false;
    int answer = 0;

    /* The record has moved on while the view is at work: rare, and not worth a pack. */
    if (!state->packs.store || view->archive != record->archive)
        return NULL;
    at = zi_record_attachment(state, record);
    if (!at)
        return NULL;
    if (!at->pack || at->pack_generation != record->generation) {
        /* Letting go of what was queued may run Python code. */
        if (attach(state, record, at) < 0 || !state->packs.store)
            return NULL;
        attached = true;
    }
    pack = zi_pack_ref(at->pack);
    if (!pack->loaded)
        answer = load(state, pack);
    else if (attached)
        answer = tell_path(state, pack);
    if (answer < 0) {
        zi_pack_unref(state, pack);
        return NULL;
    }
    return pack;
}

/* --- getting --- */

static void count_finding(struct zi_state *state, enum zi_pack_finding finding)
{
    struct zi_pack_counters *count = &state->packs.count;

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

/* Unmarshals a pyc of a pack: 1, 0 when it is broken, -1 with an exception. */
static int unmarshal(struct zi_state *state, const struct zi_pack_member *member, PyObject *path,
                     PyObject **code_ret)
{
    *code_ret = zi_bytecode_unmarshal(state, (const char *)member->bytes + ZI_PYC_HEADER_NBYTES,
                                      (Py_ssize_t)(member->nbytes - ZI_PYC_HEADER_NBYTES), path);
    if (*code_ret)
        return 1;
    if (!is_broken_bytecode())
        return -1;
    PyErr_Clear();
    state->packs.count.damaged++;
    return 0;
}

static int get_from_file(struct zi_state *state, struct zi_pack_file *file,
                         const struct zi_entry *source, PyObject *path, PyObject **code_ret)
{
    struct zi_pack_member member;
    struct zi_error error;
    int answer;

    enum zi_status status = zi_pack_file_read(file, source, state->magic, &member, &error);
    if (status != ZI_OK && status != ZI_ERR_SYSTEM) {
        zi_raise(state, &error, NULL);
        return -1;
    }
    /* A file that cannot be read now is no reason for an import to fail. */
    count_finding(state, member.finding);
    if (member.finding != ZI_PACK_FOUND)
        return 0;
    answer = unmarshal(state, &member, path, code_ret);
    state->packs.count.nbytes += member.nbytes;
    zi_pack_member_release(&member);
    return answer;
}

/* What was compiled in this process and not written yet: a copy, since code objects are not shared
 * between two calls of get_code(), and this one may need another co_filename. */
static int get_queued(struct zi_state *state, const struct zi_pack *pack, uint32_t node,
                      PyObject *path, PyObject **code_ret)
{
    PyObject *key = PyLong_FromUnsignedLong(node);
    PyObject *code = key ? Py_XNewRef(PyDict_GetItemWithError(pack->queue, key)) : NULL;
    PyObject *data = NULL;

    if (code)
        data = PyObject_CallFunctionObjArgs(state->marshal_dumps, code, (PyObject *)NULL);
    if (data)
        *code_ret = zi_bytecode_unmarshal(state, PyBytes_AsString(data), PyBytes_Size(data), path);
    Py_XDECREF(data);
    Py_XDECREF(code);
    Py_XDECREF(key);
    return *code_ret ? 1 : PyErr_Occurred() ? -1 : 0;
}

int zi_packs_get(struct zi_lookup *lookup, uint32_t node, PyObject *path, PyObject **code_ret)
{
    struct zi_state *state = lookup->view.state;
    struct zi_pack *pack = pack_of(&lookup->view);
    struct zi_entry source;
    uint32_t here;
    uint64_t nbytes = state->packs.count.nbytes;
    int answer = 0;

    *code_ret = NULL;
    if (!pack)
        return PyErr_Occurred() ? -1 : 0;
    zi_archive_entry(lookup->view.archive, node, &source);
    here = find_same(pack->archive, lookup->view.archive, node);
    if (here != ZI_INDEX_NONE)
        answer = get_queued(state, pack, here, path, code_ret);
    /* Unmarshalling may run Python code, and so give the pack other files. */
    for (size_t i = 0; answer == 0 && i < pack->file_count; i++)
        answer = get_from_file(state, &pack->files[i], &source, path, code_ret);
    if (answer > 0) {
        state->packs.count.hits++;
        if (zi_trace_origin(state, lookup->fullname, ZI_ORIGIN_PACK,
                            state->packs.count.nbytes - nbytes) < 0) {
            Py_CLEAR(*code_ret);
            answer = -1;
        }
    } else if (answer == 0) {
        state->packs.count.misses++;
    }
    zi_pack_unref(state, pack);
    return answer;
}

int zi_packs_put(struct zi_lookup *lookup, uint32_t node, PyObject *code)
{
    struct zi_state *state = lookup->view.state;
    struct zi_pack *pack = pack_of(&lookup->view);
    uint32_t here;
    int answer = 0;

    if (!pack)
        return PyErr_Occurred() ? -1 : 0;
    here = find_same(pack->archive, lookup->view.archive, node);
    if (here != ZI_INDEX_NONE)
        answer = queue(pack, here, code);
    if (answer == 0 && here != ZI_INDEX_NONE && !state->packs.changed && state->packs.store) {
        PyObject *result;
        state->packs.changed = true;
        result = call_store(state, state->changed_name, NULL, NULL);
        answer = result ? 0 : -1;
        Py_XDECREF(result);
    }
    zi_pack_unref(state, pack);
    return answer;
}

/* --- what the store's owner asks --- */

/* Whether code is compiled to know its columns: asked of code, since that is what matters. */
static int find_debug_ranges(struct zi_state *state)
{
    PyObject *code = PyObject_CallFunction(state->compile, "sss", "0", "", "eval");
    PyObject *positions = code ? PyObject_CallMethod(code, "co_positions", NULL) : NULL;
    PyObject *list = positions ? PySequence_List(positions) : NULL;
    PyObject *last = NULL;
    int answer = -1;

    if (list && PyList_Size(list) > 0)
        last = PyTuple_GetItem(PyList_GetItem(list, PyList_Size(list) - 1), 3); /* borrowed */
    if (last) {
        state->packs.identity.debug_ranges = last != Py_None;
        answer = 0;
    }
    Py_XDECREF(list);
    Py_XDECREF(positions);
    Py_XDECREF(code);
    return answer;
}

static int find_optimization(struct zi_state *state)
{
    PyObject *flags = PySys_GetObject("flags"); /* borrowed */
    PyObject *optimize = flags ? PyObject_GetAttrString(flags, "optimize") : NULL;
    unsigned long level = optimize ? PyLong_AsUnsignedLong(optimize) : (unsigned long)-1;

    Py_XDECREF(optimize);
    if (PyErr_Occurred())
        return -1;
    state->packs.identity.optimization = (unsigned)level;
    return 0;
}

/* Becomes part of names. */
static bool is_fit_for_names(const char *build)
{
    size_t nbytes = strlen(build);

    for (size_t i = 0; i < nbytes; i++)
        if (!strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-", build[i]))
            return false;
    return nbytes <= ZI_PACK_BUILD_NBYTES_MAX;
}

PyObject *zi_packs_use_store(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *store, *previous = state->packs.store;
    const char *build;

    if (!PyArg_ParseTuple(args, "Os:_use_store", &store, &build))
        return NULL;
    if (!is_fit_for_names(build))
        return PyErr_Format(PyExc_ValueError, "%s cannot be part of a name", build);
    if (find_debug_ranges(state) < 0 || find_optimization(state) < 0)
        return NULL;
    state->packs.identity.magic = state->magic;
    memcpy(state->packs.build, build, strlen(build) + 1);
    state->packs.changed = false;
    state->packs.store = store == Py_None ? NULL : Py_NewRef(store);
    zi_packs_forget(state);
    Py_XDECREF(previous);
    return Py_NewRef(Py_None);
}

PyObject *zi_packs_queued(PyObject *module, PyObject *unused)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *list = PyList_New(0);

    (void)unused;
    state->packs.changed = false;
    for (struct zi_pack *pack = state->packs.list; list && pack; pack = pack->next) {
        PyObject *names;
        int answer;
        if (PyDict_Size(pack->queue) == 0)
            continue;
        names = Py_BuildValue("ssn", pack->name, pack->path_name, PyDict_Size(pack->queue));
        answer = names ? PyList_Append(list, names) : -1;
        Py_XDECREF(names);
        if (answer < 0)
            Py_CLEAR(list);
    }
    return list;
}

PyObject *zi_packs_names(PyObject *module, PyObject *path)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_record *record = zi_record_of_path(state, path);
    struct zi_pack_identity identity;
    struct zi_archive *archive;
    struct zi_error error;
    char name[ZI_PACK_NAME_NBYTES] = "", path_name[ZI_PACK_NAME_NBYTES];

    if (!record)
        return NULL;
    if (zi_record_look(state, record, &archive, &error) < 0) {
        zi_record_unref(record);
        return NULL;
    }
    identity = identity_of(state, record);
    if (archive)
        zi_pack_name(name, &identity, archive);
    zi_pack_path_name(path_name, &identity, record->path, record->path_nbytes);
    zi_archive_unref(archive);
    zi_record_unref(record);
    return Py_BuildValue("zs", archive ? name : NULL, path_name);
}

PyObject *zi_packs_forget_named(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_pack *pack;
    const char *name = NULL;

    if (!PyArg_ParseTuple(args, "|z:_forget_packs", &name))
        return NULL;
    if (!name) {
        zi_packs_forget(state);
    } else if ((pack = zi_packs_find(state, name))) {
        /* Empty from now on, whatever the store still has. */
        forget(state, zi_pack_ref(pack), true);
        zi_pack_unref(state, pack);
    }
    return Py_NewRef(Py_None);
}

PyObject *zi_packs_reload(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_pack *pack;
    const char *name;

    if (!PyArg_ParseTuple(args, "s:_reload_pack", &name))
        return NULL;
    pack = zi_packs_find(state, name);
    if (pack)
        pack->loaded = false;
    return Py_NewRef(Py_None);
}
