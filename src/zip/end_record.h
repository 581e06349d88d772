/*
 * Where an archive's central directory lies, according to its end records.
 */
#ifndef ZI_ZIP_END_RECORD_H
#define ZI_ZIP_END_RECORD_H

#include "../base/error.h"
#include "../base/source.h"

struct zi_end_record {
    uint64_t directory_position; /* in the file */
    uint64_t directory_nbytes;
    uint64_t directory_offset; /* as recorded: counted from where the archive begins */
    uint64_t base;             /* where it begins: the bytes prepended to it */
    uint64_t entry_count;      /* as recorded */
    bool zip64;                /* whether a ZIP64 record says so; else the count is modulo 65,536 */
};

/*
 * Finds the end record behind comments, trailing bytes and prepended data.
 *
 * zipimport takes the last signature in the file's tail, so a comment that contains one defeats
 * it. Here every signature is a candidate, judged by what it claims: first those whose comment
 * ends where the file ends, last in the file first, then those followed by other bytes. A
 * candidate must point at a central directory header, or at an empty directory, which counts only
 * when no candidate has entries. With no candidate the error is that of the last signature.
 */
enum zi_status zi_end_record_find(struct zi_source *source, struct zi_end_record *ret,
                                  struct zi_error *err);

#endif
