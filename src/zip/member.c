/*
 * A member is read from its local header on, in pieces; the first piece holds the header and as
 * much of the packed data as is wanted at once.
 */
#include "member.h"

#include <string.h>
#define ZLIB_CONST /* what is read from is const */
#include <zlib.h>

#include "../base/checked.h"
#include "../base/cursor.h"
#include "format.h"

/* Packed bytes that are read at once. */
#define PIECE_NBYTES ((size_t)64 * 1024)
/* Packed bytes that are read to see the beginning of a member: deflate's tables and some data. */
#define PEEK_NBYTES ((size_t)512)
/* How much longer than in the directory the local name and extra field usually are at most:
 * Info-ZIP's timestamps have two more times there. */
#define LOCAL_SLACK_NBYTES 64
/* Local header, name and slack, rounded up. */
#define LOCAL_NBYTES_MAX ((size_t)128 * 1024)

/* A member that is being read. */
struct reading {
    struct zi_source *source;
    const struct zi_entry *entry;
    uint8_t *block; /* the piece read last; the first one begins with the local header */
    size_t block_nbytes;
    const uint8_t *next; /* packed bytes in the block that were not used yet */
    size_t next_nbytes;
    uint64_t position;    /* in the file, of the packed bytes behind these */
    uint64_t packed_left; /* how many those are */
    enum zi_detail difference;
};

enum zi_status zi_member_fail(const struct zi_entry *entry, enum zi_detail detail,
                              struct zi_error *err)
{
    zi_fail_at(err, detail, entry->local_position);
    zi_error_set_name(err, entry->name, entry->name_nbytes);
    return err->status;
}

uint64_t zi_member_nbytes_max(const struct zi_host *host)
{
    /* Half of the address space is the most that Python and malloc give out. */
    const uint64_t space = SIZE_MAX / 2 - LOCAL_NBYTES_MAX;

    return host->member_max < space ? host->member_max : space;
}

