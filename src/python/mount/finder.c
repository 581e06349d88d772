/* Finds modules in a mount. */
#include "finder.h"

#include <string.h>

#include "../errors.h"
#include "../importer/spec.h"
#include "loader.h"
#include "place.h"

/* A directory of mounts, and the module that is looked for in it. */
struct search {
    struct zi_state *state;
    PyObject *folder;   /* str: the directory's path; the finder's own */
    PyObject *fullname; /* the caller's */
    const char *name;   /* the last part of fullname, borrowed from it */
    size_t name_nbytes;
    struct zi_place directory;
    struct zi_place package; /* what has the module's name there */
};

/* A file that a module is found in. */
struct found {
    PyObject *loader_class; /* strong; NULL where nothing was found */
    const char *suffix;     /* until Python code runs */
    bool package;
};

static bool is_package(const struct search *search)
{
    return search->package.kind == ZI_TREE_DIRECTORY;
}

/* Whether a directory has a file of the name with this suffix. */
static bool has_file(const struct search *search, bool package, const char *suffix)
{
    char name[ZI_TREE_NAME_NBYTES_MAX + 1];
    const char *stem = package ? "__init__" : search->name;
    size_t stem_nbytes = package ? sizeof "__init__" - 1 : search->name_nbytes;
    size_t suffix_nbytes = strlen(suffix);
    struct zi_place file;

    if (stem_nbytes + suffix_nbytes > ZI_TREE_NAME_NBYTES_MAX)
        return false;
    memcpy(name, stem, stem_nbytes);
    memcpy(name + stem_nbytes, suffix, suffix_nbytes + 1);
    zi_place_find(package ? &search->package : &search->directory, name,
                  stem_nbytes + suffix_nbytes, &file);
    return file.kind == ZI_TREE_FILE;
}

/* Looks for one kind of file; whether it is there. */
static bool try_file(const struct search *search, PyObject *loader_class, const char *suffix,
                     struct found *ret)
{
    if (!has_file(search, ret->package, suffix))
        return false;
    ret->suffix = suffix;
    ret->loader_class = Py_NewRef(loader_class);
    return true;
}

/* Looks for the kinds of files in FileFinder's order; 0, or -1 with an exception. */
static int find_file(const struct search *search, bool package, struct found *ret)
{
    const struct zi_mounts *mounts = search->state->mounts;
    PyObject *suffixes = mounts->extension_suffixes;

    *ret = (struct found){.package = package};
    for (Py_ssize_t i = 0; i < PyList_Size(suffixes); i++) {
        const char *suffix = PyUnicode_AsUTF8AndSize(PyList_GetItem(suffixes, i), NULL);
        if (!suffix)
            return -1;
        if (try_file(search, mounts->extension_loader, suffix, ret))
            return 0;
    }
    if (!try_file(search, mounts->source_loader, ".py", ret))
        try_file(search, mounts->sourceless_loader, ".pyc", ret);
    return 0;
}

/* The folder of the module's name. */
static PyObject *make_folder(const struct search *search)
{
    return PyUnicode_FromFormat("%U/%s", search->folder, search->name);
}

/* Takes over the class that was found. */
static PyObject *make_spec(const struct search *search, const struct found *found)
{
    const char *format = found->package ? "%U/%s/__init__%s" : "%U/%s%s";
    PyObject *path = PyUnicode_FromFormat(format, search->folder, search->name, found->suffix);
    PyObject *folder = NULL, *loader = NULL, *spec = NULL;

    if (path && found->package)
        folder = make_folder(search);
    if (path && (folder || !found->package))
        loader = PyObject_CallFunctionObjArgs(found->loader_class, search->fullname, path,
                                              (PyObject *)NULL);
    if (loader)
        spec = zi_spec_of_file(search->state, loader, search->fullname, path, folder);
    Py_XDECREF(loader);
    Py_XDECREF(folder);
    Py_XDECREF(path);
    Py_DECREF(found->loader_class);
    return spec;
}

/* The spec of a module of an archive, or None. */
static PyObject *find_spec(const struct search *search)
{
    struct found found = {.package = false};
    PyObject *folder, *spec;

    if (is_package(search) && find_file(search, true, &found) < 0)
        return NULL;
    if (!found.loader_class && find_file(search, false, &found) < 0)
        return NULL;
    if (!found.loader_class && !is_package(search)) {
        search->state->misses++;
        return Py_NewRef(Py_None);
    }
    search->state->hits++;
    if (found.loader_class)
        return make_spec(search, &found);
    folder = make_folder(search);
    spec = folder ? zi_spec_of_portion(search->state, search->fullname, folder) : NULL;
    Py_XDECREF(folder);
    return spec;
}

/* Goes to where the module would be: 1; 0 where the archives cannot say what is there, -1 with an
 * exception. */
static int begin(struct search *search)
{
    size_t nbytes;
    const char *text;
    int answer;

    if (!search->state->mounts->finder || !PyUnicode_Check(search->folder) ||
        !PyUnicode_Check(search->fullname))
        return 0;
    text = zi_place_text(search->fullname, &nbytes);
    if (!text)
        return PyErr_Occurred() ? -1 : 0;
    search->name = text + nbytes;
    while (search->name > text && search->name[-1] != '.')
        search->name--;
    search->name_nbytes = (size_t)(text + nbytes - search->name);
    answer = zi_place_locate_for(search->state, search->folder, search->name, search->name_nbytes,
                                 &search->directory);
    if (answer != 1)
        return answer;
    zi_place_find(&search->directory, search->name, search->name_nbytes, &search->package);
    return !is_package(search) || zi_place_is_intact(&search->package);
}

