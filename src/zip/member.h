/*
 * Reading one member of an archive, checked against the directory.
 *
 * A member is opened, read in pieces of any size, and finished, which is where its length and
 * CRC-32 are judged: bytes must not be used as code or data before zi_member_finish() succeeded.
 * ZI_ERR_CHANGED from any of these means that the bytes do not belong to this directory.
 */
#ifndef ZI_ZIP_MEMBER_H
#define ZI_ZIP_MEMBER_H

#include <zlib.h>

#include "archive.h"
#include "format.h"

struct zi_member {
    struct zi_source *source; /* borrowed */
    const struct zi_entry *entry;
    uint64_t position;    /* of the next packed byte in the file */
    uint64_t packed_left; /* packed bytes not yet read */
    uint64_t nbytes_left; /* bytes not yet given out */
    uint32_t crc;         /* of those given out */
    bool inflating;       /* `stream` is initialised */
    bool ended;           /* and came to its end */
    uint8_t *packed;      /* buffer that `stream` reads from */
    size_t packed_nbytes;
    z_stream stream;
};

enum zi_member_form {
    ZI_MEMBER_DATA,   /* as it was before it was packed */
    ZI_MEMBER_PACKED, /* as it stands in the file, for whoever knows more methods than we do */
};

/*
 * Reads and checks the local header: signature, method, name, and the sizes where no data
 * descriptor follows. The entry and the source must outlive the member, which needs
 * zi_member_release() after success only.
 */
enum zi_status zi_member_open(struct zi_member *member, struct zi_source *source,
                              const struct zi_entry *entry, enum zi_member_form form,
                              struct zi_error *err);
void zi_member_release(struct zi_member *member);

/* Fills the buffer; asking for more than is left is ZI_DETAIL_MEMBER_SHORT. */
enum zi_status zi_member_read(struct zi_member *member, void *buffer, size_t nbytes,
                              struct zi_error *err);

/* After the last byte of ZI_MEMBER_DATA was read: checks that nothing follows and that the CRC-32
 * is right. What was read as ZI_MEMBER_PACKED is for zi_member_check(), once unpacked. */
enum zi_status zi_member_finish(struct zi_member *member, struct zi_error *err);

/* How much of the local header is known from the directory: all but its extra field, which may be
 * another one. */
static inline size_t zi_member_local_nbytes(const struct zi_entry *entry)
{
    return ZI_LOCAL_NBYTES + entry->raw_name_nbytes;
}

/* Checks that much of a local header, as zi_member_open() does, and writes how long all of it is.
 */
enum zi_status zi_member_check_local(const struct zi_entry *entry, const uint8_t *local,
                                     size_t *nbytes_ret, struct zi_error *err);

/* Checks data that somebody else unpacked. */
enum zi_status zi_member_check(const struct zi_entry *entry, const uint8_t *data, size_t nbytes,
                               struct zi_error *err);

/* Fills *err with a defect of this member and returns its status. */
enum zi_status zi_member_fail(const struct zi_entry *entry, enum zi_detail detail,
                              struct zi_error *err);

#endif
