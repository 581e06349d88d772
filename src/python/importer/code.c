/* Gets a module's code: from bytecode, from a pack, or by compiling its source. */
#include "code.h"

#include "../errors.h"
#include "../packs/recall.h"
#include "../packs/unmarshal.h"
#include "compile.h"
#include "judge.h"
#include "methods.h"
#include "trace.h"

#include "../../cache/pyc.h"

/* The path of a member, with the archive's before it. */
static PyObject *member_path(const struct zi_lookup *lookup, uint32_t node)
{
    const struct zi_node *at = zi_archive_node(lookup->view.archive, node);

    return zi_view_join(&lookup->view, at->path, at->path_nbytes);
}

/* Judges a pyc and, with `load`, gets its code. */
static enum zi_verdict try_bytecode(struct zi_lookup *lookup, uint32_t node, bool load,
                                    struct zi_choice *choice)
{
    /* The code will be read as a whole anyway; to name it, a header is enough. */
    size_t nbytes = load ? SIZE_MAX : ZI_PYC_HEADER_NBYTES;
    enum zi_verdict verdict;
    bool changed;
    PyObject *data = zi_view_read(&lookup->view, node, nbytes, &changed);

    if (!data)
        return changed ? ZI_VERDICT_CHANGED : ZI_VERDICT_ERROR;
    verdict = zi_judge_bytecode(lookup, node, data);
    if (verdict == ZI_VERDICT_USABLE) {
        choice->path = member_path(lookup, node);
        if (choice->path && load)
            choice->code = zi_unmarshal(lookup->view.state,
                                        PyBytes_AsString(data) + ZI_PYC_HEADER_NBYTES,
                                        PyBytes_Size(data) - ZI_PYC_HEADER_NBYTES, choice->path);
        if (choice->code && zi_trace_origin(lookup->view.state, lookup->fullname, ZI_ORIGIN_PYC,
                                            (uint64_t)PyBytes_Size(data)) < 0)
            Py_CLEAR(choice->code);
    }
    Py_DECREF(data);
    return verdict;
}

/* Gets the code of a source: compiled by an earlier run, or now. */
static enum zi_verdict load_source(struct zi_lookup *lookup, uint32_t node,
                                   struct zi_choice *choice)
{
    struct zi_state *state = lookup->view.state;
    struct zi_source_member member = {lookup->view.record, lookup->view.archive, node};
    enum zi_origin origin = ZI_ORIGIN_PACK;
    uint64_t nbytes;
    int found = zi_recall(state, &member, choice->path, &choice->code, &nbytes);

    if (found < 0)
        return ZI_VERDICT_ERROR;
    if (found == 0) {
        bool changed;
        PyObject *source = zi_view_read(&lookup->view, node, SIZE_MAX, &changed);
        if (!source)
            return changed ? ZI_VERDICT_CHANGED : ZI_VERDICT_ERROR;
        origin = ZI_ORIGIN_COMPILED;
        nbytes = (uint64_t)PyBytes_Size(source);
        choice->code = zi_compile(state, source, choice->path, lookup->fullname);
        Py_DECREF(source);
        if (!choice->code)
            return ZI_VERDICT_ERROR;
    }
    if (zi_trace_origin(state, lookup->fullname, origin, nbytes) < 0 ||
        (found == 0 && zi_remember(state, &member, choice->code) < 0)) {
        Py_CLEAR(choice->code);
        return ZI_VERDICT_ERROR;
    }
    return ZI_VERDICT_USABLE;
}

static enum zi_verdict try_source(struct zi_lookup *lookup, uint32_t node, bool load,
                                  struct zi_choice *choice)
{
    choice->path = member_path(lookup, node);
    return load && choice->path ? load_source(lookup, node, choice) : ZI_VERDICT_USABLE;
}

/* Judges one candidate that exists and, with `load`, gets its code. */
static enum zi_verdict try_candidate(struct zi_lookup *lookup, enum zi_candidate candidate,
                                     uint32_t node, bool load, struct zi_choice *ret)
{
    struct zi_choice choice = {.candidate = candidate};
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
static int choose(struct zi_lookup *lookup, bool load, struct zi_choice *ret)
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
    struct zi_choice choice;

    return choose(lookup, false, &choice) < 0 ? NULL : choice.path;
}

int zi_code_choose(PyObject *self, PyObject *fullname, bool load, struct zi_choice *ret)
{
    struct zi_lookup lookup;
    int result;

    if (zi_lookup_init(&lookup, self, fullname) < 0)
        return -1;
    result = choose(&lookup, load, ret);
    zi_lookup_release(&lookup);
    return result;
}

PyObject *zi_importer_get_code(PyObject *self, PyObject *fullname)
{
    struct zi_choice choice;

    if (zi_code_choose(self, fullname, true, &choice) < 0)
        return NULL;
    Py_DECREF(choice.path);
    return choice.code;
}

PyObject *zi_importer_get_filename(PyObject *self, PyObject *fullname)
{
    struct zi_choice choice;

    if (zi_code_choose(self, fullname, false, &choice) < 0)
        return NULL;
    return choice.path;
}
