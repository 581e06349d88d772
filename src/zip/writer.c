/* Writes an archive. */
#include "writer.h"

#include <string.h>
#include <zlib.h>

#include "../base/cursor.h"
#include "format.h"
#include "name.h"

#define DIRECTORY_CAPACITY_MIN 4096

void zi_writer_init(struct zi_writer *writer, struct zi_sink *sink)
{
    *writer = (struct zi_writer){.sink = sink};
}

void zi_writer_release(struct zi_writer *writer)
{
    zi_host_free(writer->sink->host, writer->directory);
    writer->directory = NULL;
}

uint8_t *zi_writer_extend_directory(struct zi_writer *writer, size_t nbytes)
{
    size_t wanted, capacity = writer->directory_capacity;
    uint8_t *directory, *room;

    if (__builtin_add_overflow(writer->directory_nbytes, nbytes, &wanted))
        return NULL;
    if (wanted > capacity) {
        if (__builtin_mul_overflow(wanted, (size_t)2, &capacity))
            return NULL;
        if (capacity < DIRECTORY_CAPACITY_MIN)
            capacity = DIRECTORY_CAPACITY_MIN;
        directory = zi_host_reallocate(writer->sink->host, writer->directory, capacity);
        if (!directory)
            return NULL;
        writer->directory = directory;
        writer->directory_capacity = capacity;
    }
    room = writer->directory + writer->directory_nbytes;
    writer->directory_nbytes = wanted;
    return room;
}

/* What both headers of a member say. */
struct member {
    const uint8_t *name;
    uint16_t name_nbytes;
    uint16_t flags;
    uint16_t method;
    uint16_t version;
    uint32_t packed_nbytes;
    uint32_t nbytes;
    uint32_t crc;
    uint32_t local_offset;
};

static void make_local_header(uint8_t *header, const struct member *member)
{
    memset(header, 0, ZI_LOCAL_NBYTES);
    zi_put32(header, 0, ZI_LOCAL_SIGNATURE);
    zi_put16(header, ZI_LOCAL_VERSION_AT, member->version);
    zi_put16(header, ZI_LOCAL_FLAGS_AT, member->flags);
    zi_put16(header, ZI_LOCAL_METHOD_AT, member->method);
    zi_put16(header, ZI_LOCAL_DATE_AT, ZI_DOS_DATE_FIRST);
    zi_put32(header, ZI_LOCAL_CRC_AT, member->crc);
    zi_put32(header, ZI_LOCAL_PACKED_AT, member->packed_nbytes);
    zi_put32(header, ZI_LOCAL_SIZE_AT, member->nbytes);
    zi_put16(header, ZI_LOCAL_NAME_NBYTES_AT, member->name_nbytes);
}

static void make_central_header(uint8_t *header, const struct member *member)
{
    memset(header, 0, ZI_CENTRAL_NBYTES);
    zi_put32(header, 0, ZI_CENTRAL_SIGNATURE);
    zi_put16(header, ZI_CENTRAL_MADE_BY_AT, member->version);
    zi_put16(header, ZI_CENTRAL_VERSION_AT, member->version);
    zi_put16(header, ZI_CENTRAL_FLAGS_AT, member->flags);
    zi_put16(header, ZI_CENTRAL_METHOD_AT, member->method);
    zi_put16(header, ZI_CENTRAL_DATE_AT, ZI_DOS_DATE_FIRST);
    zi_put32(header, ZI_CENTRAL_CRC_AT, member->crc);
    zi_put32(header, ZI_CENTRAL_PACKED_AT, member->packed_nbytes);
    zi_put32(header, ZI_CENTRAL_SIZE_AT, member->nbytes);
    zi_put16(header, ZI_CENTRAL_NAME_NBYTES_AT, member->name_nbytes);
    zi_put32(header, ZI_CENTRAL_LOCAL_OFFSET_AT, member->local_offset);
}

/* The size and the CRC-32 of data in pieces. */
static struct zi_inflated measure(const struct zi_piece *pieces, size_t piece_count)
{
    uint64_t nbytes = 0;
    uLong crc = 0;

    for (size_t i = 0; i < piece_count; i++) {
        nbytes += pieces[i].nbytes;
        if (pieces[i].nbytes > 0) /* zlib takes NULL for a new beginning */
            crc = crc32_z(crc, pieces[i].bytes, pieces[i].nbytes);
    }
    return (struct zi_inflated){.nbytes = nbytes, .crc = (uint32_t)crc};
}

/* Fills in what the headers say of the data; false when the archive would become too large. */
static bool place(const struct zi_writer *writer, struct member *member, uint64_t packed_nbytes,
                  const struct zi_inflated *inflated)
{
    /* A saturated field would mean that the number stands elsewhere. */
    if (packed_nbytes >= ZI_SATURATED32 || inflated->nbytes >= ZI_SATURATED32 ||
        writer->sink->nbytes >= ZI_SATURATED32 - packed_nbytes)
        return false;
    member->packed_nbytes = (uint32_t)packed_nbytes;
    member->nbytes = (uint32_t)inflated->nbytes;
    member->crc = inflated->crc;
    member->local_offset = (uint32_t)writer->sink->nbytes;
    return true;
}

/* Appends a member whose name, method and place are known. */
static enum zi_status write_member(struct zi_writer *writer, struct member *member,
                                   const struct zi_piece *pieces, size_t piece_count,
                                   struct zi_error *err)
{
    uint8_t local[ZI_LOCAL_NBYTES];
    uint8_t *central = zi_writer_extend_directory(writer,
                                                  ZI_CENTRAL_NBYTES + (size_t)member->name_nbytes);
    enum zi_status status;

