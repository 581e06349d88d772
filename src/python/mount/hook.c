/* Keeps our hook on sys.path_hooks, and makes finders. */
#include "hook.h"

#include "place.h"

/* The arguments of FileFinder: the path and all kinds of loaders. */
static PyObject *make_arguments(const struct zi_mounts *mounts, PyObject *path)
{
    PyObject *kinds = PyObject_CallNoArgs(mounts->supported_loaders);
    PyObject *list = kinds ? PySequence_List(kinds) : NULL;
    Py_ssize_t count = list ? PyList_Size(list) : 0;
    PyObject *arguments = list ? PyTuple_New(1 + count) : NULL;

    for (Py_ssize_t i = 0; arguments && i <= count; i++)
        PyTuple_SetItem(arguments, i, Py_NewRef(i == 0 ? path : PyList_GetItem(list, i - 1)));
    Py_XDECREF(list);
    Py_XDECREF(kinds);
    return arguments;
}

PyObject *zi_mount_hook(PyObject *module, PyObject *path)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *class, *arguments, *finder;
    int answer = 0;

    if (state->mounts->finder && PyUnicode_Check(path))
        answer = zi_place_is_filled(state, path);
    if (answer < 0)
        return NULL;
    if (answer == 0) {
        PyErr_Format(PyExc_ImportError, "no folder of a mounted archive: %R", path);
        return NULL;
    }
    class = Py_NewRef(state->mounts->finder);
    arguments = make_arguments(state->mounts, path);
    finder = arguments ? PyObject_Call(class, arguments, NULL) : NULL;
    Py_XDECREF(arguments);
    Py_DECREF(class);
    return finder;
}

/* Where a hook stands on the list; behind all where it does not. */
static Py_ssize_t find_hook(PyObject *hooks, const PyObject *hook)
{
    Py_ssize_t count = PyList_Size(hooks), at = 0;

    while (at < count && PyList_GetItem(hooks, at) != hook)
        at++;
    return at;
}

/* Puts the hook on the list, or takes it off. It stands before Python's own two, of which the one
 * for archives comes first; what the program has put before those has its say before us. */
static int place_hook(PyObject *module, PyObject *hooks, bool wanted)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *hook = PyObject_GetAttrString(module, "_mount_hook");
    Py_ssize_t count = PyList_Size(hooks), at = find_hook(hooks, hook);
    Py_ssize_t stock = find_hook(hooks, state->zipimporter);
    int answer = hook ? 0 : -1;

    if (hook && at == count && wanted)
        answer = PyList_Insert(hooks, stock < count ? stock : 0, hook);
    else if (hook && at < count && !wanted)
        answer = PyList_SetSlice(hooks, at, at + 1, NULL);
    Py_XDECREF(hook);
    return answer;
}

/* Whether a key is the path, or one below; -1 with an exception. */
static int is_within(PyObject *key, PyObject *path, PyObject *beginning)
{
    if (!PyUnicode_Check(key))
        return 0;
    if (PyUnicode_Compare(key, path) == 0)
        return 1;
    return (int)PyUnicode_Tailmatch(key, beginning, 0, PY_SSIZE_T_MAX, -1);
}

/* Drops the finders of a path and of those below from sys.path_importer_cache. */
static int forget_finders(PyObject *cache, PyObject *path)
{
    PyObject *beginning = PyUnicode_FromFormat("%U/", path);
    PyObject *keys = beginning ? PyDict_Keys(cache) : NULL;
    int answer = keys ? 0 : -1;

    for (Py_ssize_t i = 0; answer >= 0 && i < PyList_Size(keys); i++) {
        PyObject *key = PyList_GetItem(keys, i); /* borrowed */
        answer = is_within(key, path, beginning);
        if (answer == 1)
            answer = PyDict_DelItem(cache, key);
    }
    Py_XDECREF(keys);
    Py_XDECREF(beginning);
    return answer < 0 ? -1 : 0;
}

/* An object of sys, which must be there; a new reference. */
static PyObject *get_sys(const char *name)
{
    PyObject *value = PySys_GetObject(name);

    if (!value)
        PyErr_Format(PyExc_RuntimeError, "sys.%s is missing", name);
    return Py_XNewRef(value);
}

int zi_hook_renew(PyObject *module, PyObject *path, bool wanted)
{
    PyObject *hooks = get_sys("path_hooks");
    PyObject *cache = hooks ? get_sys("path_importer_cache") : NULL;
    int answer = cache ? 0 : -1;

    /* A program that put something else there does not import from mounts. */
    if (cache && PyDict_Check(cache))
        answer = forget_finders(cache, path);
    if (answer == 0 && PyList_Check(hooks))
        answer = place_hook(module, hooks, wanted);
    Py_XDECREF(cache);
    Py_XDECREF(hooks);
    return answer;
}
