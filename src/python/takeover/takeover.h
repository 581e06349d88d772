/*
 * Taking stock zipimport's place in a running interpreter, and giving it back.
 *
 * The frozen zipimport module stays, since importlib and its tests hold it: its attributes are
 * replaced, its class is replaced in sys.path_hooks, and every importer of exactly stock's class
 * that serves somewhere (sys.path_importer_cache, the loaders of imported modules) becomes one of
 * ours, the same one wherever the same one stood. Instances elsewhere keep working as they are.
 */
#ifndef ZI_PYTHON_TAKEOVER_H
#define ZI_PYTHON_TAKEOVER_H

#include "../state.h"

/* The takeover's part of the state; see state.h. */
struct zi_takeover {
    bool busy; /* install or uninstall is at work, and runs Python code while it is */
    PyObject *directory_cache; /* stock's dict, to give back; NULL while not installed */
    PyObject *get_module_code; /* stock's function, likewise */
};

int zi_takeover_traverse(struct zi_takeover *takeover, visitproc visit, void *arg);
void zi_takeover_clear(struct zi_takeover *takeover);

/* 0, or -1 with an exception; nothing is half done then. Doing it twice is doing it once. */
int zi_takeover_install(struct zi_state *state, PyObject *module);
int zi_takeover_uninstall(struct zi_state *state, PyObject *module);

#endif
