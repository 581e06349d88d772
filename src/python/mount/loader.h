/*
 * Loads modules of a mount: what importlib's loaders for files do, but that sources and bytecode
 * are read from the archive, and that code compiled by an earlier run is taken.
 */
#ifndef ZI_PYTHON_LOADER_H
#define ZI_PYTHON_LOADER_H

#include "mount.h"

/* Makes the classes of stock's and ours, and fetches the methods of stock's that ours fall back on;
 * 0, or -1 with an exception. */
int zi_loader_make_classes(struct zi_state *state, PyObject *module);

#endif
