/*
 * Replacing the importers of one class by importers of another, wherever they serve.
 */
#ifndef ZI_PYTHON_EXCHANGE_H
#define ZI_PYTHON_EXCHANGE_H

#include "../state.h"

/* Replaces stock's class and its instances by ours, or ours by stock's, in sys.path_hooks,
 * sys.path_importer_cache and the loaders of imported modules: the same one wherever the same one
 * stood. 0, or -1 with an exception. What was exchanged before a failure works as well as what it
 * replaced, so the caller just exchanges back. */
int zi_exchange_for_ours(struct zi_state *state);
int zi_exchange_for_stock(struct zi_state *state);

/* An attribute of sys that must be of the given type; a new reference, NULL with an exception. */
PyObject *zi_exchange_get_sys(const char *name, unsigned long type_flag);

/* An item of a dict: a new reference, or NULL, without an exception where there is none. */
PyObject *zi_exchange_get_item(PyObject *dict, const char *name);

#endif
