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

/* The spec when no candidate was chosen: a namespace package's portion, or None. */
static PyObject *make_other_spec(struct zi_lookup *lookup)
{
    struct zi_state *state = lookup->view.state;

    if (zi_lookup_is_directory(lookup)) {
        state->hits++;
        return make_portion_spec(lookup);
    }
    state->misses++;
    return Py_NewRef(Py_None);
}

/* The spec of an importer that names its files itself: as importlib makes it. */
static PyObject *find_by_asking(struct zi_lookup *lookup, PyObject *self)
{
    enum zi_candidate first = zi_lookup_first(lookup);

    if (first == ZI_CANDIDATE_COUNT)
        return make_other_spec(lookup);
    lookup->view.state->hits++;
    return ask_for_spec(lookup->view.state, self, lookup->fullname, zi_candidate_is_package(first));
}

/* The spec of one choice: origin, locations and whether it is a package belong together. */
static PyObject *find_by_choice(struct zi_lookup *lookup, PyObject *self)
{
    struct zi_state *state = lookup->view.state;
    struct zi_choice choice;
    bool package;
    PyObject *spec;

    switch (zi_choose(lookup, false, &choice)) {
    case ZI_CHOSEN_ERROR:
        return NULL;
    case ZI_CHOSEN_NOTHING:
        return make_other_spec(lookup);
    case ZI_CHOSEN_UNUSABLE:
        /* A module without a usable file has a spec all the same; running it raises this. */
        PyErr_Clear();
        state->hits++;
        return ask_for_spec(state, self, lookup->fullname,
                            zi_candidate_is_package(choice.candidate));
    case ZI_CHOSEN_ONE:
        break;
    }
    state->hits++;
    package = zi_candidate_is_package(choice.candidate);
    spec = make_file_spec(state, self, lookup->fullname, package, choice.path);
    Py_DECREF(choice.path);
    return spec;
}

PyObject *zi_importer_find_spec(PyObject *self, PyObject *fullname, PyObject *target)
{
    struct zi_lookup lookup;
    PyObject *spec = NULL;
    int ours;

    /* importlib.reload() alone names a target: what it reloads has been written anew, most likely.
     */
    if (target && target != Py_None && zi_importer_look_again(self) < 0)
        return NULL;
    if (zi_lookup_init(&lookup, self, fullname) < 0)
        return NULL;
    ours = zi_importer_names_files(lookup.view.state, self);
    if (ours == 1)
        spec = find_by_choice(&lookup, self);
    else if (ours == 0)
        spec = find_by_asking(&lookup, self);
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
