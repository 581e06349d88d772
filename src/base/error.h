/*
 * What went wrong, as a value: a status that says whose fault it is, a detail that says which
 * defect, and where. Nothing here allocates; a struct zi_error is copied and dropped freely.
 */
#ifndef ZI_BASE_ERROR_H
#define ZI_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum zi_status {
    ZI_OK = 0,
    ZI_ERR_ARCHIVE = -1,     /* the archive is malformed */
    ZI_ERR_CHANGED = -2,     /* the bytes read do not belong to the directory at hand: a damaged
                                archive, or one that was changed since the directory was read */
    ZI_ERR_UNSUPPORTED = -3, /* the archive is well formed and uses what this reader lacks */
    ZI_ERR_SYSTEM = -4,      /* a system call failed: see system_errno */
    ZI_ERR_MEMORY = -5,      /* no memory */
    ZI_ERR_HOST = -6,        /* the host keeps the error: a Python exception is pending */
};

/*
 * Every distinguishable defect: name, status, text. Where zipimport.py has a text for the defect
 * it is used, so that messages stay the ones people search for.
 */
#define ZI_DETAILS(X)                                                                              \
    X(NONE, ZI_OK, "no error")                                                                     \
    X(NO_MEMORY, ZI_ERR_MEMORY, "out of memory")                                                   \
    X(HOST_RAISED, ZI_ERR_HOST, "the host raised")                                                 \
    X(CANNOT_OPEN, ZI_ERR_SYSTEM, "can't open Zip file")                                           \
    X(CANNOT_READ, ZI_ERR_SYSTEM, "can't read Zip file")                                           \
    X(CANNOT_STAT, ZI_ERR_SYSTEM, "can't stat Zip file")                                           \
    X(CANNOT_CREATE, ZI_ERR_SYSTEM, "can't create Zip file")                                       \
    X(CANNOT_WRITE, ZI_ERR_SYSTEM, "can't write Zip file")                                         \
    /* Finding the directory. */                                                                   \
    X(NOT_A_ZIP, ZI_ERR_ARCHIVE, "not a Zip file")                                                 \
    X(END_RECORD_TRUNCATED, ZI_ERR_ARCHIVE, "corrupt Zip file")                                    \
    X(DIRECTORY_SIZE, ZI_ERR_ARCHIVE, "bad central directory size")                                \
    X(DIRECTORY_OFFSET, ZI_ERR_ARCHIVE, "bad central directory offset")                            \
    X(DIRECTORY_POSITION, ZI_ERR_ARCHIVE, "bad central directory size or offset")                  \
    X(ZIP64_CONTRADICTS, ZI_ERR_ARCHIVE, "ZIP64 end record contradicts the end record")            \
    X(DIRECTORY_TOO_LARGE, ZI_ERR_UNSUPPORTED, "central directory of 4 GiB or more")               \
    /* Reading the directory. */                                                                   \
    X(ENTRY_COUNT, ZI_ERR_ARCHIVE, "mismatched num_entries")                                       \
    X(ENTRY_TRUNCATED, ZI_ERR_ARCHIVE, "central directory entry runs past the directory's end")    \
    X(LOCAL_OFFSET, ZI_ERR_ARCHIVE, "bad local header offset")                                     \
    X(EXTRA, ZI_ERR_ARCHIVE, "can't read header extra")                                            \
    X(NAME_ENCODING, ZI_ERR_ARCHIVE, "entry name is marked as UTF-8 but is not")                   \
    /* Reading a member. */                                                                        \
    X(LOCAL_HEADER, ZI_ERR_CHANGED, "bad local file header")                                       \
    X(LOCAL_NAME, ZI_ERR_CHANGED, "local file header has another name")                            \
    X(LOCAL_METHOD, ZI_ERR_CHANGED, "local file header has another compression method")            \
    X(LOCAL_FLAGS, ZI_ERR_CHANGED, "local file header is flagged differently")                     \
    X(LOCAL_SIZE, ZI_ERR_CHANGED, "local file header has another size")                            \
    X(MEMBER_TRUNCATED, ZI_ERR_CHANGED, "data runs past the end of the file")                      \
    X(MEMBER_DEFLATE, ZI_ERR_CHANGED, "invalid deflate data")                                      \
    X(MEMBER_ZSTD, ZI_ERR_CHANGED, "could not decompress zstd data")                               \
    X(MEMBER_SHORT, ZI_ERR_CHANGED, "member is shorter than the directory says")                   \
    X(MEMBER_LONG, ZI_ERR_CHANGED, "member is longer than the directory says")                     \
    X(MEMBER_CRC, ZI_ERR_CHANGED, "bad CRC-32")                                                    \
    X(MEMBER_CLAIM, ZI_ERR_ARCHIVE, "member claims a size its data cannot hold")                   \
    X(MEMBER_LIMIT, ZI_ERR_UNSUPPORTED, "member is larger than the limit")                         \
    X(MEMBER_METHOD, ZI_ERR_UNSUPPORTED, "unsupported compression method")                         \
    X(MEMBER_ENCRYPTED, ZI_ERR_UNSUPPORTED, "encrypted member")                                    \
    /* Following a symbolic link. */                                                               \
    X(LINK_LEAVES, ZI_ERR_ARCHIVE, "symbolic link leaves the archive")                             \
    X(LINK_ABSOLUTE, ZI_ERR_ARCHIVE, "symbolic link is absolute")                                  \
    X(LINK_DANGLES, ZI_ERR_ARCHIVE, "symbolic link leads nowhere")                                 \
    X(LINK_LOOPS, ZI_ERR_ARCHIVE, "symbolic link leads in a loop")                                 \
    X(LINK_TEXT, ZI_ERR_ARCHIVE, "symbolic link is too long")                                      \
    /* Writing an archive. */                                                                      \
    X(NAME_TOO_LONG, ZI_ERR_UNSUPPORTED, "entry name of 64 KiB or more")                           \
    X(ARCHIVE_TOO_LARGE, ZI_ERR_UNSUPPORTED, "archive of 4 GiB or more")

