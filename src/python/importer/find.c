/* Finds modules, and tells importlib of them. */
#include "methods.h"

#include "code.h"

/* The spec as importlib's spec_from_loader() makes it, which asks the importer for the file's name.
 */
static PyObject *ask_for_spec(struct zi_state *state, PyObject *self, PyObject *fullname,
                              bool package)
{
    PyObject *args = PyTuple_Pack(2, fullname, self);
    PyObject *keywords = args ? Py_BuildValue("{sO}", "is_package", package ? Py_True : Py_False)
                              : NULL;
    PyObject *spec = keywords ? PyObject_Call(state->spec_from_loader, args, keywords) : NULL;

    Py_XDECREF(keywords);
    Py_XDECREF(args);
    return spec;
}

/* A package's modules are looked for in the folder of its file. */
static int append_folder(struct zi_state *state, PyObject *spec, PyObject *path)
{
    PyObject *locations = PyObject_GetAttr(spec, state->submodule_search_locations_name);
    Py_ssize_t slash = PyUnicode_FindChar(path, '/', 0, PyUnicode_GetLength(path), -1);
    PyObject *folder = locations && slash >= 0 ? PyUnicode_Substring(path, 0, slash) : NULL;
    int answer = folder ? PyList_Append(locations, folder) : -1;

    Py_XDECREF(folder);
    Py_XDECREF(locations);
    return answer;
}

/* The same spec for a file that is known, without the detours. */
static PyObject *make_file_spec(struct zi_state *state, PyObject *self, PyObject *fullname,
                                bool package, PyObject *path)
{
    PyObject *args = PyTuple_Pack(2, fullname, self);
    PyObject *keywords = args ? PyDict_New() : NULL;
    PyObject *spec = NULL;

    if (keywords && PyDict_SetItem(keywords, state->origin_name, path) == 0 &&
        PyDict_SetItem(keywords, state->is_package_name, package ? Py_True : Py_False) == 0)
        spec = PyObject_Call(state->module_spec, args, keywords);
    if (spec && (PyObject_SetAttr(spec, state->_set_fileattr_name, Py_True) < 0 ||
                 (package && append_folder(state, spec, path) < 0)))
        Py_CLEAR(spec);
    Py_XDECREF(keywords);
    Py_XDECREF(args);
    return spec;
}

static PyObject *make_spec(struct zi_lookup *lookup, PyObject *self, bool package)
{
    struct zi_state *state = lookup->view.state;
    PyObject *path, *spec;
    int ours = zi_importer_names_files(state, self);

    if (ours < 0)
        return NULL;
    if (!ours)
        return ask_for_spec(state, self, lookup->fullname, package);
    path = zi_code_path(lookup);
    if (!path) {
        /* A module without a usable file has a spec all the same; running it raises this. */
        if (!PyErr_ExceptionMatches(PyExc_ImportError))
            return NULL;
        PyErr_Clear();
        return ask_for_spec(state, self, lookup->fullname, package);
    }
    spec = make_file_spec(state, self, lookup->fullname, package, path);
    Py_DECREF(path);
    return spec;
}

/* The spec of a namespace package's portion. */
static PyObject *make_portion_spec(const struct zi_lookup *lookup)
{
    PyObject *spec = NULL, *locations = NULL, *result = NULL;
    PyObject *path = zi_view_join(&lookup->view, lookup->path, lookup->path_nbytes);
    PyObject *args = path ? PyTuple_Pack(2, lookup->fullname, Py_None) : NULL;
    PyObject *keywords = args ? Py_BuildValue("{sO}", "is_package", Py_True) : NULL;

    if (keywords)
        spec = PyObject_Call(lookup->view.state->module_spec, args, keywords);
    if (spec)
        locations = PyObject_GetAttr(spec, lookup->view.state->submodule_search_locations_name);
    if (locations)
        result = PyObject_CallMethod(locations, "append", "O", path);
    if (!result)
        Py_CLEAR(spec);
    Py_XDECREF(result);
    Py_XDECREF(locations);
    Py_XDECREF(keywords);
    Py_XDECREF(args);
    Py_XDECREF(path);
    return spec;
}

PyObject *zi_importer_find_spec(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"fullname", "target", NULL};
    struct zi_state *state = zi_importer_state(self);
    PyObject *fullname, *target = NULL, *spec;
    struct zi_lookup lookup;

    if (!state ||
        !PyArg_ParseTupleAndKeywords(args, keywords, "O|O:find_spec", names, &fullname, &target) ||
        zi_lookup_init(&lookup, self, fullname) < 0)
        return NULL;
    enum zi_candidate first = zi_lookup_first(&lookup);
    if (first != ZI_CANDIDATE_COUNT) {
        state->hits++;
        spec = make_spec(&lookup, self, zi_candidate_is_package(first));
    } else if (zi_lookup_is_directory(&lookup)) {
        state->hits++;
        spec = make_portion_spec(&lookup);
    } else {
        state->misses++;
        spec = Py_NewRef(Py_None);
    }
    zi_lookup_release(&lookup);
    return spec;
}

PyObject *zi_importer_is_package(PyObject *self, PyObject *fullname)
{
    struct zi_lookup lookup;
    PyObject *answer;

    if (zi_lookup_init(&lookup, self, fullname) < 0)
        return NULL;
    enum zi_candidate first = zi_lookup_first(&lookup);
    if (first == ZI_CANDIDATE_COUNT)
        answer = zi_lookup_raise_not_found(&lookup);
    else
        answer = PyBool_FromLong(zi_candidate_is_package(first));
    zi_lookup_release(&lookup);
    return answer;
}
