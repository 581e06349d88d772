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

/* The class `name` of a C type of ours and a class of importlib's: a new reference, NULL with an
 * exception. */
PyObject *zi_loader_derive(struct zi_state *state, PyObject *type, const char *name,
                           const char *stock_name);

/* A method of a class of importlib's, likewise. */
PyObject *zi_loader_stock_method(struct zi_state *state, const char *class_name, const char *name);

#endif
