/* Replaces importers wherever they stand in an interpreter. */
#include "exchange.h"

#include "../errors.h"
#include "../importer/importer.h"

/* One direction of the exchange. */
struct exchange {
    struct zi_state *state;
    PyObject *from; /* class: instances of exactly this one are replaced */
    /* Makes what replaces an importer; a new reference. */
    PyObject *(*make)(struct exchange *exchange, PyObject *importer);
    PyObject *made; /* {id(importer): (importer, what replaces it)} */
};

/* What replaces an importer, the same whenever it is asked; a new reference. */
static PyObject *replacement(struct exchange *exchange, PyObject *importer)
{
    PyObject *id = PyLong_FromVoidPtr(importer);
    PyObject *pair = id ? PyDict_GetItemWithError(exchange->made, id) : NULL; /* borrowed */
    PyObject *made = NULL;

    if (pair) {
        made = Py_NewRef(PyTuple_GetItem(pair, 1));
    } else if (id && !PyErr_Occurred()) {
        made = exchange->make(exchange, importer);
        pair = made ? PyTuple_Pack(2, importer, made) : NULL;
        if (!pair || PyDict_SetItem(exchange->made, id, pair) < 0)
            Py_CLEAR(made);
        Py_XDECREF(pair);
    }
    Py_XDECREF(id);
    return made;
}

/* An importer of a class with the attributes of another, without its __init__(). */
static PyObject *clone_as(PyObject *class, PyObject *importer)
{
    PyObject *clone = PyObject_CallMethod(class, "__new__", "O", class);
    PyObject *theirs = clone ? PyObject_GenericGetDict(importer, NULL) : NULL;
    PyObject *ours = theirs ? PyObject_GenericGetDict(clone, NULL) : NULL;

    if (!ours || PyDict_Update(ours, theirs) < 0)
        Py_CLEAR(clone);
    Py_XDECREF(ours);
    Py_XDECREF(theirs);
    return clone;
}

/* Removes an item that may be missing. */
static int discard(PyObject *dict, const char *name)
{
    PyObject *key = PyUnicode_FromString(name);
    int found = key ? PyDict_Contains(dict, key) : -1;

    if (found == 1)
        found = PyDict_DelItem(dict, key);
    Py_XDECREF(key);
    return found < 0 ? -1 : 0;
}

/* Decides which file a relative archive means. One that somebody has deleted, or made something
 * that is no path, fails where it is used. */
static int decide_archive(PyObject *importer)
{
    struct zi_record *record = zi_importer_record(importer, NULL);

    zi_record_unref(record);
    if (record)
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_AttributeError) && !PyErr_ExceptionMatches(PyExc_TypeError) &&
        !PyErr_ExceptionMatches(PyExc_ValueError))
        return -1;
    PyErr_Clear();
    return 0;
}

/* Ours looks at its archive when it is used: making one reads nothing. */
static PyObject *make_ours(struct exchange *exchange, PyObject *importer)
{
    PyObject *ours = clone_as(exchange->state->zipimporter, importer);
    PyObject *dict = ours ? PyObject_GenericGetDict(ours, NULL) : NULL;

    if (!dict || discard(dict, "_files") < 0 || decide_archive(ours) < 0)
        Py_CLEAR(ours);
    Py_XDECREF(dict);
    return ours;
}

/* The path that an importer is constructed from; a new reference. */
static PyObject *join_path(PyObject *archive, PyObject *prefix)
{
    PyObject *joined, *path;
    Py_ssize_t length;

    if (!zi_is_str(archive))
        return NULL;
    length = PyUnicode_GetLength(prefix);
    /* Emscripten's stat() takes "a.zip/" for the file, and stock then keeps the slash. */
    if (length <= 0)
        return length == 0 ? Py_NewRef(archive) : NULL;
    joined = PyUnicode_FromFormat("%U/%U", archive, prefix);
    path = joined ? PyObject_CallMethod(joined, "rstrip", "s", "/") : NULL;
    Py_XDECREF(joined);
    return path;
}

/* Stock's by its own constructor, so that it is what that version makes. Where there is no archive
 * any more it gets the attributes, and an empty table where instances have one. */
static PyObject *make_stock(struct exchange *exchange, PyObject *importer)
{
    struct zi_state *state = exchange->state;
    PyObject *archive = PyObject_GetAttr(importer, state->archive_name);
    PyObject *prefix = archive ? PyObject_GetAttr(importer, state->prefix_name) : NULL;
    PyObject *path = prefix ? join_path(archive, prefix) : NULL;
    PyObject *stock = path ? PyObject_CallFunctionObjArgs(state->stock_zipimporter, path, NULL)
                           : NULL;

    if (!stock && PyErr_ExceptionMatches(PyExc_Exception) &&
        !PyErr_ExceptionMatches(PyExc_MemoryError) && !PyErr_ExceptionMatches(PyExc_RuntimeError)) {
        PyErr_Clear();
        stock = clone_as(state->stock_zipimporter, importer);
        if (stock && state->version < 0x030d) {
            PyObject *files = PyDict_New();
            if (!files || PyObject_SetAttrString(stock, "_files", files) < 0)
                Py_CLEAR(stock);
            Py_XDECREF(files);
        }
    }
    Py_XDECREF(path);
    Py_XDECREF(prefix);
    Py_XDECREF(archive);
    return stock;
}

static bool is_replaced(const struct exchange *exchange, PyObject *object)
{
    return (PyObject *)Py_TYPE(object) == exchange->from;
}

