/*
 * Makes the class zipimporter. In Python it would read
 *
 *     class zipimporter(stock_zipimporter):
 *         def __init__(self, path): ...                       # constructor.c
 *         def find_spec(self, fullname, target=None): ...     # find.c
 *         def get_code(self, fullname): ...                   # code.c
 *         def get_filename(self, fullname): ...               # code.c
 *         def get_source(self, fullname): ...                 # data.c
 *         def get_data(self, pathname): ...                   # data.c
 *         def is_package(self, fullname): ...                 # find.c
 *         def invalidate_caches(self): ...
 *         def __getstate__(self): ...
 *         def __reduce_ex__(self, protocol): ...
 *
 * Everything else is inherited: what each Python version's own class has, in that version's words
 * (get_resource_reader, load_module, exec_module, __repr__, ...). A C type cannot derive from a
 * Python class, so the methods are those of a C type of their own, and the class is made of both.
 */
#include "zipimporter.h"

#include "methods.h"
#include "table.h"
#include "view.h"

static int importer_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(ZI_IMPORTER(self)->archive);
    Py_VISIT(ZI_IMPORTER(self)->module);
    return 0;
}

static void importer_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    PyObject_GC_UnTrack(self);
    zi_importer_clear(self);
    release(self);
    Py_DECREF(type);
}

static PyObject *importer_invalidate_caches(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    (void)args;
    if (nargs > 0)
        return PyErr_Format(PyExc_TypeError, "invalidate_caches() takes no arguments (%zd given)",
                            nargs);
    return zi_importer_invalidate(self) < 0 ? NULL : Py_NewRef(Py_None);
}

/* stock's table of the archive's members; {} while there is no archive. */
static PyObject *importer_get_files(PyObject *self, PyObject *unused)
{
    struct zi_view view;
    PyObject *files = NULL;

    (void)unused;
    if (zi_view_init(&view, self) == 0)
        files = view.archive
                    ? zi_table_get(view.state, view.record, view.archive, view.archive_path)
                    : PyDict_New();
    zi_view_release(&view);
    return files;
}

static PyObject *importer_files_getter(PyObject *self, void *closure)
{
    (void)closure;
    return importer_get_files(self, NULL);
}

/* Stock's pickles of up to 3.12 carry the table: it is accepted, and not used. */
static int importer_files_setter(PyObject *self, PyObject *value, void *closure)
{
    (void)self;
    (void)value;
    (void)closure;
    return 0;
}

/* object's own would refuse a class with C fields; called by name it does not ask. */
static PyObject *importer_getstate(PyObject *self, PyObject *unused)
{
    (void)unused;
    return PyObject_CallMethod((PyObject *)&PyBaseObject_Type, "__getstate__", "O", self);
}

/* What pickle and copy make an importer from. Pickle finds the class by its name, zipimport's
 * zipimporter: after uninstall() that is stock's, which takes the same state. */
static PyObject *importer_reduce_ex(PyObject *self, PyObject *protocol)
{
    struct zi_state *state = zi_importer_state(self);
    PyObject *current, *module, *reconstruct = NULL, *dict = NULL, *reduced = NULL;

    if (!state)
        return NULL;
    current = PyObject_GetAttrString(state->zipimport, "zipimporter");
    if (!current)
        return NULL;
    if ((PyObject *)Py_TYPE(self) != state->zipimporter || current == state->zipimporter) {
        Py_DECREF(current);
        return PyObject_CallMethod((PyObject *)&PyBaseObject_Type, "__reduce_ex__", "OO", self,
                                   protocol);
    }
    module = PyImport_ImportModule("copyreg");
    if (module)
        reconstruct = PyObject_GetAttrString(module, "_reconstructor");
    if (reconstruct)
        dict = importer_getstate(self, NULL);
    if (dict)
        /* As stock's pickles of the oldest protocols: __newobj__ wants our own class. */
        reduced = Py_BuildValue("O(OOO)O", reconstruct, current, (PyObject *)&PyBaseObject_Type,
                                Py_None, dict);
    Py_XDECREF(dict);
    Py_XDECREF(reconstruct);
    Py_XDECREF(module);
    Py_DECREF(current);
    return reduced;
}

/* Sorts the arguments of a call, given by place or by name as to stock's Python methods. The first
 * parameter is required, the others are NULL unless they are given. 0, or -1 with an exception. */
static int take_arguments(const char *method, const char *const *parameters, Py_ssize_t count,
                          PyObject *const *args, Py_ssize_t nargs, PyObject *names, PyObject **ret)
{
    Py_ssize_t named = names ? PyTuple_Size(names) : 0;

    for (Py_ssize_t i = 0; i < count; i++)
        ret[i] = i < nargs ? args[i] : NULL;
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GetItem(names, i); /* borrowed */
        Py_ssize_t at = 0;
        while (at < count && PyUnicode_CompareWithASCIIString(name, parameters[at]) != 0)
            at++;
        if (at == count || ret[at]) {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument %R", method,
                         name);
            return -1;
        }
        ret[at] = args[nargs + i];
    }
    if (ret[0] && nargs <= count)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes 1 to %zd arguments (%zd given)", method, count,
                 nargs + named);
    return -1;
}

