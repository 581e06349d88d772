/* The module pyodide_zipimport: what Python code may ask of the importer. */
#include "archives.h"
#include "errors.h"
#include "host.h"
#include "importer/held.h"
#include "importer/trace.h"
#include "importer/zipimporter.h"
#include "mount/mounting.h"
#include "mount/hook.h"
#include "packs/compiled.h"
#include "packs/control.h"
#include "packs/store.h"
#include "packs/writer_object.h"
#include "takeover/directory_cache.h"
#include "takeover/module_code.h"
#include "takeover/takeover.h"

/* The state of the module: every room's part of it. */
struct module_state {
    struct zi_state state; /* first: the rooms take the one for the other */
    struct zi_packs packs;
    struct zi_held held;
    struct zi_trace trace;
    struct zi_mounts mounts;
    struct zi_takeover takeover;
};

/* What install() returns: done already, and nevertheless awaitable, so that `await install()` is
 * written the same way whatever install() has to open. */
static PyObject *ready_await(PyObject *self)
{
    PyObject *nothing = PyTuple_New(0);
    PyObject *iterator = nothing ? PyObject_GetIter(nothing) : NULL;

    (void)self;
    Py_XDECREF(nothing);
    return iterator;
}

static PyType_Slot ready_slots[] = {
    {Py_am_await, ready_await},
    {0, NULL},
};

static PyType_Spec ready_spec = {
    .name = "pyodide_zipimport._Ready",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = ready_slots,
};

static PyObject *module_install(PyObject *module, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"implicit_invalidation", "max_member_bytes", NULL};
    struct zi_state *state = PyModule_GetState(module);
    /* The second time, what is not given stays as it is. */
    bool again = state->takeover->directory_cache;
    int implicit = again ? state->registry.implicit_invalidation : true;
    unsigned long long member_max = again ? state->host.member_max : ZI_MEMBER_NBYTES_MAX;
    PyObject *given = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|$pO:install", names, &implicit, &given))
        return NULL;
    if (given) {
        member_max = PyLong_AsUnsignedLongLong(given);
        if (member_max == (unsigned long long)-1 && PyErr_Occurred())
            return NULL;
    }
    if (zi_takeover_install(state, module) < 0)
        return NULL;
    state->registry.implicit_invalidation = implicit;
    state->host.member_max = member_max;
    return PyObject_CallFunctionObjArgs(state->ready_type, NULL);
}

static PyObject *module_uninstall(PyObject *module, PyObject *unused)
{
    (void)unused;
    if (zi_takeover_uninstall(PyModule_GetState(module), module) < 0)
        return NULL;
    return Py_NewRef(Py_None);
}

static PyObject *module_invalidate(PyObject *module, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"path", NULL};
    struct zi_state *state = PyModule_GetState(module);
    PyObject *path = Py_None;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:invalidate", names, &path))
        return NULL;
    if (path == Py_None) {
        zi_directory_cache_invalidate_all(state);
        return Py_NewRef(Py_None);
    }
    if (zi_directory_cache_invalidate(state, path) < 0)
        return NULL;
    return Py_NewRef(Py_None);
}

/* The record may be new: an archive can be pinned before anything imports from it. */
static PyObject *set_pinned(PyObject *module, PyObject *path, bool pinned)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_record *record = zi_archives_get(state, path);
    int answer;

    if (!record)
        return NULL;
    if (pinned)
        zi_record_pin(record);
    else
        zi_record_unpin(record);
    answer = zi_record_peek(record) ? 0 : zi_archives_forget_assigned(state, path);
    zi_record_unref(record);
    return answer < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *module_pin(PyObject *module, PyObject *path)
{
    return set_pinned(module, path, true);
}

static PyObject *module_unpin(PyObject *module, PyObject *path)
{
    return set_pinned(module, path, false);
}

static PyObject *module_implicit_invalidation(PyObject *module, PyObject *enabled)
{
    struct zi_state *state = PyModule_GetState(module);
    int truth = PyObject_IsTrue(enabled);

    if (truth < 0)
        return NULL;
    state->registry.implicit_invalidation = truth == 1;
    return Py_NewRef(Py_None);
}

