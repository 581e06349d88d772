/* Reads and writes bytecode packs, and judges their members. */
#include "pack.h"

#include <string.h>
#include <zlib.h>

#include "../base/cursor.h"
#include "pyc.h"

/* Magic numbers are a number in 16 bits, then CR LF. */
#define MAGIC_NUMBER_MASK 0xffffu

/* Each of these appends to a name and returns its new end; printf() would be the largest function
 * of the module. */
static char *put_text(char *end, const char *text)
{
    while (*text)
        *end++ = *text++;
    return end;
}

static char *put_number(char *end, uint64_t number, unsigned base)
{
    char digits[20];
    size_t count = 0;

    do
        digits[count++] = "0123456789abcdef"[number % base];
    while ((number /= base) > 0);
    while (count > 0)
        *end++ = digits[--count];
    return end;
}

static char *put_identity(char *end, const struct zi_pack_identity *identity)
{
    end = put_number(put_text(end, "z"), ZI_PACK_SCHEMA, 10);
    end = put_number(put_text(end, "-p"), identity->magic & MAGIC_NUMBER_MASK, 10);
    end = put_number(put_text(end, "-o"), identity->optimization, 10);
    end = put_text(end, identity->debug_ranges ? "-r1" : "-r0");
    return identity->build ? put_text(put_text(end, "-b"), identity->build) : end;
}

/* What names a block of bytes: its CRC-32 and its length. */
static void put_digest(char *end, const void *bytes, size_t nbytes)
{
    end = put_number(end, crc32_z(0, bytes, nbytes), 16);
    end = put_number(put_text(end, "-"), nbytes, 10);
    *end = '\0';
}

void zi_pack_name(char *name, const struct zi_pack_identity *identity,
                  const struct zi_archive *archive)
{
    put_digest(put_text(put_identity(name, identity), "-"), archive->directory,
               archive->directory_nbytes);
}

void zi_pack_path_name(char *name, const struct zi_pack_identity *identity, const char *path,
                       size_t path_nbytes)
{
    put_digest(put_text(put_identity(name, identity), "-at-"), path, path_nbytes);
}

enum zi_status zi_pack_file_open(struct zi_pack_file *file, struct zi_host *host, const char *path,
                                 struct zi_error *err)
{
    enum zi_status status = zi_source_open(&file->source, host, path, err);

    file->archive = NULL;
    if (status == ZI_OK)
        status = zi_archive_open(&file->archive, &file->source, err);
    if (status != ZI_OK)
        zi_pack_file_release(file);
    return status;
}

void zi_pack_file_release(struct zi_pack_file *file)
{
    zi_archive_unref(file->archive);
    file->archive = NULL;
    zi_source_release(&file->source);
}

/* The node of a source's bytecode, or ZI_INDEX_NONE; writes false when there is no memory. */
static uint32_t find_bytecode(const struct zi_pack_file *file, const struct zi_entry *source,
                              bool *ok_ret)
{
    struct zi_host *host = file->source.host;
    size_t nbytes = source->name_nbytes + 1;
    char small[256], *path = small;
    uint32_t node;

    *ok_ret = true;
    if (nbytes > sizeof small && !(path = zi_host_reallocate(host, NULL, nbytes))) {
        *ok_ret = false;
        return ZI_INDEX_NONE;
    }
    memcpy(path, source->name, source->name_nbytes);
    path[source->name_nbytes] = 'c';
    node = zi_archive_find(file->archive, path, nbytes);
    if (path != small)
        zi_host_free(host, path);
    if (node == ZI_INDEX_NONE)
        return node;
    /* What is only shown under this name is another source's. */
    const struct zi_node *found = zi_archive_node(file->archive, node);
    return found->record == ZI_NO_RECORD || found->shown_only ? ZI_INDEX_NONE : node;
}

/* The hash by which a pack's pyc names its source. */
static void hash_source(const struct zi_entry *source, uint8_t *hash)
{
    zi_put32(hash, 0, source->crc);
    zi_put32(hash, 4, (uint32_t)source->nbytes);
}

static enum zi_pack_finding judge(const struct zi_member *pyc, const struct zi_entry *source,
                                  uint32_t magic)
{
    struct zi_pyc_header header = zi_pyc_read_header(pyc->bytes, pyc->nbytes, magic);
    uint8_t hash[ZI_PYC_HASH_NBYTES];

    if (header.kind == ZI_PYC_BAD_MAGIC)
        return ZI_PACK_OTHER_MAGIC;
    if (header.kind != ZI_PYC_UNCHECKED_HASH)
        return ZI_PACK_DAMAGED;
    hash_source(source, hash);
    return memcmp(header.hash, hash, sizeof hash) == 0 ? ZI_PACK_FOUND : ZI_PACK_OTHER_SOURCE;
}

void zi_pack_member_release(struct zi_pack_member *member)
{
    zi_member_release(&member->pyc);
}

