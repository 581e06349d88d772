/* Judges and decodes the names of entries. */
#include "name.h"

#include <string.h>

bool zi_name_is_ascii(const uint8_t *name, size_t nbytes)
{
    while (nbytes >= 8) {
        uint64_t word;
        memcpy(&word, name, sizeof word);
        if (word & 0x8080808080808080u)
            return false;
        name += 8;
        nbytes -= 8;
    }
    while (nbytes-- > 0)
        if (*name++ & 0x80)
            return false;
    return true;
}

/* The length of the well-formed sequence at the start of the name, 0 when there is none. The
 * ranges are those of the Unicode standard's table 3-7. */
static size_t utf8_sequence(const uint8_t *name, size_t nbytes)
{
    uint8_t lead = name[0];
    uint8_t low = 0x80, high = 0xbf; /* of the second byte */
    size_t length;

    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        length = 2;
    else if (lead >= 0xe0 && lead <= 0xef)
        length = 3;
    else if (lead >= 0xf0 && lead <= 0xf4)
        length = 4;
    else
        return 0;
    if (nbytes < length)
        return 0;

    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    if (name[1] < low || name[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((name[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool zi_name_is_utf8(const uint8_t *name, size_t nbytes)
{
    while (nbytes > 0) {
        size_t length = utf8_sequence(name, nbytes);
        if (length == 0)
            return false;
        name += length;
        nbytes -= length;
    }
    return true;
}

/* The upper half of code page 437. */
static const uint16_t cp437_high[128] = {
    0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, /* 0x80 */
    0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5, /* 0x88 */
    0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, /* 0x90 */
    0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, /* 0x98 */
    0x00e1, 0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba, /* 0xa0 */
    0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb, /* 0xa8 */
    0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, /* 0xb0 */
    0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510, /* 0xb8 */
    0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f, /* 0xc0 */
    0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, /* 0xc8 */
    0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b, /* 0xd0 */
    0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, /* 0xd8 */
    0x03b1, 0x00df, 0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, /* 0xe0 */
    0x03a6, 0x0398, 0x03a9, 0x03b4, 0x221e, 0x03c6, 0x03b5, 0x2229, /* 0xe8 */
    0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248, /* 0xf0 */
    0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0, /* 0xf8 */
};

size_t zi_name_cp437_max_nbytes(size_t nbytes)
{
    return 3 * nbytes;
}

size_t zi_name_from_cp437(const uint8_t *name, size_t nbytes, uint8_t *utf8_ret)
{
    uint8_t *out = utf8_ret;

    for (size_t i = 0; i < nbytes; i++) {
        unsigned point = name[i] < 0x80 ? name[i] : cp437_high[name[i] - 0x80];
        if (point < 0x80) {
            *out++ = (uint8_t)point;
        } else if (point < 0x800) {
            *out++ = (uint8_t)(0xc0 | point >> 6);
            *out++ = (uint8_t)(0x80 | (point & 0x3f));
        } else {
            *out++ = (uint8_t)(0xe0 | point >> 12);
            *out++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
            *out++ = (uint8_t)(0x80 | (point & 0x3f));
        }
    }
    return (size_t)(out - utf8_ret);
}

bool zi_name_has_backslashes(const struct zi_name *name)
{
    /* Most names have a slash, soon. */
    return !memchr(name->bytes, '/', name->nbytes) && memchr(name->bytes, '\\', name->nbytes);
}

bool zi_name_has_parent_part(const struct zi_name *name)
{
    size_t begin = 0;

    for (size_t at = 0; at <= name->nbytes; at++) {
        if (at < name->nbytes && name->bytes[at] != '/')
            continue;
        if (at - begin == 2 && name->bytes[begin] == '.' && name->bytes[begin + 1] == '.')
            return true;
        begin = at + 1;
    }
    return false;
}

bool zi_name_has_idle_parts(const struct zi_name *name)
{
    const uint8_t *bytes = name->bytes;
    size_t at = 0, last = name->nbytes;

    /* Eight bytes at once as long as there is no slash before a slash or a dot, which differ in
     * the lowest bit: this is asked of every entry. */
    for (; last - at > 8; at += 8) {
        uint64_t word, next;
        memcpy(&word, bytes + at, sizeof word);
        memcpy(&next, bytes + at + 1, sizeof next);
        if (zi_name_mark_slashes(word) & zi_name_mark_slashes(next | 0x0101010101010101u))
            break;
    }
    for (; at + 1 < last; at++)
        if (bytes[at] == '/' && (bytes[at + 1] == '/' ||
                                 (bytes[at + 1] == '.' && at + 2 < last && bytes[at + 2] == '/')))
            return true;
    return false;
}

size_t zi_name_drop_idle_parts(const struct zi_name *name, uint8_t *ret)
{
    const uint8_t *bytes = name->bytes;
    size_t begin = 0, nbytes = 0;

    for (size_t at = 0; at < name->nbytes; at++) {
        ret[nbytes++] = bytes[at];
        if (bytes[at] != '/')
            continue;
        if (at == begin || (at == begin + 1 && bytes[begin] == '.'))
            nbytes -= at + 1 - begin;
        begin = at + 1;
    }
    return nbytes;
}

bool zi_name_drop_start(struct zi_name *name)
{
    const uint8_t *bytes = name->bytes;
    size_t at = 0;

    while (at < name->nbytes) {
        if (bytes[at] == '/')
            at += 1;
        else if (bytes[at] == '.' && at + 1 < name->nbytes && bytes[at + 1] == '/')
            at += 2;
        else
            break;
    }
    if (at == 0 || at == name->nbytes || zi_name_has_parent_part(name))
        return false;
    name->bytes += at;
    name->nbytes -= at;
    return true;
}
