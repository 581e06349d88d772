/*
 * One record per archive path, shared by every importer that looks at it, and the three events of
 * a cache: access while valid, invalidation, access after it.
 *
 *     state     meaning                             next access
 *     new       nobody used it yet                  reads the archive
 *     fresh     validated since it was last         uses the archive; no system call
 *               called in question
 *     stale     called in question by something     compares the stamp, and the directory's bytes
 *               that may trust a stamp              where the stamp is no proof (stamp.h)
 *     doubted   called in question by something     compares the directory's bytes, whatever the
 *               that must not                       stamp says
 *     absent    missing or no archive at the        one stat: what is still missing, or has a
 *               last look                           stamp that is proof of the same bytes, is not
 *                                                   opened; anything else is read
 *
 * An access to a stale or doubted record whose bytes are equal makes it fresh with the archive that
 * it has; other bytes make it fresh with another archive; a failure makes it absent. Who moves
 * records the other way:
 *
 *     implicit invalidation (importlib.invalidate_caches()), importlib.reload()         stale
 *     explicit invalidation, a read that met other bytes than the directory promised    doubted
 *
 * An absent archive needs no invalidation to be found again: it may be half written, or between
 * its removal and its return. A file that is there but that the system does not open or read is
 * tried anew by each access, since no stamp tells when that has changed. Errors about this moment,
 * such as too few descriptors, are not remembered at all.
 *
 * Invalidating changes one number: it costs the same for any number of archives and importers,
 * allocates nothing and does no I/O.
 *
 * Pinned is a flag on any state: implicit invalidation passes the record by and notes that it did;
 * unpinning applies what was missed.
 */
#ifndef ZI_CACHE_REGISTRY_H
#define ZI_CACHE_REGISTRY_H

#include "../zip/archive.h"
#include "stamp.h"

struct zi_registry;

/*
 * What a look at an archive goes by.
 *
 * A glance is for modules that were compiled before. Their sources are not read, so no read meets
 * the bytes of a file that was rewritten, and a thousand of them may be imported in a row. So it
 * costs one stat, also where no stamp is ever proof: comparing the directory a thousand times costs
 * more than compiling saves. An equal stamp is taken for the same file there: what that overlooks
 * is a rewrite of the same size that also has the same mtime (on MEMFS of Pyodide 0.27 and on
 * JupyterLite's drive, somebody set it back; with whole seconds, it is of the same second), until
 * something calls the archive in question. A rewrite within one tick is another matter, since
 * programs that write and import do that everywhere: the stamp of a file that was written just
 * before settles nothing. Its successor does, so this is paid for once or twice.
 */
enum zi_look {
    ZI_LOOK_NONE,
    ZI_LOOK_GLANCE, /* the stamp if it has aged (stamp.h), else the directory's bytes */
    ZI_LOOK_STAMP,  /* the stamp where it is proof, else the directory's bytes */
    ZI_LOOK_BYTES,  /* the directory's bytes */
};

struct zi_record {
    struct zi_registry *registry; /* outlives the record */
    struct zi_record *next;       /* in the registry's list */
    struct zi_archive *archive;   /* NULL while new or absent */
    struct zi_error error;        /* why it is absent; else its status is ZI_OK */
    struct zi_stamp stamp;        /* of the file that was read; zeros if none could be */
    uint64_t epoch;         /* the registry's at the last look: another one means doubted; 0: new */
    enum zi_look wanted;    /* what the next access looks at, at least */
    uint64_t invalidations; /* and requests to look again, and changes: a look notices what came
                               during it */
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
 * The archive, looked at as the record's state asks for. Writes a new reference, valid whatever
 * happens to the record meanwhile; the archive is another one exactly if record->generation has
 * grown. An error about memory, the host or a temporary shortage of the system leaves the record
 * as it was; any other makes it absent.
 */
enum zi_status zi_record_archive(struct zi_record *record, struct zi_archive **ret,
                                 struct zi_error *err);

/* Calls the archive in question without being an invalidation, which pins and switches could stop:
 * makes the record stale or doubted, or has it glanced at; what asks for more already stays so. */
void zi_record_look_again(struct zi_record *record, enum zi_look look);

/* The archive if the next access would use it without a look, else NULL; borrowed. */
struct zi_archive *zi_record_peek(const struct zi_record *record);

/* Explicit invalidation: whatever the flags say, which stay; makes the records doubted. */
void zi_record_invalidate(struct zi_record *record);
void zi_registry_invalidate_all(struct zi_registry *registry);

/* What importlib.invalidate_caches() means: makes the record stale. */
void zi_record_invalidate_implicit(struct zi_record *record);

void zi_record_pin(struct zi_record *record);
void zi_record_unpin(struct zi_record *record);

#endif