/* What can be refused without reading: what we cannot unpack, and sizes that cannot be true. */
static enum zi_status check_entry(const struct zi_entry *entry, enum zi_member_form form,
                                  const struct zi_host *host, struct zi_error *err)
{
    uint64_t claimed = form == ZI_MEMBER_PACKED ? entry->packed_nbytes : entry->nbytes;
    uint64_t limit = zi_member_nbytes_max(host);

    if (entry->flags & ZI_FLAG_ENCRYPTED)
        return zi_member_fail(entry, ZI_DETAIL_MEMBER_ENCRYPTED, err);
    if (entry->nbytes > limit || claimed > limit) {
        zi_member_fail(entry, ZI_DETAIL_MEMBER_LIMIT, err);
        err->found = entry->nbytes;
        err->expected = limit;
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

/* --- the local header --- */

static bool same_name(const struct zi_entry *entry, const uint8_t *local)
{
    return zi_get16(local, ZI_LOCAL_NAME_NBYTES_AT) == entry->raw_name_nbytes &&
           memcmp(local + ZI_LOCAL_NBYTES, entry->raw_name, entry->raw_name_nbytes) == 0;
}

/* Whether a size in the local header agrees. A saturated one stands in a ZIP64 extra (4.5.3). */
static bool same_size(uint32_t local, uint64_t central)
{
    return local == ZI_SATURATED32 || local == central;
}

/* What a local header, its name included, says differently. */
static enum zi_detail find_difference(const struct zi_entry *entry, const uint8_t *local)
{
    uint16_t flags = zi_get16(local, ZI_LOCAL_FLAGS_AT);

    if (!same_name(entry, local))
        return ZI_DETAIL_LOCAL_NAME;
    if (zi_get16(local, ZI_LOCAL_METHOD_AT) != entry->method)
        return ZI_DETAIL_LOCAL_METHOD;
    if ((flags ^ entry->flags) & ZI_FLAG_ENCRYPTED)
        return ZI_DETAIL_LOCAL_FLAGS;
    /* With a data descriptor the sizes come after the data (4.4.4 bit 3). */
    if (!(flags & ZI_FLAG_DATA_DESCRIPTOR) &&
        (!same_size(zi_get32(local, ZI_LOCAL_PACKED_AT), entry->packed_nbytes) ||
         !same_size(zi_get32(local, ZI_LOCAL_SIZE_AT), entry->nbytes)))
        return ZI_DETAIL_LOCAL_SIZE;
    return ZI_DETAIL_NONE;
}

/* Finds the data behind the local header that the block begins with. */
static enum zi_status find_data(struct reading *reading, struct zi_error *err)
{
    const struct zi_entry *entry = reading->entry;
    const uint8_t *local = reading->block;
    uint64_t end;

    if (reading->block_nbytes < ZI_LOCAL_NBYTES)
        return zi_fail_at(err, ZI_DETAIL_MEMBER_TRUNCATED, entry->local_position);
    if (zi_get32(local, 0) != ZI_LOCAL_SIGNATURE)
        return zi_member_fail(entry, ZI_DETAIL_LOCAL_HEADER, err);
    size_t local_nbytes = (size_t)ZI_LOCAL_NBYTES + zi_get16(local, ZI_LOCAL_NAME_NBYTES_AT) +
                          zi_get16(local, ZI_LOCAL_EXTRA_NBYTES_AT);
    reading->position = entry->local_position + local_nbytes;
    if (!zi_add_u64(reading->position, entry->packed_nbytes, &end) || end > reading->source->nbytes)
        return zi_fail_at(err, ZI_DETAIL_MEMBER_TRUNCATED, reading->position);

    /* A name as long as the directory's is in the block, which is cut only by the file's end. */
    reading->difference = find_difference(entry, local);
    if (local_nbytes > reading->block_nbytes)
        local_nbytes = reading->block_nbytes; /* a longer name or extra field: no data yet */
    reading->next = local + local_nbytes;
    reading->next_nbytes = reading->block_nbytes - local_nbytes;
    if (reading->next_nbytes > entry->packed_nbytes)
        reading->next_nbytes = (size_t)entry->packed_nbytes;
    reading->position += reading->next_nbytes;
    reading->packed_left = entry->packed_nbytes - reading->next_nbytes;
    return ZI_OK;
}

/* --- pieces --- */

/* Adds what is known of the member to an error of reading the file. */
static enum zi_status name_member(enum zi_status status, const struct zi_entry *entry,
                                  struct zi_error *err)
{
    if (status != ZI_OK)
        zi_error_set_name(err, entry->name, entry->name_nbytes);
    return status;
}

/* Reads the local header and, if that lies behind it, the first data_nbytes of the packed data.
 * The block is to be freed in any case. */
static enum zi_status begin(struct reading *reading, struct zi_source *source,
                            const struct zi_entry *entry, uint64_t data_nbytes,
                            struct zi_error *err)
{
    uint64_t available = 0, nbytes;
    enum zi_status status;

    *reading = (struct reading){.source = source, .entry = entry};
    if (data_nbytes > entry->packed_nbytes)
        data_nbytes = entry->packed_nbytes;
    if (entry->local_position < source->nbytes)
        available = source->nbytes - entry->local_position;
    /* Neither wraps: the data is within the limit of a member. */
    nbytes = ZI_LOCAL_NBYTES + entry->raw_name_nbytes + LOCAL_SLACK_NBYTES + data_nbytes;
    reading->block_nbytes = (size_t)(nbytes < available ? nbytes : available);
    reading->block = zi_host_reallocate(source->host, NULL, reading->block_nbytes);
    if (!reading->block)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    status = zi_source_read(source, entry->local_position, reading->block, reading->block_nbytes,
                            err);
    if (status == ZI_OK)
        status = find_data(reading, err);
    return name_member(status, entry, err);
}

static enum zi_status read_packed(struct reading *reading, uint8_t *buffer, size_t nbytes,
                                  struct zi_error *err)
{
    enum zi_status status = zi_source_read(reading->source, reading->position, buffer, nbytes, err);

    if (status != ZI_OK)
        return name_member(status, reading->entry, err);
    reading->position += nbytes;
    reading->packed_left -= nbytes;
    return ZI_OK;
}

/* The next nbytes of packed data, which there must be. */
static enum zi_status take_packed(struct reading *reading, uint8_t *buffer, size_t nbytes,
                                  struct zi_error *err)
{
    size_t ready = nbytes < reading->next_nbytes ? nbytes : reading->next_nbytes;

    if (ready > 0)
        memcpy(buffer, reading->next, ready);
    reading->next += ready;
    reading->next_nbytes -= ready;
    return nbytes > ready ? read_packed(reading, buffer + ready, nbytes - ready, err) : ZI_OK;
}

/* Reads another piece into the block. */
static enum zi_status refill(struct reading *reading, struct zi_error *err)
{
    size_t nbytes = reading->block_nbytes;

    if (nbytes > reading->packed_left)
        nbytes = (size_t)reading->packed_left;
    enum zi_status status = read_packed(reading, reading->block, nbytes, err);
    if (status != ZI_OK)
        return status;
    reading->next = reading->block;
    reading->next_nbytes = nbytes;
    return ZI_OK;
}

/* --- inflating --- */

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

struct inflating {
    struct reading *reading;
    z_stream stream;
    bool ended; /* the stream came to its end */
};

/* inflateEnd() after success only. */
static enum zi_status begin_inflating(struct inflating *inflating, struct reading *reading,
                                      struct zi_error *err)
{
    struct zi_host *host = reading->source->host;

    *inflating = (struct inflating){.reading = reading};
    inflating->stream.zalloc = stream_allocate;
    inflating->stream.zfree = stream_free;
    inflating->stream.opaque = host;
    /* Negative window bits: raw deflate, as 4.4.5 stores it. */
    if (inflateInit2(&inflating->stream, -MAX_WBITS) != Z_OK)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    host->count.inflates++;
    return ZI_OK;
}

/* One call of inflate() with all packed bytes at hand; writes whether it can do more. */
static enum zi_status inflate_step(struct inflating *inflating, bool *more_ret,
                                   struct zi_error *err)
{
    struct reading *reading = inflating->reading;
    z_stream *stream = &inflating->stream;
    uInt room = stream->avail_out;

    if (reading->next_nbytes == 0 && reading->packed_left > 0) {
        enum zi_status status = refill(reading, err);
        if (status != ZI_OK)
            return status;
    }
    stream->next_in = reading->next;
    stream->avail_in = (uInt)reading->next_nbytes;
    /* Told that no more is coming, zlib does without a window of its own. */
    int answer = inflate(stream, reading->packed_left > 0 ? Z_SYNC_FLUSH : Z_FINISH);
    reading->next += reading->next_nbytes - stream->avail_in;
    reading->next_nbytes = stream->avail_in;
    inflating->ended = answer == Z_STREAM_END;
    if (answer == Z_MEM_ERROR)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    if (answer != Z_OK && answer != Z_BUF_ERROR && answer != Z_STREAM_END)
        return zi_member_fail(reading->entry, ZI_DETAIL_MEMBER_DEFLATE, err);
    bool stuck = stream->avail_out == room && reading->next_nbytes == 0 &&
                 reading->packed_left == 0;
    *more_ret = !inflating->ended && !stuck;
    return ZI_OK;
}

/* Inflates until the buffer is full or the data ends; writes how much came. */
static enum zi_status inflate_some(struct inflating *inflating, uint8_t *buffer, size_t nbytes,
                                   size_t *ninflated_ret, struct zi_error *err)
{
    z_stream *stream = &inflating->stream;
    size_t done = 0;
    bool more = !inflating->ended;

    while (more && done < nbytes) {
        /* zlib counts in unsigned int; members may be larger on a 64-bit machine. */
        uInt room = nbytes - done < (uInt)-1 ? (uInt)(nbytes - done) : (uInt)-1;
        stream->next_out = buffer + done;
        stream->avail_out = room;
        enum zi_status status = inflate_step(inflating, &more, err);
        if (status != ZI_OK)
            return status;
        done += room - stream->avail_out;
    }
    *ninflated_ret = done;
    return ZI_OK;
}

/* Inflates nbytes; with `whole`, looks for what may follow them. */
static enum zi_status inflate_data(struct reading *reading, uint8_t *buffer, size_t nbytes,
                                   bool whole, struct zi_error *err)
{
    struct inflating inflating;
    uint8_t excess;
    size_t ninflated = 0, nexcess = 0;
    enum zi_status status = begin_inflating(&inflating, reading, err);

    if (status != ZI_OK)
        return status;
    status = inflate_some(&inflating, buffer, nbytes, &ninflated, err);
    if (status == ZI_OK && ninflated < nbytes)
        status = zi_member_fail(reading->entry, ZI_DETAIL_MEMBER_SHORT, err);
    if (status == ZI_OK && whole)
        status = inflate_some(&inflating, &excess, 1, &nexcess, err);
    if (status == ZI_OK && nexcess > 0)
        status = zi_member_fail(reading->entry, ZI_DETAIL_MEMBER_LONG, err);
    if (status == ZI_OK && whole && !inflating.ended)
        status = zi_member_fail(reading->entry, ZI_DETAIL_MEMBER_DEFLATE, err);
    inflateEnd(&inflating.stream);
    return status;
}

/* --- whole members, and their beginnings --- */

/* Makes room for the data. */
static enum zi_status make_room(struct zi_member *member, const struct zi_member_room *room,
                                uint8_t **ret, struct zi_error *err)
{
    if (room) {
        *ret = room->allocate(room->context, member->nbytes);
        member->bytes = *ret;
        return *ret ? ZI_OK : zi_fail(err, ZI_DETAIL_HOST_RAISED);
    }
    *ret = zi_host_reallocate(member->host, NULL, member->nbytes);
    member->bytes = member->block = *ret;
    return *ret ? ZI_OK : zi_fail(err, ZI_DETAIL_NO_MEMORY);
}

enum zi_status zi_member_load(struct zi_member *ret, struct zi_source *source,
                              const struct zi_entry *entry, enum zi_member_form form,
                              const struct zi_member_room *room, struct zi_error *err)
{
    bool as_it_stands = form == ZI_MEMBER_PACKED || entry->method == ZI_METHOD_STORED;
    struct zi_member member = {.host = source->host};
    struct reading reading;
    uint8_t *bytes;
    enum zi_status status = check_entry(entry, form, source->host, err);

    if (status != ZI_OK)
        return status;
    member.nbytes = (size_t)(as_it_stands ? entry->packed_nbytes : entry->nbytes);
    status = begin(&reading, source, entry, as_it_stands && !room ? member.nbytes : PIECE_NBYTES,
                   err);
    if (status != ZI_OK)
        goto done;
    member.difference = reading.difference;
    if (as_it_stands && !room && reading.packed_left == 0) {
        /* The block that the header was read into serves as the data's. */
        member.bytes = reading.next;
        member.block = reading.block;
        reading.block = NULL;
    } else {
        status = make_room(&member, room, &bytes, err);
        if (status == ZI_OK)
            status = as_it_stands ? take_packed(&reading, bytes, member.nbytes, err)
                                  : inflate_data(&reading, bytes, member.nbytes, true, err);
    }
    if (status == ZI_OK && form == ZI_MEMBER_DATA)
        status = zi_member_check(entry, member.bytes, member.nbytes, err);

done:
    zi_host_free(source->host, reading.block);
    if (status == ZI_OK)
        *ret = member;
    else
        zi_member_release(&member);
    return status;
}

void zi_member_release(struct zi_member *member)
{
    if (member->block)
        zi_host_free(member->host, member->block);
    *member = (struct zi_member){0};
}

enum zi_status zi_member_peek(struct zi_source *source, const struct zi_entry *entry, void *buffer,
                              size_t nbytes, enum zi_detail *difference_ret, struct zi_error *err)
{
    struct reading reading;
    enum zi_status status = check_entry(entry, ZI_MEMBER_DATA, source->host, err);

    if (status != ZI_OK)
        return status;
    if (nbytes > entry->nbytes)
        return zi_member_fail(entry, ZI_DETAIL_MEMBER_SHORT, err);
    status = begin(&reading, source, entry, PEEK_NBYTES, err);
    if (status == ZI_OK)
        status = entry->method == ZI_METHOD_STORED
                     ? take_packed(&reading, buffer, nbytes, err)
                     : inflate_data(&reading, buffer, nbytes, false, err);
    zi_host_free(source->host, reading.block);
    *difference_ret = reading.difference;
    return status;
}

static enum zi_status fail_crc(const struct zi_entry *entry, uint32_t crc, struct zi_error *err)
{
    zi_member_fail(entry, ZI_DETAIL_MEMBER_CRC, err);
    err->found = crc;
    err->expected = entry->crc;
    return err->status;
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