/* The loader of ours in place of stock's that FileFinder chose, where that is for a file of an
 * archive: a new reference, or NULL, with an exception or without one. */
static PyObject *choose_loader(struct zi_state *state, PyObject *fullname, PyObject *loader)
{
    struct zi_mounts *mounts = state->mounts;
    PyObject *type = (PyObject *)Py_TYPE(loader), *class = NULL, *path, *chosen = NULL;
    struct zi_place place;

    if (type == mounts->stock_source_loader)
        class = mounts->source_loader;
    else if (type == mounts->stock_sourceless_loader)
        class = mounts->sourceless_loader;
    path = class ? PyObject_GetAttr(loader, state->path_name) : NULL;
    if (path && PyUnicode_Check(path) && zi_place_locate(state, path, &place) == 1) {
        Py_INCREF(class);
        chosen = PyObject_CallFunctionObjArgs(class, fullname, path, (PyObject *)NULL);
        Py_DECREF(class);
    }
    Py_XDECREF(path);
    return chosen;
}

/* Lets FileFinder look, whose specs get loaders of ours where the file is an archive's. */
static PyObject *find_as_stock(struct zi_state *state, PyObject *self, PyObject *fullname,
                               PyObject *target)
{
    PyObject *method = state->mounts->stock_find_spec, *spec, *loader, *chosen = NULL;

    if (!method) {
        PyErr_SetString(PyExc_RuntimeError, "the module pyodide_zipimport is gone");
        return NULL;
    }
    Py_INCREF(method);
    spec = PyObject_CallFunctionObjArgs(method, self, fullname, target, (PyObject *)NULL);
    Py_DECREF(method);
    if (!spec || spec == Py_None)
        return spec;
    loader = PyObject_GetAttr(spec, state->loader_name);
    if (loader)
        chosen = choose_loader(state, fullname, loader);
    if (chosen)
        PyObject_SetAttr(spec, state->loader_name, chosen);
    Py_XDECREF(chosen);
    Py_XDECREF(loader);
    if (PyErr_Occurred())
        Py_CLEAR(spec);
    return spec;
}

static PyObject *finder_find_spec(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"fullname", "target", NULL};
    PyObject *module = zi_module_of_type(Py_TYPE(self));
    PyObject *fullname, *target = Py_None, *spec = NULL;
    struct search search;
    int answer;

    if (!module ||
        !PyArg_ParseTupleAndKeywords(args, keywords, "O|O:find_spec", names, &fullname, &target))
        return NULL;
    search.state = PyModule_GetState(module);
    search.fullname = fullname;
    search.folder = PyObject_GetAttr(self, search.state->path_name);
    if (!search.folder)
        return NULL;
    answer = begin(&search);
    if (answer == 1)
        spec = find_spec(&search);
    else if (answer == 0)
        spec = find_as_stock(search.state, self, fullname, target);
    Py_DECREF(search.folder);
    return spec;
}

static PyMethodDef finder_methods[] = {
    {"find_spec", (PyCFunction)(void (*)(void))finder_find_spec, METH_VARARGS | METH_KEYWORDS,
     "find_spec($self, /, fullname, target=None)\n--\n\n"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot finder_slots[] = {
    {Py_tp_methods, finder_methods},
    {0, NULL},
};

static PyType_Spec finder_spec = {
    .name = "pyodide_zipimport._MountedFinder",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = finder_slots,
};

/* The class of the C type and stock's, whose own method is kept to fall back on. */
static PyObject *make_class(struct zi_state *state, PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &finder_spec, NULL);
    PyObject *class = NULL;

    if (type)
        state->mounts->stock_find_spec = zi_loader_stock_method(state, "FileFinder", "find_spec");
    if (state->mounts->stock_find_spec)
        class = zi_loader_derive(state, type, "MountedFinder", "FileFinder");
    Py_XDECREF(type);
    return class;
}

static int fetch(PyObject **ret, PyObject *from, const char *name)
{
    *ret = PyObject_GetAttrString(from, name);
    return *ret ? 0 : -1;
}

static int prepare(struct zi_state *state, PyObject *module)
{
    struct zi_mounts *mounts = state->mounts;
    PyObject *suffixes;

    if (fetch(&mounts->extension_loader, state->bootstrap_external, "ExtensionFileLoader") < 0 ||
        fetch(&mounts->stock_source_loader, state->bootstrap_external, "SourceFileLoader") < 0 ||
        fetch(&mounts->stock_sourceless_loader, state->bootstrap_external, "SourcelessFileLoader") <
            0 ||
        fetch(&mounts->supported_loaders, state->bootstrap_external,
              "_get_supported_file_loaders") < 0 ||
        zi_loader_make_classes(state, module) < 0)
        return -1;
    suffixes = PyObject_CallMethod(state->imp, "extension_suffixes", NULL);
    mounts->extension_suffixes = suffixes ? PySequence_List(suffixes) : NULL;
    Py_XDECREF(suffixes);
    if (mounts->extension_suffixes)
        mounts->finder = make_class(state, module); /* last: it says that all is there */
    return mounts->finder ? 0 : -1;
}

int zi_finder_prepare(struct zi_state *state, PyObject *module)
{
    if (state->mounts->finder)
        return 0;
    zi_mounts_clear(state->mounts); /* of a try that failed */
    return prepare(state, module);
}
