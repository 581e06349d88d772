/* Gives out the text of a module's source. */
#include "methods.h"

#include <string.h>

#include "lookup.h"

/* Reads the source that belongs to the first candidate; None where there is only bytecode. */
static PyObject *read_source(struct zi_lookup *lookup)
{
    for (;;) {
        enum zi_candidate first = zi_lookup_first(lookup);
        PyObject *data;
        bool changed;

        if (first == ZI_CANDIDATE_COUNT)
            return zi_lookup_raise_not_found(lookup);
        uint32_t node = zi_lookup_node(lookup, zi_candidate_is_package(first) ? ZI_PACKAGE_SOURCE
                                                                              : ZI_MODULE_SOURCE);
        if (node == ZI_INDEX_NONE)
            return Py_NewRef(Py_None);
        data = zi_view_read(&lookup->view, node, SIZE_MAX, &changed);
        if (data || !changed)
            return data;
        if (zi_lookup_renew(lookup) < 0)
            return NULL;
    }
}

/* Whether what follows "coding" names an encoding other than UTF-8 (PEP 263). */
static bool names_other_encoding(const char *text, size_t nbytes)
{
    size_t at = 1;

    if (nbytes == 0 || (text[0] != ':' && text[0] != '='))
        return false;
    while (at < nbytes && (text[at] == ' ' || text[at] == '\t'))
        at++;
    if (nbytes - at < 3 || (text[at] | 0x20) != 'u' || (text[at + 1] | 0x20) != 't' ||
        (text[at + 2] | 0x20) != 'f')
        return true;
    at += 3;
    if (at < nbytes && (text[at] == '-' || text[at] == '_'))
        at++;
    return at == nbytes || text[at] != '8';
}

/* Whether one of the first two lines may declare an encoding other than UTF-8. What only looks
 * like a declaration is for importlib to tell. */
static bool may_declare_encoding(const char *source, size_t nbytes)
{
    const char word[] = "coding";
    const size_t word_nbytes = sizeof word - 1;
    unsigned lines = 0;

    for (size_t i = 0; i + word_nbytes <= nbytes && lines < 2; i++) {
        if (source[i] == '\n')
            lines++;
        if (memcmp(source + i, word, word_nbytes) == 0 &&
            names_other_encoding(source + i + word_nbytes, nbytes - i - word_nbytes))
            return true;
    }
    return false;
}

/* Universal newlines. A new reference. */
static PyObject *translate_newlines(PyObject *text)
{
    PyObject *unix_text;

    switch (PyUnicode_FindChar(text, '\r', 0, PyUnicode_GetLength(text), 1)) {
    case -2:
        return NULL;
    case -1:
        return Py_NewRef(text);
    default:
        unix_text = PyObject_CallMethod(text, "replace", "ss", "\r\n", "\n");
        text = unix_text ? PyObject_CallMethod(unix_text, "replace", "ss", "\r", "\n") : NULL;
        Py_XDECREF(unix_text);
        return text;
    }
}

/* As importlib decodes the source of a file: by the declared encoding, without a byte order mark,
 * with universal newlines. Its own function imports the tokenizer; it is needed only where the
 * encoding may not be UTF-8. */
static PyObject *decode_source(struct zi_state *state, PyObject *data)
{
    const char mark[] = "\xef\xbb\xbf"; /* byte order mark in UTF-8 */
    const size_t mark_nbytes = sizeof mark - 1;
    const char *source = PyBytes_AsString(data);
    size_t nbytes = (size_t)PyBytes_Size(data);
    PyObject *text, *translated = NULL;

    if (may_declare_encoding(source, nbytes))
        return PyObject_CallMethod(state->bootstrap_external, "decode_source", "O", data);
    if (nbytes >= mark_nbytes && memcmp(source, mark, mark_nbytes) == 0) {
        source += mark_nbytes;
        nbytes -= mark_nbytes;
    }
    text = PyUnicode_DecodeUTF8(source, (Py_ssize_t)nbytes, "strict");
    if (text)
        translated = translate_newlines(text);
    Py_XDECREF(text);
    return translated;
}

PyObject *zi_importer_get_source(PyObject *self, PyObject *fullname)
{
    struct zi_lookup lookup;
    PyObject *data, *source = NULL;

    if (zi_lookup_init(&lookup, self, fullname) < 0)
        return NULL;
    data = read_source(&lookup);
    zi_lookup_release(&lookup);
    if (data == Py_None)
        return data;
    if (data)
        source = decode_source(zi_importer_state(self), data);
    Py_XDECREF(data);
    return source;
}
