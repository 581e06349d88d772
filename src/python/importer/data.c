/* Gives out the bytes of any member. */
#include "methods.h"

#include "view.h"

/* Raises what stock raises for a path that is no str, in the words of the object itself. */
static void raise_not_str(PyObject *pathname, PyObject *start)
{
    PyObject *result = PyObject_CallMethod(pathname, "startswith", "O", start);

    if (result)
        PyErr_Format(PyExc_TypeError, "expected str, not %R", (PyObject *)Py_TYPE(pathname));
    Py_XDECREF(result);
}

/* What follows the archive's path and a slash, or the whole of it, which counts from the archive's
 * root. A new reference. */
static PyObject *strip(PyObject *archive_path, PyObject *pathname)
{
    PyObject *start = archive_path ? PyUnicode_FromFormat("%U/", archive_path) : NULL;
    PyObject *key = NULL;
    Py_ssize_t found = -1;

    if (start && !PyUnicode_Check(pathname))
        raise_not_str(pathname, start);
    else if (start)
        found = PyUnicode_Tailmatch(pathname, start, 0, PY_SSIZE_T_MAX, -1);
    if (found == 1)
        key = PyUnicode_Substring(pathname, PyUnicode_GetLength(start), PY_SSIZE_T_MAX);
    else if (found == 0)
        key = Py_NewRef(pathname);
    Py_XDECREF(start);
    return key;
}

/* Of an archive whose path is relative, `__path__` of packages is absolute. */
static PyObject *strip_archive(const struct zi_view *view, PyObject *pathname)
{
    PyObject *key = strip(view->archive_path, pathname);

    if (key == pathname) {
        PyObject *absolute = PyUnicode_DecodeFSDefault(view->record->path);
        Py_DECREF(key);
        key = strip(absolute, pathname);
        Py_XDECREF(absolute);
    }
    return key;
}

/* What a path leads to, ZI_INDEX_NONE when nothing; -1 with an exception. */
static int find_key(struct zi_view *view, PyObject *key, uint32_t *node_ret)
{
    Py_ssize_t nbytes;
    const char *text = PyUnicode_AsUTF8AndSize(key, &nbytes);
    bool changed;

    *node_ret = ZI_INDEX_NONE;
    if (!text) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
            return -1;
        PyErr_Clear();
        return 0;
    }
    do {
        if (zi_view_find(view, text, (size_t)nbytes, ZI_PATH_STEPS, node_ret, &changed) < 0)
            return -1;
    } while (changed);
    /* A directory is named with its slash, in the archive as in here. */
    if (*node_ret != ZI_INDEX_NONE && zi_archive_is_directory(view->archive, *node_ret) &&
        (*node_ret == ZI_INDEX_ROOT || text[nbytes - 1] != '/'))
        *node_ret = ZI_INDEX_NONE;
    return 0;
}

static PyObject *raise_missing(const struct zi_view *view, PyObject *key)
{
    PyObject *args;

    if (zi_view_raise_if_lost(view) < 0)
        return NULL;
    args = Py_BuildValue("isO", 0, "", key);

    if (args)
        PyErr_SetObject(PyExc_OSError, args);
    Py_XDECREF(args);
    return NULL;
}

static PyObject *read_key(struct zi_view *view, PyObject *key)
{
    for (;;) {
        PyObject *data;
        uint32_t node;
        bool changed;

        if (find_key(view, key, &node) < 0)
            return NULL;
        if (node == ZI_INDEX_NONE)
            return raise_missing(view, key);
        if (zi_archive_node(view->archive, node)->record == ZI_NO_RECORD)
            return PyBytes_FromStringAndSize(NULL, 0);
        data = zi_view_read(view, node, SIZE_MAX, &changed);
        if (data || !changed)
            return data;
    }
}

PyObject *zi_importer_get_data(PyObject *self, PyObject *pathname)
{
    struct zi_view view;
    PyObject *key = NULL, *data = NULL;

    if (zi_view_init(&view, self) == 0 && (key = strip_archive(&view, pathname)))
        data = read_key(&view, key);
    Py_XDECREF(key);
    zi_view_release(&view);
    return data;
}
