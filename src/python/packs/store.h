/*
 * The store: where pack files are kept, an object of whoever embeds the importer. Its methods:
 *
 *     load(name, path_name)   the pack files of this name, a sequence of paths; if there are none,
 *                             those that were kept last under path_name, of whose members some may
 *                             still fit; None is an empty sequence
 *     used(name, path_name)   a directory that is loaded already was met at one more path
 *     changed()               something was queued, the first since the last pack was written
 *
 * The owner of the store writes packs with _write_pack() and notes path_name with them. A store
 * that raises does not fail the import that asked it; the exception is shown as unraisable. What
 * says nothing about the store (MemoryError, KeyboardInterrupt) escapes. After these, after a
 * RecursionError, and when files could not be opened for want of descriptors or memory, the store
 * is asked or told again at the next occasion: it was only the wrong moment.
 */
#ifndef ZI_PYTHON_STORE_H
#define ZI_PYTHON_STORE_H

#include "compiled.h"

/* There must be a store, here and below. Arguments end at the first NULL. Not by
 * PyObject_CallMethodObjArgs(): Pyodide holds on to the last object of JavaScript of which a method
 * was called so, and no memory snapshot can be made then. */
PyObject *zi_store_call(struct zi_state *state, PyObject *method, PyObject *first,
                        PyObject *second);

/* 0, or -1 with an exception. */
int zi_store_load(struct zi_compiled *compiled);

/* 1, 0 when it is to be told again, -1 with an exception. */
int zi_store_tell_used(const struct zi_compiled *compiled);
int zi_store_tell_changed(struct zi_state *state);

#endif