static PyObject *module_stats(PyObject *module, PyObject *unused)
{
    struct zi_state *state = PyModule_GetState(module);
    const struct zi_counters *count = &state->host.count;
    const struct zi_pack_counters *packs = &state->packs->count;
    /* Before anything is allocated for the answer. */
    unsigned long long allocations = count->allocations;
    unsigned long long archives = 0, entries = 0, index_nbytes = 0, directory_nbytes = 0;

    (void)unused;
    for (struct zi_record *record = state->registry.records; record; record = record->next) {
        if (!record->archive)
            continue;
        archives++;
        entries += record->archive->entry_count;
        index_nbytes += zi_archive_index_nbytes(record->archive);
        directory_nbytes += record->archive->directory_nbytes;
    }
    return Py_BuildValue("{sKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsKsK}", "opens",
                         count->opens, "reads", count->reads, "read_bytes", count->read_nbytes,
                         "stats", count->stats, "parses", count->parses, "revalidations",
                         count->revalidations, "retries", count->retries, "allocations",
                         allocations, "compiles", state->compiles, "unmarshals", state->unmarshals,
                         "inflates", count->inflates, "hits", state->hits, "misses", state->misses,
                         "invalidations", count->invalidations, "archives", archives, "entries",
                         entries, "index_bytes", index_nbytes, "directory_bytes", directory_nbytes,
                         "writes", count->writes, "write_bytes", count->write_nbytes, "pack_hits",
                         packs->hits, "pack_misses", packs->misses, "pack_other_source",
                         packs->other_source, "pack_other_magic", packs->other_magic,
                         "pack_damaged", packs->damaged, "pack_loads", packs->loads,
                         "packs_refused", packs->refused, "pack_bytes", packs->nbytes,
                         "pack_writes", packs->writes);
}

/* Asks the store, which may have to wait; without one there is nothing to wait for. */
static PyObject *ask_store(struct zi_state *state, PyObject *method, PyObject *argument)
{
    if (!state->packs->store)
        return PyObject_CallFunctionObjArgs(state->ready_type, NULL);
    return zi_store_call(state, method, argument, NULL);
}

static PyObject *module_flush(PyObject *module, PyObject *unused)
{
    struct zi_state *state = PyModule_GetState(module);

    (void)unused;
    return ask_store(state, state->flush_name, NULL);
}

static PyObject *module_clear_packs(PyObject *module, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"path", NULL};
    struct zi_state *state = PyModule_GetState(module);
    PyObject *path = Py_None;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:clear", names, &path))
        return NULL;
    if (path != Py_None && !zi_is_str(path))
        return NULL;
    return ask_store(state, state->clear_name, path == Py_None ? NULL : path);
}

/* What mounts is JavaScript's, with Python code around it that is only made when it is needed. */
static PyObject *module_mount(PyObject *module, PyObject *args, PyObject *keywords)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *source, *function, *result;

    if (!state->mount_source) {
        PyErr_SetString(PyExc_RuntimeError,
                        "pyodide_zipimport.mount(): the importer is not installed");
        return NULL;
    }
    source = Py_NewRef(state->mount_source);
    function = PyObject_CallFunctionObjArgs(source, NULL);
    Py_DECREF(source);
    if (!function)
        return NULL;
    result = PyObject_Call(function, args, keywords);
    Py_DECREF(function);
    return result;
}

static PyObject *module_use_mount(PyObject *module, PyObject *source)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *previous = state->mount_source;

    state->mount_source = source == Py_None ? NULL : Py_NewRef(source);
    Py_XDECREF(previous);
    return Py_NewRef(Py_None);
}

