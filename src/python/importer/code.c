/* Gets a module's code: from bytecode, from a pack, or by compiling its source. */
#include "code.h"

#include "../errors.h"
#include "../packs/recall.h"
#include "../packs/unmarshal.h"
#include "compile.h"
#include "held.h"
#include "judge.h"
#include "methods.h"
#include "trace.h"

#include "../../cache/pyc.h"

/* Reads as much of bytecode as the choice needs: all of it for its code, and all of a small one to
 * judge it, since its code will be asked for next. */
static PyObject *read_bytecode(struct zi_lookup *lookup, uint32_t node, bool load,
                               bool *changed_ret)
{
    size_t nbytes = SIZE_MAX;
    struct zi_entry entry;

    *changed_ret = false;
    if (load) {
        PyObject *held = zi_held_take(&lookup->view, node);
        if (held)
            return held;
    } else {
        zi_archive_entry(lookup->view.archive, node, &entry);
        if (entry.nbytes > ZI_HELD_NBYTES_MAX)
            nbytes = ZI_PYC_HEADER_NBYTES;
    }
    return zi_view_read(&lookup->view, node, nbytes, changed_ret);
}

/* The code of a whole pyc. As from a directory, co_filename is the path of the source where that
 * lies beside the bytecode, else what it was compiled with. */
static PyObject *load_bytecode(struct zi_lookup *lookup, const struct zi_choice *choice,
                               PyObject *data)
{
    struct zi_state *state = lookup->view.state;
    enum zi_candidate source = zi_candidate_source(choice->candidate);
    PyObject *filename = NULL, *code;

    if (zi_lookup_node(lookup, source) != ZI_INDEX_NONE) {
        filename = zi_lookup_file(lookup, source);
        if (!filename)
            return NULL;
    }
    code = zi_unmarshal(state, PyBytes_AsString(data) + ZI_PYC_HEADER_NBYTES,
                        PyBytes_Size(data) - ZI_PYC_HEADER_NBYTES, choice->path, filename);
    Py_XDECREF(filename);
    if (code &&
        zi_trace_origin(state, lookup->fullname, ZI_ORIGIN_PYC, (uint64_t)PyBytes_Size(data)) < 0)
        Py_CLEAR(code);
    return code;
}

/* Judges bytecode and, with `load`, gets its code. */
static enum zi_verdict try_bytecode(struct zi_lookup *lookup, uint32_t node, bool load,
                                    struct zi_choice *choice)
{
    bool changed, read_source;
    PyObject *data = read_bytecode(lookup, node, load, &changed);
    enum zi_verdict verdict;

    if (!data)
        return changed ? ZI_VERDICT_CHANGED : ZI_VERDICT_ERROR;
    verdict = zi_judge_bytecode(lookup, choice->candidate, data, &read_source);
    if (verdict == ZI_VERDICT_USABLE) {
        choice->path = zi_lookup_file(lookup, choice->candidate);
        if (choice->path && load)
            choice->code = load_bytecode(lookup, choice, data);
        else if (choice->path && !read_source &&
                 (uint64_t)PyBytes_Size(data) > ZI_PYC_HEADER_NBYTES)
            zi_held_put(&lookup->view, node, data);
    }
    Py_DECREF(data);
    return verdict;
}

PyObject *zi_code_of_source(struct zi_view *view, PyObject *fullname, uint32_t node, PyObject *path,
                            bool *changed_ret)
{
    struct zi_state *state = view->state;
    struct zi_source_member member = {view->record, view->archive, node};
    enum zi_origin origin = ZI_ORIGIN_PACK;
    PyObject *code;
    uint64_t nbytes;
    int found = zi_recall(state, &member, path, &code, &nbytes);
    int changed = found > 0 ? zi_view_glance(view) : 0;

    *changed_ret = changed > 0;
    if (changed != 0)
        Py_CLEAR(code);
    if (found < 0 || changed != 0)
        return NULL;
    if (found == 0) {
        PyObject *source = zi_view_read(view, node, SIZE_MAX, changed_ret);
        if (!source)
            return NULL;
        origin = ZI_ORIGIN_COMPILED;
        nbytes = (uint64_t)PyBytes_Size(source);
        code = zi_compile(state, source, path, fullname);
        Py_DECREF(source);
        if (!code)
            return NULL;
    }
    if (zi_trace_origin(state, fullname, origin, nbytes) < 0 ||
        (found == 0 && zi_remember(state, &member, code) < 0))
        Py_CLEAR(code);
    return code;
}

