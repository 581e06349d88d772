/* Takes stock zipimport's place, and gives it back. */
#include "takeover.h"

#include "../errors.h"
#include "../importer/importer.h"
#include "../importer/held.h"
#include "../importer/trace.h"
#include "exchange.h"

int zi_takeover_traverse(struct zi_takeover *takeover, visitproc visit, void *arg)
{
    Py_VISIT(takeover->directory_cache);
    Py_VISIT(takeover->get_module_code);
    return 0;
}

void zi_takeover_clear(struct zi_takeover *takeover)
{
    Py_CLEAR(takeover->directory_cache);
    Py_CLEAR(takeover->get_module_code);
}

static int set_attribute(struct zi_state *state, const char *name, PyObject *value)
{
    return value ? PyObject_SetAttrString(state->zipimport, name, value) : -1;
}

/* The importer of a path that ends like the standard library's archive; a new reference, NULL
 * without an exception when there is none. */
static PyObject *find_library(PyObject *cache, PyObject *path, PyObject *ending)
{
    if (!PyUnicode_Check(path) || PyUnicode_Tailmatch(path, ending, 0, PY_SSIZE_T_MAX, 1) != 1)
        return NULL;
    return Py_XNewRef(PyDict_GetItemWithError(cache, path));
}

/* Pins the standard library's archive if the interpreter imports from it: it does not change
 * while the interpreter runs, and everything looks there first. */
static int pin_library(struct zi_state *state)
{
    PyObject *paths = zi_exchange_get_sys("path", Py_TPFLAGS_LIST_SUBCLASS);
    PyObject *cache = paths ? zi_exchange_get_sys("path_importer_cache", Py_TPFLAGS_DICT_SUBCLASS)
                            : NULL;
    PyObject *ending = cache ? PyUnicode_FromFormat("/python%u%u.zip", state->version >> 8,
                                                    state->version & 0xff)
                             : NULL;
    int answer = ending ? 0 : -1;

    for (Py_ssize_t i = 0; answer == 0 && i < PyList_Size(paths); i++) {
        /* Held: a subclass of str may have a __hash__() that removes it from the list. */
        PyObject *path = Py_NewRef(PyList_GetItem(paths, i));
        PyObject *importer = find_library(cache, path, ending);
        struct zi_record *record;
        Py_DECREF(path);
        if (!importer && PyErr_Occurred())
            answer = -1;
        if (!importer || !zi_importer_check(state, importer)) {
            Py_XDECREF(importer);
            continue;
        }
        record = zi_importer_record(importer, NULL);
        Py_DECREF(importer);
        if (record)
            zi_record_pin(record);
        else
            answer = -1;
        state->library = record;
        break;
    }
    Py_XDECREF(ending);
    Py_XDECREF(cache);
    Py_XDECREF(paths);
    return answer;
}

static int take_over(struct zi_state *state, PyObject *module)
{
    PyObject *get_module_code = PyObject_GetAttrString(module, "_get_module_code");
    int answer = set_attribute(state, "_get_module_code", get_module_code);

    Py_XDECREF(get_module_code);
    if (answer == 0)
        answer = set_attribute(state, "_zip_directory_cache", state->directory_cache);
    if (answer == 0)
        answer = set_attribute(state, "zipimporter", state->zipimporter);
    if (answer == 0)
        answer = zi_exchange_for_ours(state);
    if (answer == 0 && !state->library)
        answer = pin_library(state);
    return answer;
}

/* Tells pkgutil of stock's class if it was imported while ours stood in its place: it lists the
 * modules of the class that it met then, and of classes derived from it. */
