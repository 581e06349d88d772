/*
 * Reading one member of an archive, checked against the directory.
 *
 * The directory is authoritative: the local header only says where the data begins. What else it
 * says differently is reported, and whether the bytes are the member's is decided by size and
 * CRC-32. ZI_ERR_CHANGED means that they are not: the archive is damaged, or was changed since its
 * directory was read.
 *
 * zi_member_load() is the one place where memory is allocated by a member's size.
 */
#ifndef ZI_ZIP_MEMBER_H
#define ZI_ZIP_MEMBER_H

#include "archive.h"

enum zi_member_form {
    ZI_MEMBER_DATA,   /* as it was before it was packed */
    ZI_MEMBER_PACKED, /* as it stands in the file, for whoever knows more methods than we do */
};

/* Memory that the caller has for the data: allocate() is called once at most, with the data's
 * length. It returns NULL when the host raised. */
struct zi_member_room {
    void *(*allocate)(void *context, size_t nbytes);
    void *context;
};

struct zi_member {
    const uint8_t *bytes;
    size_t nbytes;
    /* ZI_DETAIL_NONE, or what the local header says differently: then the archive may be another
     * one by now, in which the directory's place happens to hold equal data. */
    enum zi_detail difference;
    struct zi_host *host;
    uint8_t *block; /* what the bytes lie in, or NULL: they lie in the caller's room */
};

/*
 * Reads a whole member. Without room (NULL) the data lies in a block of the host, which needs
 * zi_member_release() after success only. Local header and data are read at once when they have at
 * most about 64 KiB, and a stored member of any size when there is no room.
 *
 * ZI_MEMBER_DATA is verified. ZI_MEMBER_PACKED is for zi_member_check(), once unpacked.
 */
enum zi_status zi_member_load(struct zi_member *ret, struct zi_source *source,
                              const struct zi_entry *entry, enum zi_member_form form,
                              const struct zi_member_room *room, struct zi_error *err);
void zi_member_release(struct zi_member *member); /* accepts a zeroed one */

/*
 * Fills the buffer with the beginning of a member's data; asking for more than there is is
 * ZI_DETAIL_MEMBER_SHORT. Nothing is verified: it is fit only for judging what the rest may be.
 */
enum zi_status zi_member_peek(struct zi_source *source, const struct zi_entry *entry, void *buffer,
                              size_t nbytes, enum zi_detail *difference_ret, struct zi_error *err);

/* Checks data that somebody else unpacked. */
enum zi_status zi_member_check(const struct zi_entry *entry, const uint8_t *data, size_t nbytes,
                               struct zi_error *err);

/* Fills *err with a defect of this member and returns its status. */
enum zi_status zi_member_fail(const struct zi_entry *entry, enum zi_detail detail,
                              struct zi_error *err);

/* How large a member may be: the host's limit, and never so large that a block with room for a
 * local header in front would be beyond the address space. */
uint64_t zi_member_nbytes_max(const struct zi_host *host);

#endif
