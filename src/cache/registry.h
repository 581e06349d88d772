/*
 * One record per archive path, shared by every importer that looks at it, and the three events of
 * a cache: access while valid, invalidation, access after it.
 *
 *     state    meaning                              next access
 *     fresh    validated since the invalidation     uses the archive; no system call
 *     stale    invalidated, archive kept            compares the stamp, and the directory's bytes
 *                                                   where the stamp proves nothing; then fresh,
 *                                                   with the same archive if it is unchanged
 *     absent   missing or unreadable at the look    remembered until the next invalidation
 *
 * Invalidating changes one number: it costs the same for any number of archives and importers,
 * allocates nothing and does no I/O.
 *
 * Pinned is a flag on any state: implicit invalidation (importlib.invalidate_caches()) passes the
 * record by and notes that it did; unpinning applies what was missed.
 */
#ifndef ZI_CACHE_REGISTRY_H
#define ZI_CACHE_REGISTRY_H

#include "../zip/archive.h"
#include "stamp.h"

struct zi_registry;

struct zi_record {
    struct zi_registry *registry; /* outlives the record */
    struct zi_record *next;       /* in the registry's list */
    struct zi_archive *archive;   /* NULL while absent, and before the first look */
    struct zi_error error;        /* why it is absent */
    struct zi_stamp stamp;        /* of the archive; meaningless while absent */
    uint64_t validated;           /* the registry's epoch at the last look; 0: look again */
    uint64_t invalidations; /* and requests to look again: a look notices what came during it */
    uint64_t generation;    /* grows whenever the archive becomes another one */
    bool pinned;
    bool missed; /* an implicit invalidation passed by while pinned */
    unsigned ref_count;
    void *attachment; /* the embedder's; see zi_registry_init() */
    size_t path_nbytes;
    char path[]; /* NUL-terminated, as the file system takes it */
};

struct zi_registry {
    struct zi_host *host;
    struct zi_record
        *records;   /* a list: there are as many as archives, and importers keep theirs */
    uint64_t epoch; /* moved on by zi_registry_invalidate_all() */
    bool implicit_invalidation; /* whether zi_record_invalidate_implicit() does anything */
    void (*drop_attachment)(void *attachment); /* called for a record's attachment when it ends */
};

void zi_registry_init(struct zi_registry *registry, struct zi_host *host,
                      void (*drop_attachment)(void *attachment));

/* Frees every record; nobody else may hold one any more. */
void zi_registry_release(struct zi_registry *registry);

/* The record of a path, made if there is none; a new reference, NULL without memory. */
struct zi_record *zi_registry_get(struct zi_registry *registry, const char *path, size_t nbytes);

/* The record of a path if there is one; borrowed, until a record is made or let go of. */
struct zi_record *zi_registry_find(const struct zi_registry *registry, const char *path,
                                   size_t nbytes);

struct zi_record *zi_record_ref(struct zi_record *record);

/* Accepts NULL. A record without a user is kept while it is pinned or its archive is fresh. */
void zi_record_unref(struct zi_record *record);

/*
 * The archive as of the last invalidation, looked at again if there was one since. Writes a new
 * reference, valid whatever happens to the record meanwhile. Errors that say something about the
 * archive are remembered, and given again without a look; those about memory, the host or a
 * temporary shortage of the system are not.
 */
enum zi_status zi_record_archive(struct zi_record *record, struct zi_archive **ret,
                                 struct zi_error *err);

/* Makes the next access look, as an invalidation does, but is not one: for a constructor, which
 * sees a file that is there, and for a read that met bytes of another archive. */
void zi_record_look_again(struct zi_record *record);

/* The archive if the next access would use it without a look, else NULL; borrowed. */
struct zi_archive *zi_record_peek(const struct zi_record *record);

/* Invalidates whatever the flags say, and leaves the flags. */
void zi_record_invalidate(struct zi_record *record);
void zi_registry_invalidate_all(struct zi_registry *registry);

/* What importlib.invalidate_caches() means. */
void zi_record_invalidate_implicit(struct zi_record *record);

void zi_record_pin(struct zi_record *record);
void zi_record_unpin(struct zi_record *record);

#endif
