/* Raises the exceptions that stand for failures. */
#include "errors.h"

#include <errno.h>
#include <string.h>

PyObject *zi_take_exception(void)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (!type)
        return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback)
        PyException_SetTraceback(value, traceback);
    Py_DECREF(type);
    Py_XDECREF(traceback);
    return value;
}

void zi_set_cause(PyObject *cause)
{
    PyObject *exception = zi_take_exception();

    if (!exception) {
        Py_DECREF(cause);
        return;
    }
    PyException_SetContext(exception, Py_NewRef(cause));
    PyException_SetCause(exception, cause);
    /* Restored rather than raised, which would set another context. */
    PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(exception)), exception,
                  PyException_GetTraceback(exception));
}

PyObject *zi_raise_import_error(struct zi_state *state, PyObject *message, PyObject *name,
                                PyObject *path)
{
    PyObject *args = message ? PyTuple_Pack(1, message) : NULL;
    PyObject *keywords = args ? PyDict_New() : NULL;
    PyObject *exception = NULL;

    if (keywords && (!name || PyDict_SetItemString(keywords, "name", name) == 0) &&
        (!path || PyDict_SetItemString(keywords, "path", path) == 0))
        exception = PyObject_Call(state->zip_import_error, args, keywords);
    if (exception)
        PyErr_SetObject(state->zip_import_error, exception);
    Py_XDECREF(exception);
    Py_XDECREF(keywords);
    Py_XDECREF(args);
    Py_XDECREF(message);
    return NULL;
}

static PyObject *raise_system(const struct zi_error *err, PyObject *archive)
{
    errno = err->system_errno;
    return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, archive);
}

/* The text, with what zipimport.py puts into it. */
static PyObject *describe(const struct zi_error *err, PyObject *archive)
{
    const char *text = zi_detail_text(err->detail);
    unsigned long long found = err->found, expected = err->expected;

    if (err->detail == ZI_DETAIL_ENTRY_COUNT)
        return PyUnicode_FromFormat("%s: %llu should be %llu in %R", text, found, expected,
                                    archive);
    if (err->detail == ZI_DETAIL_MEMBER_METHOD)
        return PyUnicode_FromFormat("%s %llu: %R", text, found, archive);
    return PyUnicode_FromFormat("%s: %R", text, archive);
}

/* Whether the expected value is a bound. */
static bool is_limit(enum zi_detail detail)
{
    return detail == ZI_DETAIL_DIRECTORY_SIZE || detail == ZI_DETAIL_DIRECTORY_OFFSET ||
           detail == ZI_DETAIL_LOCAL_OFFSET || detail == ZI_DETAIL_MEMBER_LIMIT;
}

static int append(PyObject *parts, PyObject *part)
{
    int answer = part ? PyList_Append(parts, part) : -1;

    Py_XDECREF(part);
    return answer;
}

/* Formats bytes of an archive that may be any. */
static PyObject *quote(const char *format, const char *bytes, size_t nbytes)
{
    PyObject *text = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)nbytes, "backslashreplace");
    PyObject *quoted;

    if (!text)
        return NULL;
    quoted = PyUnicode_FromFormat(format, text);
    Py_DECREF(text);
    return quoted;
}

/* What follows the text in parentheses: which entry, where, and which values disagree. */
static PyObject *locate(const struct zi_error *err)
{
    unsigned long long offset = err->offset, found = err->found, expected = err->expected;
    bool compared = (found || expected) && err->detail != ZI_DETAIL_ENTRY_COUNT &&
                    err->detail != ZI_DETAIL_MEMBER_METHOD;
    PyObject *parts = PyList_New(0);
    PyObject *comma = PyUnicode_FromString(", ");
    PyObject *located = NULL;

    if (!parts || !comma)
        goto done;
    if ((err->name_nbytes > 0 &&
         append(parts, quote("entry %R", err->name, err->name_nbytes)) < 0) ||
        (err->target_nbytes > 0 &&
         append(parts, quote("links to %R", err->target, err->target_nbytes)) < 0))
        goto done;
    if (err->offset != ZI_NO_OFFSET &&
        append(parts, PyUnicode_FromFormat("at offset %llu", offset)) < 0)
        goto done;
    if (compared &&
        append(parts, PyUnicode_FromFormat("found %llu, expected %s%llu", found,
                                           is_limit(err->detail) ? "at most " : "", expected)) < 0)
        goto done;
    located = PyUnicode_Join(comma, parts);

done:
    Py_XDECREF(comma);
    Py_XDECREF(parts);
    return located;
}

