/* This file knows whether an archive has a module, and how that is told to importlib. */
#include "lookup.h"

/* importlib's own spec_from_loader() makes the spec, since it asks the importer, or whatever
 * subclass it is of, for the file's name. */
static PyObject *make_spec(struct zi_state *state, PyObject *self, PyObject *fullname, bool package)
{
    PyObject *args = PyTuple_Pack(2, fullname, self);
    PyObject *keywords = args ? Py_BuildValue("{sO}", "is_package", package ? Py_True : Py_False)
                              : NULL;
    PyObject *spec = keywords ? PyObject_Call(state->spec_from_loader, args, keywords) : NULL;

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
        locations = PyObject_GetAttrString(spec, "submodule_search_locations");
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
        spec = make_spec(state, self, fullname, zi_candidate_is_package(first));
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
