/* This file knows how to unpack a member. */
#include "member.h"

#include <string.h>

#include "../base/checked.h"
#include "../base/cursor.h"
#include "format.h"

#define PACKED_NBYTES_MAX ((size_t)64 * 1024)

enum zi_status zi_member_fail(const struct zi_entry *entry, enum zi_detail detail,
                              struct zi_error *err)
{
    zi_fail_at(err, detail, entry->local_position);
    zi_error_set_name(err, entry->name, entry->name_nbytes);
    return err->status;
}

/* Adds what is known of the member to an error of reading the file. */
static enum zi_status name_member(enum zi_status status, struct zi_error *err,
                                  const struct zi_entry *entry)
{
    if (status != ZI_OK)
        zi_error_set_name(err, entry->name, entry->name_nbytes);
    return status;
}

/* What can be refused without reading: what we cannot unpack, and sizes that cannot be true. */
static enum zi_status check_entry(const struct zi_entry *entry, enum zi_member_form form,
                                  const struct zi_host *host, struct zi_error *err)
{
    uint64_t claimed = form == ZI_MEMBER_PACKED ? entry->packed_nbytes : entry->nbytes;

    if (entry->flags & ZI_FLAG_ENCRYPTED)
        return zi_member_fail(entry, ZI_DETAIL_MEMBER_ENCRYPTED, err);
    if (entry->nbytes > host->member_max || claimed > host->member_max) {
        zi_member_fail(entry, ZI_DETAIL_MEMBER_LIMIT, err);
        err->found = entry->nbytes;
        err->expected = host->member_max;
        return err->status;
    }
    if (form == ZI_MEMBER_PACKED)
        return ZI_OK;
    if (entry->method == ZI_METHOD_STORED) {
        if (entry->nbytes != entry->packed_nbytes)
            return zi_member_fail(entry, ZI_DETAIL_MEMBER_CLAIM, err);
    } else if (entry->method == ZI_METHOD_DEFLATE) {
        if (entry->nbytes / ZI_DEFLATE_RATIO_MAX > entry->packed_nbytes)
            return zi_member_fail(entry, ZI_DETAIL_MEMBER_CLAIM, err);
    } else {
        zi_member_fail(entry, ZI_DETAIL_MEMBER_METHOD, err);
        err->found = entry->method;
        return err->status;
    }
    return ZI_OK;
}

static bool same_name(const struct zi_entry *entry, const uint8_t *local_name, size_t nbytes)
{
    return nbytes == entry->raw_name_nbytes && memcmp(local_name, entry->raw_name, nbytes) == 0;
}

/* Whether a size in the local header agrees. A saturated one stands in a ZIP64 extra (4.5.3). */
static bool same_size(uint32_t local, uint64_t central)
{
    return local == ZI_SATURATED32 || local == central;
}

enum zi_status zi_member_check_local(const struct zi_entry *entry, const uint8_t *local,
                                     size_t *nbytes_ret, struct zi_error *err)
{
    uint16_t flags = zi_get16(local, ZI_LOCAL_FLAGS_AT);

    if (zi_get32(local, 0) != ZI_LOCAL_SIGNATURE)
        return zi_member_fail(entry, ZI_DETAIL_LOCAL_HEADER, err);
    if (!same_name(entry, local + ZI_LOCAL_NBYTES, zi_get16(local, ZI_LOCAL_NAME_NBYTES_AT)))
        return zi_member_fail(entry, ZI_DETAIL_LOCAL_NAME, err);
    if (zi_get16(local, ZI_LOCAL_METHOD_AT) != entry->method)
        return zi_member_fail(entry, ZI_DETAIL_LOCAL_METHOD, err);
    /* With a data descriptor the sizes come after the data (4.4.4 bit 3). */
    if (!(flags & ZI_FLAG_DATA_DESCRIPTOR) &&
        (!same_size(zi_get32(local, ZI_LOCAL_PACKED_AT), entry->packed_nbytes) ||
         !same_size(zi_get32(local, ZI_LOCAL_SIZE_AT), entry->nbytes)))
        return zi_member_fail(entry, ZI_DETAIL_LOCAL_SIZE, err);
    *nbytes_ret = zi_member_local_nbytes(entry) + zi_get16(local, ZI_LOCAL_EXTRA_NBYTES_AT);
    return ZI_OK;
}

