/*
 * Archives by their path as Python gives it, and what the glue keeps with an archive's record.
 */
#ifndef ZI_PYTHON_ARCHIVES_H
#define ZI_PYTHON_ARCHIVES_H

#include "state.h"

struct zi_compiled;

/* What hangs on a record; made when it is first needed, freed with the record. */
struct zi_attachment {
    /* zipimport's table of the archive's members: importer/table.h. NULL until somebody asks. */
    PyObject *table;
    uint64_t table_invalidations; /* of the record, when the table was built */
    uint64_t table_epoch;         /* of the registry, likewise */
    /* The compiled code of the archive: packs/recall.c. A reference, or NULL. */
    struct zi_compiled *compiled;
    uint64_t compiled_generation; /* the record's when `compiled` was its archive's */
    void (*release_compiled)(struct zi_compiled *compiled);
};

/* NULL with an exception when there is no memory. */
struct zi_attachment *zi_archives_attachment(struct zi_record *record);

/* For zi_registry_init(). */
void zi_archives_drop_attachment(void *attachment) __attribute__((visibility("hidden")));

/* The record of an archive's path (a str), made if there is none: a new reference. NULL with an
 * exception when the path cannot be one. */
struct zi_record *zi_archives_get(struct zi_state *state, PyObject *path);

/* The same if there is one: borrowed; NULL without an exception when there is none, or when the
 * path cannot be one, and with an exception when that cannot be told. */
struct zi_record *zi_archives_find(struct zi_state *state, PyObject *path);

/* zi_record_archive() for Python: writes a reference, or NULL and the reason where there is no
 * archive. -1 with an exception when the failure says nothing about the archive. */
int zi_archives_look(struct zi_state *state, struct zi_record *record, struct zi_archive **ret,
                     struct zi_error *err);

/* The path of a record as str; a new reference. */
PyObject *zi_archives_path(struct zi_record *record);

/* Drops what was assigned to zipimport's directory cache under a path; 0, or -1 with an
 * exception. */
int zi_archives_forget_assigned(struct zi_state *state, PyObject *path);

#endif