static PyMethodDef module_methods[] = {
    {"install", (PyCFunction)(void (*)(void))module_install, METH_VARARGS | METH_KEYWORDS,
     "install($module, /, *, implicit_invalidation=True, max_member_bytes=1073741824)\n--\n\n"
     "Take stock zipimport's place everywhere; may be awaited.\n\n"
     "implicit_invalidation: whether importlib.invalidate_caches() reaches archives.\n"
     "max_member_bytes: larger members are refused."},
    {"uninstall", module_uninstall, METH_NOARGS,
     "uninstall($module, /)\n--\n\nGive stock zipimport its place back."},
    {"invalidate", (PyCFunction)(void (*)(void))module_invalidate, METH_VARARGS | METH_KEYWORDS,
     "invalidate($module, /, path=None)\n--\n\n"
     "Have an archive, or all, looked at again before the next use, pinned or not."},
    {"pin", module_pin, METH_O,
     "pin($module, path, /)\n--\n\n"
     "Exempt an archive from implicit invalidation."},
    {"unpin", module_unpin, METH_O,
     "unpin($module, path, /)\n--\n\nUndo pin(), and apply the invalidation it kept off, if any."},
    {"implicit_invalidation", module_implicit_invalidation, METH_O,
     "implicit_invalidation($module, enabled, /)\n--\n\n"
     "Set whether importlib.invalidate_caches() reaches archives."},
    {"stats", module_stats, METH_NOARGS,
     "stats($module, /)\n--\n\nReturn counts and sizes since the module was loaded, as a dict."},
    {"flush", module_flush, METH_NOARGS,
     "flush($module, /)\n--\n\n"
     "Write what was compiled, so that no later run compiles it again; to be awaited."},
    {"clear", (PyCFunction)(void (*)(void))module_clear_packs, METH_VARARGS | METH_KEYWORDS,
     "clear($module, /, path=None)\n--\n\n"
     "Delete the compiled code kept of an archive, or of all; to be awaited."},
    {"mount", (PyCFunction)(void (*)(void))module_mount, METH_VARARGS | METH_KEYWORDS,
     "mount($module, source, /, *, name=None, sys_path='prepend', integrity=None, copy=False,\n"
     "      request=None, timeout=None, on_progress=None)\n--\n\n"
     "Mount an archive, which is then imported from and read as if it had been unpacked; to be "
     "awaited.\n\n"
     "source: a URL, a path in Pyodide's file system, bytes, or an object of JavaScript's."},
    {"trace", zi_trace_read, METH_NOARGS,
     "trace($module, /)\n--\n\n"
     "Return a dict for each module executed since tracing was turned on: name, archive, origin\n"
     "(\"pack\", \"pyc\", \"compiled\" or \"other\"), bytes, and in milliseconds start, own and "
     "total,\n"
     "the latter with the modules it imported."},
    {"set_tracing", zi_trace_set, METH_O,
     "set_tracing($module, on, /)\n--\n\n"
     "Turn tracing on, which begins a new list unless it is on already, or off, which keeps the "
     "list."},
    {"_get_module_code", (PyCFunction)(void (*)(void))zi_module_code_get,
     METH_VARARGS | METH_KEYWORDS,
     "_get_module_code($module, /, self, fullname, *, compile_source=True)\n--\n\n"
     "zipimport's function of this name."},
    /* For js/ alone, so that what they do is said here. */
    /* _use_mount(source, /): set what gives the function behind mount(); None: mount() is refused.
     */
    {"_use_mount", module_use_mount, METH_O, NULL},
    /* _use_store(store, build, /): keep bytecode packs in a store, or with None nowhere. build:
     * which Pyodide this is, part of the names of the standard library's packs. Return whether
     * anything is to be written: not after -B or with PYTHONDONTWRITEBYTECODE, when what is kept is
     * only read. */
    {"_use_store", zi_control_use_store, METH_VARARGS, NULL},
    /* _queued_packs(): return (name, path_name, modules) of each pack that has something to write.
     */
    {"_queued_packs", zi_control_queued, METH_NOARGS, NULL},
    /* _pack_names(path, /): return (name, path_name) of the packs of the archive at a path; name is
     * None if there is no archive. */
    {"_pack_names", zi_control_names, METH_O, NULL},
    /* _forget_packs(name=None, /): drop what is loaded and queued of a pack, or of all. */
    {"_forget_packs", zi_control_forget, METH_VARARGS, NULL},
    /* _reload_pack(name, /): ask the store for a pack once more, at its next use: it has now what
     * it had not in time. */
    {"_reload_pack", zi_control_reload, METH_VARARGS, NULL},
    /* _write_pack(name, path, others, /): begin to write a pack to a file, with what other pack
     * files hold of it too; None if there is no such pack. */
    {"_write_pack", zi_pack_writer_new, METH_VARARGS, NULL},
    /* _write_archive(source, target, omit, /): begin to write an archive to a file: the members of
     * another one but those that omit names, and then those that are added. */
    {"_write_archive", zi_archive_writer_new, METH_VARARGS, NULL},
    /* _mount(path, archive_path, /): take a directory for the archive in a file, which nobody
     * changes; ZipImportError if it is none, ValueError if it cannot lie in a shared one. While
     * there are mounts, sys.path_hooks has _mount_hook(). Return (pointer, crc, size): what the
     * bridge's functions and _unmount() take, and the key of the archive's contents. */
    {"_mount", zi_mount_add, METH_VARARGS, NULL},
    /* _unmount(pointer, /): forget a mount; another number changes nothing. */
    {"_unmount", zi_mount_remove, METH_O, NULL},
    /* _share(path, /): have mounts in a directory lie over one another, and over what is there
     * already; its names are told through the bridge. The pointer that zi_bridge_note() takes. */
    {"_share", zi_mount_share, METH_O, NULL},
    /* _mount_hook(path, /): a path hook for sys.path_hooks: the finder of a folder that shows an
     * archive, or ImportError. */
    {"_mount_hook", zi_mount_hook, METH_O, NULL},
    /* _archive_key(path, /): return (crc, size) of an archive's directory; ZipImportError if there
     * is no archive. */
    {"_archive_key", zi_mount_key, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

/* JavaScript of another version must not use this module: see js/pyodide/side-module.js. It reads a
 * section of the file before it loads it, and the attribute of a module that is loaded already. */
#ifdef __wasm__
__asm__(".section .custom_section.pyodide_zipimport,\"\",@\n.ascii \"" ZI_VERSION "\"\n");
#endif

static int add_version(PyObject *module)
{
    PyObject *version = PyUnicode_FromString(ZI_VERSION);
    int result = version ? PyModule_AddObjectRef(module, "__version__", version) : -1;

    Py_XDECREF(version);
    return result;
}

static int module_exec(PyObject *module)
{
    struct module_state *parts = PyModule_GetState(module);
    struct zi_state *state = &parts->state;

    state->packs = &parts->packs;
    state->held = &parts->held;
    state->trace = &parts->trace;
    state->mounts = &parts->mounts;
    state->takeover = &parts->takeover;
    zi_python_host_init(&state->host, state);
    zi_registry_init(&state->registry, &state->host, zi_archives_drop_attachment);
    if (zi_state_init(state) < 0 || zi_python_host_seed(&state->host, state) < 0 ||
        zi_zipimporter_make_types(state, module) < 0 ||
        zi_directory_cache_make(state, module) < 0 || zi_pack_writer_make_type(state, module) < 0 ||
        zi_archive_writer_make_type(state, module) < 0)
        return -1;
    state->ready_type = PyType_FromModuleAndSpec(module, &ready_spec, NULL);
    if (!state->ready_type)
        return -1;
    if (PyModule_AddObjectRef(module, "zipimporter", state->zipimporter) < 0 ||
        PyModule_AddObjectRef(module, "ZipImportError", state->zip_import_error) < 0 ||
        add_version(module) < 0)
        return -1;
    return 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct module_state *parts = PyModule_GetState(module);
    int result = zi_state_traverse(&parts->state, visit, arg);

    if (result == 0)
        result = zi_packs_traverse(&parts->packs, visit, arg);
    if (result == 0)
        result = zi_trace_traverse(&parts->trace, visit, arg);
    if (result == 0)
        result = zi_mounts_traverse(&parts->mounts, visit, arg);
    if (result == 0)
        result = zi_takeover_traverse(&parts->takeover, visit, arg);
    return result;
}

static int module_clear(PyObject *module)
{
    struct module_state *parts = PyModule_GetState(module);

    zi_state_clear(&parts->state);
    zi_packs_clear(&parts->packs);
    zi_trace_clear(&parts->trace);
    zi_mounts_clear(&parts->mounts);
    return 0;
}

static void module_free(void *module)
{
    struct module_state *parts = PyModule_GetState(module);

    module_clear(module);
    zi_takeover_clear(&parts->takeover);
    zi_held_drop(&parts->held);
    zi_mounts_free(&parts->mounts);
    zi_state_free(&parts->state);
    if (parts->state.packs)
        zi_packs_free(&parts->state);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

struct PyModuleDef zi_module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "pyodide_zipimport",
    .m_doc = "A zip importer with lazily invalidated caches.",
    .m_size = sizeof(struct module_state),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit_pyodide_zipimport(void);

PyMODINIT_FUNC PyInit_pyodide_zipimport(void)
{
    return PyModuleDef_Init(&zi_module_def);
}
