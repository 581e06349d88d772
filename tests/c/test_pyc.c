#include <string.h>

#include "../../src/cache/pyc.h"
#include "harness.h"

#define MAGIC 0x0a0d0dcbu

/* A header that ends where memory does. */
static struct zi_pyc_header read_header(struct test *t, uint8_t flags, size_t nbytes)
{
    static const uint8_t rest[] = {0x78, 0x56, 0x34, 0x92, 0xf1, 0xe2, 0xd3, 0x04};
    uint8_t bytes[ZI_PYC_HEADER_NBYTES] = {0xcb, 0x0d, 0x0d, 0x0a, flags};
    uint8_t *guarded = test_guarded(t, nbytes);

    memcpy(bytes + 8, rest, sizeof rest);
    memcpy(guarded, bytes, nbytes);
    return zi_pyc_read_header(guarded, nbytes, MAGIC);
}

TEST(test_pyc__timestamp)
{
    struct zi_pyc_header header = read_header(t, 0, ZI_PYC_HEADER_NBYTES);

    CHECK_EQUAL(header.kind, ZI_PYC_TIMESTAMP);
    CHECK_EQUAL(header.flags, 0);
    CHECK_EQUAL(header.mtime, 0x92345678);
    CHECK_EQUAL(header.source_nbytes, 0x04d3e2f1);
}

TEST(test_pyc__hashes)
{
    struct zi_pyc_header unchecked = read_header(t, 1, ZI_PYC_HEADER_NBYTES);
    struct zi_pyc_header checked = read_header(t, 3, ZI_PYC_HEADER_NBYTES);

    CHECK_EQUAL(unchecked.kind, ZI_PYC_UNCHECKED_HASH);
    CHECK(memcmp(unchecked.hash, "\x78\x56\x34\x92\xf1\xe2\xd3\x04", 8) == 0);
    CHECK_EQUAL(checked.kind, ZI_PYC_CHECKED_HASH);
    CHECK_EQUAL(checked.flags, 3);
}

/* "Check the source", of which hash there is none: importlib looks at bit 0 first. */
TEST(test_pyc__second_flag_alone_is_a_timestamp)
{
    CHECK_EQUAL(read_header(t, 2, ZI_PYC_HEADER_NBYTES).kind, ZI_PYC_TIMESTAMP);
}

TEST(test_pyc__undefined_flags)
{
    CHECK_EQUAL(read_header(t, 4, ZI_PYC_HEADER_NBYTES).kind, ZI_PYC_BAD_FLAGS);
    CHECK_EQUAL(read_header(t, 0x81, ZI_PYC_HEADER_NBYTES).kind, ZI_PYC_BAD_FLAGS);
}

/* Whose bytecode it is comes first, as far as that can be told. */
TEST(test_pyc__too_short)
{
    for (size_t nbytes = 0; nbytes < 4; nbytes++)
        CHECK_EQUAL(read_header(t, 0, nbytes).kind, ZI_PYC_BAD_MAGIC);
    for (size_t nbytes = 4; nbytes < ZI_PYC_HEADER_NBYTES; nbytes++)
        CHECK_EQUAL(read_header(t, 0, nbytes).kind, ZI_PYC_TRUNCATED);
}

TEST(test_pyc__another_magic_number)
{
    uint8_t bytes[ZI_PYC_HEADER_NBYTES] = {0xcb, 0x0d, 0x0d, 0x0a};

    for (size_t at = 0; at < 4; at++) {
        bytes[at] ^= 1;
        CHECK_EQUAL(zi_pyc_read_header(bytes, sizeof bytes, MAGIC).kind, ZI_PYC_BAD_MAGIC);
        bytes[at] ^= 1;
    }
}

TEST(test_pyc__matches_its_source_within_a_second)
{
    struct zi_pyc_header header = {.mtime = 1000, .source_nbytes = 7};

    CHECK(zi_pyc_matches_source(&header, 1000, 7));
    CHECK(zi_pyc_matches_source(&header, 1001, 7));
    CHECK(zi_pyc_matches_source(&header, 999, 7));
    CHECK(!zi_pyc_matches_source(&header, 1002, 7));
    CHECK(!zi_pyc_matches_source(&header, 998, 7));
    CHECK(!zi_pyc_matches_source(&header, 1000, 8));
    CHECK(!zi_pyc_matches_source(&header, 1000, (UINT64_C(1) << 32) + 7));
}

/* 2038 and the ends of what 32 bits hold. */
TEST(test_pyc__matches_far_times)
{
    struct zi_pyc_header header = {.mtime = 0x80000000};

    CHECK(zi_pyc_matches_source(&header, 0x80000000, 0));
    CHECK(!zi_pyc_matches_source(&header, -INT64_C(0x80000000), 0));
    header.mtime = UINT32_MAX;
    CHECK(zi_pyc_matches_source(&header, INT64_C(0x100000000), 0));
    CHECK(!zi_pyc_matches_source(&header, -1, 0));
    header.mtime = 0;
    CHECK(zi_pyc_matches_source(&header, -1, 0));
}

TEST(test_pyc__made_header_reads_back)
{
    static const uint8_t hash[] = {0x78, 0x56, 0x34, 0x92, 0xf1, 0xe2, 0xd3, 0x04};
    uint8_t *bytes = test_guarded(t, ZI_PYC_HEADER_NBYTES);

    zi_pyc_make_header(bytes, MAGIC, hash);
    struct zi_pyc_header header = zi_pyc_read_header(bytes, ZI_PYC_HEADER_NBYTES, MAGIC);
    CHECK_EQUAL(header.kind, ZI_PYC_UNCHECKED_HASH);
    CHECK(memcmp(header.hash, hash, sizeof hash) == 0);
}
