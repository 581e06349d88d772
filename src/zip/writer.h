/*
 * Writing an archive, from its first local header to its end record: new members, stored or packed
 * by the caller, and those of another archive as they are there.
 *
 * Members carry no time of their own: the same members in the same order are the same bytes. More
 * than 65,534 of them need a ZIP64 end record (4.3.14); an archive of 4 GiB or more is refused.
 */
#ifndef ZI_ZIP_WRITER_H
#define ZI_ZIP_WRITER_H

#include "../base/sink.h"
#include "archive.h"
#include "format.h"

#define ZI_WRITER_NAME_NBYTES_MAX 65535

struct zi_writer {
    struct zi_sink *sink; /* borrowed; nobody else writes to it */
    uint8_t *directory;   /* central headers so far */
    size_t directory_nbytes;
    size_t directory_capacity;
    uint32_t entry_count;
};

/* A member's data, in pieces. */
struct zi_piece {
    const void *bytes;
    size_t nbytes;
};

/* What was written, once it is finished. */
struct zi_written {
    uint64_t nbytes;        /* of the whole archive */
    uint32_t directory_crc; /* CRC-32 of the central directory, which holds every member's: equal
                               numbers mean equal archives */
    uint32_t entry_count;
};

/* Room for nbytes more of the directory, which the caller fills; NULL when there is no memory. */
uint8_t *zi_writer_extend_directory(struct zi_writer *writer, size_t nbytes);

/* Begins an archive at the sink's beginning. Released by zi_writer_release(). */
void zi_writer_init(struct zi_writer *writer, struct zi_sink *sink);
void zi_writer_release(struct zi_writer *writer);

/* What of an archive is left out of its copy: a bit for each place of its directory where a record
 * can begin. The size of these bits, and setting the one of a name, as it is stored or shown; a
 * name that the archive has not is no error. */
static inline size_t zi_omitted_nbytes(const struct zi_archive *archive)
{
    return archive->directory_nbytes / ZI_CENTRAL_NBYTES / 8 + 1;
}
void zi_omit(uint8_t *omitted, const struct zi_archive *archive, const char *name, size_t nbytes);

/* Copies the members of another archive, and what stands before them in its file, but not those
 * that are omitted, nor earlier ones of the same name, nor their data. Only where nothing was added
 * yet. After a failure of any of these only a release makes sense. */
enum zi_status zi_writer_copy(struct zi_writer *writer, const struct zi_archive *archive,
                              struct zi_source *source, const uint8_t *omitted,
                              struct zi_error *err);

/* Appends a member, stored; the name is UTF-8. */
enum zi_status zi_writer_add(struct zi_writer *writer, const uint8_t *name, size_t name_nbytes,
                             const struct zi_piece *pieces, size_t piece_count,
                             struct zi_error *err);

/* What a member was before it was deflated. */
struct zi_inflated {
    uint64_t nbytes;
    uint32_t crc;
};

/* Appends a member whose data is deflated already. */
enum zi_status zi_writer_add_deflated(struct zi_writer *writer, const uint8_t *name,
                                      size_t name_nbytes, const struct zi_piece *deflated,
                                      const struct zi_inflated *inflated, struct zi_error *err);

/* Appends the directory and the end record. The sink is the caller's to close. */
enum zi_status zi_writer_finish(struct zi_writer *writer, struct zi_written *ret,
                                struct zi_error *err);

#endif
