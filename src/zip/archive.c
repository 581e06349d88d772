/* Reads a central directory. */
#include "archive.h"

#include <string.h>
#include <zlib.h>

#include "../base/checked.h"
#include "../base/cursor.h"
#include "format.h"
#include "name.h"

/* One central header: its fixed part and what follows it. */
struct header {
    const uint8_t *fixed;
    const uint8_t *name;
    const uint8_t *extra;
    uint16_t name_nbytes;
    uint16_t extra_nbytes;
};

/* Reads the header at the cursor; false when what stands there is not one, or is cut off, which
 * leaves the cursor failed. */
static bool take_header(struct zi_cursor *cursor, struct header *ret)
{
    if (cursor->nbytes < 4 || zi_get32(cursor->bytes, 0) != ZI_CENTRAL_SIGNATURE)
        return false;
    ret->fixed = zi_cursor_take(cursor, ZI_CENTRAL_NBYTES);
    if (!ret->fixed)
        return false;
    ret->name_nbytes = zi_get16(ret->fixed, ZI_CENTRAL_NAME_NBYTES_AT);
    ret->extra_nbytes = zi_get16(ret->fixed, ZI_CENTRAL_EXTRA_NBYTES_AT);
    ret->name = zi_cursor_take(cursor, ret->name_nbytes);
    ret->extra = zi_cursor_take(cursor, ret->extra_nbytes);
    zi_cursor_take(cursor, zi_get16(ret->fixed, ZI_CENTRAL_COMMENT_NBYTES_AT));
    return cursor->ok;
}

/* One extra field's data; NULL when there is none of that id. */
struct extra {
    const uint8_t *data;
    size_t nbytes;
};

/* Finds the first extra field with this id. False when the fields are cut off before it is found,
 * which is harmless where the field is optional: 4.5.2 lets readers skip what they do not know. */
static bool find_extra(const uint8_t *fields, size_t nbytes, uint16_t id, struct extra *ret)
{
    struct zi_cursor cursor = zi_cursor_over(fields, nbytes);

    ret->data = NULL;
    ret->nbytes = 0;
    while (cursor.nbytes > 0) {
        const uint8_t *field = zi_cursor_take(&cursor, ZI_EXTRA_HEADER_NBYTES);
        size_t field_nbytes = field ? zi_get16(field, ZI_EXTRA_NBYTES_AT) : 0;
        const uint8_t *data = zi_cursor_take(&cursor, field_nbytes);
        if (!data)
            return false;
        if (zi_get16(field, ZI_EXTRA_ID_AT) == id) {
            ret->data = data;
            ret->nbytes = field_nbytes;
            break;
        }
    }
    return true;
}

struct sizes {
    uint64_t packed_nbytes;
    uint64_t nbytes;
    uint64_t local_offset; /* from the archive's beginning */
};

/* Reads the three numbers that may have moved to the ZIP64 extra; false when one is cut off. */
static bool read_sizes(const struct header *header, struct sizes *ret)
{
    uint64_t *numbers[] = {&ret->nbytes, &ret->packed_nbytes, &ret->local_offset};
    struct extra extra;

    ret->packed_nbytes = zi_get32(header->fixed, ZI_CENTRAL_PACKED_AT);
    ret->nbytes = zi_get32(header->fixed, ZI_CENTRAL_SIZE_AT);
    ret->local_offset = zi_get32(header->fixed, ZI_CENTRAL_LOCAL_OFFSET_AT);
    if (ret->packed_nbytes != ZI_SATURATED32 && ret->nbytes != ZI_SATURATED32 &&
        ret->local_offset != ZI_SATURATED32)
        return true;

    if (!find_extra(header->extra, header->extra_nbytes, ZI_EXTRA_ZIP64, &extra))
        return false;
    if (!extra.data)
        return true; /* zipimport takes such a number as it stands */
    struct zi_cursor cursor = zi_cursor_over(extra.data, extra.nbytes);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (*numbers[i] != ZI_SATURATED32)
            continue;
        const uint8_t *number = zi_cursor_take(&cursor, 8);
        if (!number)
            return false;
        *numbers[i] = zi_get64(number, 0);
    }
    return true;
}

/* Finds the name in an Info-ZIP Unicode Path extra that belongs to this very name (4.6.9). */
static bool find_unicode_path(const struct header *header, struct zi_name *ret)
{
    struct extra extra;

    find_extra(header->extra, header->extra_nbytes, ZI_EXTRA_UNICODE_PATH, &extra);
    if (extra.nbytes <= ZI_UNICODE_PATH_NAME_AT || extra.data[0] != ZI_UNICODE_PATH_VERSION ||
        zi_get32(extra.data, ZI_UNICODE_PATH_CRC_AT) != crc32(0, header->name, header->name_nbytes))
        return false;
    *ret = (struct zi_name){extra.data + ZI_UNICODE_PATH_NAME_AT,
                            extra.nbytes - ZI_UNICODE_PATH_NAME_AT};
    return zi_name_is_utf8(ret->bytes, ret->nbytes);
}

