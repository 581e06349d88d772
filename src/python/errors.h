/*
 * From the core's errors to Python's exceptions.
 */
#ifndef ZI_PYTHON_ERRORS_H
#define ZI_PYTHON_ERRORS_H

#include "state.h"

/* Raises what an error means; `archive` is the path as the user gave it. Returns NULL. */
PyObject *zi_raise(struct zi_state *state, const struct zi_error *err, PyObject *archive);

/* The same where zipimport reads the directory: a failed system call is a ZipImportError too, with
 * the OSError as its cause. */
PyObject *zi_raise_directory_error(struct zi_state *state, const struct zi_error *err,
                                   PyObject *archive);

/* Raises ZipImportError(message, name=name or path=path), whichever is not NULL; takes over the
 * message, which may be NULL with an exception set. Returns NULL. */
PyObject *zi_raise_import_error(struct zi_state *state, PyObject *message, PyObject *name,
                                PyObject *path);

/* Chains: the exception set becomes one whose cause is `cause`, whose reference is taken. */
void zi_set_cause(PyObject *cause);

/* The exception set, normalized and cleared; NULL when there is none. A new reference. */
PyObject *zi_take_exception(void);

/* A path (a str) in the file system's encoding: a new reference, of which *bytes_ret shows the
 * bytes; NULL with an exception for what is no str, cannot be encoded, or has a null character in
 * it. */
PyObject *zi_encode_path(PyObject *path, const char **bytes_ret);

/* Whether an argument is a str; raises TypeError in stock's words when it is not. */
bool zi_is_str(PyObject *object);

#endif
