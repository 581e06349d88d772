/*
 * The ZIP format in numbers: signatures, record sizes, field offsets. Every number of the format
 * that the core uses stands here, with the section of PKWARE's APPNOTE.TXT 6.3.10 that defines it.
 * All fields are little-endian (4.4.1.1). Fields that the core does not read are listed too.
 */
#ifndef ZI_ZIP_FORMAT_H
#define ZI_ZIP_FORMAT_H

/* 4.3.7 Local file header */
#define ZI_LOCAL_SIGNATURE 0x04034b50u
#define ZI_LOCAL_NBYTES 30
/* Ignored when read (4.4.3), as zipimport does. */
#define ZI_LOCAL_VERSION_AT 4
#define ZI_LOCAL_FLAGS_AT 6
#define ZI_LOCAL_METHOD_AT 8
/* Time, date and CRC-32 are read from the directory only. */
#define ZI_LOCAL_TIME_AT 10
#define ZI_LOCAL_DATE_AT 12
#define ZI_LOCAL_CRC_AT 14
#define ZI_LOCAL_PACKED_AT 18
#define ZI_LOCAL_SIZE_AT 22
#define ZI_LOCAL_NAME_NBYTES_AT 26
#define ZI_LOCAL_EXTRA_NBYTES_AT 28

/* 4.3.12 Central directory header */
#define ZI_CENTRAL_SIGNATURE 0x02014b50u
#define ZI_CENTRAL_NBYTES 46
#define ZI_CENTRAL_MADE_BY_AT 4
#define ZI_CENTRAL_VERSION_AT 6
#define ZI_CENTRAL_FLAGS_AT 8
#define ZI_CENTRAL_METHOD_AT 10
#define ZI_CENTRAL_TIME_AT 12
#define ZI_CENTRAL_DATE_AT 14
#define ZI_CENTRAL_CRC_AT 16
#define ZI_CENTRAL_PACKED_AT 20
#define ZI_CENTRAL_SIZE_AT 24
#define ZI_CENTRAL_NAME_NBYTES_AT 28
#define ZI_CENTRAL_EXTRA_NBYTES_AT 30
#define ZI_CENTRAL_COMMENT_NBYTES_AT 32
/* 34: disk number start, 36: internal attributes */
#define ZI_CENTRAL_EXTERNAL_AT 38
#define ZI_CENTRAL_LOCAL_OFFSET_AT 42

/* 4.3.14 ZIP64 end of central directory record */
#define ZI_END64_SIGNATURE 0x06064b50u
#define ZI_END64_NBYTES 56
/* What the record's own size field leaves out: the signature and the field itself (4.3.14.1). */
#define ZI_END64_UNCOUNTED_NBYTES 12
#define ZI_END64_RECORD_NBYTES_AT 4
#define ZI_END64_MADE_BY_AT 12
#define ZI_END64_VERSION_AT 14
/* 16: this disk, 20: disk with the directory */
#define ZI_END64_DISK_COUNT_AT 24
#define ZI_END64_COUNT_AT 32 /* entries on all disks */
#define ZI_END64_DIRECTORY_NBYTES_AT 40
#define ZI_END64_DIRECTORY_OFFSET_AT 48

/* 4.3.15 ZIP64 end of central directory locator */
#define ZI_LOCATOR_SIGNATURE 0x07064b50u
#define ZI_LOCATOR_NBYTES 20
/* 4: disk with the ZIP64 end record */
#define ZI_LOCATOR_END64_OFFSET_AT 8
#define ZI_LOCATOR_DISKS_AT 16

/* 4.3.16 End of central directory record */
#define ZI_END_SIGNATURE 0x06054b50u
#define ZI_END_NBYTES 22
/* 4: this disk, 6: disk with the directory */
#define ZI_END_DISK_COUNT_AT 8
#define ZI_END_COUNT_AT 10 /* entries on all disks */
#define ZI_END_DIRECTORY_NBYTES_AT 12
#define ZI_END_DIRECTORY_OFFSET_AT 16
#define ZI_END_COMMENT_NBYTES_AT 20
#define ZI_COMMENT_NBYTES_MAX 65535

/* 4.4.1.4 A 16- or 32-bit field with all bits set stands in the ZIP64 record or extra. */
#define ZI_SATURATED16 0xffffu
#define ZI_SATURATED32 0xffffffffu

/* 4.4.2 Version made by: its upper byte is the system whose names and attributes these are */
#define ZI_HOST_FAT 0u
#define ZI_HOST_UNIX 3u
#define ZI_HOST_OSX 19u

/* 4.4.2 and 4.4.3: versions of the format in tenths; what stored members need, deflated ones, ZIP64
 */
#define ZI_VERSION_STORED 10u
#define ZI_VERSION_DEFLATE 20u
#define ZI_VERSION_ZIP64 45u

/* 4.4.6 The first of January 1980, where the format's time begins */
#define ZI_DOS_DATE_FIRST 0x0021u

/* 4.4.4 General purpose bit flag */
#define ZI_FLAG_ENCRYPTED 0x0001u
#define ZI_FLAG_DATA_DESCRIPTOR 0x0008u
#define ZI_FLAG_UTF8 0x0800u

/* 4.4.5 Compression method */
#define ZI_METHOD_STORED 0u
#define ZI_METHOD_DEFLATE 8u
#define ZI_METHOD_ZSTD 93u

/* 4.5.1 Extensible data fields: id and size, then the data */
#define ZI_EXTRA_HEADER_NBYTES 4
#define ZI_EXTRA_ID_AT 0
#define ZI_EXTRA_NBYTES_AT 2
/* 4.5.3 ZIP64 extended information: 8-byte size, packed size, local offset; each only where the
 * field of the header is saturated */
#define ZI_EXTRA_ZIP64 0x0001u
/* 4.6.9 Info-ZIP Unicode Path: version 1, CRC-32 of the header's name, the name in UTF-8 */
#define ZI_EXTRA_UNICODE_PATH 0x7075u
#define ZI_UNICODE_PATH_VERSION 1
#define ZI_UNICODE_PATH_CRC_AT 1
#define ZI_UNICODE_PATH_NAME_AT 5
/* Info-ZIP's proginfo/extrafld.txt, extended timestamp "UT": flags, then in a central header the
 * modification time alone, signed 32-bit seconds since the epoch, UTC */
#define ZI_EXTRA_TIMESTAMP 0x5455u
#define ZI_TIMESTAMP_HAS_MTIME 0x01u
#define ZI_TIMESTAMP_MTIME_AT 1
#define ZI_TIMESTAMP_NBYTES 5

/* 4.4.15 External attributes: of Unix and OS X the upper half is st_mode, as Info-ZIP's unzip takes
 * it; the bits of POSIX's S_IFMT and S_IFLNK */
#define ZI_EXTERNAL_MODE_SHIFT 16
#define ZI_MODE_TYPE 0170000u
#define ZI_MODE_LINK 0120000u

/* RFC 1951: a deflated bit yields at most 258 bytes from 2 bits, 1,032 bytes from a byte */
#define ZI_DEFLATE_RATIO_MAX 1032u

#endif
