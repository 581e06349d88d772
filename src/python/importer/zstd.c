/* Unpacks zstd with the interpreter's own decompressor. */
#include "zstd.h"

#include "../errors.h"

#include "../../zip/member.h"

bool zi_zstd_is_available(const struct zi_state *state)
{
    return state->version >= 0x030e && !state->importing_zstd;
}

/* Turns what was raised into stock's refusal, but for what says nothing of _zstd: that there is no
 * memory, or a KeyboardInterrupt. */
static void refuse(struct zi_state *state)
{
    PyObject *cause;

    if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))
        return;
    cause = zi_take_exception();
    zi_raise_import_error(state, PyUnicode_FromString("can't decompress data; zstd not available"),
                          NULL, NULL);
    if (cause)
        zi_set_cause(cause);
}

/* Fetches _zstd's decompressor and exception; -1 with an exception. */
static int fetch_zstd(struct zi_state *state)
{
    PyObject *module, *error, *type;
    int answer;

    state->importing_zstd = true;
    module = PyImport_ImportModule("_zstd");
    state->importing_zstd = false;
    error = module ? PyObject_GetAttrString(module, "ZstdError") : NULL;
    type = error ? PyObject_GetAttrString(module, "ZstdDecompressor") : NULL;
    answer = type ? 0 : -1;
    /* A module in its place may have run code that fetched them before. */
    if (type && !state->zstd_decompressor) {
        state->zstd_error = Py_NewRef(error);
        state->zstd_decompressor = Py_NewRef(type);
    }
    if (!type)
        refuse(state);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(module);
    return answer;
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

static PyObject *unpack(PyObject *type, PyObject *packed, uint64_t nbytes)
{
    PyObject *nothing = PyBytes_FromStringAndSize(NULL, 0);
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
    Py_XDECREF(unpacking.pieces);
    Py_XDECREF(nothing);
    return data;
}

PyObject *zi_zstd_decompress(struct zi_state *state, PyObject *packed, const struct zi_entry *entry,
                             struct zi_error *err)
{
    bool fetched = state->zstd_decompressor || fetch_zstd(state) == 0;
    PyObject *data = fetched ? unpack(state->zstd_decompressor, packed, entry->nbytes) : NULL;

    if (data)
        return data;
    if (fetched && PyErr_ExceptionMatches(state->zstd_error)) {
        PyErr_Clear();
        zi_member_fail(entry, ZI_DETAIL_MEMBER_ZSTD, err);
    } else {
        zi_fail(err, ZI_DETAIL_HOST_RAISED);
    }
    return NULL;
}
