/* Answers the owner of the store: which packs there are, and which to write, read and forget. */
#include "control.h"

#include <string.h>

#include "../archives.h"
#include "permission.h"
#include "recall.h"

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
        state->packs->identity.debug_ranges = last != Py_None;
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
    state->packs->identity.optimization = (unsigned)level;
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

PyObject *zi_control_use_store(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *store, *previous;
    const char *build;
    int writes;

    if (!PyArg_ParseTuple(args, "Os:_use_store", &store, &build))
        return NULL;
    if (!is_fit_for_names(build))
        return PyErr_Format(PyExc_ValueError, "%s cannot be part of a name", build);
    if (find_debug_ranges(state) < 0 || find_optimization(state) < 0)
        return NULL;
    writes = zi_permission_to_write();
    if (writes < 0)
        return NULL;
    /* From here on no Python code runs until the new store is in its place: what ran above may have
     * put another there. */
    previous = state->packs->store;
    state->packs->identity.magic = state->magic;
    memcpy(state->packs->build, build, strlen(build) + 1);
    state->packs->changed = false;
    state->packs->store = store == Py_None ? NULL : Py_NewRef(store);
    state->packs->writes = writes == 1;
    zi_compiled_forget_all(state);
    Py_XDECREF(previous);
    return PyBool_FromLong(writes);
}

PyObject *zi_control_queued(PyObject *module, PyObject *unused)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *list = PyList_New(0);

    (void)unused;
    state->packs->changed = false;
    for (struct zi_compiled *compiled = zi_compiled_first(state); compiled;
         compiled = zi_compiled_next(compiled)) {
        PyObject *names;
        int answer;
        if (!list || PyDict_Size(compiled->queue) == 0)
            continue;
        names = Py_BuildValue("ssn", compiled->name, compiled->path_name,
                              PyDict_Size(compiled->queue));
        answer = names ? PyList_Append(list, names) : -1;
        Py_XDECREF(names);
        if (answer < 0)
            Py_CLEAR(list);
    }
    return list;
}

PyObject *zi_control_names(PyObject *module, PyObject *path)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_record *record = zi_archives_get(state, path);
    struct zi_pack_identity identity;
    struct zi_archive *archive;
    struct zi_error error;
    char name[ZI_PACK_NAME_NBYTES] = "", path_name[ZI_PACK_NAME_NBYTES];

    if (!record)
        return NULL;
    if (zi_archives_look(state, record, &archive, &error) < 0) {
        zi_record_unref(record);
        return NULL;
    }
    identity = zi_recall_identity(state, record);
    if (archive)
        zi_pack_name(name, &identity, archive);
    zi_pack_path_name(path_name, &identity, record->path, record->path_nbytes);
    zi_archive_unref(archive);
    zi_record_unref(record);
    return Py_BuildValue("zs", archive ? name : NULL, path_name);
}

PyObject *zi_control_forget(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_compiled *compiled;
    const char *name = NULL;

    if (!PyArg_ParseTuple(args, "|z:_forget_packs", &name))
        return NULL;
    if (!name) {
        zi_compiled_forget_all(state);
    } else if ((compiled = zi_compiled_find(state, name))) {
        /* Empty from now on, whatever the store still has. */
        zi_compiled_forget(zi_compiled_ref(compiled), true);
        zi_compiled_unref(compiled);
    }
    return Py_NewRef(Py_None);
}

PyObject *zi_control_reload(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_compiled *compiled;
    const char *name;

    if (!PyArg_ParseTuple(args, "s:_reload_pack", &name))
        return NULL;
    compiled = zi_compiled_find(state, name);
    if (compiled)
        compiled->loaded = false;
    return Py_NewRef(Py_None);
}
