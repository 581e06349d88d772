/* Finds an archive's end records. */
#include "end_record.h"

#include <string.h>

#include "../base/checked.h"
#include "../base/cursor.h"
#include "format.h"

/* The end of a file without comment: enough to see both ZIP64 records. */
#define SHORT_TAIL_NBYTES (ZI_END64_NBYTES + ZI_LOCATOR_NBYTES + ZI_END_NBYTES)
#define TAIL_NBYTES (SHORT_TAIL_NBYTES + ZI_COMMENT_NBYTES_MAX)

#define EXTENSIBLE_NBYTES_MAX 1024

struct tail {
    struct zi_source *source;
    const uint8_t *bytes;
    size_t nbytes;
    uint64_t position; /* of its first byte in the file */
};

static enum zi_status read_tail(struct zi_source *source, uint8_t *buffer, size_t nbytes,
                                struct tail *ret, struct zi_error *err)
{
    if (source->nbytes < nbytes)
        nbytes = (size_t)source->nbytes;
    *ret = (struct tail){source, buffer, nbytes, source->nbytes - nbytes};
    return zi_source_read(source, ret->position, buffer, nbytes, err);
}

/* A ZIP64 end record that was found: its fixed part, and where it lies in the file. */
struct end64 {
    uint8_t fixed[ZI_END64_NBYTES];
    uint64_t position;
};

/* Whether this is one of so many bytes, extensible data included (4.3.14.1). */
static bool is_end64(const uint8_t *record, uint64_t nbytes)
{
    return zi_get32(record, 0) == ZI_END64_SIGNATURE &&
           zi_get64(record, ZI_END64_RECORD_NBYTES_AT) == nbytes - ZI_END64_UNCOUNTED_NBYTES;
}

/* Looks for the record that ends where the locator begins. Behind prepended data the locator's
 * offset is wrong, while the record's own size is not, so it comes first; the bound keeps the
 * search linear however many end records a file pretends to have. */
static bool find_end64_before(const struct tail *tail, size_t locator_at, struct end64 *ret)
{
    size_t nbytes_max = ZI_END64_NBYTES + EXTENSIBLE_NBYTES_MAX;

    for (size_t nbytes = ZI_END64_NBYTES; nbytes <= locator_at && nbytes <= nbytes_max; nbytes++) {
        const uint8_t *record = tail->bytes + locator_at - nbytes;
        if (is_end64(record, nbytes)) {
            memcpy(ret->fixed, record, sizeof ret->fixed);
            ret->position = tail->position + locator_at - nbytes;
            return true;
        }
    }
    return false;
}

/* Looks for the record before the end record at `at`; writes whether there is one. */
static enum zi_status find_end64(const struct tail *tail, size_t at, struct end64 *ret,
                                 bool *found_ret, struct zi_error *err)
{
    *found_ret = false;
    if (at < ZI_LOCATOR_NBYTES)
        return ZI_OK;
    size_t locator_at = at - ZI_LOCATOR_NBYTES;
    const uint8_t *locator = tail->bytes + locator_at;
    if (zi_get32(locator, 0) != ZI_LOCATOR_SIGNATURE)
        return ZI_OK;
    *found_ret = find_end64_before(tail, locator_at, ret);
    if (*found_ret)
        return ZI_OK;

    uint64_t locator_position = tail->position + locator_at;
    ret->position = zi_get64(locator, ZI_LOCATOR_END64_OFFSET_AT);
    if (locator_position < ZI_END64_NBYTES || ret->position > locator_position - ZI_END64_NBYTES)
        return ZI_OK;
    enum zi_status status = zi_source_read(tail->source, ret->position, ret->fixed,
                                           sizeof ret->fixed, err);
    *found_ret = status == ZI_OK && is_end64(ret->fixed, locator_position - ret->position);
    return status;
}

/* Takes the ZIP64 record's numbers if there is one before the end record at `at`. A number that the
 * end record states too must be the same, or two readers would see two archives. */
static enum zi_status apply_end64(const struct tail *tail, size_t at, struct zi_end_record *end,
                                  uint64_t *directory_end, struct zi_error *err)
{
    struct end64 end64;
    bool found;
    enum zi_status status = find_end64(tail, at, &end64, &found, err);

    if (status != ZI_OK || !found)
        return status;

    uint64_t count = zi_get64(end64.fixed, ZI_END64_DISK_COUNT_AT);
    uint64_t nbytes = zi_get64(end64.fixed, ZI_END64_DIRECTORY_NBYTES_AT);
    uint64_t offset = zi_get64(end64.fixed, ZI_END64_DIRECTORY_OFFSET_AT);

    if ((end->entry_count != ZI_SATURATED16 && end->entry_count != count) ||
        (end->directory_nbytes != ZI_SATURATED32 && end->directory_nbytes != nbytes) ||
        (end->directory_offset != ZI_SATURATED32 && end->directory_offset != offset))
        return zi_fail_at(err, ZI_DETAIL_ZIP64_CONTRADICTS, end64.position);
    end->entry_count = count;
    end->directory_nbytes = nbytes;
    end->directory_offset = offset;
    end->zip64 = true;
    *directory_end = end64.position;
    return ZI_OK;
}

/* Whether a central directory header stands where the end record says, or none is claimed. A count
 * of 0 with a header is one of 65,536 entries and no ZIP64 record. */
static enum zi_status check_directory(const struct tail *tail, const struct zi_end_record *end,
                                      struct zi_error *err)
{
    uint8_t signature[4];