    if (!central)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    if (!zi_name_is_ascii(member->name, member->name_nbytes))
        member->flags = ZI_FLAG_UTF8;
    make_central_header(central, member);
    memcpy(central + ZI_CENTRAL_NBYTES, member->name, member->name_nbytes);
    writer->entry_count++;

    make_local_header(local, member);
    status = zi_sink_write(writer->sink, local, sizeof local, err);
    if (status == ZI_OK)
        status = zi_sink_write(writer->sink, member->name, member->name_nbytes, err);
    for (size_t i = 0; status == ZI_OK && i < piece_count; i++)
        status = zi_sink_write(writer->sink, pieces[i].bytes, pieces[i].nbytes, err);
    return status;
}

enum zi_status zi_writer_add(struct zi_writer *writer, const uint8_t *name, size_t name_nbytes,
                             const struct zi_piece *pieces, size_t piece_count,
                             struct zi_error *err)
{
    struct zi_inflated data = measure(pieces, piece_count);
    struct member member = {.name = name,
                            .name_nbytes = (uint16_t)name_nbytes,
                            .method = ZI_METHOD_STORED,
                            .version = ZI_VERSION_STORED};

    if (name_nbytes > ZI_WRITER_NAME_NBYTES_MAX)
        return zi_fail(err, ZI_DETAIL_NAME_TOO_LONG);
    if (!place(writer, &member, data.nbytes, &data))
        return zi_fail(err, ZI_DETAIL_ARCHIVE_TOO_LARGE);
    return write_member(writer, &member, pieces, piece_count, err);
}

enum zi_status zi_writer_add_deflated(struct zi_writer *writer, const uint8_t *name,
                                      size_t name_nbytes, const struct zi_piece *deflated,
                                      const struct zi_inflated *inflated, struct zi_error *err)
{
    struct member member = {.name = name,
                            .name_nbytes = (uint16_t)name_nbytes,
                            .method = ZI_METHOD_DEFLATE,
                            .version = ZI_VERSION_DEFLATE};

    if (name_nbytes > ZI_WRITER_NAME_NBYTES_MAX)
        return zi_fail(err, ZI_DETAIL_NAME_TOO_LONG);
    if (!place(writer, &member, deflated->nbytes, inflated))
        return zi_fail(err, ZI_DETAIL_ARCHIVE_TOO_LARGE);
    return write_member(writer, &member, deflated, 1, err);
}

/* The ZIP64 end record and its locator, for what 16 bits cannot count. */
static enum zi_status write_end64(struct zi_writer *writer, uint64_t directory_offset,
                                  struct zi_error *err)
{
    uint8_t end[ZI_END64_NBYTES + ZI_LOCATOR_NBYTES] = {0};
    uint8_t *locator = end + ZI_END64_NBYTES;

    zi_put32(end, 0, ZI_END64_SIGNATURE);
    zi_put64(end, ZI_END64_RECORD_NBYTES_AT, ZI_END64_NBYTES - ZI_END64_UNCOUNTED_NBYTES);
    zi_put16(end, ZI_END64_MADE_BY_AT, ZI_VERSION_ZIP64);
    zi_put16(end, ZI_END64_VERSION_AT, ZI_VERSION_ZIP64);
    zi_put64(end, ZI_END64_DISK_COUNT_AT, writer->entry_count);
    zi_put64(end, ZI_END64_COUNT_AT, writer->entry_count);
    zi_put64(end, ZI_END64_DIRECTORY_NBYTES_AT, writer->directory_nbytes);
    zi_put64(end, ZI_END64_DIRECTORY_OFFSET_AT, directory_offset);
    zi_put32(locator, 0, ZI_LOCATOR_SIGNATURE);
    zi_put64(locator, ZI_LOCATOR_END64_OFFSET_AT, writer->sink->nbytes);
    zi_put32(locator, ZI_LOCATOR_DISKS_AT, 1);
    return zi_sink_write(writer->sink, end, sizeof end, err);
}

static enum zi_status write_end(struct zi_writer *writer, uint64_t directory_offset,
                                struct zi_error *err)
{
    bool many = writer->entry_count >= ZI_SATURATED16;
    uint16_t count = many ? ZI_SATURATED16 : (uint16_t)writer->entry_count;
    uint8_t end[ZI_END_NBYTES] = {0};

    if (many) {
        enum zi_status status = write_end64(writer, directory_offset, err);
        if (status != ZI_OK)
            return status;
    }
    zi_put32(end, 0, ZI_END_SIGNATURE);
    zi_put16(end, ZI_END_DISK_COUNT_AT, count);
    zi_put16(end, ZI_END_COUNT_AT, count);
    zi_put32(end, ZI_END_DIRECTORY_NBYTES_AT, (uint32_t)writer->directory_nbytes);
    zi_put32(end, ZI_END_DIRECTORY_OFFSET_AT, (uint32_t)directory_offset);
    return zi_sink_write(writer->sink, end, sizeof end, err);
}

enum zi_status zi_writer_finish(struct zi_writer *writer, struct zi_written *ret,
                                struct zi_error *err)
{
    uint64_t directory_offset = writer->sink->nbytes;
    enum zi_status status;

    if (directory_offset + writer->directory_nbytes >= ZI_SATURATED32)
        return zi_fail(err, ZI_DETAIL_ARCHIVE_TOO_LARGE);
    status = zi_sink_write(writer->sink, writer->directory, writer->directory_nbytes, err);
    if (status == ZI_OK)
        status = write_end(writer, directory_offset, err);
    *ret = (struct zi_written){
        .nbytes = writer->sink->nbytes,
        .directory_crc = (uint32_t)crc32_z(0, writer->directory, writer->directory_nbytes),
        .entry_count = writer->entry_count,
    };
    return status;
}
