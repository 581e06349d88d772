/*
 * What the objects that write files for Python have in common: they hold the module, and are open
 * until the file is finished or was given up. Each embeds the struct as its first member.
 */
#ifndef ZI_PYTHON_WRITER_OBJECT_H
#define ZI_PYTHON_WRITER_OBJECT_H

#include "../state.h"

#include "../../zip/writer.h"

struct zi_writer_object {
    PyObject_HEAD
    PyObject *module; /* keeps the state alive */
    struct zi_state *state;
    bool open;
};

#define ZI_WRITER_OBJECT(object) ((struct zi_writer_object *)(object))

/* Makes an object of one of the writers' types, not open, zeroed behind the struct. */
PyObject *zi_writer_object_new(PyObject *module, PyObject *type);

/* Frees it, after its own members. */
void zi_writer_object_free(PyObject *object);

/* 0, or -1 with a ValueError when it is not open. */
int zi_writer_object_check_open(PyObject *object);

/* What finish() returns: (CRC-32 of the directory, size of the file, number of members). */
PyObject *zi_writer_object_written(const struct zi_written *written);

/* Makes the types of _write_pack() and _write_archive(); 0, or -1 with an exception. */
int zi_pack_writer_make_type(struct zi_state *state, PyObject *module);
int zi_archive_writer_make_type(struct zi_state *state, PyObject *module);

/* Functions of the module, described in module.c. */
PyObject *zi_pack_writer_new(PyObject *module, PyObject *args);
PyObject *zi_archive_writer_new(PyObject *module, PyObject *args);

#endif
