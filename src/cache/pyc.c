/* Reads and makes the header of a pyc. */
#include "pyc.h"

#include <string.h>

#include "../base/cursor.h"

/* PEP 552: magic number, flags, then mtime and source size, or a hash. */
#define MAGIC_AT 0
#define FLAGS_AT 4
#define MTIME_AT 8
#define SOURCE_NBYTES_AT 12
#define HASH_AT 8

#define FLAG_HASH 0x1u
#define FLAG_CHECK_SOURCE 0x2u

struct zi_pyc_header zi_pyc_read_header(const uint8_t *bytes, size_t nbytes, uint32_t magic)
{
    struct zi_pyc_header header = {.kind = ZI_PYC_BAD_MAGIC};

    if (nbytes < 4 || zi_get32(bytes, MAGIC_AT) != magic)
        return header;
    if (nbytes < ZI_PYC_HEADER_NBYTES) {
        header.kind = ZI_PYC_TRUNCATED;
        return header;
    }
    header.flags = zi_get32(bytes, FLAGS_AT);
    header.mtime = zi_get32(bytes, MTIME_AT);
    header.source_nbytes = zi_get32(bytes, SOURCE_NBYTES_AT);
    memcpy(header.hash, bytes + HASH_AT, ZI_PYC_HASH_NBYTES);
    if (header.flags & ~(FLAG_HASH | FLAG_CHECK_SOURCE))
        header.kind = ZI_PYC_BAD_FLAGS;
    else if (!(header.flags & FLAG_HASH))
        header.kind = ZI_PYC_TIMESTAMP; /* also flag 2 alone, as importlib classifies it */
    else
        header.kind = header.flags & FLAG_CHECK_SOURCE ? ZI_PYC_CHECKED_HASH
                                                       : ZI_PYC_UNCHECKED_HASH;
    return header;
}

void zi_pyc_make_header(uint8_t *header, uint32_t magic, const uint8_t *hash)
{
    zi_put32(header, MAGIC_AT, magic);
    zi_put32(header, FLAGS_AT, FLAG_HASH);
    memcpy(header + HASH_AT, hash, ZI_PYC_HASH_NBYTES);
}

bool zi_pyc_matches_source(const struct zi_pyc_header *header, int64_t mtime, uint64_t nbytes)
{
    int64_t difference = (int64_t)header->mtime - mtime;

    return difference >= -ZI_PYC_MTIME_SLACK && difference <= ZI_PYC_MTIME_SLACK &&
           header->source_nbytes == nbytes;
}
