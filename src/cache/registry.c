/* This file knows when a remembered archive may still be used. */
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

static bool is_fresh(const struct zi_record *record)
{
    return record->validated == record->registry->epoch;
}

struct zi_archive *zi_record_peek(const struct zi_record *record)
{
    return is_fresh(record) ? record->archive : NULL;
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

/* Whether an error is about this process and this moment, so that the next access must try again.
 */
static bool is_passing(const struct zi_error *err)
{
    /* ZI_ERR_CHANGED: somebody was writing while we read. */
    if (err->status == ZI_ERR_MEMORY || err->status == ZI_ERR_HOST || err->status == ZI_ERR_CHANGED)
        return true;
    return err->status == ZI_ERR_SYSTEM &&
           (err->system_errno == EMFILE || err->system_errno == ENFILE ||
            err->system_errno == ENOMEM || err->system_errno == EINTR ||
            err->system_errno == EAGAIN);
}

/* What a look found; written to the record in one go, since looking may run Python code, which may
 * use or invalidate the same record. */
struct look {
    struct zi_archive *archive; /* a reference, or NULL with the error set */
    struct zi_stamp stamp;
    struct zi_error error;
};

/* Compares the stamp alone; writes whether that settled it. */
static enum zi_status compare_stamp(struct zi_record *record, struct look *look, bool *settled_ret)
{
    struct zi_host *host = record->registry->host;
    struct zi_stamp stamp;

    *settled_ret = false;
    host->count.stats++;
    int answer = host->ops->stamp_path(host->context, record->path, &stamp);
    if (answer != 0)
        return zi_fail_system(&look->error, ZI_DETAIL_CANNOT_OPEN, answer);
    *settled_ret = zi_stamp_equal(&stamp, &look->stamp) &&
                   !zi_stamp_is_racy(&look->stamp, host->racy_ns);
    return ZI_OK;
}

/* Opens the file and compares contents with the archive in the look, or reads a new one. */
static enum zi_status compare_contents(struct zi_record *record, struct look *look)
{
    struct zi_host *host = record->registry->host;
    struct zi_source source = ZI_SOURCE_INIT;
    struct zi_archive *archive = NULL;
    enum zi_status status = zi_source_open(&source, host, record->path, &look->error);

    if (status == ZI_OK)
        status = zi_source_stamp(&source, &look->stamp, &look->error);
    if (status == ZI_OK)
        status = zi_archive_reopen(&archive, look->archive, &source, &look->error);
    if (status == ZI_OK && archive == look->archive)
        host->count.revalidations++;
    zi_source_release(&source);
    zi_archive_unref(look->archive);
    look->archive = archive;
    return status;
}

static enum zi_status take_look(struct zi_record *record, struct look *look)
{
    bool settled = false;
    enum zi_status status = ZI_OK;

    if (look->archive)
        status = compare_stamp(record, look, &settled);
    if (status == ZI_OK && settled)
        record->registry->host->count.revalidations++;
    if (status == ZI_OK && !settled)
        status = compare_contents(record, look);
    if (status != ZI_OK) {
        zi_archive_unref(look->archive);
        look->archive = NULL;
    }
    return status;
}

/* Takes the archive over from the look. */
static void remember(struct zi_record *record, struct look *look, uint64_t validated)
{
    struct zi_archive *previous = record->archive;

    if (look->archive != previous)
        record->generation++;
    record->archive = look->archive;
    record->stamp = look->stamp;
    record->error = look->error;
    record->validated = validated;
    zi_archive_unref(previous);
}

enum zi_status zi_record_archive(struct zi_record *record, struct zi_archive **ret,
                                 struct zi_error *err)
{
    if (!is_fresh(record)) {
        uint64_t epoch = record->registry->epoch;
        uint64_t invalidations = record->invalidations;
        struct look look = {.stamp = record->stamp};

        if (record->archive)
            look.archive = zi_archive_ref(record->archive);
        zi_error_clear(&look.error);
        if (take_look(record, &look) != ZI_OK && is_passing(&look.error)) {
            *err = look.error;
            return err->status;
        }
        /* An invalidation that came during the look asks for another one, next time. */
        remember(record, &look, record->invalidations == invalidations ? epoch : 0);
    }
    if (!record->archive) {
        *err = record->error;
        return err->status;
    }
    *ret = zi_archive_ref(record->archive);
    return ZI_OK;
}

void zi_record_look_again(struct zi_record *record)
{
    record->invalidations++;
    record->validated = 0;
}

void zi_record_invalidate(struct zi_record *record)
{
    record->registry->host->count.invalidations++;
    record->missed = false;
    zi_record_look_again(record);
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
        zi_record_invalidate(record);
}

void zi_record_pin(struct zi_record *record)
{
    record->pinned = true;
}

void zi_record_unpin(struct zi_record *record)
{
    record->pinned = false;
    if (record->missed)
        zi_record_invalidate(record);
}
