/*
 * What the glue keeps with an archive's record: Python's view of its path and of its directory.
 */
#ifndef ZI_PYTHON_RECORD_H
#define ZI_PYTHON_RECORD_H

#include "state.h"

struct zi_pack;

/* What hangs on a record, made when first needed. */
struct zi_attachment {
    struct zi_state *state;
    PyObject *files;              /* see zi_record_files(); NULL until asked for */
    uint64_t files_invalidations; /* of the record and of the whole registry, when it was built */
    uint64_t files_epoch;
    struct zi_pack *pack;     /* a reference, or NULL */
    uint64_t pack_generation; /* the record's when the pack was its archive's */
};

/* NULL with an exception when there is no memory. */
struct zi_attachment *zi_record_attachment(struct zi_state *state, struct zi_record *record);

/* Whether an argument is a str; TypeError in stock's words when it is not. */
bool zi_is_str(PyObject *path);

/* The record of an archive path (str), made if there is none: a new reference. NULL with an
 * exception when the path cannot be one. */
struct zi_record *zi_record_of_path(struct zi_state *state, PyObject *path);

/* The same if there is one: borrowed; NULL without an exception when there is none, or when the
 * path cannot be one, and with an exception when that cannot be told. */
struct zi_record *zi_record_of_path_if_any(struct zi_state *state, PyObject *path);

/* zi_record_archive() for Python: writes a reference, or NULL and the reason where there is no
 * archive. -1 with an exception when the failure says nothing about the archive. */
int zi_record_look(struct zi_state *state, struct zi_record *record, struct zi_archive **ret,
                   struct zi_error *err);

/* The archive's path as str; a new reference. */
PyObject *zi_record_path(struct zi_record *record);

/*
 * The directory as zipimport's own cache holds it, {name: (path, compress, data_size, file_size,
 * file_offset, time, date, crc)}, from 3.14 with None for implicit directories. Built when asked
 * for, then the same object until the record is invalidated. A new reference.
 */
PyObject *zi_record_files(struct zi_state *state, struct zi_record *record,
                          const struct zi_archive *archive);

/* For zi_registry_init(). */
void zi_record_drop_attachment(void *attachment) __attribute__((visibility("hidden")));

#endif