/* Which system's names and attributes the header has (4.4.2). */
static unsigned host_of(const uint8_t *fixed)
{
    return fixed[ZI_CENTRAL_MADE_BY_AT + 1];
}

static bool is_unix(unsigned host)
{
    return host == ZI_HOST_UNIX || host == ZI_HOST_OSX;
}

/* Whether the entry is a symbolic link. */
static bool is_link(const uint8_t *fixed)
{
    uint32_t mode = zi_get32(fixed, ZI_CENTRAL_EXTERNAL_AT) >> ZI_EXTERNAL_MODE_SHIFT;

    return is_unix(host_of(fixed)) && (mode & ZI_MODE_TYPE) == ZI_MODE_LINK;
}

/* A copy of the name for the archive's arena, in UTF-8 from code page 437, with slashes for
 * backslashes, or without empty parts and parts `.`, if something else is left; false when there is
 * no memory. */
static bool copy_from_cp437(struct zi_archive *archive, struct zi_name *name)
{
    size_t max_nbytes = zi_name_cp437_max_nbytes(name->nbytes), nbytes;
    uint8_t *copy = zi_arena_bytes(&archive->names, max_nbytes);

    if (!copy)
        return false;
    nbytes = zi_name_from_cp437(name->bytes, name->nbytes, copy);
    zi_arena_trim(&archive->names, max_nbytes, nbytes);
    *name = (struct zi_name){copy, nbytes};
    return true;
}

static bool copy_with_slashes(struct zi_archive *archive, struct zi_name *name)
{
    uint8_t *copy = zi_arena_bytes(&archive->names, name->nbytes);

    if (!copy)
        return false;
    for (size_t i = 0; i < name->nbytes; i++)
        copy[i] = name->bytes[i] == '\\' ? '/' : name->bytes[i];
    name->bytes = copy;
    return true;
}

static bool copy_without_idle_parts(struct zi_archive *archive, struct zi_name *name)
{
    uint8_t *copy = zi_arena_bytes(&archive->names, name->nbytes);
    size_t nbytes;

    if (!copy)
        return false;
    nbytes = zi_name_drop_idle_parts(name, copy);
    zi_arena_trim(&archive->names, name->nbytes, nbytes);
    if (nbytes > 0)
        *name = (struct zi_name){copy, nbytes};
    return true;
}

/* The names of a header: as zipimport reads what is stored, and as unzip shows it. Where they are
 * alike, both are the same bytes in the same place. */
static enum zi_status decode_name(struct zi_archive *archive, const struct header *header,
                                  struct zi_name *stored, struct zi_name *shown,
                                  struct zi_error *err)
{
    unsigned host = host_of(header->fixed);
    bool ascii = zi_name_is_ascii(header->name, header->name_nbytes);
    bool flagged = zi_get16(header->fixed, ZI_CENTRAL_FLAGS_AT) & ZI_FLAG_UTF8;
    struct zi_name unicode;

    *stored = *shown = (struct zi_name){header->name, header->name_nbytes};
    if (!ascii && flagged && !zi_name_is_utf8(stored->bytes, stored->nbytes))
        return zi_fail(err, ZI_DETAIL_NAME_ENCODING);
    if (!ascii && !flagged && !copy_from_cp437(archive, stored))
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    /* An ASCII name too may stand for another: Info-ZIP writes "#U00e9" for what it lacks. */
    if (!flagged && header->extra_nbytes > 0 && find_unicode_path(header, &unicode))
        *shown = unicode;
    else if (ascii || flagged || !is_unix(host) || !zi_name_is_utf8(shown->bytes, shown->nbytes))
        *shown = *stored;
    if (host == ZI_HOST_FAT && zi_name_has_backslashes(shown)) {
        struct zi_name slashed = *shown;
        if (!copy_with_slashes(archive, &slashed))
            return zi_fail(err, ZI_DETAIL_NO_MEMORY);
        if (!zi_name_has_parent_part(&slashed))
            *shown = slashed;
    }
    zi_name_drop_start(shown);
    if (zi_name_has_idle_parts(shown) && !zi_name_has_parent_part(shown) &&
        !copy_without_idle_parts(archive, shown))
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    return ZI_OK;
}