static PyObject *make_message(const struct zi_error *err, PyObject *archive)
{
    PyObject *text = describe(err, archive);
    PyObject *located = text ? locate(err) : NULL;
    PyObject *message = NULL;

    if (located && PyUnicode_GetLength(located) > 0)
        message = PyUnicode_FromFormat("%U (%U)", text, located);
    else if (located)
        message = Py_NewRef(text);
    Py_XDECREF(located);
    Py_XDECREF(text);
    return message;
}

/* The UnicodeDecodeError of a name that is not UTF-8. The error keeps the name's beginning: when
 * that alone decodes, its end stands for what comes after it. */
static PyObject *make_decode_error(const struct zi_error *err)
{
    Py_ssize_t nbytes = (Py_ssize_t)err->name_nbytes;
    PyObject *decoded = PyUnicode_DecodeUTF8(err->name, nbytes, "strict");

    if (!decoded)
        return zi_take_exception();
    Py_DECREF(decoded);
    return PyObject_CallFunction(PyExc_UnicodeDecodeError, "sy#nns", "utf-8", err->name, nbytes,
                                 nbytes - 1, nbytes, "invalid UTF-8 further on");
}

PyObject *zi_raise(struct zi_state *state, const struct zi_error *err, PyObject *archive)
{
    PyObject *cause = NULL;

    if (err->status == ZI_ERR_HOST)
        return NULL; /* raised already */
    if (err->status == ZI_ERR_MEMORY)
        return PyErr_NoMemory();
    if (err->status == ZI_ERR_SYSTEM)
        return raise_system(err, archive);
    if (err->detail == ZI_DETAIL_NAME_ENCODING && !(cause = make_decode_error(err)))
        return NULL;
    zi_raise_import_error(state, make_message(err, archive), NULL, archive);
    if (cause)
        zi_set_cause(cause);
    return NULL;
}

PyObject *zi_raise_directory_error(struct zi_state *state, const struct zi_error *err,
                                   PyObject *archive)
{
    zi_raise(state, err, archive);
    if (err->status != ZI_ERR_SYSTEM)
        return NULL;
    PyObject *cause = zi_take_exception();
    if (cause) {
        zi_raise_import_error(state, describe(err, archive), NULL, archive);
        zi_set_cause(cause);
    }
    return NULL;
}

bool zi_is_str(PyObject *object)
{
    if (PyUnicode_Check(object))
        return true;
    PyErr_Format(PyExc_TypeError, "expected str, not %R", (PyObject *)Py_TYPE(object));
    return false;
}

PyObject *zi_encode_path(PyObject *path, const char **bytes_ret)
{
    PyObject *encoded;
    char *bytes;
    Py_ssize_t nbytes;

    if (!zi_is_str(path))
        return NULL;
    encoded = PyUnicode_EncodeFSDefault(path);
    if (!encoded)
        return NULL;
    if (PyBytes_AsStringAndSize(encoded, &bytes, &nbytes) < 0) {
        Py_DECREF(encoded);
        return NULL;
    }
    if (strlen(bytes) != (size_t)nbytes) {
        Py_DECREF(encoded);
        PyErr_SetString(PyExc_ValueError, "embedded null character");
        return NULL;
    }
    *bytes_ret = bytes;
    return encoded;
}
