/*
 * Passes for zipimport's dict of directories.
 *
 * Keys are the archives whose index is valid now: a stale one is absent from `in`, len(), get()
 * and iteration, as if it had been popped, and subscription loads it again. What code assigns is
 * kept beside, readable until the archive is invalidated, and never used for imports. Everything a
 * dict can do that only looks is done by a dict made for the occasion.
 */
#include "directory_cache.h"

#include "../importer/table.h"

struct cache {
    PyObject_HEAD
    struct zi_state *state;
    PyObject *module; /* keeps the state alive */
};

#define CACHE(self) ((struct cache *)(self))

static PyObject *assigned(PyObject *self)
{
    return CACHE(self)->state->assigned_tables;
}

void zi_directory_cache_invalidate_all(struct zi_state *state)
{
    zi_registry_invalidate_all(&state->registry);
    PyDict_Clear(state->assigned_tables);
}

/* Invalidates a record and drops what was assigned to its keys. */
static int invalidate(struct zi_state *state, struct zi_record *record)
{
    struct zi_attachment *attached = record->attachment;
    int result = 0;

    zi_record_ref(record);
    zi_record_invalidate(record);
    for (struct zi_name *name = attached ? attached->names : NULL; name && result >= 0;
         name = name->next)
        if (name->is_key)
            result = zi_archives_forget_assigned(state, name->path);
    zi_record_unref(record);
    return result;
}

int zi_directory_cache_invalidate(struct zi_state *state, PyObject *path)
{
    struct zi_record *record = zi_archives_find(state, path);

    if (!record && PyErr_Occurred())
        return -1;
    if (record && invalidate(state, record) < 0)
        return -1;
    return zi_archives_forget_assigned(state, path);
}

/* As the mapping's del does. */
static int remove_key(PyObject *self, PyObject *key)
{
    struct zi_state *state = CACHE(self)->state;
    struct zi_record *record = zi_archives_find_key(state, key);

    if (record && invalidate(state, record) < 0)
        return -1;
    return zi_archives_forget_assigned(state, key);
}

/* The value under a key: what was assigned, or the directory. With `load`, a stale archive that
 * somebody imported from is looked at again. NULL without an exception when there is none. */
static PyObject *find_value(PyObject *self, PyObject *key, bool load)
{
    struct zi_state *state = CACHE(self)->state;
    PyObject *value = PyDict_GetItemWithError(assigned(self), key); /* borrowed */
    struct zi_record *record;
    struct zi_archive *archive = NULL;
    struct zi_error error;

    if (value || PyErr_Occurred())
        return Py_XNewRef(value);
    record = zi_archives_find_key(state, key);
    if (!record || !(load || zi_record_peek(record)))
        return NULL;
    zi_record_ref(record);
    if (zi_archives_look(state, record, &archive, &error) == 0 && archive)
        value = zi_table_get(state, record, archive, key);
    zi_archive_unref(archive);
    zi_record_unref(record);
    return value;
}

/* In a tuple, since a key may be one, or None. */
static void raise_key_error(PyObject *key)
{
    PyObject *args = PyTuple_Pack(1, key);

    if (args)
        PyErr_SetObject(PyExc_KeyError, args);
    Py_XDECREF(args);
}

/* An archive that importers look at and that is gone has no members: stock's own importers read an
 * empty table then, and pkgutil, which subscripts without asking, must not fail. */
static PyObject *cache_getitem(PyObject *self, PyObject *key)
{
    PyObject *value = find_value(self, key, true);
    struct zi_record *record;

    if (value || PyErr_Occurred())
        return value;
    record = zi_archives_find_key(CACHE(self)->state, key);
    if (record && record->generation > 0)
        return PyDict_New();
    raise_key_error(key);
    return NULL;
}

static int cache_contains(PyObject *self, PyObject *key)
{
    struct zi_record *record;
    int found = PyDict_Contains(assigned(self), key);

    if (found != 0)
        return found;
    record = zi_archives_find_key(CACHE(self)->state, key);
    return record && zi_record_peek(record);
}

static int cache_setitem(PyObject *self, PyObject *key, PyObject *value)
{
    int found;

    if (value)
        return PyDict_SetItem(assigned(self), key, value);
    found = cache_contains(self, key);
    if (found == 0)
        raise_key_error(key);
    return found == 1 ? remove_key(self, key) : -1;
}

static int append_names(PyObject *paths, const struct zi_attachment *attached)
{
    for (struct zi_name *name = attached ? attached->names : NULL; name; name = name->next)
        if (name->is_key && PyList_Append(paths, name->path) < 0)
            return -1;
    return 0;
}

