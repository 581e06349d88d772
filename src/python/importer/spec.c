/* Makes specs of modules. */
#include "spec.h"

/* Calls ModuleSpec(fullname, loader, **keywords); takes the keywords, which may be NULL. */
static PyObject *make_spec(struct zi_state *state, PyObject *fullname, PyObject *loader,
                           PyObject *keywords)
{
    PyObject *args = keywords ? PyTuple_Pack(2, fullname, loader) : NULL;
    PyObject *spec = args ? PyObject_Call(state->module_spec, args, keywords) : NULL;

    Py_XDECREF(args);
    Py_XDECREF(keywords);
    return spec;
}

/* Appends a folder to where the package's modules are looked for. */
static int append_location(struct zi_state *state, PyObject *spec, PyObject *folder)
{
    PyObject *locations = PyObject_GetAttr(spec, state->submodule_search_locations_name);
    int answer = locations ? PyList_Append(locations, folder) : -1;

    Py_XDECREF(locations);
    return answer;
}

PyObject *zi_spec_of_file(struct zi_state *state, PyObject *loader, PyObject *fullname,
                          PyObject *path, PyObject *folder)
{
    PyObject *keywords = PyDict_New();
    PyObject *spec;

    if (keywords &&
        (PyDict_SetItem(keywords, state->origin_name, path) < 0 ||
         PyDict_SetItem(keywords, state->is_package_name, folder ? Py_True : Py_False) < 0))
        Py_CLEAR(keywords);
    spec = make_spec(state, fullname, loader, keywords);
    if (spec && (PyObject_SetAttr(spec, state->_set_fileattr_name, Py_True) < 0 ||
                 (folder && append_location(state, spec, folder) < 0)))
        Py_CLEAR(spec);
    return spec;
}

PyObject *zi_spec_of_portion(struct zi_state *state, PyObject *fullname, PyObject *folder)
{
    PyObject *spec = make_spec(state, fullname, Py_None,
                               Py_BuildValue("{sO}", "is_package", Py_True));

    if (spec && append_location(state, spec, folder) < 0)
        Py_CLEAR(spec);
    return spec;
}
