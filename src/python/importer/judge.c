/* Judges bytecode as stock zipimport does. */
#include "judge.h"

#include "../../cache/pyc.h"

/* The arguments with which importlib words its own errors: (data, [hash,] name, details). */
static PyObject *make_details(struct zi_lookup *lookup, enum zi_candidate candidate)
{
    size_t nbytes;
    const char *path = zi_lookup_path(lookup, candidate, &nbytes);

    return Py_BuildValue("{sOss#}", "name", lookup->fullname, "path", path, (Py_ssize_t)nbytes);
}

/* An ImportError means the next candidate, anything else escapes. */
static enum zi_verdict verdict_of_exception(void)
{
    return PyErr_ExceptionMatches(PyExc_ImportError) ? ZI_VERDICT_NEXT : ZI_VERDICT_ERROR;
}

/* Lets importlib say what is wrong with a header that we know to be. */
static enum zi_verdict raise_classified(struct zi_lookup *lookup, enum zi_candidate candidate,
                                        PyObject *start)
{
    PyObject *details = make_details(lookup, candidate), *result;

    if (!details)
        return verdict_of_exception();
    result = PyObject_CallMethod(lookup->view.state->bootstrap_external, "_classify_pyc", "OOO",
                                 start, lookup->fullname, details);
    Py_DECREF(details);
    if (result) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_ImportError, "bytecode header refused");
    }
    return verdict_of_exception();
}

/* Whether the interpreter wants hashes compared: `--check-hash-based-pycs`, changeable at any time.
 */
static int wants_hash_check(struct zi_state *state, enum zi_pyc_kind kind)
{
    PyObject *setting = PyObject_GetAttrString(state->imp, "check_hash_based_pycs");
    int answer = -1;

    if (setting && PyUnicode_Check(setting)) {
        if (PyUnicode_CompareWithASCIIString(setting, "always") == 0)
            answer = 1;
        else if (PyUnicode_CompareWithASCIIString(setting, "never") == 0)
            answer = 0;
        else
            answer = kind == ZI_PYC_CHECKED_HASH;
    } else if (setting) {
        PyErr_SetString(PyExc_TypeError, "_imp.check_hash_based_pycs is not a str");
    }
    Py_XDECREF(setting);
    return answer;
}

/* Compares the hash of the source with the one in the header. */
static enum zi_verdict compare_hash(struct zi_lookup *lookup, enum zi_candidate candidate,
                                    PyObject *start, PyObject *source)
{
    struct zi_state *state = lookup->view.state;
    PyObject *hash, *details, *result = NULL;

    hash = PyObject_CallMethod(state->imp, "source_hash", "OO", state->magic_token, source);
    details = hash ? make_details(lookup, candidate) : NULL;
    if (details)
        result = PyObject_CallMethod(state->bootstrap_external, "_validate_hash_pyc", "OOOO", start,
                                     hash, lookup->fullname, details);
    Py_XDECREF(details);
    Py_XDECREF(hash);
    if (!result)
        return verdict_of_exception();
    Py_DECREF(result);
    return ZI_VERDICT_USABLE;
}

static enum zi_verdict judge_hash(struct zi_lookup *lookup, enum zi_candidate candidate,
                                  enum zi_pyc_kind kind, PyObject *start, bool *read_source_ret)
{
    int wanted = wants_hash_check(lookup->view.state, kind);
    enum zi_verdict verdict;
    PyObject *source;
    uint32_t node;
    bool changed;

    if (wanted < 0)
        return ZI_VERDICT_ERROR;
    node = zi_lookup_node(lookup, zi_candidate_source(candidate));
    if (!wanted || node == ZI_INDEX_NONE)
        return ZI_VERDICT_USABLE;
    *read_source_ret = true;
    source = zi_view_read(&lookup->view, node, SIZE_MAX, &changed);
    if (!source)
        return changed ? ZI_VERDICT_CHANGED : ZI_VERDICT_ERROR;
    verdict = compare_hash(lookup, candidate, start, source);
    Py_DECREF(source);
    return verdict;
}

/* The modification time of an entry: UTC where it holds one, else its DOS time, which is local
 * (APPNOTE 4.4.6). -1 with an exception; a time that cannot be told is 0, which matches nothing. */
static int read_mtime(struct zi_state *state, const struct zi_entry *entry, int64_t *seconds_ret)
{
    unsigned date = entry->dos_date, time = entry->dos_time;
    PyObject *result;
    double seconds;

    if (zi_entry_utc_mtime(entry, seconds_ret))
        return 0;
    result = PyObject_CallFunction(state->mktime, "((iiiiiiiii))", (int)(date >> 9) + 1980,
                                   (int)(date >> 5 & 0xf), (int)(date & 0x1f), (int)(time >> 11),
                                   (int)(time >> 5 & 0x3f), (int)(time & 0x1f) * 2, -1, -1, -1);
    seconds = result ? PyFloat_AsDouble(result) : -1;
    Py_XDECREF(result);
    if (!PyErr_Occurred()) {
        *seconds_ret = (int64_t)seconds;
        return 0;
    }
    if (!PyErr_ExceptionMatches(PyExc_OverflowError) && !PyErr_ExceptionMatches(PyExc_ValueError))
        return -1;
    PyErr_Clear();
    *seconds_ret = 0;
    return 0;
}

static enum zi_verdict judge_timestamp(struct zi_lookup *lookup, enum zi_candidate candidate,
                                       const struct zi_pyc_header *header)
{
    uint32_t source = zi_lookup_node(lookup, zi_candidate_source(candidate));
    struct zi_entry entry;
    int64_t mtime;

    if (source == ZI_INDEX_NONE)
        return ZI_VERDICT_USABLE;
    zi_archive_entry(lookup->view.archive, source, &entry);
    if (read_mtime(lookup->view.state, &entry, &mtime) < 0)
        return ZI_VERDICT_ERROR;
    return zi_pyc_matches_source(header, mtime, entry.nbytes) ? ZI_VERDICT_USABLE : ZI_VERDICT_NEXT;
}

enum zi_verdict zi_judge_bytecode(struct zi_lookup *lookup, enum zi_candidate candidate,
                                  PyObject *start, bool *read_source_ret)
{
    struct zi_pyc_header header = zi_pyc_read_header((const uint8_t *)PyBytes_AsString(start),
                                                     (size_t)PyBytes_Size(start),
                                                     lookup->view.state->magic);

    *read_source_ret = false;
    switch (header.kind) {
    case ZI_PYC_TIMESTAMP:
        return judge_timestamp(lookup, candidate, &header);
    case ZI_PYC_UNCHECKED_HASH:
    case ZI_PYC_CHECKED_HASH:
        return judge_hash(lookup, candidate, header.kind, start, read_source_ret);
    case ZI_PYC_TRUNCATED:
        if (zi_lookup_node(lookup, zi_candidate_source(candidate)) != ZI_INDEX_NONE)
            return ZI_VERDICT_NEXT;
        break;
    case ZI_PYC_BAD_MAGIC:
    case ZI_PYC_BAD_FLAGS:
        break;
    }
    return raise_classified(lookup, candidate, start);
}
