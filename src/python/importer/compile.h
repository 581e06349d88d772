/*
 * From a source member's bytes to a code object.
 */
#ifndef ZI_PYTHON_COMPILE_H
#define ZI_PYTHON_COMPILE_H

#include "../state.h"

/* Compiles as zipimport does, with this co_filename. It is called through importlib's
 * _call_with_frames_removed(), so that a SyntaxError shows the file it is in and nothing of the
 * import system. A new reference, NULL with an exception. */
PyObject *zi_compile(struct zi_state *state, PyObject *source, PyObject *path, PyObject *fullname);

#endif