/* {key: None} of all keys, in the order in which they came: stock's dict keeps it too. */
static PyObject *make_keys(PyObject *self)
{
    struct zi_state *state = CACHE(self)->state;
    PyObject *paths = PyList_New(0);
    PyObject *keys = paths ? PyDict_New() : NULL;

    if (!keys)
        goto fail;
    /* The lists are newest first. */
    for (struct zi_record *record = state->registry.records; record; record = record->next)
        if (zi_record_peek(record) && append_names(paths, record->attachment) < 0)
            goto fail;
    for (Py_ssize_t i = PyList_Size(paths); i-- > 0;)
        if (PyDict_SetItem(keys, PyList_GetItem(paths, i), Py_None) < 0)
            goto fail;
    for (Py_ssize_t at = 0;;) {
        PyObject *key, *value;
        if (!PyDict_Next(assigned(self), &at, &key, &value))
            break;
        if (PyDict_SetItem(keys, key, Py_None) < 0)
            goto fail;
    }
    Py_DECREF(paths);
    return keys;

fail:
    Py_XDECREF(keys);
    Py_XDECREF(paths);
    return NULL;
}

/* A dict with what the mapping holds now. */
static PyObject *make_snapshot(PyObject *self)
{
    PyObject *keys = make_keys(self);
    PyObject *snapshot = keys ? PyDict_New() : NULL;
    PyObject *key, *unused;
    Py_ssize_t at = 0;

    while (snapshot && PyDict_Next(keys, &at, &key, &unused)) {
        PyObject *value = find_value(self, key, false);
        if (value ? PyDict_SetItem(snapshot, key, value) < 0 : PyErr_Occurred() != NULL)
            Py_CLEAR(snapshot);
        Py_XDECREF(value);
    }
    Py_XDECREF(keys);
    return snapshot;
}

/* Calls a method of a dict and lets go of the dict. */
static PyObject *call_and_release(PyObject *dict, const char *method)
{
    PyObject *result = dict ? PyObject_CallMethod(dict, method, NULL) : NULL;

    Py_XDECREF(dict);
    return result;
}

static Py_ssize_t cache_length(PyObject *self)
{
    PyObject *keys = make_keys(self);
    Py_ssize_t length = keys ? PyDict_Size(keys) : -1;

    Py_XDECREF(keys);
    return length;
}

static PyObject *cache_iter(PyObject *self)
{
    return call_and_release(make_keys(self), "__iter__");
}

static PyObject *cache_keys(PyObject *self, PyObject *unused)
{
    (void)unused;
    return call_and_release(make_keys(self), "keys");
}

static PyObject *cache_reversed(PyObject *self, PyObject *unused)
{
    (void)unused;
    return call_and_release(make_keys(self), "__reversed__");
}

static PyObject *cache_values(PyObject *self, PyObject *unused)
{
    (void)unused;
    return call_and_release(make_snapshot(self), "values");
}

static PyObject *cache_items(PyObject *self, PyObject *unused)
{
    (void)unused;
    return call_and_release(make_snapshot(self), "items");
}

static PyObject *cache_copy(PyObject *self, PyObject *unused)
{
    (void)unused;
    return make_snapshot(self);
}

static PyObject *cache_repr(PyObject *self)
{
    PyObject *snapshot = make_snapshot(self);
    PyObject *text = snapshot ? PyObject_Repr(snapshot) : NULL;

    Py_XDECREF(snapshot);
    return text;
}

static PyObject *cache_richcompare(PyObject *self, PyObject *other, int operation)
{
    PyObject *mine, *theirs, *result = NULL;

    if (operation != Py_EQ && operation != Py_NE)
        return Py_NewRef(Py_NotImplemented);
    mine = make_snapshot(self);
    if (!mine)
        return NULL;
    theirs = Py_TYPE(other) == Py_TYPE(self) ? make_snapshot(other) : Py_NewRef(other);
    if (theirs)
        result = PyObject_RichCompare(mine, theirs, operation);
    Py_XDECREF(theirs);
    Py_DECREF(mine);
    return result;
}

/* self | other and other | self: a plain dict. */
static PyObject *cache_or(PyObject *left, PyObject *right)
{
    PyTypeObject *type = (PyTypeObject *)PyObject_Type(left);
    bool left_is_ours = PyType_GetSlot(type, Py_nb_or) == (void *)cache_or;
    PyObject *mine = make_snapshot(left_is_ours ? left : right);
    PyObject *result = NULL;

    Py_DECREF((PyObject *)type);
    if (mine)
        result = left_is_ours ? PyNumber_Or(mine, right) : PyNumber_Or(left, mine);
    Py_XDECREF(mine);
    return result;
}

static PyObject *cache_get(PyObject *self, PyObject *args)
{
    PyObject *key, *fallback = Py_None, *value;

    if (!PyArg_ParseTuple(args, "O|O:get", &key, &fallback))
        return NULL;
    value = find_value(self, key, false);
    return value || PyErr_Occurred() ? value : Py_NewRef(fallback);
}

static PyObject *cache_setdefault(PyObject *self, PyObject *args)
{
    PyObject *key, *fallback = Py_None, *value;

    if (!PyArg_ParseTuple(args, "O|O:setdefault", &key, &fallback))
        return NULL;
    value = find_value(self, key, false);
    if (value || PyErr_Occurred())
        return value;
    return cache_setitem(self, key, fallback) < 0 ? NULL : Py_NewRef(fallback);
}

