/*
 * The header of a pyc (PEP 552): bytecode is judged by it, without reading the rest.
 */
#ifndef ZI_CACHE_PYC_H
#define ZI_CACHE_PYC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZI_PYC_HEADER_NBYTES 16
#define ZI_PYC_HASH_NBYTES 8
/* zipimport compares a timestamp with the DOS time of the source, which counts in two seconds. */
#define ZI_PYC_MTIME_SLACK 1

enum zi_pyc_kind {
    ZI_PYC_BAD_MAGIC,      /* another interpreter's */
    ZI_PYC_TRUNCATED,      /* right magic, and less than a header */
    ZI_PYC_BAD_FLAGS,      /* flags that PEP 552 does not define */
    ZI_PYC_TIMESTAMP,      /* belongs to a source of this mtime and size */
    ZI_PYC_UNCHECKED_HASH, /* belongs to a source of this hash, to be taken on trust */
    ZI_PYC_CHECKED_HASH,   /* the same, to be checked */
};

struct zi_pyc_header {
    enum zi_pyc_kind kind;
    uint32_t flags;
    uint32_t mtime;                   /* of ZI_PYC_TIMESTAMP */
    uint32_t source_nbytes;           /* of ZI_PYC_TIMESTAMP, modulo 2**32 */
    uint8_t hash[ZI_PYC_HASH_NBYTES]; /* of the hash kinds */
};

/* Reads the first nbytes of a pyc (a header's worth or, if it is shorter, all of it). */
struct zi_pyc_header zi_pyc_read_header(const uint8_t *bytes, size_t nbytes, uint32_t magic);

/* Makes the header of a pyc that belongs to a source of this hash and is taken on trust. */
void zi_pyc_make_header(uint8_t *header, uint32_t magic, const uint8_t *hash);

/* Whether a timestamp header belongs to this source. */
bool zi_pyc_matches_source(const struct zi_pyc_header *header, int64_t mtime, uint64_t nbytes);

#endif
