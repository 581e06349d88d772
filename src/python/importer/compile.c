/* Compiles the sources of modules. */
#include "compile.h"

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

PyObject *zi_compile(struct zi_state *state, PyObject *source, PyObject *path, PyObject *fullname)
{
    PyObject *text = normalize_newlines(source);
    PyObject *args = text ? Py_BuildValue("OOOs", state->compile, text, path, "exec") : NULL;
    PyObject *keywords = args ? Py_BuildValue("{sO}", "dont_inherit", Py_True) : NULL;
    PyObject *code = NULL;

    /* 3.15 filters SyntaxWarnings by module. */
    if (keywords &&
        (state->version < 0x030f || PyDict_SetItemString(keywords, "module", fullname) == 0))
        code = PyObject_Call(state->call_with_frames_removed, args, keywords);
    if (code)
        state->compiles++;
    Py_XDECREF(keywords);
    Py_XDECREF(args);
    Py_XDECREF(text);
    return code;
}