enum zi_detail {
#define ZI_DETAIL_ENUM(name, status, text) ZI_DETAIL_##name,
    ZI_DETAILS(ZI_DETAIL_ENUM)
#undef ZI_DETAIL_ENUM
};

#define ZI_ERROR_NAME_NBYTES 120
#define ZI_NO_OFFSET UINT64_MAX

struct zi_error {
    enum zi_status status;
    enum zi_detail detail;
    int system_errno; /* with ZI_ERR_SYSTEM, else 0 */
    uint64_t offset;  /* where in the file, or ZI_NO_OFFSET */
    uint64_t found;   /* what the detail compares, 0 where it compares nothing */
    uint64_t expected;
    /* The entry's name as its bytes stand in the archive, cut to fit; empty when none is at fault.
     */
    size_t name_nbytes;
    char name[ZI_ERROR_NAME_NBYTES];
    /* The same of what it links to, if that is what is wrong. */
    size_t target_nbytes;
    char target[ZI_ERROR_NAME_NBYTES];
};

/* Each of these fills *err, forgetting what it held, and returns its status, so that a caller can
 * `return zi_fail(...)`. */
enum zi_status zi_fail(struct zi_error *err, enum zi_detail detail);
enum zi_status zi_fail_at(struct zi_error *err, enum zi_detail detail, uint64_t offset);
enum zi_status zi_fail_compared(struct zi_error *err, enum zi_detail detail, uint64_t offset,
                                uint64_t found, uint64_t expected);
/* Whether an error is about this process and this moment, so that the same may succeed later. */
bool zi_error_is_passing(const struct zi_error *err);

/* From what a host function answered: an errno value or ZI_HOST_RAISED. */
enum zi_status zi_fail_system(struct zi_error *err, enum zi_detail detail, int answer);

/* Adds the entry's name to an error already set. */
void zi_error_set_name(struct zi_error *err, const uint8_t *name, size_t nbytes);

/* Adds what the entry links to. */
void zi_error_set_target(struct zi_error *err, const uint8_t *text, size_t nbytes);

void zi_error_clear(struct zi_error *err);

/* The text of a detail; static. */
const char *zi_detail_text(enum zi_detail detail);

#endif