static PyObject *cache_pop(PyObject *self, PyObject *args)
{
    PyObject *key, *fallback = NULL, *value;

    if (!PyArg_ParseTuple(args, "O|O:pop", &key, &fallback))
        return NULL;
    value = find_value(self, key, false);
    if (value) {
        if (remove_key(self, key) < 0)
            Py_CLEAR(value);
    } else if (!PyErr_Occurred()) {
        if (!fallback)
            raise_key_error(key);
        value = Py_XNewRef(fallback);
    }
    return value;
}

static PyObject *cache_popitem(PyObject *self, PyObject *unused)
{
    PyObject *item = call_and_release(make_snapshot(self), "popitem");

    (void)unused;
    if (item && remove_key(self, PyTuple_GetItem(item, 0)) < 0)
        Py_CLEAR(item);
    return item;
}

static PyObject *cache_clear(PyObject *self, PyObject *unused)
{
    (void)unused;
    zi_directory_cache_invalidate_all(CACHE(self)->state);
    return Py_NewRef(Py_None);
}

/* dict's update() is not to be passed by: it takes mappings, pairs and keywords. */
static PyObject *cache_update(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *update = PyObject_GetAttrString(assigned(self), "update");
    PyObject *result = update ? PyObject_Call(update, args, keywords) : NULL;

    Py_XDECREF(update);
    return result;
}

static PyObject *cache_inplace_or(PyObject *self, PyObject *other)
{
    PyObject *result = PyObject_CallMethod(assigned(self), "update", "O", other);

    if (!result)
        return NULL;
    Py_DECREF(result);
    return Py_NewRef(self);
}

static PyObject *cache_fromkeys(PyObject *type, PyObject *args)
{
    PyObject *fromkeys = PyObject_GetAttrString((PyObject *)&PyDict_Type, "fromkeys");
    PyObject *result = fromkeys ? PyObject_CallObject(fromkeys, args) : NULL;

    (void)type;
    Py_XDECREF(fromkeys);
    return result;
}

static int cache_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(CACHE(self)->module);
    return 0;
}

static void cache_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    PyObject_GC_UnTrack(self);
    Py_CLEAR(CACHE(self)->module);
    release(self);
    Py_DECREF(type);
}

static PyMethodDef cache_methods[] = {
    {"get", cache_get, METH_VARARGS, NULL},
    {"setdefault", cache_setdefault, METH_VARARGS, NULL},
    {"pop", cache_pop, METH_VARARGS, NULL},
    {"popitem", cache_popitem, METH_NOARGS, NULL},
    {"keys", cache_keys, METH_NOARGS, NULL},
    {"values", cache_values, METH_NOARGS, NULL},
    {"items", cache_items, METH_NOARGS, NULL},
    {"copy", cache_copy, METH_NOARGS, NULL},
    {"__copy__", cache_copy, METH_NOARGS, NULL},
    {"clear", cache_clear, METH_NOARGS, NULL},
    {"update", (PyCFunction)(void (*)(void))cache_update, METH_VARARGS | METH_KEYWORDS, NULL},
    {"fromkeys", cache_fromkeys, METH_VARARGS | METH_CLASS, NULL},
    {"__reversed__", cache_reversed, METH_NOARGS, NULL},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot cache_slots[] = {
    {Py_tp_doc, "The known archives by path, with their members."},
    {Py_tp_traverse, cache_traverse},
    {Py_tp_dealloc, cache_dealloc},
    {Py_tp_methods, cache_methods},
    {Py_tp_repr, cache_repr},
    {Py_tp_richcompare, cache_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_iter, cache_iter},
    {Py_nb_or, cache_or},
    {Py_nb_inplace_or, cache_inplace_or},
    {Py_mp_length, cache_length},
    {Py_mp_subscript, cache_getitem},
    {Py_mp_ass_subscript, cache_setitem},
    {Py_sq_contains, cache_contains},
    {0, NULL},
};

static PyType_Spec cache_spec = {
    .name = "zipimport._DirectoryCache",
    .basicsize = sizeof(struct cache),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = cache_slots,
};

/* What only asks whether it is a mapping shall hear that it is. */
static int register_mapping(PyObject *type)
{
    /* Loaded with the interpreter. */
    PyObject *module = PyImport_ImportModule("_collections_abc");
    PyObject *mapping = module ? PyObject_GetAttrString(module, "MutableMapping") : NULL;
    PyObject *result = mapping ? PyObject_CallMethod(mapping, "register", "O", type) : NULL;

    Py_XDECREF(module);
    Py_XDECREF(mapping);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

int zi_directory_cache_make(struct zi_state *state, PyObject *module)
{
    PyTypeObject *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &cache_spec, NULL);
    allocfunc allocate = type ? (allocfunc)PyType_GetSlot(type, Py_tp_alloc) : NULL;
    PyObject *cache = allocate ? allocate(type, 0) : NULL;

    Py_XDECREF((PyObject *)type);
    if (!cache)
        return -1;
    CACHE(cache)->state = state;
    CACHE(cache)->module = Py_NewRef(module);
    state->directory_cache = cache;
    return register_mapping((PyObject *)Py_TYPE(cache));
}
