/* Keeps the compiled code of archives while the interpreter runs. */
#include "compiled.h"

#include <errno.h>
#include <string.h>

#include "../errors.h"

int zi_packs_traverse(struct zi_packs *packs, visitproc visit, void *arg)
{
    Py_VISIT(packs->store);
    return 0;
}

void zi_packs_clear(struct zi_packs *packs)
{
    Py_CLEAR(packs->store);
}

struct zi_compiled *zi_compiled_new(struct zi_state *state, struct zi_archive *archive,
                                    const char *name)
{
    struct zi_compiled *compiled = PyMem_Calloc(1, sizeof *compiled);

    if (!compiled) {
        PyErr_NoMemory();
        return NULL;
    }
    compiled->queue = PyDict_New();
    if (!compiled->queue) {
        PyMem_Free(compiled);
        return NULL;
    }
    compiled->state = state;
    compiled->ref_count = 1;
    compiled->archive = zi_archive_ref(archive);
    memcpy(compiled->name, name, strlen(name) + 1);
    compiled->next = state->packs->list;
    state->packs->list = compiled;
    return compiled;
}

static void free_compiled(struct zi_compiled *compiled)
{
    struct zi_compiled **link = &compiled->state->packs->list;

    while (*link != compiled)
        link = &(*link)->next;
    *link = compiled->next;
    zi_compiled_close_files(compiled->state, compiled->files, compiled->file_count);
    zi_archive_unref(compiled->archive);
    Py_DECREF(compiled->queue);
    PyMem_Free(compiled);
}

void zi_packs_free(struct zi_state *state)
{
    while (state->packs->list)
        free_compiled(state->packs->list);
}

struct zi_compiled *zi_compiled_ref(struct zi_compiled *compiled)
{
    compiled->ref_count++;
    return compiled;
}

void zi_compiled_unref(struct zi_compiled *compiled)
{
    if (compiled && --compiled->ref_count == 0 && PyDict_Size(compiled->queue) == 0)
        free_compiled(compiled);
}

struct zi_compiled *zi_compiled_first(const struct zi_state *state)
{
    return state->packs->list ? zi_compiled_ref(state->packs->list) : NULL;
}

struct zi_compiled *zi_compiled_next(struct zi_compiled *compiled)
{
    struct zi_compiled *next = compiled->next ? zi_compiled_ref(compiled->next) : NULL;

    zi_compiled_unref(compiled);
    return next;
}

struct zi_compiled *zi_compiled_find(const struct zi_state *state, const char *name)
{
    struct zi_compiled *compiled = state->packs->list;

    while (compiled && strcmp(compiled->name, name) != 0)
        compiled = compiled->next;
    return compiled;
}

struct zi_compiled *zi_compiled_find_path(const struct zi_state *state, const char *path_name)
{
    struct zi_compiled *compiled = state->packs->list;

    while (compiled && strcmp(compiled->path_name, path_name) != 0)
        compiled = compiled->next;
    return compiled;
}

int zi_compiled_queue(struct zi_compiled *compiled, uint32_t node, PyObject *code)
{
    PyObject *key = PyLong_FromUnsignedLong(node);
    int result;

    if (!key)
        return -1;
    result = PyDict_SetItem(compiled->queue, key, code);
    Py_DECREF(key);
    return result;
}

void zi_compiled_forget(struct zi_compiled *compiled, bool loaded)
{
    zi_compiled_set_files(compiled, NULL, 0);
    compiled->loaded = loaded;
    PyDict_Clear(compiled->queue);
}

void zi_compiled_forget_all(struct zi_state *state)
{
    for (struct zi_compiled *compiled = zi_compiled_first(state); compiled;
         compiled = zi_compiled_next(compiled))
        zi_compiled_forget(compiled, false);
}

int zi_compiled_item_node(PyObject *item, uint32_t *node_ret)
{
    unsigned long node = PyLong_AsUnsignedLong(PyTuple_GetItem(item, 0));

    *node_ret = (uint32_t)node;
    return node == (unsigned long)-1 && PyErr_Occurred() ? -1 : 0;
}

/* 1, 0 when it is no pack file, -1 with an exception. */
static int open_file(struct zi_state *state, PyObject *path, bool *passing_ret,
                     struct zi_pack_file *ret)
{
    struct zi_error error;
    enum zi_status status;
    const char *bytes;
    PyObject *encoded = zi_encode_path(path, &bytes);

    if (!encoded)
        return -1;
    status = zi_pack_file_open(ret, &state->host, bytes, &error);
    Py_DECREF(encoded);
    if (status == ZI_OK)
        return 1;
    if (status == ZI_ERR_MEMORY || status == ZI_ERR_HOST ||
        (status == ZI_ERR_SYSTEM && !passing_ret && error.system_errno != ENOENT)) {
        zi_raise(state, &error, path);
        return -1;
    }
    if (passing_ret && zi_error_is_passing(&error))
        *passing_ret = true;
    state->packs->count.refused++;
    return 0;
}

/* Opens each path of a list; how many, -1 with an exception. */
static Py_ssize_t open_each(struct zi_state *state, PyObject *paths, bool *passing_ret,
                            struct zi_pack_file *files)
{
    Py_ssize_t opened = 0;

    for (Py_ssize_t i = 0; i < PyList_Size(paths); i++) {
        int found = open_file(state, PyList_GetItem(paths, i), passing_ret, &files[opened]);
        if (found < 0) {
            for (Py_ssize_t j = 0; j < opened; j++)
                zi_pack_file_release(&files[j]);
            return -1;
        }
        opened += found;
    }
    return opened;
}

Py_ssize_t zi_compiled_open_files(struct zi_state *state, PyObject *paths, bool *passing_ret,
                                  struct zi_pack_file **ret)
{
    PyObject *list = PySequence_List(paths);
    struct zi_pack_file *files;
    Py_ssize_t count;

    *ret = NULL;
    if (!list)
        return -1;
    if (PyList_Size(list) == 0) {
        Py_DECREF(list);
        return 0;
    }
    files = zi_host_reallocate(&state->host, NULL, (size_t)PyList_Size(list) * sizeof *files);
    if (!files) {
        Py_DECREF(list);
        PyErr_NoMemory();
        return -1;
    }
    count = open_each(state, list, passing_ret, files);
    Py_DECREF(list);
    if (count <= 0)
        zi_host_free(&state->host, files);
    else
        *ret = files;
    return count;
}

void zi_compiled_close_files(struct zi_state *state, struct zi_pack_file *files, size_t file_count)
{
    for (size_t i = 0; i < file_count; i++)
        zi_pack_file_release(&files[i]);
    zi_host_free(&state->host, files);
}

void zi_compiled_set_files(struct zi_compiled *compiled, struct zi_pack_file *files,
                           size_t file_count)
{
    zi_compiled_close_files(compiled->state, compiled->files, compiled->file_count);
    compiled->files = files;
    compiled->file_count = file_count;
}
