/*
 * Builds archives, right or wrong in any field.
 *
 * Every field of every record has a knob: left alone it gets the value that a correct archive has,
 * set to ZIP_SET(value) it gets that. Strings are ZIP_TEXT("...") or {bytes, nbytes}.
 *
 *     struct zip_built zip = zip_of(ZIP_ENDS(.trailing = ZIP_TEXT("\n")),
 *                                   ZIP_MEMBERS({.name = "a.py", .data = ZIP_TEXT("x = 1")},
 *                                               {.name = "b.py", .central.crc = ZIP_SET(7)}));
 */
#ifndef TESTS_C_ZIPBUILD_H
#define TESTS_C_ZIPBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zip_knob {
    bool set;
    uint64_t value;
};

#define ZIP_SET(number)                                                                            \
    {                                                                                              \
        .set = true, .value = (number)                                                             \
    }

struct zip_bytes {
    const void *bytes;
    size_t nbytes;
};

#define ZIP_TEXT(text)                                                                             \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

struct zip_member {
    const char *name; /* of both headers */
    struct zip_bytes data;
    uint16_t method; /* of both headers; 8 deflates, any other leaves the data as it is */
    uint16_t flags;  /* of both headers; bit 3 puts sizes and CRC-32 into a descriptor only */
    bool zip64;      /* sizes, and the offset, stand in ZIP64 extras */
    bool central_only;
    bool local_only;
    struct zip_bytes packed; /* instead of what the method makes of the data */

    struct {
        struct zip_knob signature, version, flags, method, time, date, crc, packed_nbytes, nbytes,
            name_nbytes, extra_nbytes;
        struct zip_bytes name, extra;
    } local;
    struct {
        bool without_signature;
        struct zip_knob crc, packed_nbytes, nbytes;
    } descriptor;
    struct {
        struct zip_knob signature, made_by, version, flags, method, time, date, crc, packed_nbytes,
            nbytes, name_nbytes, extra_nbytes, comment_nbytes, disk, internal, external,
            local_offset;
        struct zip_knob zip64_nbytes, zip64_packed_nbytes, zip64_local_offset;
        struct zip_bytes name, extra, comment; /* the extra follows the ZIP64 one */
    } central;
};

struct zip_ends {
    struct zip_bytes prepended;
    struct zip_bytes after_directory; /* counted as part of it */
    bool zip64;                       /* a ZIP64 end record and its locator */
    bool saturated;                   /* then the end record's own numbers are all ones */
    bool without_locator;
    bool without_end;
    struct {
        struct zip_knob signature, record_nbytes, made_by, version, disk, directory_disk,
            disk_count, count, directory_nbytes, directory_offset;
        struct zip_bytes extensible;
    } end64;
    struct {
        struct zip_knob signature, disk, end64_offset, disks;
    } locator;
    struct {
        struct zip_knob signature, disk, directory_disk, disk_count, count, directory_nbytes,
            directory_offset, comment_nbytes;
        struct zip_bytes comment;
    } end;
    struct zip_bytes trailing;
};

struct zip_built {
    uint8_t *bytes;
    size_t nbytes;
};

struct zip_buffer {
    uint8_t *bytes;
    size_t nbytes;
    size_t capacity;
};

/* For archives of more members than stand in a list: add them one by one. Zeroed to begin with. */
struct zip_builder {
    struct zip_buffer locals;
    struct zip_buffer centrals;
    size_t count;
};

void zip_add(struct zip_builder *builder, const struct zip_member *member);

/* Puts the archive together and frees the builder. */
struct zip_built zip_finish(struct zip_builder *builder, const struct zip_ends *ends);

struct zip_built zip_of(const struct zip_ends *ends, const struct zip_member *members,
                        size_t count);
void zip_free(struct zip_built *zip);

#define ZIP_ENDS(...) (&(const struct zip_ends){__VA_ARGS__})
#define ZIP_MEMBERS(...)                                                                           \
    (const struct zip_member[]){__VA_ARGS__},                                                      \
        sizeof((const struct zip_member[]){__VA_ARGS__}) / sizeof(struct zip_member)

/* An archive of these members with nothing unusual about its ends. */
#define ZIP(...) zip_of(ZIP_ENDS(.zip64 = false), ZIP_MEMBERS(__VA_ARGS__))

#endif
