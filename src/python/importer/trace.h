/*
 * What importing costs: while it is on, one record for each module that an importer of ours, or
 * another loader of ours, executes. Off, it costs nothing: exec_module() is then the one that is
 * inherited.
 */
#ifndef ZI_PYTHON_TRACE_H
#define ZI_PYTHON_TRACE_H

#include "../state.h"

struct zi_trace_frame;

/* The trace's part of the state; see state.h. */
struct zi_trace {
    bool on;
    PyObject *records; /* list of dicts, since it was last turned on; or NULL */
    struct zi_trace_frame *top;
    int64_t start_ns;
    PyObject *loaders; /* list of the other classes, or NULL */
    /* The archive that such a loader loads from, a new reference; NULL with an exception. */
    PyObject *(*archive_of)(struct zi_state *state, PyObject *loader);
};

int zi_trace_traverse(struct zi_trace *trace, visitproc visit, void *arg);
void zi_trace_clear(struct zi_trace *trace);

enum zi_origin {
    ZI_ORIGIN_NONE,
    ZI_ORIGIN_PACK,     /* compiled by an earlier run, or earlier in this one */
    ZI_ORIGIN_PYC,      /* a .pyc of the archive */
    ZI_ORIGIN_COMPILED, /* the source, now */
};

/* Notes where the code of the module that is being executed came from, and its bytes there; -1 with
 * an exception. */
int zi_trace_origin(struct zi_state *state, PyObject *fullname, enum zi_origin origin,
                    uint64_t nbytes);

/* Adds a class of loaders, which inherits exec_module() from importlib's as the importer does. 0,
 * or -1 with an exception. */
int zi_trace_add(struct zi_state *state, PyObject *class,
                 PyObject *(*archive_of)(struct zi_state *state, PyObject *loader));

/* Turns it off and forgets the records; -1 with an exception. */
int zi_trace_stop(struct zi_state *state);

/* trace() and set_tracing(): module.c says what they do. */
PyObject *zi_trace_read(PyObject *module, PyObject *unused);
PyObject *zi_trace_set(PyObject *module, PyObject *on);

#endif
