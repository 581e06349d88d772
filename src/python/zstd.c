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

/* How much of the packed data is handed over at once: little at first, since the decompressor
 * copies what follows a frame, and there may be many frames. */
#define FIRST_WINDOW ((Py_ssize_t)4096)
#define LAST_WINDOW ((Py_ssize_t)1 << 20)

/* A member being unpacked. */
struct unpacking {
    PyObject *packed; /* bytes */
    Py_ssize_t at;    /* how far it was taken in */
    PyObject *pieces; /* list of what came out */
    Py_ssize_t nbytes;
};

/* Takes in the next window; writes whether the frame ended in it. -1 with an exception. */
static int feed(struct unpacking *unpacking, PyObject *frame, Py_ssize_t window, Py_ssize_t room,
                bool *ended_ret)
{
    const char *start = PyBytes_AsString(unpacking->packed) + unpacking->at;
    Py_ssize_t left = PyBytes_Size(unpacking->packed) - unpacking->at;
    Py_ssize_t nbytes = left < window ? left : window;
    PyObject *data = PyObject_CallMethod(frame, "decompress", "y#n", start, nbytes, room);
    PyObject *eof = data ? PyObject_GetAttrString(frame, "eof") : NULL;
    int ended = eof ? PyObject_IsTrue(eof) : -1;
    PyObject *unused = ended == 1 ? PyObject_GetAttrString(frame, "unused_data") : NULL;
    int answer = -1;

    if (ended == 0 || unused) {
        unpacking->at += nbytes - (unused ? PyBytes_Size(unused) : 0);
        unpacking->nbytes += PyBytes_Size(data);
        *ended_ret = ended == 1;
        answer = PyList_Append(unpacking->pieces, data);
    }
    Py_XDECREF(unused);
    Py_XDECREF(eof);
    Py_XDECREF(data);
    return answer;
}

/* Unpacks one frame, or what there is of it. */
static int unpack_frame(struct unpacking *unpacking, PyObject *type, Py_ssize_t nbytes_max)
{
    PyObject *frame = PyObject_CallNoArgs(type);
    Py_ssize_t window = FIRST_WINDOW;
    bool ended = false;
    int answer = frame ? 0 : -1;

    while (answer == 0 && !ended && unpacking->nbytes <= nbytes_max &&
           unpacking->at < PyBytes_Size(unpacking->packed)) {
        /* One byte more than expected shows that there are more. */
        answer = feed(unpacking, frame, window, nbytes_max - unpacking->nbytes + 1, &ended);
        if (window < LAST_WINDOW)
            window *= 2;
    }
    Py_XDECREF(frame);
    return answer;
}

PyObject *zi_zstd_decompress(struct zi_state *state, PyObject *packed, uint64_t nbytes)
{
    PyObject *type = get_decompressor(state);
    PyObject *nothing = type ? PyBytes_FromStringAndSize(NULL, 0) : NULL;
    struct unpacking unpacking = {.packed = packed, .pieces = nothing ? PyList_New(0) : NULL};
    PyObject *data = NULL;
    int answer = unpacking.pieces ? 0 : -1;

    if (answer == 0 && nbytes >= (uint64_t)PY_SSIZE_T_MAX) {
        PyErr_NoMemory();
        answer = -1;
    }
    while (answer == 0 && unpacking.at < PyBytes_Size(packed) &&
           (uint64_t)unpacking.nbytes <= nbytes)
        answer = unpack_frame(&unpacking, type, (Py_ssize_t)nbytes);
    if (answer == 0)
        data = PyObject_CallMethod(nothing, "join", "O", unpacking.pieces);
    else if (type)
        refuse(state, "could not decompress zstd data");
    Py_XDECREF(unpacking.pieces);
    Py_XDECREF(nothing);
    return data;
}