enum zi_status zi_pack_file_read(struct zi_pack_file *file, const struct zi_entry *source,
                                 uint32_t magic, struct zi_pack_member *ret, struct zi_error *err)
{
    struct zi_entry entry;
    enum zi_status status;
    bool ok;
    uint32_t node = find_bytecode(file, source, &ok);

    *ret = (struct zi_pack_member){.finding = ZI_PACK_ABSENT};
    if (!ok)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    if (node == ZI_INDEX_NONE)
        return ZI_OK;
    zi_archive_entry(file->archive, node, &entry);
    status = zi_member_load(&ret->pyc, &file->source, &entry, ZI_MEMBER_DATA, NULL, err);
    ret->finding = status == ZI_OK ? judge(&ret->pyc, source, magic) : ZI_PACK_DAMAGED;
    if (ret->finding != ZI_PACK_FOUND)
        zi_pack_member_release(ret);
    if (status == ZI_ERR_SYSTEM || status == ZI_ERR_MEMORY || status == ZI_ERR_HOST)
        return status;
    return ZI_OK;
}

enum zi_status zi_pack_writer_open(struct zi_pack_writer *writer, struct zi_host *host,
                                   const char *path, struct zi_archive *archive, uint32_t magic,
                                   struct zi_error *err)
{
    size_t nbytes = archive->index.node_count / 8 + 1;
    enum zi_status status;

    *writer = (struct zi_pack_writer){.magic = magic, .sink = ZI_SINK_INIT};
    writer->has = zi_host_reallocate(host, NULL, nbytes);
    if (!writer->has)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    memset(writer->has, 0, nbytes);
    status = zi_sink_create(&writer->sink, host, path, err);
    if (status != ZI_OK) {
        zi_host_free(host, writer->has);
        return status;
    }
    zi_writer_init(&writer->zip, &writer->sink);
    writer->archive = zi_archive_ref(archive);
    return ZI_OK;
}

void zi_pack_writer_release(struct zi_pack_writer *writer)
{
    struct zi_host *host = writer->sink.host;

    zi_writer_release(&writer->zip);
    zi_sink_release(&writer->sink);
    zi_archive_unref(writer->archive);
    zi_host_free(host, writer->has);
}

bool zi_pack_writer_wants(const struct zi_pack_writer *writer, uint32_t at)
{
    const struct zi_node *node = zi_archive_node(writer->archive, at);
    size_t nbytes = node->path_nbytes;

    return node->record != ZI_NO_RECORD && nbytes > 3 && nbytes < ZI_WRITER_NAME_NBYTES_MAX &&
           memcmp(node->path + nbytes - 3, ".py", 3) == 0 && !(writer->has[at / 8] & 1u << at % 8);
}

/* Appends the member of a node: the pieces of a pyc. */
static enum zi_status add_member(struct zi_pack_writer *writer, uint32_t at,
                                 const struct zi_piece *pieces, size_t piece_count,
                                 struct zi_error *err)
{
    const struct zi_node *node = zi_archive_node(writer->archive, at);
    struct zi_host *host = writer->sink.host;
    size_t nbytes = node->path_nbytes + (size_t)1;
    uint8_t *name = zi_host_reallocate(host, NULL, nbytes);
    enum zi_status status;

    if (!name)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    memcpy(name, node->path, node->path_nbytes);
    name[node->path_nbytes] = 'c';
    status = zi_writer_add(&writer->zip, name, nbytes, pieces, piece_count, err);
    zi_host_free(host, name);
    writer->has[at / 8] |= (uint8_t)(1u << (at % 8));
    return status;
}

enum zi_status zi_pack_writer_add(struct zi_pack_writer *writer, uint32_t node, const void *code,
                                  size_t nbytes, struct zi_error *err)
{
    uint8_t header[ZI_PYC_HEADER_NBYTES], hash[ZI_PYC_HASH_NBYTES];
    struct zi_piece pieces[] = {{header, sizeof header}, {code, nbytes}};
    struct zi_entry source;

    zi_archive_entry(writer->archive, node, &source);
    hash_source(&source, hash);
    zi_pyc_make_header(header, writer->magic, hash);
    return add_member(writer, node, pieces, 2, err);
}

enum zi_status zi_pack_writer_copy(struct zi_pack_writer *writer, uint32_t node,
                                   struct zi_pack_file *file, struct zi_error *err)
{
    struct zi_pack_member member;
    struct zi_entry source;
    enum zi_status status;

    zi_archive_entry(writer->archive, node, &source);
    status = zi_pack_file_read(file, &source, writer->magic, &member, err);
    if (status == ZI_OK && member.finding == ZI_PACK_FOUND) {
        struct zi_piece piece = {member.pyc.bytes, member.pyc.nbytes};
        status = add_member(writer, node, &piece, 1, err);
    }
    zi_pack_member_release(&member);
    return status;
}

enum zi_status zi_pack_writer_finish(struct zi_pack_writer *writer, struct zi_written *ret,
                                     struct zi_error *err)
{
    enum zi_status status = zi_writer_finish(&writer->zip, ret, err);

    return status == ZI_OK ? zi_sink_close(&writer->sink, err) : status;
}
