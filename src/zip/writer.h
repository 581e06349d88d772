/*
 * Writing an archive of stored members, from its first local header to its end record.
 *
 * Members carry no time of their own: the same members in the same order are the same bytes. More
 * than 65,534 of them need a ZIP64 end record (4.3.14); an archive of 4 GiB or more is refused.
 */
#ifndef ZI_ZIP_WRITER_H
#define ZI_ZIP_WRITER_H

#include "../base/sink.h"

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

/* Begins an archive at the sink's beginning. Released by zi_writer_release(). */
void zi_writer_init(struct zi_writer *writer, struct zi_sink *sink);
void zi_writer_release(struct zi_writer *writer);

/* Appends a member; the name is UTF-8. After a failure only a release makes sense. */
enum zi_status zi_writer_add(struct zi_writer *writer, const uint8_t *name, size_t name_nbytes,
                             const struct zi_piece *pieces, size_t piece_count,
                             struct zi_error *err);

/* Appends the directory and the end record. The sink is the caller's to close. */
enum zi_status zi_writer_finish(struct zi_writer *writer, struct zi_written *ret,
                                struct zi_error *err);

#endif
