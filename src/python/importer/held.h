/*
 * The .pyc that find_spec read whole, kept for the get_code that follows: importing a module then
 * reads it once. One is held at a time, until it is taken, another one comes, or its archive is
 * invalidated.
 */
#ifndef ZI_PYTHON_HELD_H
#define ZI_PYTHON_HELD_H

#include "view.h"

/* Larger ones are judged by their header, and read when their code is wanted. */
#define ZI_HELD_NBYTES_MAX ((uint64_t)64 << 10)

/* The importer's part of the state; see state.h. */
struct zi_held {
    PyObject *data;             /* bytes, or NULL while nothing is held */
    struct zi_archive *archive; /* a reference: the node is one of this archive */
    uint32_t node;
    uint64_t invalidations; /* of the record, when the member was read */
    uint64_t epoch;         /* of the registry, likewise */
};

/* Holds the data of a member. */
void zi_held_put(const struct zi_view *view, uint32_t node, PyObject *data);

/* The data of a member if it is held: a new reference, or NULL without an exception. */
PyObject *zi_held_take(const struct zi_view *view, uint32_t node);

void zi_held_drop(struct zi_held *held);

#endif
