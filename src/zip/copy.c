/*
 * Writes an archive that continues another one.
 *
 * The other file's bytes are copied in stretches: from where one member begins to where the next
 * one does, with whatever stands between them. So nothing of a member need be understood to keep
 * it, be it packed, encrypted or followed by a data descriptor. A member that is left out takes its
 * stretch with it, since some readers go from one local header to the next and refuse what the
 * directory does not list.
 */
#include "writer.h"

#include <stdlib.h>
#include <string.h>

#include "../base/cursor.h"
#include "format.h"

#define BUFFER_NBYTES 65536u

/* What begins at a position of the file. */
struct stretch {
    uint64_t position;
    uint64_t moved; /* where it begins in the copy */
    bool kept;
};

static int compare_positions(const void *a, const void *b)
{
    uint64_t left = ((const struct stretch *)a)->position;
    uint64_t right = ((const struct stretch *)b)->position;

    return left < right ? -1 : left > right;
}

/* The record that a name finds, or ZI_NO_RECORD. */
static uint32_t find_record(const struct zi_archive *archive, const char *name, size_t nbytes)
{
    uint32_t node = zi_archive_find(archive, name, nbytes);

    return node == ZI_INDEX_NONE ? ZI_NO_RECORD : zi_archive_node(archive, node)->record;
}

void zi_omit(uint8_t *omitted, const struct zi_archive *archive, const char *name, size_t nbytes)
{
    uint32_t record = find_record(archive, name, nbytes);
    uint32_t bit = record / ZI_CENTRAL_NBYTES; /* no record is shorter */

    if (record != ZI_NO_RECORD)
        omitted[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static bool is_omitted(const struct zi_archive *archive, const uint8_t *omitted,
                       const struct zi_entry *entry, uint32_t record)
{
    /* Of duplicates, names find the last. */
    uint32_t last = find_record(archive, (const char *)entry->raw_name, entry->raw_name_nbytes);
    uint32_t bit = (last == ZI_NO_RECORD ? record : last) / ZI_CENTRAL_NBYTES;

    return omitted[bit / 8] & 1u << bit % 8;
}

/* Finds the stretches, in the file's order; several entries may share one. Returns how many. */
static size_t find_stretches(const struct zi_archive *archive, const uint8_t *omitted,
                             struct stretch *stretches)
{
    struct zi_entry entry;
    uint32_t record = 0, next;
    size_t count = 0;

    for (uint32_t i = 0; i < archive->entry_count; i++, record = next) {
        next = zi_archive_record(archive, record, &entry);
        stretches[i] = (struct stretch){.position = entry.local_position,
                                        .kept = !is_omitted(archive, omitted, &entry, record)};
    }
    qsort(stretches, archive->entry_count, sizeof *stretches, compare_positions);
    for (uint32_t i = 0; i < archive->entry_count; i++) {
        if (count > 0 && stretches[count - 1].position == stretches[i].position)
            stretches[count - 1].kept |= stretches[i].kept;
        else
            stretches[count++] = stretches[i];
    }
    return count;
}

static enum zi_status copy_bytes(struct zi_sink *sink, struct zi_source *source, uint64_t begin,
                                 uint64_t end, uint8_t *buffer, struct zi_error *err)
{
    enum zi_status status = ZI_OK;

    while (status == ZI_OK && begin < end) {
        size_t nbytes = end - begin < BUFFER_NBYTES ? (size_t)(end - begin) : BUFFER_NBYTES;
        status = zi_source_read(source, begin, buffer, nbytes, err);
        if (status == ZI_OK)
            status = zi_sink_write(sink, buffer, nbytes, err);
        begin += nbytes;
    }
    return status;
}

static enum zi_status copy_stretches(struct zi_sink *sink, const struct zi_archive *archive,
                                     struct zi_source *source, struct stretch *stretches,
                                     size_t count, uint8_t *buffer, struct zi_error *err)
{
    uint64_t directory = archive->end.directory_position;
    uint64_t first = count > 0 ? stretches[0].position : directory;
    enum zi_status status = copy_bytes(sink, source, 0, first, buffer, err);

    for (size_t i = 0; status == ZI_OK && i < count; i++) {
        uint64_t end = i + 1 < count ? stretches[i + 1].position : directory;
        stretches[i].moved = sink->nbytes;
        if (stretches[i].kept)
            status = copy_bytes(sink, source, stretches[i].position, end, buffer, err);
    }
    return status;
}

/* Appends the directory's records that are kept, each pointing to where its member is now. */
static enum zi_status copy_records(struct zi_writer *writer, const struct zi_archive *archive,
                                   const uint8_t *omitted, const struct stretch *stretches,
                                   size_t count, struct zi_error *err)
{
    struct zi_entry entry;
    uint32_t record = 0, next;

    for (uint32_t i = 0; i < archive->entry_count; i++, record = next) {
        const uint8_t *header = archive->directory + record;
        struct stretch key = {0}, *at;
        uint8_t *room;
        next = zi_archive_record(archive, record, &entry);
        if (is_omitted(archive, omitted, &entry, record))
            continue;
        if (zi_get32(header, ZI_CENTRAL_LOCAL_OFFSET_AT) == ZI_SATURATED32)
            return zi_fail(err, ZI_DETAIL_ARCHIVE_TOO_LARGE);
        room = zi_writer_extend_directory(writer, next - record);
        if (!room)
            return zi_fail(err, ZI_DETAIL_NO_MEMORY);
        key.position = entry.local_position;
        at = bsearch(&key, stretches, count, sizeof *stretches, compare_positions);
        memcpy(room, header, next - record);
        zi_put32(room, ZI_CENTRAL_LOCAL_OFFSET_AT, (uint32_t)at->moved);
        writer->entry_count++;
    }
    return ZI_OK;
}

enum zi_status zi_writer_copy(struct zi_writer *writer, const struct zi_archive *archive,
                              struct zi_source *source, const uint8_t *omitted,
                              struct zi_error *err)
{
    struct zi_host *host = writer->sink->host;
    size_t count, nbytes = archive->entry_count * sizeof(struct stretch);
    uint8_t *memory;
    struct stretch *stretches;
    enum zi_status status;

    if (archive->end.directory_position >= ZI_SATURATED32)
        return zi_fail(err, ZI_DETAIL_ARCHIVE_TOO_LARGE);
    /* Fits: a record of the directory, which is in memory, is larger than a stretch. */
    memory = zi_host_reallocate(host, NULL, nbytes + BUFFER_NBYTES);
    if (!memory)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    stretches = (struct stretch *)(void *)memory;
    count = find_stretches(archive, omitted, stretches);
    status = copy_stretches(writer->sink, archive, source, stretches, count, memory + nbytes, err);
    if (status == ZI_OK)
        status = copy_records(writer, archive, omitted, stretches, count, err);
    zi_host_free(host, memory);
    return status;
}