/* Replaces importers among a dict's values. */
static int exchange_values(struct exchange *exchange, PyObject *dict)
{
    /* Over a copy: making an importer may run Python code. */
    PyObject *items = PyDict_Items(dict);
    int answer = items ? 0 : -1;

    for (Py_ssize_t i = 0; answer == 0 && i < PyList_Size(items); i++) {
        PyObject *item = PyList_GetItem(items, i); /* borrowed */
        PyObject *made;
        if (!is_replaced(exchange, PyTuple_GetItem(item, 1)))
            continue;
        made = replacement(exchange, PyTuple_GetItem(item, 1));
        answer = made ? PyDict_SetItem(dict, PyTuple_GetItem(item, 0), made) : -1;
        Py_XDECREF(made);
    }
    Py_XDECREF(items);
    return answer;
}

PyObject *zi_exchange_get_item(PyObject *dict, const char *name)
{
    PyObject *key = PyUnicode_FromString(name);
    PyObject *value = key ? Py_XNewRef(PyDict_GetItemWithError(dict, key)) : NULL;

    Py_XDECREF(key);
    return value;
}

/* Replaces an importer in an item of a dict. */
static int exchange_item(struct exchange *exchange, PyObject *dict, const char *name)
{
    PyObject *value = zi_exchange_get_item(dict, name);
    int answer = PyErr_Occurred() ? -1 : 0;

    if (value && is_replaced(exchange, value)) {
        PyObject *made = replacement(exchange, value);
        answer = made ? PyDict_SetItemString(dict, name, made) : -1;
        Py_XDECREF(made);
    }
    Py_XDECREF(value);
    return answer;
}

/* Replaces a module's __loader__ and __spec__.loader. Only what is stored in a module's own dict
 * and in a spec of importlib's own class is touched: other objects may run code when asked. */
static int exchange_loaders(struct exchange *exchange, PyObject *module)
{
    PyObject *dict, *spec, *loader;
    int answer;

    if (!PyModule_Check(module))
        return 0;
    dict = PyModule_GetDict(module); /* borrowed */
    if (exchange_item(exchange, dict, "__loader__") < 0)
        return -1;
    spec = zi_exchange_get_item(dict, "__spec__");
    if (!spec || (PyObject *)Py_TYPE(spec) != exchange->state->module_spec) {
        Py_XDECREF(spec);
        return PyErr_Occurred() ? -1 : 0;
    }
    loader = PyObject_GetAttrString(spec, "loader");
    answer = loader ? 0 : -1;
    if (loader && is_replaced(exchange, loader)) {
        PyObject *made = replacement(exchange, loader);
        answer = made ? PyObject_SetAttrString(spec, "loader", made) : -1;
        Py_XDECREF(made);
    }
    Py_XDECREF(loader);
    Py_DECREF(spec);
    return answer;
}

static int exchange_modules(struct exchange *exchange, PyObject *modules)
{
    PyObject *values = PyDict_Values(modules);
    int answer = values ? 0 : -1;

    for (Py_ssize_t i = 0; answer == 0 && i < PyList_Size(values); i++)
        answer = exchange_loaders(exchange, PyList_GetItem(values, i));
    Py_XDECREF(values);
    return answer;
}

/* Replaces a class in sys.path_hooks, where it stands. */
static int exchange_hook(PyObject *hooks, PyObject *from, PyObject *to)
{
    for (Py_ssize_t i = 0; i < PyList_Size(hooks); i++)
        if (PyList_GetItem(hooks, i) == from && PyList_SetItem(hooks, i, Py_NewRef(to)) < 0)
            return -1;
    return 0;
}

PyObject *zi_exchange_get_sys(const char *name, unsigned long type_flag)
{
    PyObject *value = PySys_GetObject(name);

    if (value && (PyType_GetFlags(Py_TYPE(value)) & type_flag))
        return Py_NewRef(value);
    PyErr_Format(PyExc_RuntimeError, "sys.%s is missing or of another type", name);
    return NULL;
}

static int exchange_everywhere(struct exchange *exchange, PyObject *to)
{
    PyObject *hooks = zi_exchange_get_sys("path_hooks", Py_TPFLAGS_LIST_SUBCLASS);
    PyObject *cache = hooks ? zi_exchange_get_sys("path_importer_cache", Py_TPFLAGS_DICT_SUBCLASS)
                            : NULL;
    PyObject *modules = cache ? zi_exchange_get_sys("modules", Py_TPFLAGS_DICT_SUBCLASS) : NULL;
    int answer = -1;

    exchange->made = modules ? PyDict_New() : NULL;
    if (exchange->made && exchange_hook(hooks, exchange->from, to) == 0 &&
        exchange_values(exchange, cache) == 0)
        answer = exchange_modules(exchange, modules);
    Py_CLEAR(exchange->made);
    Py_XDECREF(modules);
    Py_XDECREF(cache);
    Py_XDECREF(hooks);
    return answer;
}

int zi_exchange_for_ours(struct zi_state *state)
{
    struct exchange exchange = {state, state->stock_zipimporter, make_ours, NULL};

    return exchange_everywhere(&exchange, state->zipimporter);
}

int zi_exchange_for_stock(struct zi_state *state)
{
    struct exchange exchange = {state, state->zipimporter, make_stock, NULL};

    return exchange_everywhere(&exchange, state->stock_zipimporter);
}