static int give_pkgutil_back(struct zi_state *state)
{
    PyObject *modules = zi_exchange_get_sys("modules", Py_TPFLAGS_DICT_SUBCLASS);
    PyObject *pkgutil = modules ? zi_exchange_get_item(modules, "pkgutil") : NULL;
    PyObject *dict = pkgutil && PyModule_CheckExact(pkgutil) ? PyModule_GetDict(pkgutil) : NULL;
    PyObject *class = dict ? zi_exchange_get_item(dict, "zipimporter") : NULL;
    PyObject *list = class == state->zipimporter
                         ? zi_exchange_get_item(dict, "iter_zipimport_modules")
                         : NULL;
    PyObject *generic = list ? zi_exchange_get_item(dict, "iter_importer_modules") : NULL;
    PyObject *result = NULL;

    /* The attribute last: while it is ours, this is still to be done. */
    if (generic)
        result = PyObject_CallMethod(generic, "register", "OO", state->stock_zipimporter, list);
    if (result)
        PyDict_SetItemString(dict, "zipimporter", state->stock_zipimporter);
    Py_XDECREF(result);
    Py_XDECREF(generic);
    Py_XDECREF(list);
    Py_XDECREF(class);
    Py_XDECREF(pkgutil);
    Py_XDECREF(modules);
    return PyErr_Occurred() ? -1 : 0;
}

static int give_back(struct zi_state *state)
{
    struct zi_takeover *takeover = state->takeover;

    /* Cleared first: stock's importers, made below, fill it anew. */
    if (PyDict_Check(takeover->directory_cache))
        PyDict_Clear(takeover->directory_cache);
    if (set_attribute(state, "_zip_directory_cache", takeover->directory_cache) < 0 ||
        set_attribute(state, "_get_module_code", takeover->get_module_code) < 0 ||
        set_attribute(state, "zipimporter", state->stock_zipimporter) < 0 ||
        give_pkgutil_back(state) < 0)
        return -1;
    return zi_exchange_for_stock(state);
}

/* After all was given back. */
static void forget(struct zi_state *state)
{
    struct zi_takeover *takeover = state->takeover;

    if (state->library)
        zi_record_unpin(state->library);
    zi_record_unref(state->library);
    state->library = NULL;
    PyDict_Clear(state->assigned_tables);
    zi_held_drop(state->held);
    Py_CLEAR(takeover->directory_cache);
    Py_CLEAR(takeover->get_module_code);
}

static void raise_again(PyObject *failure)
{
    if (failure)
        PyErr_SetObject((PyObject *)Py_TYPE(failure), failure);
    Py_XDECREF(failure);
}

static int install(struct zi_state *state, PyObject *module)
{
    struct zi_takeover *takeover = state->takeover;
    PyObject *failure;

    if (takeover->directory_cache)
        return 0;
    takeover->directory_cache = PyObject_GetAttrString(state->zipimport, "_zip_directory_cache");
    if (!takeover->directory_cache)
        return -1;
    takeover->get_module_code = PyObject_GetAttrString(state->zipimport, "_get_module_code");
    if (!takeover->get_module_code) {
        Py_CLEAR(takeover->directory_cache);
        return -1;
    }
    /* Whatever happened while we were not there may have changed archives that we remember. */
    zi_registry_invalidate_all(&state->registry);
    if (take_over(state, module) == 0)
        return 0;
    failure = zi_take_exception();
    if (give_back(state) == 0)
        forget(state);
    else
        PyErr_WriteUnraisable(state->zipimport);
    raise_again(failure);
    return -1;
}

static int uninstall(struct zi_state *state, PyObject *module)
{
    PyObject *failure;

    if (!state->takeover->directory_cache)
        return 0;
    if (zi_trace_stop(state) < 0)
        return -1;
    if (give_back(state) == 0) {
        forget(state);
        return 0;
    }
    failure = zi_take_exception();
    if (take_over(state, module) < 0)
        PyErr_WriteUnraisable(state->zipimport);
    raise_again(failure);
    return -1;
}

/* Both run Python code, stock's constructor for one, which could call either again. */
static int run_alone(struct zi_state *state, PyObject *module,
                     int (*action)(struct zi_state *state, PyObject *module))
{
    int answer;

    if (state->takeover->busy) {
        PyErr_SetString(PyExc_RuntimeError, "install() or uninstall() is at work already");
        return -1;
    }
    state->takeover->busy = true;
    answer = action(state, module);
    state->takeover->busy = false;
    return answer;
}

int zi_takeover_install(struct zi_state *state, PyObject *module)
{
    return run_alone(state, module, install);
}

int zi_takeover_uninstall(struct zi_state *state, PyObject *module)
{
    return run_alone(state, module, uninstall);
}
