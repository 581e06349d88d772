/* Arithmetic on numbers an archive made up: false instead of a wrapped result. */
#ifndef ZI_BASE_CHECKED_H
#define ZI_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool zi_add_u64(uint64_t a, uint64_t b, uint64_t *sum_ret)
{
    return !__builtin_add_overflow(a, b, sum_ret);
}

/* ZIP64 numbers have 64 bits, size_t on wasm32 has 32. */
static inline bool zi_to_size(uint64_t value, size_t *size_ret)
{
    if (value > SIZE_MAX)
        return false;
    *size_ret = (size_t)value;
    return true;
}

#endif
