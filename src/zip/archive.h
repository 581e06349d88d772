/*
 * One archive's directory, immutable once opened but for a note.
 *
 * The central directory is kept as it stood in the file: names point into it, and the fields of an
 * entry are read from it when asked for. Comparing two states of an archive is comparing these
 * bytes.
 */
#ifndef ZI_ZIP_ARCHIVE_H
#define ZI_ZIP_ARCHIVE_H

#include "../base/arena.h"
#include "../base/error.h"
#include "../base/source.h"
#include "end_record.h"
#include "index.h"

struct zi_archive {
    struct zi_host *host;
    struct zi_end_record end;
    uint8_t *directory; /* end.directory_nbytes of it */
    uint32_t directory_nbytes;
    uint32_t entry_count; /* central headers read, duplicates included */
    struct zi_index index;
    struct zi_arena names; /* those that do not stand in the directory as they are used */
    bool has_links;        /* an entry is a symbolic link */
    bool headers_differ;   /* a note of who reads members: local headers were seen to say other
                              things than this directory, which was compared with the file's since */
    unsigned ref_count;
};

/* What the directory says of one entry. Pointers are borrowed from the archive. */
struct zi_entry {
    const uint8_t *name; /* UTF-8 */
    size_t name_nbytes;
    const uint8_t *raw_name; /* its bytes in the header */
    size_t raw_name_nbytes;
    const uint8_t *extra;
    size_t extra_nbytes;
    uint64_t local_position; /* of the local header in the file */
    uint64_t packed_nbytes;
    uint64_t nbytes;
    uint32_t crc;
    uint16_t flags;
    uint16_t method;
    uint16_t dos_time;
    uint16_t dos_date;
    bool is_link; /* its data is the path that it stands for: link.h */
};

/* Reads the directory from the source, which is not needed afterwards. Writes a new reference. */
enum zi_status zi_archive_open(struct zi_archive **ret, struct zi_source *source,
                               struct zi_error *err);

/* The same where `previous` may be what the source still holds: a new reference to it then, if the
 * directory is equal byte for byte and lies in the same place. */
enum zi_status zi_archive_reopen(struct zi_archive **ret, struct zi_archive *previous,
                                 struct zi_source *source, struct zi_error *err);

struct zi_archive *zi_archive_ref(struct zi_archive *archive);
void zi_archive_unref(struct zi_archive *archive); /* accepts NULL */

/* The node of a full path, as an entry's name is stored or shown, or ZI_INDEX_NONE. */
uint32_t zi_archive_find(const struct zi_archive *archive, const char *path, size_t nbytes);

static inline const struct zi_node *zi_archive_node(const struct zi_archive *archive, uint32_t node)
{
    return &archive->index.nodes[node];
}

/* Whether a node's name is a directory's. */
static inline bool zi_archive_is_directory(const struct zi_archive *archive, uint32_t node)
{
    const struct zi_node *at = zi_archive_node(archive, node);

    return at->path_nbytes == 0 ? node == ZI_INDEX_ROOT : at->path[at->path_nbytes - 1] == '/';
}

/* Reads the entry of a node that has a record. */
void zi_archive_entry(const struct zi_archive *archive, uint32_t node, struct zi_entry *ret);

/* Reads the entry of a record, its name as it stands there, and returns the record behind it. The
 * first record is 0, and there are entry_count of them, duplicates included. */
uint32_t zi_archive_record(const struct zi_archive *archive, uint32_t record, struct zi_entry *ret);

/* The modification time that the entry's extended timestamp holds, in seconds since the epoch;
 * false when it has none. */
bool zi_entry_utc_mtime(const struct zi_entry *entry, int64_t *seconds_ret);

/* Memory that the archive holds beside its directory. */
size_t zi_archive_index_nbytes(const struct zi_archive *archive);

#endif
