/*
 * Where an archive's bytes come from: a file open for reading, or memory.
 *
 * A source is embedded in its user and released by zi_source_release(). It knows its size from
 * the moment it was opened; a read beyond what is really there fails, it never returns less.
 */
#ifndef ZI_BASE_SOURCE_H
#define ZI_BASE_SOURCE_H

#include "error.h"
#include "host.h"

struct zi_source {
    struct zi_host *host;
    const uint8_t *memory; /* borrowed; NULL for a file */
    int fd;                /* -1 for memory */
    uint64_t nbytes;
};

#define ZI_SOURCE_INIT                                                                             \
    {                                                                                              \
        .host = NULL, .memory = NULL, .fd = -1, .nbytes = 0                                        \
    }

/* Opens the file; the source is empty after a failure. */
enum zi_status zi_source_open(struct zi_source *source, struct zi_host *host, const char *path,
                              struct zi_error *err);

/* Reads from bytes that the caller keeps alive and unchanged. */
void zi_source_open_memory(struct zi_source *source, struct zi_host *host, const uint8_t *bytes,
                           size_t nbytes);

/* Accepts an empty source. */
void zi_source_release(struct zi_source *source);

/*
 * Fills the buffer from the given offset. A range that is not wholly inside the source, or a file
 * that has become shorter, is ZI_DETAIL_MEMBER_TRUNCATED.
 */
enum zi_status zi_source_read(struct zi_source *source, uint64_t offset, void *buffer,
                              size_t nbytes, struct zi_error *err);

/* The source's stamp; memory has none and must not be asked. */
enum zi_status zi_source_stamp(struct zi_source *source, struct zi_stamp *ret,
                               struct zi_error *err);

#endif
