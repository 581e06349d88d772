/* This file knows where a module's code comes from. */
#include "code.h"

#include "bytecode.h"
#include "errors.h"
#include "packs.h"
#include "trace.h"

#include "../cache/pyc.h"

/* What was decided about a module. */
struct choice {
    enum zi_candidate candidate;
    PyObject *path; /* of the member, with the archive's before it */
    PyObject *code; /* only when asked for */
};

/* Replaces CRLF and CR by LF, as zipimport does before it compiles. A new reference. */
static PyObject *normalize_newlines(PyObject *source)
{
    const char *from = PyBytes_AsString(source);
    Py_ssize_t nbytes = PyBytes_Size(source), at = 0;
    PyObject *normalized;
    char *to;

    while (at < nbytes && from[at] != '\r')
        at++;
    if (at == nbytes)
        return Py_NewRef(source);

    Py_ssize_t shorter = nbytes;
    for (Py_ssize_t i = at; i + 1 < nbytes; i++)
        if (from[i] == '\r' && from[i + 1] == '\n')
            shorter--;
    normalized = PyBytes_FromStringAndSize(NULL, shorter);
    if (!normalized)
        return NULL;
    to = PyBytes_AsString(normalized);
    for (Py_ssize_t i = 0; i < nbytes; i++) {
        if (from[i] != '\r')
            *to++ = from[i];
        else if (i + 1 == nbytes || from[i + 1] != '\n')
            *to++ = '\n';
    }
    return normalized;
}

/* Through importlib's _call_with_frames_removed(), so that a SyntaxError shows the file it is in
 * and none of the import system. */
static PyObject *compile_source(struct zi_lookup *lookup, PyObject *source, PyObject *path)
{
    struct zi_state *state = lookup->view.state;
    PyObject *text = normalize_newlines(source);
    PyObject *args = text ? Py_BuildValue("OOOs", state->compile, text, path, "exec") : NULL;
    PyObject *keywords = args ? Py_BuildValue("{sO}", "dont_inherit", Py_True) : NULL;
    PyObject *code = NULL;

    /* 3.15 filters SyntaxWarnings by module. */
    if (keywords && (state->version < 0x030f ||
                     PyDict_SetItemString(keywords, "module", lookup->fullname) == 0))
        code = PyObject_Call(state->call_with_frames_removed, args, keywords);
    if (code)
        state->compiles++;
    Py_XDECREF(keywords);
    Py_XDECREF(args);
    Py_XDECREF(text);
    return code;
}

/* The path of a member, with the archive's before it. */
static PyObject *member_path(const struct zi_lookup *lookup, uint32_t node)
{
    const struct zi_node *at = zi_archive_node(lookup->view.archive, node);

    return zi_view_join(&lookup->view, at->path, at->path_nbytes);
}

/* Judges a pyc and, with `load`, gets its code. */
static enum zi_verdict try_bytecode(struct zi_lookup *lookup, uint32_t node, bool load,
                                    struct choice *choice)
{
    /* The code will be read as a whole anyway; to name it, a header is enough. */
    size_t nbytes = load ? SIZE_MAX : ZI_PYC_HEADER_NBYTES;
    enum zi_verdict verdict;
    bool changed;
    PyObject *data = zi_view_read(&lookup->view, node, nbytes, &changed);

    if (!data)
        return changed ? ZI_VERDICT_CHANGED : ZI_VERDICT_ERROR;
    verdict = zi_bytecode_judge(lookup, node, data);
    if (verdict == ZI_VERDICT_USABLE) {
        choice->path = member_path(lookup, node);
        if (choice->path && load)
            choice->code = zi_bytecode_load(lookup->view.state, data, choice->path);
        if (choice->code && zi_trace_origin(lookup->view.state, lookup->fullname, ZI_ORIGIN_PYC,
                                            (uint64_t)PyBytes_Size(data)) < 0)
            Py_CLEAR(choice->code);
    }
    Py_DECREF(data);
    return verdict;
}

/* Gets the code of a source: compiled by an earlier run, or now. */
static enum zi_verdict load_source(struct zi_lookup *lookup, uint32_t node, struct choice *choice)
{
    int found = zi_packs_get(lookup, node, choice->path, &choice->code);
    PyObject *source;
    bool changed;

    if (found != 0)
        return found < 0 ? ZI_VERDICT_ERROR : ZI_VERDICT_USABLE;
    source = zi_view_read(&lookup->view, node, SIZE_MAX, &changed);
    if (!source)
        return changed ? ZI_VERDICT_CHANGED : ZI_VERDICT_ERROR;
    choice->code = compile_source(lookup, source, choice->path);
    if (choice->code && (zi_trace_origin(lookup->view.state, lookup->fullname, ZI_ORIGIN_COMPILED,
                                         (uint64_t)PyBytes_Size(source)) < 0 ||
                         zi_packs_put(lookup, node, choice->code) < 0))
        Py_CLEAR(choice->code);
    Py_DECREF(source);
    return choice->code ? ZI_VERDICT_USABLE : ZI_VERDICT_ERROR;
}

