/* This file knows how to unpack zstd with the interpreter's own decompressor. */
#include "zstd.h"

#include "errors.h"

bool zi_zstd_is_available(const struct zi_state *state)
{
    return state->version >= 0x030e && !state->importing_zstd;
}

static PyObject *raise_error(struct zi_state *state, const char *text)
{
    PyObject *cause = zi_take_exception();

    zi_raise_import_error(state, PyUnicode_FromString(text), NULL, NULL);
    if (cause)
        zi_set_cause(cause);
    return NULL;
}

/* Only what says that the interpreter cannot is turned into a refusal: a KeyboardInterrupt is not.
 */
static PyObject *refuse(struct zi_state *state, const char *text)
{
    return PyErr_ExceptionMatches(PyExc_Exception) ? raise_error(state, text) : NULL;
}

static PyObject *get_decompressor(struct zi_state *state)
{
    PyObject *module;

    if (state->zstd_decompressor)
        return state->zstd_decompressor;
    state->importing_zstd = true;
    module = PyImport_ImportModule("_zstd");
    state->importing_zstd = false;
    if (module)
        state->zstd_decompressor = PyObject_GetAttrString(module, "ZstdDecompressor");
    Py_XDECREF(module);
    if (!state->zstd_decompressor)
        return refuse(state, "can't decompress data; zstd not available");
    return state->zstd_decompressor;
}

/* Decompresses one frame, and replaces *rest by what follows it. */
static PyObject *decompress_frame(PyObject *type, PyObject **rest, Py_ssize_t nbytes_max,
                                  bool *complete_ret)
{
    PyObject *frame = PyObject_CallNoArgs(type);
    PyObject *data = frame ? PyObject_CallMethod(frame, "decompress", "On", *rest, nbytes_max)
                           : NULL;
    PyObject *eof = data ? PyObject_GetAttrString(frame, "eof") : NULL;
    int complete = eof ? PyObject_IsTrue(eof) : -1;
    PyObject *unused = complete == 1 ? PyObject_GetAttrString(frame, "unused_data") : NULL;

    Py_XDECREF(eof);
    Py_XDECREF(frame);
    if (complete < 0 || (complete == 1 && !unused)) {
        Py_XDECREF(data);
        return NULL;
    }
    *complete_ret = complete == 1;
    if (unused) {
        Py_DECREF(*rest);
        *rest = unused;
    }
    return data;
}

PyObject *zi_zstd_decompress(struct zi_state *state, PyObject *packed, uint64_t nbytes)
{
    PyObject *type = get_decompressor(state);
    PyObject *rest, *data;
    bool complete = true;

    if (!type)
        return NULL;
    data = PyBytes_FromStringAndSize(NULL, 0);
    rest = Py_NewRef(packed);
    while (data && complete && PyBytes_Size(rest) > 0 && (uint64_t)PyBytes_Size(data) <= nbytes) {
        /* One byte more than expected shows that there are more. */
        Py_ssize_t room = (Py_ssize_t)nbytes - PyBytes_Size(data) + 1;
        PyObject *piece = decompress_frame(type, &rest, room, &complete);
        if (piece) {
            PyBytes_ConcatAndDel(&data, piece);
        } else {
            Py_CLEAR(data);
            refuse(state, "could not decompress zstd data");
        }
    }
    Py_DECREF(rest);
    return data;
}
