/*
 * Which candidate a module's code comes from, and the code.
 */
#ifndef ZI_PYTHON_CODE_H
#define ZI_PYTHON_CODE_H

#include "lookup.h"

struct zi_choice {
    enum zi_candidate candidate;
    PyObject *path; /* of the member, with the archive's before it */
    PyObject *code; /* only when it was asked for */
};

enum zi_chosen {
    ZI_CHOSEN_ERROR = -1, /* an exception is set, and escapes */
    ZI_CHOSEN_NOTHING,    /* the archive has no candidate; no exception */
    ZI_CHOSEN_UNUSABLE,   /* no candidate is usable: an ImportError is set, and the choice holds the
                             first candidate */
    ZI_CHOSEN_ONE,        /* the choice holds new references */
};

/* Goes through the candidates in the search order and, with `load`, gets the code. Where a read
 * meets another archive it begins anew with that one, so that all of the choice is of one archive,
 * which is the one that the lookup then shows. Code is not loaded if the module was no package in
 * the archive before and is one now, or the reverse: that is an error, once. */
enum zi_chosen zi_choose(struct zi_lookup *lookup, bool load, struct zi_choice *ret);

/* Gets the code of a source, a node of the view's archive: compiled by an earlier run, or now.
 * `path` is what the code's co_filename shall be. A new reference, NULL with an exception, or NULL
 * without one and *changed_ret set as by zi_view_read(). */
PyObject *zi_code_of_source(struct zi_view *view, PyObject *fullname, uint32_t node, PyObject *path,
                            bool *changed_ret);

/* zi_choose() for an importer's method: 0, or -1 with an exception unless one was chosen. */
int zi_code_choose(PyObject *self, PyObject *fullname, bool load, struct zi_choice *ret);

#endif