/* Reads the local header and finds where the data begins. */
static enum zi_status open_local(struct zi_member *member, struct zi_error *err)
{
    const struct zi_entry *entry = member->entry;
    struct zi_host *host = member->source->host;
    size_t nbytes = zi_member_local_nbytes(entry), header_nbytes = 0;
    uint8_t small[512];
    uint8_t *local = small;
    enum zi_status status;

    if (nbytes > sizeof small && !(local = zi_host_reallocate(host, NULL, nbytes)))
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    status = zi_source_read(member->source, entry->local_position, local, nbytes, err);
    if (status == ZI_OK)
        status = zi_member_check_local(entry, local, &header_nbytes, err);
    member->position = entry->local_position + header_nbytes;
    if (local != small)
        zi_host_free(host, local);

    uint64_t end;
    if (status == ZI_OK &&
        (!zi_add_u64(member->position, entry->packed_nbytes, &end) || end > member->source->nbytes))
        status = zi_fail_at(err, ZI_DETAIL_MEMBER_TRUNCATED, member->position);
    return name_member(status, err, entry);
}

static voidpf stream_allocate(voidpf opaque, uInt count, uInt nbytes)
{
    size_t total;

    if (__builtin_mul_overflow((size_t)count, (size_t)nbytes, &total))
        return NULL;
    return zi_host_reallocate(opaque, NULL, total);
}

static void stream_free(voidpf opaque, voidpf block)
{
    zi_host_free(opaque, block);
}

static enum zi_status open_inflate(struct zi_member *member, struct zi_error *err)
{
    struct zi_host *host = member->source->host;

    member->packed_nbytes = PACKED_NBYTES_MAX;
    if (member->packed_left < PACKED_NBYTES_MAX)
        member->packed_nbytes = (size_t)member->packed_left;
    member->packed = zi_host_reallocate(host, NULL, member->packed_nbytes);
    if (!member->packed)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    member->stream.zalloc = stream_allocate;
    member->stream.zfree = stream_free;
    member->stream.opaque = host;
    /* Negative window bits: raw deflate, as 4.4.5 stores it. */
    if (inflateInit2(&member->stream, -MAX_WBITS) != Z_OK) {
        zi_host_free(host, member->packed);
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    }
    member->inflating = true;
    host->count.inflates++;
    return ZI_OK;
}

enum zi_status zi_member_open(struct zi_member *member, struct zi_source *source,
                              const struct zi_entry *entry, enum zi_member_form form,
                              struct zi_error *err)
{
    bool packed = form == ZI_MEMBER_PACKED;
    enum zi_status status = check_entry(entry, form, source->host, err);

    if (status != ZI_OK)
        return status;
    memset(member, 0, sizeof *member);
    member->source = source;
    member->entry = entry;
    member->packed_left = entry->packed_nbytes;
    member->nbytes_left = packed ? entry->packed_nbytes : entry->nbytes;
    status = open_local(member, err);
    if (status == ZI_OK && !packed && entry->method == ZI_METHOD_DEFLATE)
        status = open_inflate(member, err);
    return status;
}

void zi_member_release(struct zi_member *member)
{
    if (!member->inflating)
        return;
    inflateEnd(&member->stream);
    zi_host_free(member->source->host, member->packed);
    member->inflating = false;
}

static enum zi_status read_packed(struct zi_member *member, uint8_t *buffer, size_t nbytes,
                                  struct zi_error *err)
{
    enum zi_status status = zi_source_read(member->source, member->position, buffer, nbytes, err);

    if (status != ZI_OK)
        return name_member(status, err, member->entry);
    member->position += nbytes;
    member->packed_left -= nbytes;
    return ZI_OK;
}

static enum zi_status refill(struct zi_member *member, struct zi_error *err)
{
    size_t nbytes = member->packed_nbytes;

