/* Fetches what the glue needs of the interpreter, and lets go of it. */
#include "state.h"

static int fetch(PyObject **ret, const char *module_name, const char *attribute)
{
    PyObject *module = PyImport_ImportModule(module_name);

    if (!module)
        return -1;
    *ret = attribute ? PyObject_GetAttrString(module, attribute) : Py_NewRef(module);
    Py_DECREF(module);
    return *ret ? 0 : -1;
}

/* The token moved to _imp in 3.14. */
static int fetch_magic_token(struct zi_state *state)
{
    state->magic_token = PyObject_GetAttrString(state->imp, "pyc_magic_number_token");
    if (state->magic_token)
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_AttributeError))
        return -1;
    PyErr_Clear();
    state->magic_token = PyObject_GetAttrString(state->bootstrap_external, "_RAW_MAGIC_NUMBER");
    return state->magic_token ? 0 : -1;
}

static int fetch_code_type(struct zi_state *state)
{
    PyObject *code = PyObject_GetAttrString(state->call_with_frames_removed, "__code__");

    if (!code)
        return -1;
    state->code_type = Py_NewRef((PyObject *)Py_TYPE(code));
    Py_DECREF(code);
    return 0;
}

static int fetch_version(struct zi_state *state)
{
    PyObject *hexversion = PySys_GetObject("hexversion"); /* borrowed */
    unsigned long version = hexversion ? PyLong_AsUnsignedLong(hexversion) : (unsigned long)-1;

    if (version == (unsigned long)-1) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_RuntimeError, "lost sys.hexversion");
        return -1;
    }
    state->version = (unsigned)(version >> 16);
    state->magic = (uint32_t)PyImport_GetMagicNumber();
    return PyErr_Occurred() ? -1 : 0;
}

PyObject *zi_module_of_type(PyTypeObject *type)
{
    /* The C types decide the memory layout, so they are always on the chain of tp_base. */
    while (type) {
        PyObject *module = PyType_GetModule(type); /* borrowed */
        if (module && PyModule_GetDef(module) == &zi_module_def)
            return module;
        PyErr_Clear();
        type = PyType_GetSlot(type, Py_tp_base);
    }
    PyErr_SetString(PyExc_RuntimeError, "the module pyodide_zipimport is gone");
    return NULL;
}

/* Another copy of this module may be installed, after somebody removed it from sys.modules. */
static int check_stock(struct zi_state *state)
{
    PyObject *module = PyType_Check(state->stock_zipimporter)
                           ? zi_module_of_type((PyTypeObject *)state->stock_zipimporter)
                           : NULL;

    PyErr_Clear();
    if (!module)
        return 0;
    PyErr_SetString(PyExc_ImportError,
                    "another copy of pyodide_zipimport is installed: uninstall() it first");
    return -1;
}

static int intern_names(struct zi_state *state)
{
#define ZI_STATE_INTERN(name)                                                                      \
    if (!(state->name##_name = PyUnicode_InternFromString(#name)))                                 \
        return -1;
    ZI_STATE_NAMES(ZI_STATE_INTERN)
#undef ZI_STATE_INTERN
    return 0;
}

int zi_state_init(struct zi_state *state)
{
    state->assigned_tables = PyDict_New();
    state->open_event = PyUnicode_InternFromString("open");
    state->read_mode = PyUnicode_InternFromString("rb");
    if (!state->assigned_tables || !state->open_event || !state->read_mode ||
        intern_names(state) < 0 || fetch(&state->zipimport, "zipimport", NULL) < 0 ||
        fetch(&state->stock_zipimporter, "zipimport", "zipimporter") < 0 ||
        check_stock(state) < 0 ||
        fetch(&state->zip_import_error, "zipimport", "ZipImportError") < 0 ||
        fetch(&state->path_stat, "posix", "stat") < 0 ||
        fetch(&state->fd_stat, "posix", "fstat") < 0 ||
        fetch(&state->current_folder, "posix", "getcwdb") < 0 ||
        fetch(&state->time_ns, "time", "time_ns") < 0 ||
        fetch(&state->perf_counter_ns, "time", "perf_counter_ns") < 0 ||
        fetch(&state->mktime, "time", "mktime") < 0 || fetch(&state->audit, "sys", "audit") < 0 ||
        fetch(&state->compile, "builtins", "compile") < 0 ||
        fetch(&state->marshal_dumps, "marshal", "dumps") < 0 ||
        fetch(&state->imp, "_imp", NULL) < 0 ||
        fetch(&state->fix_co_filename, "_imp", "_fix_co_filename") < 0 ||
        fetch(&state->bootstrap_external, "_frozen_importlib_external", NULL) < 0 ||
        fetch(&state->module_spec, "_frozen_importlib", "ModuleSpec") < 0 ||
        fetch(&state->spec_from_loader, "_frozen_importlib", "spec_from_loader") < 0 ||
        fetch(&state->call_with_frames_removed, "_frozen_importlib", "_call_with_frames_removed") <
            0)
        return -1;
    state->exec_module = PyObject_GetAttrString(state->stock_zipimporter, "exec_module");
    if (!state->exec_module)
        return -1;
    if (fetch_magic_token(state) < 0 || fetch_code_type(state) < 0 || fetch_version(state) < 0)
        return -1;
    return 0;
}

int zi_state_traverse(struct zi_state *state, visitproc visit, void *arg)
{
#define ZI_STATE_VISIT(name) Py_VISIT(state->name);
    ZI_STATE_OBJECTS(ZI_STATE_VISIT)
#undef ZI_STATE_VISIT
    return 0;
}

void zi_state_clear(struct zi_state *state)
{
    Py_CLEAR(state->importer_type);
    Py_CLEAR(state->zipimporter);
    Py_CLEAR(state->ready_type);
    Py_CLEAR(state->pack_writer_type);
    Py_CLEAR(state->archive_writer_type);
    Py_CLEAR(state->directory_cache);
}

void zi_state_free(struct zi_state *state)
{
    zi_state_clear(state);
#define ZI_STATE_CLEAR(name) Py_CLEAR(state->name);
    ZI_STATE_OBJECTS(ZI_STATE_CLEAR)
#undef ZI_STATE_CLEAR
#define ZI_STATE_CLEAR(name) Py_CLEAR(state->name##_name);
    ZI_STATE_NAMES(ZI_STATE_CLEAR)
#undef ZI_STATE_CLEAR
    zi_registry_release(&state->registry);
}