#define WITH_ONE_ARGUMENT(method, name)                                                            \
    static PyObject *importer_##method(PyObject *self, PyObject *const *args, Py_ssize_t nargs,    \
                                       PyObject *names)                                            \
    {                                                                                              \
        static const char *const parameters[] = {name};                                            \
        PyObject *argument;                                                                        \
        if (take_arguments(#method, parameters, 1, args, nargs, names, &argument) < 0)             \
            return NULL;                                                                           \
        return zi_importer_##method(self, argument);                                               \
    }

WITH_ONE_ARGUMENT(get_code, "fullname")
WITH_ONE_ARGUMENT(get_data, "pathname")
WITH_ONE_ARGUMENT(get_filename, "fullname")
WITH_ONE_ARGUMENT(get_source, "fullname")
WITH_ONE_ARGUMENT(is_package, "fullname")

static PyObject *importer_find_spec(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                                    PyObject *names)
{
    static const char *const parameters[] = {"fullname", "target"};
    PyObject *arguments[2];

    if (take_arguments("find_spec", parameters, 2, args, nargs, names, arguments) < 0)
        return NULL;
    return zi_importer_find_spec(self, arguments[0], arguments[1]);
}

/* Pyodide calls a function of METH_FASTCALL straight, and others through a trampoline. */
#define FAST(method) (PyCFunction)(void (*)(void)) importer_##method, METH_FASTCALL | METH_KEYWORDS

static PyMethodDef importer_methods[] = {
    {"find_spec", FAST(find_spec),
     "find_spec($self, /, fullname, target=None)\n--\n\n"
     "Create a ModuleSpec for the module; None if the archive does not have it.\n\n"
     "Reads no member unless bytecode must be judged."},
    {"get_code", FAST(get_code),
     "get_code($self, /, fullname)\n--\n\n"
     "Return the module's code object; ZipImportError if it cannot be had."},
    {"get_data", FAST(get_data),
     "get_data($self, /, pathname)\n--\n\n"
     "Return a member's bytes, by its path with or without the archive's; "
     "OSError if there is none."},
    {"get_filename", FAST(get_filename),
     "get_filename($self, /, fullname)\n--\n\n"
     "Return the path of the member that get_code() uses."},
    {"get_source", FAST(get_source),
     "get_source($self, /, fullname)\n--\n\n"
     "Return the module's source as str; None if there is only bytecode."},
    {"is_package", FAST(is_package),
     "is_package($self, /, fullname)\n--\n\nReturn whether the module is a package."},
    {"invalidate_caches", (PyCFunction)(void (*)(void))importer_invalidate_caches, METH_FASTCALL,
     "invalidate_caches($self, /)\n--\n\n"
     "Have the archive looked at again before it is used; free until then."},
    {"__getstate__", importer_getstate, METH_NOARGS, NULL},
    {"__reduce_ex__", importer_reduce_ex, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot importer_slots[] = {
    {Py_tp_doc, "_zipimporter(path)\n--\n\nThe methods of zipimport.zipimporter."},
    {Py_tp_init, zi_importer_init},
    {Py_tp_traverse, importer_traverse},
    {Py_tp_clear, zi_importer_clear},
    {Py_tp_dealloc, importer_dealloc},
    {Py_tp_methods, importer_methods},
    {0, NULL},
};

static PyType_Spec importer_spec = {
    .name = "pyodide_zipimport._zipimporter",
    .basicsize = sizeof(struct zi_importer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = importer_slots,
};

/* The table moved from an attribute to a method in 3.13. */
static PyObject *make_files_descriptor(struct zi_state *state)
{
    static PyGetSetDef attribute = {"_files", importer_files_getter, importer_files_setter, NULL,
                                    NULL};
    static PyMethodDef method = {"_get_files", importer_get_files, METH_NOARGS, NULL};
    PyTypeObject *type = (PyTypeObject *)state->importer_type;

    return state->version < 0x030d ? PyDescr_NewGetSet(type, &attribute)
                                   : PyDescr_NewMethod(type, &method);
}

int zi_zipimporter_make_types(struct zi_state *state, PyObject *module)
{
    const char *files_name = state->version < 0x030d ? "_files" : "_get_files";
    PyObject *descriptor, *document = NULL, *attributes = NULL;

    state->importer_type = PyType_FromModuleAndSpec(module, &importer_spec, NULL);
    if (!state->importer_type)
        return -1;
    state->get_filename = (PyCFunction)(void (*)(void))importer_get_filename;
    descriptor = make_files_descriptor(state);
    if (descriptor)
        document = PyObject_GetAttrString(state->stock_zipimporter, "__doc__");
    if (document)
        attributes = Py_BuildValue("{sssOsO}", "__module__", "zipimport", "__doc__", document,
                                   files_name, descriptor);
    if (attributes)
        state->zipimporter = PyObject_CallFunction((PyObject *)&PyType_Type, "s(OO)O",
                                                   "zipimporter", state->importer_type,
                                                   state->stock_zipimporter, attributes);
    Py_XDECREF(attributes);
    Py_XDECREF(document);
    Py_XDECREF(descriptor);
    return state->zipimporter ? 0 : -1;
}
