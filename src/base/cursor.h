/*
 * Reading little-endian records from a block of bytes without ever leaving it, and making them.
 *
 * A record is taken whole, checked once, and its fields read at the offsets that zip/format.h
 * names. Once a cursor has failed every further take fails too, so a parser may take several
 * pieces and look once.
 */
#ifndef ZI_BASE_CURSOR_H
#define ZI_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct zi_cursor {
    const uint8_t *bytes; /* what is left, borrowed */
    size_t nbytes;
    bool ok;
};

static inline struct zi_cursor zi_cursor_over(const uint8_t *bytes, size_t nbytes)
{
    return (struct zi_cursor){.bytes = bytes, .nbytes = nbytes, .ok = true};
}

/* The next nbytes, or NULL when fewer are left. */
static inline const uint8_t *zi_cursor_take(struct zi_cursor *cursor, size_t nbytes)
{
    const uint8_t *taken = cursor->bytes;

    if (!cursor->ok || cursor->nbytes < nbytes) {
        cursor->ok = false;
        return NULL;
    }
    cursor->bytes += nbytes;
    cursor->nbytes -= nbytes;
    return taken;
}

/* Fields of a record that was taken; `at` is a constant offset within it. */
static inline uint16_t zi_get16(const uint8_t *record, size_t at)
{
    return (uint16_t)(record[at] | (record[at + 1] << 8));
}

static inline uint32_t zi_get32(const uint8_t *record, size_t at)
{
    return (uint32_t)record[at] | (uint32_t)record[at + 1] << 8 | (uint32_t)record[at + 2] << 16 |
           (uint32_t)record[at + 3] << 24;
}

static inline uint64_t zi_get64(const uint8_t *record, size_t at)
{
    return (uint64_t)zi_get32(record, at) | (uint64_t)zi_get32(record, at + 4) << 32;
}

/* The same fields of a record that is being made. */
static inline void zi_put16(uint8_t *record, size_t at, uint16_t value)
{
    record[at] = (uint8_t)value;
    record[at + 1] = (uint8_t)(value >> 8);
}

static inline void zi_put32(uint8_t *record, size_t at, uint32_t value)
{
    zi_put16(record, at, (uint16_t)value);
    zi_put16(record, at + 2, (uint16_t)(value >> 16));
}

static inline void zi_put64(uint8_t *record, size_t at, uint64_t value)
{
    zi_put32(record, at, (uint32_t)value);
    zi_put32(record, at + 4, (uint32_t)(value >> 32));
}

#endif