/* Names a source and, with `load`, gets its code. */
static enum zi_verdict try_source(struct zi_lookup *lookup, uint32_t node, bool load,
                                  struct zi_choice *choice)
{
    bool changed;

    choice->path = zi_lookup_file(lookup, choice->candidate);
    if (!load || !choice->path)
        return ZI_VERDICT_USABLE;
    choice->code = zi_code_of_source(&lookup->view, lookup->fullname, node, choice->path, &changed);
    return changed ? ZI_VERDICT_CHANGED : ZI_VERDICT_USABLE;
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

/* What an exception means for the choice. Where nothing is to be loaded, a member that cannot be
 * read is for whoever loads it to complain about. */
static enum zi_chosen chosen_of_exception(bool load)
{
    return !load && PyErr_ExceptionMatches(PyExc_ImportError) ? ZI_CHOSEN_UNUSABLE
                                                              : ZI_CHOSEN_ERROR;
}

/* Raises what zipimport raises when candidates exist and none could be used; takes the last
 * ImportError, which may be NULL. */
static enum zi_chosen raise_unusable(struct zi_lookup *lookup, PyObject *import_error)
{
    if (!import_error) {
        zi_lookup_raise_not_found(lookup);
        return chosen_of_exception(false);
    }
    zi_raise_import_error(lookup->view.state,
                          PyUnicode_FromFormat("module load failed: %S", import_error),
                          lookup->fullname, NULL);
    zi_set_cause(import_error);
    return chosen_of_exception(false);
}

/* The module that asks for code was made of what find_spec() found. Where that was a module and is
 * a package now, or the reverse, the code's relative imports would be those of another package. */
static enum zi_chosen raise_changed(struct zi_lookup *lookup, struct zi_choice *choice)
{
    Py_DECREF(choice->path);
    Py_DECREF(choice->code);
    zi_raise_import_error(lookup->view.state,
                          PyUnicode_FromFormat("%R has changed in its archive: import it again",
                                               lookup->fullname),
                          lookup->fullname, NULL);
    return ZI_CHOSEN_ERROR;
}

enum zi_chosen zi_choose(struct zi_lookup *lookup, bool load, struct zi_choice *ret)
{
    PyObject *import_error = NULL;
    enum zi_candidate next = 0, before = ZI_CANDIDATE_COUNT;

    ret->candidate = ZI_CANDIDATE_COUNT;
    while (next < ZI_CANDIDATE_COUNT) {
        enum zi_candidate candidate = next++;
        uint32_t node = zi_lookup_node(lookup, candidate);
        if (node == ZI_INDEX_NONE)
            continue;
        if (ret->candidate == ZI_CANDIDATE_COUNT)
            ret->candidate = candidate;
        switch (try_candidate(lookup, candidate, node, load, ret)) {
        case ZI_VERDICT_USABLE:
            Py_XDECREF(import_error);
            if (load && before != ZI_CANDIDATE_COUNT &&
                zi_candidate_is_package(before) != zi_candidate_is_package(candidate))
                return raise_changed(lookup, ret);
            return ZI_CHOSEN_ONE;
        case ZI_VERDICT_ERROR:
            Py_XDECREF(import_error);
            return chosen_of_exception(load);
        case ZI_VERDICT_NEXT:
            if (PyErr_Occurred()) {
                Py_XDECREF(import_error);
                import_error = zi_take_exception();
            }
            break;
        case ZI_VERDICT_CHANGED:
            /* Another archive, another order: once, since a view looks again only once. */
            Py_CLEAR(import_error);
            if (zi_lookup_renew(lookup) < 0)
                return ZI_CHOSEN_ERROR;
            ret->candidate = ZI_CANDIDATE_COUNT;
            before = candidate;
            next = 0;
            break;
        }
    }
    if (ret->candidate == ZI_CANDIDATE_COUNT)
        return ZI_CHOSEN_NOTHING;
    return raise_unusable(lookup, import_error);
}

int zi_code_choose(PyObject *self, PyObject *fullname, bool load, struct zi_choice *ret)
{
    struct zi_lookup lookup;
    enum zi_chosen chosen;

    if (zi_lookup_init(&lookup, self, fullname) < 0)
        return -1;
    chosen = zi_choose(&lookup, load, ret);
    if (chosen == ZI_CHOSEN_NOTHING)
        zi_lookup_raise_not_found(&lookup);
    zi_lookup_release(&lookup);
    return chosen == ZI_CHOSEN_ONE ? 0 : -1;
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