static bool same_name(const struct zi_name *a, const struct zi_name *b)
{
    return a->nbytes == b->nbytes &&
           (a->bytes == b->bytes || memcmp(a->bytes, b->bytes, a->nbytes) == 0);
}

static bool index_names(struct zi_index *index, const struct zi_name *stored,
                        const struct zi_name *shown, uint32_t record)
{
    if (same_name(stored, shown))
        return zi_index_insert(index, stored->bytes, stored->nbytes, record, ZI_SPELLING_ONLY);
    return zi_index_insert(index, shown->bytes, shown->nbytes, record, ZI_SPELLING_SHOWN) &&
           zi_index_insert(index, stored->bytes, stored->nbytes, record, ZI_SPELLING_STORED);
}

static enum zi_status index_header(struct zi_archive *archive, const struct header *header,
                                   uint32_t record, struct zi_error *err)
{
    struct zi_name stored = {NULL, 0}, shown = {NULL, 0};
    struct sizes sizes;
    enum zi_status status = ZI_OK;

    if (!read_sizes(header, &sizes))
        status = zi_fail(err, ZI_DETAIL_EXTRA);
    else if (sizes.local_offset > archive->end.directory_offset)
        status = zi_fail_compared(err, ZI_DETAIL_LOCAL_OFFSET, 0, sizes.local_offset,
                                  archive->end.directory_offset);
    else
        status = decode_name(archive, header, &stored, &shown, err);
    if (status == ZI_OK && !index_names(&archive->index, &stored, &shown, record))
        status = zi_fail(err, ZI_DETAIL_NO_MEMORY);
    archive->has_links |= is_link(header->fixed);
    if (status != ZI_OK) {
        err->offset = archive->end.directory_position + record;
        zi_error_set_name(err, header->name, header->name_nbytes);
    }
    return status;
}

/* Indexes every header of the retained directory. Other bytes behind the last header, such as a
 * digital signature (4.3.13), end it as they do for zipimport. */
static enum zi_status index_directory(struct zi_archive *archive, struct zi_error *err)
{
    const struct zi_end_record *end = &archive->end;
    struct zi_cursor cursor = zi_cursor_over(archive->directory, archive->directory_nbytes);
    uint64_t count_mask = end->zip64 ? UINT64_MAX : ZI_SATURATED16;
    struct header header;
    uint32_t record = 0;

    while (take_header(&cursor, &header)) {
        enum zi_status status = index_header(archive, &header, record, err);
        if (status != ZI_OK)
            return status;
        archive->entry_count++;
        record = archive->directory_nbytes - (uint32_t)cursor.nbytes;
    }
    if (!cursor.ok)
        return zi_fail_at(err, ZI_DETAIL_ENTRY_TRUNCATED, end->directory_position + record);
    if ((archive->entry_count & count_mask) != end->entry_count)
        return zi_fail_compared(err, ZI_DETAIL_ENTRY_COUNT, end->directory_position,
                                archive->entry_count, end->entry_count);
    return ZI_OK;
}

static enum zi_status read_directory(struct zi_archive *archive, struct zi_source *source,
                                     struct zi_error *err)
{
    size_t nbytes;
    enum zi_status status = zi_end_record_find(source, &archive->end, err);

    if (status != ZI_OK)
        return status;
    /* Records are 32-bit offsets, the last of which means none. */
    if (archive->end.directory_nbytes >= ZI_NO_RECORD ||
        !zi_to_size(archive->end.directory_nbytes, &nbytes))
        return zi_fail(err, ZI_DETAIL_DIRECTORY_TOO_LARGE);
    archive->directory = zi_host_reallocate(archive->host, NULL, nbytes);
    if (!archive->directory)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    archive->directory_nbytes = (uint32_t)nbytes;
    return zi_source_read(source, archive->end.directory_position, archive->directory, nbytes, err);
}

static enum zi_status make_index(struct zi_archive *archive, struct zi_error *err)
{
    /* The count is a claim; the bytes bound it. (Without a ZIP64 record it is modulo 65,536: the
     * index then grows as it fills.) */
    size_t entry_count = archive->directory_nbytes / ZI_CENTRAL_NBYTES;
    if (archive->end.entry_count < entry_count)
        entry_count = (size_t)archive->end.entry_count;
    if (!zi_index_init(&archive->index, archive->host, entry_count))
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);

    enum zi_status status = index_directory(archive, err);
    if (status != ZI_OK)
        return status;
    zi_index_shrink(&archive->index);
    archive->host->count.parses++;
    return ZI_OK;
}