    if (nbytes > member->packed_left)
        nbytes = (size_t)member->packed_left;
    enum zi_status status = read_packed(member, member->packed, nbytes, err);
    if (status != ZI_OK)
        return status;
    member->stream.next_in = member->packed;
    member->stream.avail_in = (uInt)nbytes;
    return ZI_OK;
}

/* Inflates until the buffer is full or the stream ends; writes how much came. */
static enum zi_status inflate_some(struct zi_member *member, uint8_t *buffer, size_t nbytes,
                                   size_t *ninflated_ret, struct zi_error *err)
{
    z_stream *stream = &member->stream;
    size_t done = 0;

    while (done < nbytes) {
        size_t piece = nbytes - done < (uInt)-1 ? nbytes - done : (uInt)-1;
        if (stream->avail_in == 0 && member->packed_left > 0) {
            enum zi_status status = refill(member, err);
            if (status != ZI_OK)
                return status;
        }
        stream->next_out = buffer + done;
        stream->avail_out = (uInt)piece;
        int answer = inflate(stream, Z_SYNC_FLUSH);
        size_t ninflated = piece - stream->avail_out;
        done += ninflated;
        if (answer == Z_STREAM_END) {
            member->ended = true;
            break;
        }
        if (answer == Z_MEM_ERROR)
            return zi_fail(err, ZI_DETAIL_NO_MEMORY);
        if (answer == Z_BUF_ERROR && ninflated == 0 && stream->avail_in == 0 &&
            member->packed_left == 0)
            break;
        if (answer != Z_OK && answer != Z_BUF_ERROR)
            return zi_member_fail(member->entry, ZI_DETAIL_MEMBER_DEFLATE, err);
    }
    *ninflated_ret = done;
    return ZI_OK;
}

enum zi_status zi_member_read(struct zi_member *member, void *buffer, size_t nbytes,
                              struct zi_error *err)
{
    size_t nread = nbytes;
    enum zi_status status;

    if (nbytes == 0)
        return ZI_OK;
    if (nbytes > member->nbytes_left)
        return zi_member_fail(member->entry, ZI_DETAIL_MEMBER_SHORT, err);
    if (member->inflating)
        status = inflate_some(member, buffer, nbytes, &nread, err);
    else
        status = read_packed(member, buffer, nbytes, err);
    if (status != ZI_OK)
        return status;
    if (nread < nbytes)
        return zi_member_fail(member->entry, ZI_DETAIL_MEMBER_SHORT, err);
    member->nbytes_left -= nbytes;
    /* zlib's length is an unsigned int; members may be larger on a 64-bit machine. */
    member->crc = (uint32_t)crc32_z(member->crc, buffer, nbytes);
    return ZI_OK;
}

static enum zi_status fail_crc(const struct zi_entry *entry, uint32_t crc, struct zi_error *err)
{
    zi_member_fail(entry, ZI_DETAIL_MEMBER_CRC, err);
    err->found = crc;
    err->expected = entry->crc;
    return err->status;
}

enum zi_status zi_member_finish(struct zi_member *member, struct zi_error *err)
{
    uint8_t excess;
    size_t nexcess = 0;

    if (member->inflating) {
        enum zi_status status = inflate_some(member, &excess, 1, &nexcess, err);
        if (status != ZI_OK)
            return status;
    }
    if (nexcess > 0)
        return zi_member_fail(member->entry, ZI_DETAIL_MEMBER_LONG, err);
    if (member->inflating && !member->ended)
        return zi_member_fail(member->entry, ZI_DETAIL_MEMBER_DEFLATE, err);
    if (member->crc != member->entry->crc)
        return fail_crc(member->entry, member->crc, err);
    return ZI_OK;
}

enum zi_status zi_member_check(const struct zi_entry *entry, const uint8_t *data, size_t nbytes,
                               struct zi_error *err)
{
    if (nbytes != entry->nbytes)
        return zi_member_fail(entry,
                              nbytes < entry->nbytes ? ZI_DETAIL_MEMBER_SHORT
                                                     : ZI_DETAIL_MEMBER_LONG,
                              err);
    uint32_t crc = (uint32_t)crc32_z(0, data, nbytes);
    return crc == entry->crc ? ZI_OK : fail_crc(entry, crc, err);
}