    if (end->directory_nbytes >= ZI_CENTRAL_NBYTES) {
        enum zi_status status = zi_source_read(tail->source, end->directory_position, signature,
                                               sizeof signature, err);
        if (status != ZI_OK)
            return status;
        if (zi_get32(signature, 0) == ZI_CENTRAL_SIGNATURE)
            return ZI_OK;
    }
    if (end->entry_count == 0)
        return ZI_OK;
    return zi_fail_compared(err, ZI_DETAIL_ENTRY_COUNT, end->directory_position, 0,
                            end->entry_count);
}

/* Reads the end record at `at`, in the order in which zipimport checks it. */
static enum zi_status read_candidate(const struct tail *tail, size_t at, struct zi_end_record *ret,
                                     struct zi_error *err)
{
    uint64_t position = tail->position + at;
    uint64_t directory_end = position;
    struct zi_end_record end = {0};
    enum zi_status status;

    if (tail->nbytes - at < ZI_END_NBYTES)
        return zi_fail_at(err, ZI_DETAIL_END_RECORD_TRUNCATED, position);

    const uint8_t *record = tail->bytes + at;
    end.entry_count = zi_get16(record, ZI_END_DISK_COUNT_AT);
    end.directory_nbytes = zi_get32(record, ZI_END_DIRECTORY_NBYTES_AT);
    end.directory_offset = zi_get32(record, ZI_END_DIRECTORY_OFFSET_AT);
    status = apply_end64(tail, at, &end, &directory_end, err);
    if (status != ZI_OK)
        return status;

    if (directory_end < end.directory_nbytes)
        return zi_fail_compared(err, ZI_DETAIL_DIRECTORY_SIZE, position, end.directory_nbytes,
                                directory_end);
    if (directory_end < end.directory_offset)
        return zi_fail_compared(err, ZI_DETAIL_DIRECTORY_OFFSET, position, end.directory_offset,
                                directory_end);
    end.directory_position = directory_end - end.directory_nbytes;
    if (end.directory_position < end.directory_offset)
        return zi_fail_at(err, ZI_DETAIL_DIRECTORY_POSITION, position);
    end.base = end.directory_position - end.directory_offset;

    status = check_directory(tail, &end, err);
    if (status == ZI_OK)
        *ret = end;
    return status;
}

/* How well the end record at `at` fits the file: the higher the better, 0 for not at all. */
enum fit { FIT_NONE, FIT_EMPTY_TRAILED, FIT_TRAILED, FIT_EMPTY_EXACT, FIT_EXACT };

static enum fit judge_fit(const struct tail *tail, size_t at, const struct zi_end_record *end)
{
    size_t after = tail->nbytes - at - ZI_END_NBYTES;
    size_t comment = zi_get16(tail->bytes + at, ZI_END_COMMENT_NBYTES_AT);

    if (comment == after)
        return end->entry_count == 0 ? FIT_EMPTY_EXACT : FIT_EXACT;
    return end->entry_count == 0 ? FIT_EMPTY_TRAILED : FIT_TRAILED;
}

/* Whether an error says something about the archive, rather than about the machine. */
static bool is_about_archive(enum zi_status status)
{
    return status == ZI_ERR_ARCHIVE || status == ZI_ERR_CHANGED;
}

static enum zi_status search_tail(const struct tail *tail, struct zi_end_record *ret,
                                  struct zi_error *err)
{
    enum fit best = FIT_NONE;
    struct zi_error first_error;

    zi_fail(&first_error, ZI_DETAIL_NOT_A_ZIP);
    for (size_t at = tail->nbytes - 3; at-- > 0 && best != FIT_EXACT;) {
        struct zi_end_record end = {0};
        struct zi_error error;
        enum zi_status status;

        if (zi_get32(tail->bytes + at, 0) != ZI_END_SIGNATURE)
            continue;
        status = read_candidate(tail, at, &end, &error);
        if (status == ZI_OK) {
            enum fit fit = judge_fit(tail, at, &end);
            if (fit > best) {
                best = fit;
                *ret = end;
            }
        } else if (!is_about_archive(status)) {
            *err = error;
            return status;
        } else if (first_error.detail == ZI_DETAIL_NOT_A_ZIP) {
            first_error = error;
        }
    }
    if (best != FIT_NONE)
        return ZI_OK;
    *err = first_error;
    return err->status;
}

enum zi_status zi_end_record_find(struct zi_source *source, struct zi_end_record *ret,
                                  struct zi_error *err)
{
    uint8_t short_tail[SHORT_TAIL_NBYTES];
    struct tail tail = {0};
    enum zi_status status;

    if (source->nbytes < ZI_END_NBYTES)
        return zi_fail(err, ZI_DETAIL_NOT_A_ZIP);

    /* Nearly every archive has no comment: its end record is the best there can be. */
    status = read_tail(source, short_tail, sizeof short_tail, &tail, err);
    if (status != ZI_OK)
        return status;
    size_t at = tail.nbytes - ZI_END_NBYTES;
    if (zi_get32(tail.bytes + at, 0) == ZI_END_SIGNATURE &&
        zi_get16(tail.bytes + at, ZI_END_COMMENT_NBYTES_AT) == 0) {
        status = read_candidate(&tail, at, ret, err);
        if (status == ZI_OK && ret->entry_count > 0)
            return ZI_OK;
        if (status != ZI_OK && !is_about_archive(status))
            return status;
    }

    uint8_t *buffer = zi_host_reallocate(source->host, NULL, TAIL_NBYTES);
    if (!buffer)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    status = read_tail(source, buffer, TAIL_NBYTES, &tail, err);
    if (status == ZI_OK)
        status = search_tail(&tail, ret, err);
    zi_host_free(source->host, buffer);
    return status;
}