/* Whether both have the same directory in the same place. */
static bool same_directory(const struct zi_archive *a, const struct zi_archive *b)
{
    return a->end.directory_position == b->end.directory_position && a->end.base == b->end.base &&
           a->end.entry_count == b->end.entry_count && a->directory_nbytes == b->directory_nbytes &&
           memcmp(a->directory, b->directory, a->directory_nbytes) == 0;
}

enum zi_status zi_archive_reopen(struct zi_archive **ret, struct zi_archive *previous,
                                 struct zi_source *source, struct zi_error *err)
{
    struct zi_archive *archive = zi_host_reallocate(source->host, NULL, sizeof *archive);
    enum zi_status status;

    if (!archive)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    memset(archive, 0, sizeof *archive);
    archive->host = source->host;
    archive->index.host = source->host;
    archive->ref_count = 1;
    zi_arena_init(&archive->names, source->host);

    status = read_directory(archive, source, err);
    if (status == ZI_OK && previous && same_directory(archive, previous)) {
        zi_archive_unref(archive);
        archive = zi_archive_ref(previous);
    } else if (status == ZI_OK) {
        status = make_index(archive, err);
    }
    if (status != ZI_OK) {
        zi_archive_unref(archive);
        return status;
    }
    *ret = archive;
    return ZI_OK;
}

enum zi_status zi_archive_open(struct zi_archive **ret, struct zi_source *source,
                               struct zi_error *err)
{
    return zi_archive_reopen(ret, NULL, source, err);
}

struct zi_archive *zi_archive_ref(struct zi_archive *archive)
{
    archive->ref_count++;
    return archive;
}

void zi_archive_unref(struct zi_archive *archive)
{
    if (!archive || --archive->ref_count > 0)
        return;
    zi_index_release(&archive->index);
    zi_arena_release(&archive->names);
    zi_host_free(archive->host, archive->directory);
    zi_host_free(archive->host, archive);
}

uint32_t zi_archive_find(const struct zi_archive *archive, const char *path, size_t nbytes)
{
    return zi_index_find(&archive->index, ZI_INDEX_ROOT, (const uint8_t *)path, nbytes);
}

uint32_t zi_archive_record(const struct zi_archive *archive, uint32_t record, struct zi_entry *ret)
{
    struct zi_cursor cursor = zi_cursor_over(archive->directory + record,
                                             archive->directory_nbytes - record);
    struct header header = {0};
    struct sizes sizes;

    /* Neither fails: both succeeded when the directory was indexed. */
    *ret = (struct zi_entry){0};
    if (!take_header(&cursor, &header) || !read_sizes(&header, &sizes))
        return archive->directory_nbytes;
    *ret = (struct zi_entry){
        .name = header.name,
        .name_nbytes = header.name_nbytes,
        .raw_name = header.name,
        .raw_name_nbytes = header.name_nbytes,
        .extra = header.extra,
        .extra_nbytes = header.extra_nbytes,
        .local_position = archive->end.base + sizes.local_offset,
        .packed_nbytes = sizes.packed_nbytes,
        .nbytes = sizes.nbytes,
        .crc = zi_get32(header.fixed, ZI_CENTRAL_CRC_AT),
        .flags = zi_get16(header.fixed, ZI_CENTRAL_FLAGS_AT),
        .method = zi_get16(header.fixed, ZI_CENTRAL_METHOD_AT),
        .dos_time = zi_get16(header.fixed, ZI_CENTRAL_TIME_AT),
        .dos_date = zi_get16(header.fixed, ZI_CENTRAL_DATE_AT),
        .is_link = is_link(header.fixed),
    };
    return archive->directory_nbytes - (uint32_t)cursor.nbytes;
}

void zi_archive_entry(const struct zi_archive *archive, uint32_t node, struct zi_entry *ret)
{
    const struct zi_node *at = zi_archive_node(archive, node);

    zi_archive_record(archive, at->record, ret);
    ret->name = at->path;
    ret->name_nbytes = at->path_nbytes;
}

bool zi_entry_utc_mtime(const struct zi_entry *entry, int64_t *seconds_ret)
{
    struct extra extra;

    find_extra(entry->extra, entry->extra_nbytes, ZI_EXTRA_TIMESTAMP, &extra);
    if (extra.nbytes < ZI_TIMESTAMP_NBYTES || !(extra.data[0] & ZI_TIMESTAMP_HAS_MTIME))
        return false;
    *seconds_ret = (int32_t)zi_get32(extra.data, ZI_TIMESTAMP_MTIME_AT);
    return true;
}

size_t zi_archive_index_nbytes(const struct zi_archive *archive)
{
    return zi_index_nbytes(&archive->index) + archive->names.nbytes;
}
