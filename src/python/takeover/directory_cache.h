/*
 * zipimport._zip_directory_cache as a live view of the registry.
 */
#ifndef ZI_PYTHON_DIRECTORY_CACHE_H
#define ZI_PYTHON_DIRECTORY_CACHE_H

#include "../state.h"

/* Makes the type and its one instance. */
int zi_directory_cache_make(struct zi_state *state, PyObject *module);

/* Explicit invalidation of an archive's path, or of all archives; drops what was assigned, as
 * popping and clearing stock's dict do. 0, or -1 with an exception. */
int zi_directory_cache_invalidate(struct zi_state *state, PyObject *path);
void zi_directory_cache_invalidate_all(struct zi_state *state);

#endif
