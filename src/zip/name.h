/*
 * Entry names: from the bytes of a header to UTF-8, which is what the index holds.
 *
 * An entry has two names where what its writer meant is not what zipimport makes of the bytes:
 *
 *     writer                                 stored, as zipimport reads it    shown, as by unzip
 *     macOS; zip in a C locale               caf├⌐.py (code page 437)         café.py (UTF-8)
 *     PowerShell, .NET before 4.6.1          pkg\mod.py                       pkg/mod.py
 *     bsdtar -cf a.zip .                     ./mod.py                         mod.py
 *     programs that join paths, by zipfile   pkg//mod.py                      pkg/mod.py
 *     Info-ZIP, with a Unicode Path extra    caf#U00e9.py                     café.py
 */
#ifndef ZI_ZIP_NAME_H
#define ZI_ZIP_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zi_name {
    const uint8_t *bytes;
    size_t nbytes;
};

bool zi_name_is_ascii(const uint8_t *name, size_t nbytes);

/* Strict, as Python decodes: no surrogates, no overlong forms, nothing above U+10FFFF. */
bool zi_name_is_utf8(const uint8_t *name, size_t nbytes);

/* The bytes that any cp437 name of nbytes needs at most in UTF-8. */
size_t zi_name_cp437_max_nbytes(size_t nbytes);

/* Writes the name in UTF-8 and returns its length. APPNOTE appendix D.1: names without the UTF-8
 * flag are in IBM code page 437. */
size_t zi_name_from_cp437(const uint8_t *name, size_t nbytes, uint8_t *utf8_ret);

/* Whether backslashes separate this name's parts: it has some, and no slash (APPNOTE 4.4.17.1
 * allows no backslash, but on hosts where it is the separator some writers leave it). */
bool zi_name_has_backslashes(const struct zi_name *name);

/* Drops the leading `./` and `/`, all there are. A name of nothing else stays as it is, and so does
 * one with a part `..`: what it would name depends on what is dropped. Whether it changed. */
bool zi_name_drop_start(struct zi_name *name);

/* Whether the name has empty parts or parts `.`, other than the last. */
bool zi_name_has_idle_parts(const struct zi_name *name);

/* Writes the name without them and returns its length, which may be 0. */
size_t zi_name_drop_idle_parts(const struct zi_name *name, uint8_t *ret);

bool zi_name_has_parent_part(const struct zi_name *name);

/* The highest bit of each byte of a word that is a slash. A byte that equals the slash becomes 0,
 * and borrows in the subtraction: above the first such byte others may be marked too. */
static inline uint64_t zi_name_mark_slashes(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u;

    word ^= ones * '/';
    return (word - ones) & ~word & ones << 7;
}

#endif
