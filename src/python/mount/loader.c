/*
 * Loads modules of a mount. In Python the classes would read
 *
 *     class MountedSourceLoader(SourceFileLoader):
 *         def get_code(self, fullname): ...
 *         def get_data(self, path): ...
 *
 *     class MountedSourcelessLoader(SourcelessFileLoader):
 *         def get_data(self, path): ...
 *
 * All else is inherited. For what is not the archive's any more both do as they do in a folder.
 */
#include "loader.h"

#include "../errors.h"
#include "../importer/code.h"
#include "../importer/trace.h"
#include "place.h"

static struct zi_state *state_of(PyObject *self)
{
    PyObject *module = zi_module_of_type(Py_TYPE(self));

    return module ? PyModule_GetState(module) : NULL;
}

/* Shows the archive that has a file, and writes the file's node: 1; 0 where none has it, -1 with an
 * exception. */
static int view_file(struct zi_view *view, struct zi_state *state, PyObject *path,
                     uint32_t *node_ret)
{
    struct zi_place place;
    int answer = PyUnicode_Check(path) ? zi_place_locate(state, path, &place) : 0;
    struct zi_mount *mount;

    if (answer != 1)
        return answer;
    if (place.kind != ZI_TREE_FILE)
        return 0;
    mount = place.layers[0].mount;
    zi_view_init_mounted(view, state, mount->folder->path, mount->record, mount->archive);
    *node_ret = place.layers[0].node;
    return 1;
}

/* Calls a method of stock's. */
static PyObject *call_stock(PyObject *method, PyObject *self, PyObject *argument)
{
    PyObject *result;

    if (!method) {
        PyErr_SetString(PyExc_RuntimeError, "the module pyodide_zipimport is gone");
        return NULL;
    }
    Py_INCREF(method);
    result = PyObject_CallFunctionObjArgs(method, self, argument, (PyObject *)NULL);
    Py_DECREF(method);
    return result;
}

static PyObject *loader_get_data(PyObject *self, PyObject *path)
{
    struct zi_state *state = state_of(self);
    struct zi_view view;
    uint32_t node = ZI_INDEX_NONE;
    int answer = state ? view_file(&view, state, path, &node) : -1;
    PyObject *data;
    bool changed;

    if (answer < 0)
        return NULL;
    if (answer == 0)
        return call_stock(state->mounts->stock_get_data, self, path);
    data = zi_view_read(&view, node, SIZE_MAX, &changed);
    zi_view_release(&view);
    if (!data && changed)
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    return data;
}

/* Whether the loader is asked for the module that it is for. */
static int is_for(struct zi_state *state, PyObject *self, PyObject *fullname)
{
    PyObject *name = PyObject_GetAttr(self, state->name_name);
    int answer = name ? PyObject_RichCompareBool(name, fullname, Py_EQ) : -1;

    Py_XDECREF(name);
    return answer;
}

static PyObject *loader_get_code(PyObject *self, PyObject *fullname)
{
    struct zi_state *state = state_of(self);
    PyObject *path = state ? PyObject_GetAttr(self, state->path_name) : NULL;
    int answer = path ? is_for(state, self, fullname) : -1;
    struct zi_view view;
    PyObject *code = NULL;
    uint32_t node;
    bool changed;

    if (answer == 1)
        answer = view_file(&view, state, path, &node);
    if (answer == 1) {
        code = zi_code_of_source(&view, fullname, node, path, &changed);
        zi_view_release(&view);
        if (!code && changed)
            PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    } else if (answer == 0) {
        code = call_stock(state->mounts->stock_get_code, self, fullname);
    }
    Py_XDECREF(path);
    return code;
}

/* For tracing: the mount's path, or the file's where that is in none any more. */
static PyObject *archive_of(struct zi_state *state, PyObject *loader)
{
    PyObject *path = PyObject_GetAttr(loader, state->path_name);
    struct zi_place place;
    int answer = path && PyUnicode_Check(path) ? zi_place_locate(state, path, &place) : 0;

    if (answer == 0)
        return path;
    Py_DECREF(path);
    return answer < 0 ? NULL : Py_NewRef(place.layers[0].mount->folder->path);
}

static PyMethodDef loader_methods[] = {
    {"get_data", loader_get_data, METH_O, "get_data($self, path, /)\n--\n\n"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot loader_slots[] = {
    {Py_tp_methods, loader_methods},
    {0, NULL},
};

static PyType_Spec loader_spec = {
    .name = "pyodide_zipimport._MountedLoader",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = loader_slots,
};

PyObject *zi_loader_derive(struct zi_state *state, PyObject *type, const char *name,
                           const char *stock_name)
{
    PyObject *stock = PyObject_GetAttrString(state->bootstrap_external, stock_name);
    PyObject *class = stock ? PyObject_CallFunction((PyObject *)&PyType_Type, "s(OO){ss}", name,
                                                    type, stock, "__module__", "pyodide_zipimport")
                            : NULL;

    Py_XDECREF(stock);
    return class;
}

PyObject *zi_loader_stock_method(struct zi_state *state, const char *class_name, const char *name)
{
    PyObject *class = PyObject_GetAttrString(state->bootstrap_external, class_name);
    PyObject *method = class ? PyObject_GetAttrString(class, name) : NULL;

    Py_XDECREF(class);
    return method;
}

int zi_loader_make_classes(struct zi_state *state, PyObject *module)
{
    static PyMethodDef get_code = {"get_code", loader_get_code, METH_O,
                                   "get_code($self, fullname, /)\n--\n\n"};
    struct zi_mounts *mounts = state->mounts;
    PyObject *type = PyType_FromModuleAndSpec(module, &loader_spec, NULL);
    PyObject *descriptor = NULL;
    int answer = -1;

    if (type)
        mounts->sourceless_loader = zi_loader_derive(state, type, "MountedSourcelessLoader",
                                                     "SourcelessFileLoader");
    if (mounts->sourceless_loader)
        mounts->source_loader = zi_loader_derive(state, type, "MountedSourceLoader",
                                                 "SourceFileLoader");
    if (mounts->source_loader)
        descriptor = PyDescr_NewMethod((PyTypeObject *)type, &get_code);
    if (descriptor)
        answer = PyObject_SetAttrString(mounts->source_loader, "get_code", descriptor);
    if (answer == 0)
        answer = zi_trace_add(state, mounts->source_loader, archive_of);
    if (answer == 0)
        answer = zi_trace_add(state, mounts->sourceless_loader, archive_of);
    if (answer == 0) {
        mounts->stock_get_code = zi_loader_stock_method(state, "SourceLoader", "get_code");
        answer = mounts->stock_get_code ? 0 : -1;
    }
    if (answer == 0) {
        mounts->stock_get_data = zi_loader_stock_method(state, "FileLoader", "get_data");
        answer = mounts->stock_get_data ? 0 : -1;
    }
    Py_XDECREF(descriptor);
    Py_XDECREF(type);
    return answer;
}
