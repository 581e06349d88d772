/* Keeps the records, and looks at archives when their state asks for it. */
#include "registry.h"

#include <errno.h>
#include <string.h>

void zi_registry_init(struct zi_registry *registry, struct zi_host *host,
                      void (*drop_attachment)(void *attachment))
{
    *registry = (struct zi_registry){
        .host = host,
        .epoch = 1,
        .implicit_invalidation = true,
        .drop_attachment = drop_attachment,
    };
}

static void free_record(struct zi_record *record)
{
    struct zi_registry *registry = record->registry;

    if (record->attachment)
        registry->drop_attachment(record->attachment);
    zi_archive_unref(record->archive);
    zi_host_free(registry->host, record);
}

void zi_registry_release(struct zi_registry *registry)
{
    while (registry->records) {
        struct zi_record *record = registry->records;
        registry->records = record->next;
        free_record(record);
    }
}

struct zi_record *zi_registry_find(const struct zi_registry *registry, const char *path,
                                   size_t nbytes)
{
    for (struct zi_record *record = registry->records; record; record = record->next)
        if (record->path_nbytes == nbytes && memcmp(record->path, path, nbytes) == 0)
            return record;
    return NULL;
}

/* What the next access has to look at. */
static enum zi_look wanted_look(const struct zi_record *record)
{
    if (record->epoch != record->registry->epoch)
        return ZI_LOOK_BYTES;
    if (!record->archive && record->wanted < ZI_LOOK_STAMP)
        return ZI_LOOK_STAMP;
    return record->wanted;
}

struct zi_archive *zi_record_peek(const struct zi_record *record)
{
    return wanted_look(record) == ZI_LOOK_NONE ? record->archive : NULL;
}

/* Whether a record without a user is worth keeping: paths come and go. */
static bool is_worth_keeping(const struct zi_record *record)
{
    return record->ref_count > 0 || record->pinned || zi_record_peek(record);
}

/* Frees the records that are not worth keeping. They are taken off the list first, since dropping
 * what is attached to them may run Python code. */
static void sweep(struct zi_registry *registry)
{
    struct zi_record **link = &registry->records;
    struct zi_record *dead = NULL;

    while (*link) {
        struct zi_record *record = *link;
        if (is_worth_keeping(record)) {
            link = &record->next;
            continue;
        }
        *link = record->next;
        record->next = dead;
        dead = record;
    }
    while (dead) {
        struct zi_record *record = dead;
        dead = record->next;
        free_record(record);
    }
}

struct zi_record *zi_registry_get(struct zi_registry *registry, const char *path, size_t nbytes)
{
    struct zi_record *record = zi_registry_find(registry, path, nbytes);

    if (record)
        return zi_record_ref(record);
    /* Archives that lost their last importer while they were fresh, and were invalidated since. */
    sweep(registry);
    /* What was swept ran Python code, perhaps, which made the record. */
    record = zi_registry_find(registry, path, nbytes);
    if (record)
        return zi_record_ref(record);
    record = zi_host_reallocate(registry->host, NULL, sizeof *record + nbytes + 1);
    if (!record)
        return NULL;
    memset(record, 0, sizeof *record);
    record->registry = registry;
    record->ref_count = 1;
    record->path_nbytes = nbytes;
    memcpy(record->path, path, nbytes);
    record->path[nbytes] = '\0';
    record->next = registry->records;
    registry->records = record;
    return record;
}

struct zi_record *zi_record_ref(struct zi_record *record)
{
    record->ref_count++;
    return record;
}

void zi_record_unref(struct zi_record *record)
{
    if (record && --record->ref_count == 0 && !is_worth_keeping(record))
        sweep(record->registry);
}

/* What a look found; written to the record in one go, since looking may run Python code, which may
 * use or invalidate the same record. */
struct finding {
    struct zi_archive *archive; /* a reference, or NULL with the error set */
    struct zi_stamp stamp;
    struct zi_error error;
};

/* Asks for the path's stamp; writes whether that settles what is there. */
static enum zi_status look_at_stamp(struct zi_record *record, enum zi_look wanted,
                                    struct finding *found, bool *settled_ret)
{
    struct zi_host *host = record->registry->host;
    struct zi_stamp stamp;

    host->count.stats++;
    int answer = host->ops->stamp_path(host->context, record->path, &stamp);
    if (answer != 0) {
        found->stamp = (struct zi_stamp){0};
        zi_archive_unref(found->archive);
        found->archive = NULL;
        return zi_fail_system(&found->error, ZI_DETAIL_CANNOT_OPEN, answer);
    }
    *settled_ret = zi_stamp_equal(&stamp, &found->stamp) &&
                   (wanted == ZI_LOOK_GLANCE ? zi_stamp_has_aged(&found->stamp, host)
                                             : zi_stamp_is_proof(&found->stamp, host));
    return ZI_OK;
}

