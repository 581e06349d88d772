/* Lays out archives, apart from what the core knows of it. */
#include "zipbuild.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void *reallocate(void *block, size_t nbytes)
{
    block = realloc(block, nbytes);
    if (!block) {
        perror("zipbuild");
        exit(2);
    }
    return block;
}

static void put(struct zip_buffer *out, const void *bytes, size_t nbytes)
{
    if (nbytes == 0)
        return;
    if (out->capacity - out->nbytes < nbytes) {
        out->capacity = 2 * (out->nbytes + nbytes);
        out->bytes = reallocate(out->bytes, out->capacity);
    }
    memcpy(out->bytes + out->nbytes, bytes, nbytes);
    out->nbytes += nbytes;
}

static void put_bytes(struct zip_buffer *out, struct zip_bytes bytes)
{
    put(out, bytes.bytes, bytes.nbytes);
}

/* The knob's value, or the right one, little-endian in so many bytes. */
static void put_number(struct zip_buffer *out, size_t nbytes, struct zip_knob knob, uint64_t right)
{
    uint64_t value = knob.set ? knob.value : right;
    uint8_t bytes[8];

    for (size_t i = 0; i < nbytes; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    put(out, bytes, nbytes);
}

static struct zip_bytes deflated(struct zip_bytes data)
{
    z_stream stream = {0};
    size_t bound = compressBound((uLong)data.nbytes) + 16;
    uint8_t *bytes = reallocate(NULL, bound);

    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = (Bytef *)data.bytes;
    stream.avail_in = (uInt)data.nbytes;
    stream.next_out = bytes;
    stream.avail_out = (uInt)bound;
    deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return (struct zip_bytes){bytes, stream.total_out};
}

struct numbers {
    uint32_t crc;
    uint64_t packed_nbytes;
    uint64_t nbytes;
    uint64_t local_offset;
};

static struct zip_bytes name_of(const struct zip_member *member, struct zip_bytes own)
{
    return own.bytes ? own : (struct zip_bytes){member->name, strlen(member->name)};
}

#define DOS_TIME 0x6000 /* 12:00:00 */
#define DOS_DATE 0x5a21 /* 2025-01-01 */

static void put_local(struct zip_buffer *out, const struct zip_member *member,
                      const struct numbers *numbers, struct zip_bytes packed)
{
    struct zip_bytes name = name_of(member, member->local.name);
    bool described = member->flags & 8;
    bool elsewhere = member->zip64;
    size_t extra_nbytes = member->local.extra.nbytes + (member->zip64 ? 20 : 0);
    const struct zip_knob none = {0};

    put_number(out, 4, member->local.signature, 0x04034b50);
    put_number(out, 2, member->local.version, member->zip64 ? 45 : 20);
    put_number(out, 2, member->local.flags, member->flags);
    put_number(out, 2, member->local.method, member->method);
    put_number(out, 2, member->local.time, DOS_TIME);
    put_number(out, 2, member->local.date, DOS_DATE);
    put_number(out, 4, member->local.crc, described ? 0 : numbers->crc);
    put_number(out, 4, member->local.packed_nbytes,
               elsewhere   ? UINT32_MAX
               : described ? 0
                           : numbers->packed_nbytes);
    put_number(out, 4, member->local.nbytes,
               elsewhere   ? UINT32_MAX
               : described ? 0
                           : numbers->nbytes);
    put_number(out, 2, member->local.name_nbytes, name.nbytes);
    put_number(out, 2, member->local.extra_nbytes, extra_nbytes);
    put_bytes(out, name);
    if (member->zip64) {
        put_number(out, 2, none, 0x0001);
        put_number(out, 2, none, 16);
        put_number(out, 8, none, described ? 0 : numbers->nbytes);
        put_number(out, 8, none, described ? 0 : numbers->packed_nbytes);
    }
    put_bytes(out, member->local.extra);
    put_bytes(out, packed);
    if (described) {
        if (!member->descriptor.without_signature)
            put_number(out, 4, none, 0x08074b50);
        put_number(out, 4, member->descriptor.crc, numbers->crc);
        put_number(out, member->zip64 ? 8 : 4, member->descriptor.packed_nbytes,
                   numbers->packed_nbytes);
        put_number(out, member->zip64 ? 8 : 4, member->descriptor.nbytes, numbers->nbytes);
    }
}

static void put_central(struct zip_buffer *out, const struct zip_member *member,
                        const struct numbers *numbers)
{
    struct zip_bytes name = name_of(member, member->central.name);
    size_t extra_nbytes = member->central.extra.nbytes + (member->zip64 ? 28 : 0);
    const struct zip_knob none = {0};

    put_number(out, 4, member->central.signature, 0x02014b50);
    put_number(out, 2, member->central.made_by, 0x0314);
    put_number(out, 2, member->central.version, member->zip64 ? 45 : 20);
    put_number(out, 2, member->central.flags, member->flags);
    put_number(out, 2, member->central.method, member->method);
    put_number(out, 2, member->central.time, DOS_TIME);
    put_number(out, 2, member->central.date, DOS_DATE);
    put_number(out, 4, member->central.crc, numbers->crc);
    put_number(out, 4, member->central.packed_nbytes,
               member->zip64 ? UINT32_MAX : numbers->packed_nbytes);
    put_number(out, 4, member->central.nbytes, member->zip64 ? UINT32_MAX : numbers->nbytes);
    put_number(out, 2, member->central.name_nbytes, name.nbytes);
    put_number(out, 2, member->central.extra_nbytes, extra_nbytes);
    put_number(out, 2, member->central.comment_nbytes, member->central.comment.nbytes);
    put_number(out, 2, member->central.disk, 0);
    put_number(out, 2, member->central.internal, 0);
    put_number(out, 4, member->central.external, (uint64_t)0100644 << 16);
    put_number(out, 4, member->central.local_offset,
               member->zip64 ? UINT32_MAX : numbers->local_offset);
    put_bytes(out, name);
    if (member->zip64) {
        put_number(out, 2, none, 0x0001);
        put_number(out, 2, none, 24);
        put_number(out, 8, member->central.zip64_nbytes, numbers->nbytes);
        put_number(out, 8, member->central.zip64_packed_nbytes, numbers->packed_nbytes);
        put_number(out, 8, member->central.zip64_local_offset, numbers->local_offset);
    }
    put_bytes(out, member->central.extra);
    put_bytes(out, member->central.comment);
}

void zip_add(struct zip_builder *builder, const struct zip_member *member)
{
    bool deflates = member->method == 8 && !member->packed.bytes;
    struct zip_bytes packed = member->packed.bytes ? member->packed : member->data;

    if (deflates)
        packed = deflated(member->data);
    const struct numbers numbers = {
        .crc = (uint32_t)crc32_z(0, member->data.bytes, member->data.nbytes),
        .packed_nbytes = packed.nbytes,
        .nbytes = member->data.nbytes,
        .local_offset = builder->locals.nbytes,
    };
    if (!member->central_only)
        put_local(&builder->locals, member, &numbers, packed);
    if (!member->local_only) {
        put_central(&builder->centrals, member, &numbers);
        builder->count++;
    }
    if (deflates)
        free((void *)packed.bytes);
}

static void put_end64(struct zip_buffer *out, const struct zip_ends *ends, size_t count,
                      size_t directory_nbytes, size_t directory_offset)
{
    size_t end64_offset = directory_offset + directory_nbytes;

    put_number(out, 4, ends->end64.signature, 0x06064b50);
    put_number(out, 8, ends->end64.record_nbytes, 44 + ends->end64.extensible.nbytes);
    put_number(out, 2, ends->end64.made_by, 45);
    put_number(out, 2, ends->end64.version, 45);
    put_number(out, 4, ends->end64.disk, 0);
    put_number(out, 4, ends->end64.directory_disk, 0);
    put_number(out, 8, ends->end64.disk_count, count);
    put_number(out, 8, ends->end64.count, count);
    put_number(out, 8, ends->end64.directory_nbytes, directory_nbytes);
    put_number(out, 8, ends->end64.directory_offset, directory_offset);
    put_bytes(out, ends->end64.extensible);
    if (ends->without_locator)
        return;
    put_number(out, 4, ends->locator.signature, 0x07064b50);
    put_number(out, 4, ends->locator.disk, 0);
    put_number(out, 8, ends->locator.end64_offset, end64_offset);
    put_number(out, 4, ends->locator.disks, 1);
}

static void put_end(struct zip_buffer *out, const struct zip_ends *ends, size_t count,
                    size_t directory_nbytes, size_t directory_offset)
{
    bool saturated = ends->saturated;

    put_number(out, 4, ends->end.signature, 0x06054b50);
    put_number(out, 2, ends->end.disk, 0);
    put_number(out, 2, ends->end.directory_disk, 0);
    put_number(out, 2, ends->end.disk_count, saturated ? UINT16_MAX : count);
    put_number(out, 2, ends->end.count, saturated ? UINT16_MAX : count);
    put_number(out, 4, ends->end.directory_nbytes, saturated ? UINT32_MAX : directory_nbytes);
    put_number(out, 4, ends->end.directory_offset, saturated ? UINT32_MAX : directory_offset);
    put_number(out, 2, ends->end.comment_nbytes, ends->end.comment.nbytes);
    put_bytes(out, ends->end.comment);
}

struct zip_built zip_finish(struct zip_builder *builder, const struct zip_ends *ends)
{
    struct zip_buffer out = {0};
    size_t directory_offset = builder->locals.nbytes;

    put_bytes(&builder->centrals, ends->after_directory);
    put_bytes(&out, ends->prepended);
    put(&out, builder->locals.bytes, builder->locals.nbytes);
    put(&out, builder->centrals.bytes, builder->centrals.nbytes);
    if (ends->zip64)
        put_end64(&out, ends, builder->count, builder->centrals.nbytes, directory_offset);
    if (!ends->without_end)
        put_end(&out, ends, builder->count, builder->centrals.nbytes, directory_offset);
    put_bytes(&out, ends->trailing);

    free(builder->locals.bytes);
    free(builder->centrals.bytes);
    *builder = (struct zip_builder){0};
    return (struct zip_built){out.bytes, out.nbytes};
}

struct zip_built zip_of(const struct zip_ends *ends, const struct zip_member *members, size_t count)
{
    struct zip_builder builder = {0};

    for (size_t i = 0; i < count; i++)
        zip_add(&builder, &members[i]);
    return zip_finish(&builder, ends);
}

void zip_free(struct zip_built *zip)
{
    free(zip->bytes);
    *zip = (struct zip_built){0};
}
