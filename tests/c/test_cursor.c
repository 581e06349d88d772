#include <string.h>

#include "../../src/base/cursor.h"
#include "harness.h"

TEST(test_cursor__takes_pieces_in_order)
{
    uint8_t *bytes = test_guarded(t, 6);
    struct zi_cursor cursor = zi_cursor_over(bytes, 6);

    CHECK(zi_cursor_take(&cursor, 2) == bytes);
    CHECK(zi_cursor_take(&cursor, 0) == bytes + 2);
    CHECK(zi_cursor_take(&cursor, 4) == bytes + 2);
    CHECK_EQUAL(cursor.nbytes, 0);
    CHECK(cursor.ok);
}

TEST(test_cursor__stays_failed)
{
    uint8_t *bytes = test_guarded(t, 6);
    struct zi_cursor cursor = zi_cursor_over(bytes, 6);

    CHECK(!zi_cursor_take(&cursor, 7));
    CHECK(!cursor.ok);
    CHECK(!zi_cursor_take(&cursor, 1));
    CHECK(!zi_cursor_take(&cursor, 0));
    CHECK_EQUAL(cursor.nbytes, 6);
}

TEST(test_cursor__numbers_are_little_endian)
{
    uint8_t *record = test_guarded(t, 8);

    memcpy(record, (const uint8_t[]){0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88}, 8);
    CHECK_EQUAL(zi_get16(record, 0), 0xe2f1);
    CHECK_EQUAL(zi_get16(record, 6), 0x8897);
    CHECK_EQUAL(zi_get32(record, 0), 0xc4d3e2f1);
    CHECK_EQUAL(zi_get32(record, 4), 0x8897a6b5);
    CHECK_EQUAL(zi_get64(record, 0), 0x8897a6b5c4d3e2f1);
}

TEST(test_cursor__what_is_put_is_got)
{
    uint8_t *record = test_guarded(t, 14);

    zi_put16(record, 0, 0xfedc);
    zi_put32(record, 2, 0xfedcba98);
    zi_put64(record, 6, 0xfedcba9876543210);
    CHECK(memcmp(record, "\xdc\xfe\x98\xba\xdc\xfe\x10\x32\x54\x76\x98\xba\xdc\xfe", 14) == 0);
    CHECK_EQUAL(zi_get16(record, 0), 0xfedc);
    CHECK_EQUAL(zi_get32(record, 2), 0xfedcba98);
    CHECK_EQUAL(zi_get64(record, 6), 0xfedcba9876543210);
}