/* Opens the file and compares its directory with the archive in the finding, or reads a new one. */
static enum zi_status look_at_bytes(struct zi_record *record, struct finding *found)
{
    struct zi_host *host = record->registry->host;
    struct zi_source source = ZI_SOURCE_INIT;
    struct zi_stamp stamp = {0};
    struct zi_archive *archive = NULL;

    zi_error_clear(&found->error);
    enum zi_status status = zi_source_open(&source, host, record->path, &found->error);
    if (status == ZI_OK)
        status = zi_source_stamp(&source, &stamp, &found->error);
    if (status == ZI_OK)
        status = zi_archive_reopen(&archive, found->archive, &source, &found->error);
    /* A stamp says what the bytes are, not whether the system can open and read them. And it is of
     * another state than what was read if the file's size, asked for before it, has changed. */
    if (status == ZI_ERR_SYSTEM || stamp.nbytes != source.nbytes)
        stamp = (struct zi_stamp){0};
    found->stamp = stamp;
    zi_source_release(&source);
    zi_archive_unref(found->archive);
    found->archive = archive;
    return status;
}

/* Looks as is wanted, starting from what the record holds. */
static enum zi_status take_look(struct zi_record *record, enum zi_look wanted,
                                struct finding *found)
{
    *found = (struct finding){.stamp = record->stamp, .error = record->error};
    if (record->archive)
        found->archive = zi_archive_ref(record->archive);
    if (wanted < ZI_LOOK_BYTES) {
        bool settled = false;
        enum zi_status status = look_at_stamp(record, wanted, found, &settled);
        if (status != ZI_OK)
            return status;
        if (settled)
            return found->error.status;
    }
    return look_at_bytes(record, found);
}

/* Takes the archive over. */
static void remember(struct zi_record *record, const struct finding *found)
{
    struct zi_archive *previous = record->archive;

    if (found->archive != previous) {
        record->generation++;
        record->invalidations++;
    }
    record->archive = found->archive;
    record->stamp = found->stamp;
    record->error = found->error;
    zi_archive_unref(previous);
}

static enum zi_status update(struct zi_record *record, struct zi_error *err)
{
    uint64_t epoch = record->registry->epoch;
    uint64_t invalidations = record->invalidations;
    uint64_t generation = record->generation;
    enum zi_look wanted = wanted_look(record);
    struct finding found;

    /* Changed: somebody was writing while we read. */
    if (take_look(record, wanted, &found) != ZI_OK &&
        (zi_error_is_passing(&found.error) || found.error.status == ZI_ERR_CHANGED)) {
        *err = found.error;
        return err->status;
    }
    if (record->generation != generation) {
        /* Another look began during this one and found another archive: it knows better. */
        zi_archive_unref(found.archive);
        return ZI_OK;
    }
    /* Nobody had called it in question before a glance. */
    if (found.archive && found.archive == record->archive && wanted > ZI_LOOK_GLANCE)
        record->registry->host->count.revalidations++;
    /* What came during the look is not answered by it. */
    record->wanted = record->invalidations == invalidations ? ZI_LOOK_NONE : ZI_LOOK_BYTES;
    record->epoch = epoch;
    remember(record, &found);
    return ZI_OK;
}

enum zi_status zi_record_archive(struct zi_record *record, struct zi_archive **ret,
                                 struct zi_error *err)
{
    if (wanted_look(record) != ZI_LOOK_NONE) {
        enum zi_status status = update(record, err);
        if (status != ZI_OK)
            return status;
    }
    if (!record->archive) {
        *err = record->error;
        return err->status;
    }
    *ret = zi_archive_ref(record->archive);
    return ZI_OK;
}

void zi_record_look_again(struct zi_record *record, enum zi_look look)
{
    /* A glance that finds nothing new leaves what was made of the archive. */
    if (look > ZI_LOOK_GLANCE)
        record->invalidations++;
    if (record->wanted < look)
        record->wanted = look;
}

static void invalidate(struct zi_record *record, enum zi_look look)
{
    record->registry->host->count.invalidations++;
    record->missed = false;
    zi_record_look_again(record, look);
}

void zi_record_invalidate(struct zi_record *record)
{
    invalidate(record, ZI_LOOK_BYTES);
}

void zi_registry_invalidate_all(struct zi_registry *registry)
{
    registry->host->count.invalidations++;
    registry->epoch++;
}

void zi_record_invalidate_implicit(struct zi_record *record)
{
    if (!record->registry->implicit_invalidation)
        return;
    if (record->pinned)
        record->missed = true;
    else
        invalidate(record, ZI_LOOK_STAMP);
}

void zi_record_pin(struct zi_record *record)
{
    record->pinned = true;
}

void zi_record_unpin(struct zi_record *record)
{
    record->pinned = false;
    if (record->missed)
        invalidate(record, ZI_LOOK_STAMP);
}
