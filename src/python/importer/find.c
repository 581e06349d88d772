/* Finds modules, and tells importlib of them. */
#include "methods.h"

#include "code.h"
#include "spec.h"

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

/* The spec of a namespace package's portion. */
static PyObject *make_portion_spec(const struct zi_lookup *lookup)
{
    PyObject *folder = zi_lookup_folder(lookup);
    PyObject *spec = folder ? zi_spec_of_portion(lookup->view.state, lookup->fullname, folder)
                            : NULL;

    Py_XDECREF(folder);
    return spec;
}

static PyObject *make_file_spec(const struct zi_lookup *lookup, PyObject *self,
                                const struct zi_choice *choice)
{
    bool package = zi_candidate_is_package(choice->candidate);
    PyObject *folder = package ? zi_lookup_folder(lookup) : NULL;
    PyObject *spec = NULL;

    if (folder || !package)
        spec = zi_spec_of_file(lookup->view.state, self, lookup->fullname, choice->path, folder);
    Py_XDECREF(folder);
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

/* The spec of one choice: origin, locations and whether it is a package belong together. An
 * importer that names its files itself is asked for the name of what was chosen. */
static PyObject *find(struct zi_lookup *lookup, PyObject *self)
{
    struct zi_state *state = lookup->view.state;
    struct zi_choice choice;
    PyObject *spec;
    int ours;

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
    ours = zi_importer_names_files(state, self);
    if (ours < 0)
        spec = NULL;
    else if (ours)
        spec = make_file_spec(lookup, self, &choice);
    else
        spec = ask_for_spec(state, self, lookup->fullname,
                            zi_candidate_is_package(choice.candidate));
    Py_DECREF(choice.path);
    return spec;
}

PyObject *zi_importer_find_spec(PyObject *self, PyObject *fullname, PyObject *target)
{
    struct zi_lookup lookup;
    PyObject *spec;

    /* importlib.reload() alone names a target: what it reloads has been written anew, most likely.
     */
    if (target && target != Py_None && zi_importer_look_again(self) < 0)
        return NULL;
    if (zi_lookup_init(&lookup, self, fullname) < 0)
        return NULL;
    spec = find(&lookup, self);
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
