/*
 * Entry names: from the bytes of a header to UTF-8, which is what the index holds.
 */
#ifndef ZI_ZIP_NAME_H
#define ZI_ZIP_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool zi_name_is_ascii(const uint8_t *name, size_t nbytes);

/* Strict, as Python decodes: no surrogates, no overlong forms, nothing above U+10FFFF. */
bool zi_name_is_utf8(const uint8_t *name, size_t nbytes);

/* The bytes that any cp437 name of nbytes needs at most in UTF-8. */
size_t zi_name_cp437_max_nbytes(size_t nbytes);

/* Writes the name in UTF-8 and returns its length. APPNOTE appendix D.1: names without the UTF-8
 * flag are in IBM code page 437. */
size_t zi_name_from_cp437(const uint8_t *name, size_t nbytes, uint8_t *utf8_ret);

#endif
