/*
 * Archives by their path as Python gives it, and what the glue keeps with an archive's record.
 *
 * A record belongs to an absolute path. One that is given as a relative path means the folder that
 * is the current one at that moment, as for importlib's FileFinder: the folder is put before the
 * path, less a `./` that it may begin with, and nothing else is normalized. What users see keeps
 * the spelling they gave: `archive`, `__file__`, messages, and the keys and the paths in
 * zipimport._zip_directory_cache. So a record has as many names as importers were made with.
 */
#ifndef ZI_PYTHON_ARCHIVES_H
#define ZI_PYTHON_ARCHIVES_H

#include "state.h"

struct zi_compiled;

/* A path as importers have it in their `archive`. */
struct zi_name {
    struct zi_name *next;
    PyObject *path; /* str */
    /* Whether it means this record as a key of zipimport's directory cache. A relative path is the
     * key of the record that it was given to last, however many have it as a name. */
    bool is_key;
    /* zipimport's table of the archive's members: importer/table.h. NULL until somebody asks. */
    PyObject *table;
    uint64_t table_invalidations; /* of the record, when the table was built */
    uint64_t table_epoch;         /* of the registry, likewise */
};

/* What hangs on a record; made when it is first needed, freed with the record. */
struct zi_attachment {
    struct zi_name *names; /* newest first */
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
 * exception when the path cannot be one; OSError when it is relative and the current folder has no
 * path, most likely because it was deleted. */
struct zi_record *zi_archives_get(struct zi_state *state, PyObject *path);

/* The same if there is one: borrowed; NULL without an exception when there is none, as at a
 * relative path in a folder that was deleted. */
struct zi_record *zi_archives_find(struct zi_state *state, PyObject *path);

/* A record whose path is empty, at which there never is a file: a new reference, NULL with an
 * exception. */
struct zi_record *zi_archives_nowhere(struct zi_state *state);

/* Notes a path that an importer has for the record, and that it means this record as a key. 0, or
 * -1 with an exception. */
int zi_archives_add_name(struct zi_record *record, PyObject *path);

/* What was noted of the path; borrowed, as long as the record lives. NULL when nothing was. */
struct zi_name *zi_archives_name(struct zi_record *record, PyObject *path);

/* The record that a key of zipimport's directory cache means, an object of any type: borrowed, or
 * NULL. */
struct zi_record *zi_archives_find_key(struct zi_state *state, PyObject *key);

/* zi_record_archive() for Python: writes a reference, or NULL and the reason where there is no
 * archive. -1 with an exception when the failure says nothing about the archive. */
int zi_archives_look(struct zi_state *state, struct zi_record *record, struct zi_archive **ret,
                     struct zi_error *err);

/* Drops what was assigned to zipimport's directory cache under a path; 0, or -1 with an
 * exception. */
int zi_archives_forget_assigned(struct zi_state *state, PyObject *path);

#endif
