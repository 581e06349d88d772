/* Makes importers: divides a path into an archive and a prefix within it. */
#include "methods.h"

#include "../errors.h"
#include "importer.h"

/* Of st_mode: the file's type, and the type of a regular file (POSIX, as posix.stat gives it). */
#define MODE_TYPE 0170000
#define MODE_REGULAR 0100000

enum found { FOUND_ERROR = -1, FOUND_NOTHING, FOUND_FILE, FOUND_OTHER };

/* What stands at a path. */
static enum found stat_path(struct zi_state *state, PyObject *path)
{
    PyObject *result, *mode;
    long bits;

    state->host.count.stats++;
    result = PyObject_CallFunctionObjArgs(state->path_stat, path, NULL);
    if (!result) {
        /* ValueError: a null character, or a path that the file system cannot encode. */
        if (!PyErr_ExceptionMatches(PyExc_OSError) && !PyErr_ExceptionMatches(PyExc_ValueError))
            return FOUND_ERROR;
        PyErr_Clear();
        return FOUND_NOTHING;
    }
    mode = PyObject_GetAttr(result, state->st_mode_name);
    Py_DECREF(result);
    bits = mode ? PyLong_AsLong(mode) : -1;
    Py_XDECREF(mode);
    if (bits == -1 && PyErr_Occurred())
        return FOUND_ERROR;
    return (bits & MODE_TYPE) == MODE_REGULAR ? FOUND_FILE : FOUND_OTHER;
}

static int raise_not_a_zip(struct zi_state *state, PyObject *path)
{
    zi_raise_import_error(state, PyUnicode_FromString("not a Zip file"), NULL, path);
    return -1;
}

/* Finds the archive: the longest beginning of the path that exists. Writes it as a new reference.
 */
static int find_archive(struct zi_state *state, PyObject *path, PyObject **archive_ret)
{
    PyObject *archive = Py_NewRef(path);

    for (;;) {
        enum found found = stat_path(state, archive);
        Py_ssize_t slash;
        PyObject *shorter;

        if (found == FOUND_FILE) {
            *archive_ret = archive;
            return 0;
        }
        if (found == FOUND_OTHER)
            raise_not_a_zip(state, archive);
        if (found != FOUND_NOTHING)
            break;
        slash = PyUnicode_FindChar(archive, '/', 0, PyUnicode_GetLength(archive), -1);
        shorter = slash == -2 ? NULL : PyUnicode_Substring(archive, 0, slash < 0 ? 0 : slash);
        if (!shorter)
            break;
        if (PyUnicode_GetLength(archive) == 0) {
            Py_DECREF(shorter);
            raise_not_a_zip(state, archive);
            break;
        }
        Py_DECREF(archive);
        archive = shorter;
    }
    Py_DECREF(archive);
    return -1;
}

/* The rest of the path, with single slashes between its parts and one at its end; a new
 * reference. */
static PyObject *make_prefix(PyObject *path, Py_ssize_t start)
{
    PyObject *rest = PyUnicode_Substring(path, start, PY_SSIZE_T_MAX);
    PyObject *slash = PyUnicode_FromString("/");
    PyObject *parts = rest && slash ? PyUnicode_Split(rest, slash, -1) : NULL;
    PyObject *kept = parts ? PyList_New(0) : NULL;
    PyObject *prefix = NULL;

    for (Py_ssize_t i = 0; kept && i < PyList_Size(parts); i++) {
        PyObject *part = PyList_GetItem(parts, i); /* borrowed */
        if (PyUnicode_GetLength(part) > 0 && PyList_Append(kept, part) < 0)
            Py_CLEAR(kept);
    }
    if (kept && PyList_Size(kept) == 0)
        prefix = PyUnicode_FromString("");
    else if (kept) {
        PyObject *joined = PyUnicode_Join(slash, kept);
        prefix = joined ? PyUnicode_FromFormat("%U/", joined) : NULL;
        Py_XDECREF(joined);
    }
    Py_XDECREF(kept);
    Py_XDECREF(parts);
    Py_XDECREF(slash);
    Py_XDECREF(rest);
    return prefix;
}

/* The record of a file that is an archive; a new reference, NULL with an exception. */
static struct zi_record *get_record(struct zi_state *state, PyObject *path)
{
    struct zi_record *record = zi_archives_get(state, path);
    struct zi_archive *archive;
    struct zi_error error;

    if (!record) {
        /* The current folder was deleted since the file was found in it. */
        if (PyErr_ExceptionMatches(PyExc_OSError)) {
            PyErr_Clear();
            raise_not_a_zip(state, path);
        }
        return NULL;
    }
    if (zi_record_archive(record, &archive, &error) != ZI_OK) {
        zi_raise_directory_error(state, &error, path);
        zi_record_unref(record);
        return NULL;
    }
    zi_archive_unref(archive);
    return record;
}

int zi_importer_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"path", NULL};
    struct zi_state *state = zi_importer_state(self);
    PyObject *path, *archive = NULL, *prefix = NULL;
    struct zi_record *record = NULL;
    int answer = -1;

    if (!state || !PyArg_ParseTupleAndKeywords(args, keywords, "O:zipimporter", names, &path))
        return -1;
    if (!zi_is_str(path))
        return -1;
    if (PyUnicode_GetLength(path) == 0) {
        zi_raise_import_error(state, PyUnicode_FromString("archive path is empty"), NULL, path);
        return -1;
    }
    if (find_archive(state, path, &archive) < 0)
        return -1;
    record = get_record(state, archive);
    if (!record)
        goto done;
    prefix = make_prefix(path, PyUnicode_GetLength(archive));
    if (prefix && PyObject_SetAttr(self, state->archive_name, archive) == 0 &&
        PyObject_SetAttr(self, state->prefix_name, prefix) == 0)
        answer = zi_importer_set_record(self, record, archive);

done:
    zi_record_unref(record);
    Py_XDECREF(prefix);
    Py_XDECREF(archive);
    return answer;
}