static enum zi_verdict try_source(struct zi_lookup *lookup, uint32_t node, bool load,
                                  struct choice *choice)
{
    choice->path = member_path(lookup, node);
    return load && choice->path ? load_source(lookup, node, choice) : ZI_VERDICT_USABLE;
}

/* Judges one candidate that exists and, with `load`, gets its code. */
static enum zi_verdict try_candidate(struct zi_lookup *lookup, enum zi_candidate candidate,
                                     uint32_t node, bool load, struct choice *ret)
{
    struct choice choice = {.candidate = candidate};
    enum zi_verdict verdict = zi_candidate_is_bytecode(candidate)
                                  ? try_bytecode(lookup, node, load, &choice)
                                  : try_source(lookup, node, load, &choice);

    if (verdict == ZI_VERDICT_USABLE && (!choice.path || (load && !choice.code)))
        verdict = ZI_VERDICT_ERROR;
    if (verdict == ZI_VERDICT_USABLE)
        *ret = choice;
    else
        Py_XDECREF(choice.path);
    return verdict;
}

/* Raises what zipimport raises when no candidate could be used; takes the last ImportError. */
static int raise_unusable(struct zi_lookup *lookup, PyObject *import_error)
{
    if (!import_error) {
        zi_lookup_raise_not_found(lookup);
        return -1;
    }
    zi_raise_import_error(lookup->view.state,
                          PyUnicode_FromFormat("module load failed: %S", import_error),
                          lookup->fullname, NULL);
    zi_set_cause(import_error);
    return -1;
}

/* Goes through the candidates in the search order; -1 with an exception. */
static int choose(struct zi_lookup *lookup, bool load, struct choice *ret)
{
    PyObject *import_error = NULL;

    unsigned at = 0;

    while (at < ZI_CANDIDATE_COUNT) {
        enum zi_candidate candidate = (enum zi_candidate)at++;
        uint32_t node = zi_lookup_node(lookup, candidate);
        if (node == ZI_INDEX_NONE)
            continue;
        switch (try_candidate(lookup, candidate, node, load, ret)) {
        case ZI_VERDICT_USABLE:
            Py_XDECREF(import_error);
            return 0;
        case ZI_VERDICT_ERROR:
            Py_XDECREF(import_error);
            return -1;
        case ZI_VERDICT_NEXT:
            if (PyErr_Occurred()) {
                Py_XDECREF(import_error);
                import_error = zi_take_exception();
            }
            break;
        case ZI_VERDICT_CHANGED:
            /* Another archive, another order: once, since a view looks again only once. */
            Py_CLEAR(import_error);
            at = 0;
            break;
        }
    }
    return raise_unusable(lookup, import_error);
}

PyObject *zi_code_path(struct zi_lookup *lookup)
{
    struct choice choice;

    return choose(lookup, false, &choice) < 0 ? NULL : choice.path;
}

static int choose_for(PyObject *self, PyObject *fullname, bool load, struct choice *ret)
{
    struct zi_lookup lookup;
    int answer;

    if (zi_lookup_init(&lookup, self, fullname) < 0)
        return -1;
    answer = choose(&lookup, load, ret);
    zi_lookup_release(&lookup);
    return answer;
}

PyObject *zi_importer_get_code(PyObject *self, PyObject *fullname)
{
    struct choice choice;

    if (choose_for(self, fullname, true, &choice) < 0)
        return NULL;
    Py_DECREF(choice.path);
    return choice.code;
}

PyObject *zi_importer_get_filename(PyObject *self, PyObject *fullname)
{
    struct choice choice;

    if (choose_for(self, fullname, false, &choice) < 0)
        return NULL;
    return choice.path;
}

PyObject *zi_importer_get_module_code(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *self, *fullname;
    struct choice choice;

    if (!PyArg_ParseTuple(args, "OO:_get_module_code", &self, &fullname))
        return NULL;
    if (!zi_importer_check(state, self)) {
        if (state->takeover.get_module_code)
            return PyObject_CallObject(state->takeover.get_module_code, args);
        PyErr_SetString(PyExc_TypeError, "expected a zipimporter");
        return NULL;
    }
    if (choose_for(self, fullname, true, &choice) < 0)
        return NULL;
    return Py_BuildValue("NON", choice.code,
                         zi_candidate_is_package(choice.candidate) ? Py_True : Py_False,
                         choice.path);
}
