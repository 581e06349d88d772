#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "exercise.h"
#include "harness.h"

/* An archive in memory and its first entry. */
struct fixture {
    struct zi_source source;
    struct zi_archive *archive;
    struct zi_entry entry;
};

static void fixture_release(struct fixture *fixture)
{
    zi_archive_unref(fixture->archive);
}

#define FIXTURE CLEANUP(fixture_release) struct fixture

static enum zi_status fixture_open(struct test *t, struct fixture *fixture, struct zip_built zip)
{
    fixture->source = test_zip_source(t, zip);
    enum zi_status status = zi_archive_open(&fixture->archive, &fixture->source, &t->err);
    if (status == ZI_OK)
        zi_archive_entry(fixture->archive, 1, &fixture->entry);
    return status;
}

static enum zi_status load(struct test *t, struct fixture *fixture, struct zi_member *member,
                           const struct zi_member_room *room)
{
    return zi_member_load(member, &fixture->source, &fixture->entry, ZI_MEMBER_DATA, room, &t->err);
}

/* Memory that the test has for one member, of just the right size. */
struct room {
    struct test *test;
    uint8_t *memory;
    size_t nbytes;
    bool refuses;
};

static void *allocate_room(void *context, size_t nbytes)
{
    struct room *room = context;

    if (room->refuses)
        return NULL;
    room->nbytes = nbytes;
    room->memory = test_guarded(room->test, nbytes);
    return room->memory;
}

/* Opens the archive and reads the member to its end. */
static enum zi_status read_all(struct test *t, struct zip_built zip)
{
    FIXTURE fixture = {0};
    enum zi_status status = fixture_open(t, &fixture, zip);

    if (status == ZI_OK)
        status = exercise_member(&fixture.source, &fixture.entry, ZI_MEMBER_DATA, &t->err);
    return status;
}

/* Text that deflates well, and is longer than any buffer on the way. */
static uint8_t *make_text(struct test *t, size_t nbytes)
{
    uint8_t *text = test_guarded(t, nbytes);

    for (size_t i = 0; i < nbytes; i++)
        text[i] = (uint8_t) "import this\n"[(i + i / 1000) % 12];
    return text;
}

/* Bytes that do not deflate at all. */
static uint8_t *make_noise(struct test *t, size_t nbytes)
{
    uint8_t *noise = test_guarded(t, nbytes);
    uint32_t state = 1;

    for (size_t i = 0; i < nbytes; i++) {
        state = state * 1664525 + 1013904223;
        noise[i] = (uint8_t)(state >> 24);
    }
    return noise;
}

/* The block that the header was read into is the data's: no copy. */
TEST(test_member__stored)
{
    FIXTURE fixture = {0};
    CLEANUP(zi_member_release) struct zi_member member = {0};

    TRY(fixture_open(t, &fixture, ZIP({.name = "a.py", .data = ZIP_TEXT("x = 1\n")})));
    uint64_t allocations = t->host.count.allocations, reads = t->host.count.reads;
    TRY(load(t, &fixture, &member, NULL));
    CHECK_EQUAL(member.nbytes, 6);
    CHECK(memcmp(member.bytes, "x = 1\n", 6) == 0);
    CHECK_EQUAL(member.difference, ZI_DETAIL_NONE);
    CHECK_EQUAL(t->host.count.allocations, allocations + 1);
    CHECK_EQUAL(t->host.count.reads, reads + 1);
    CHECK_EQUAL(t->host.count.inflates, 0);
}

TEST(test_member__deflated)
{
    FIXTURE fixture = {0};
    CLEANUP(zi_member_release) struct zi_member member = {0};
    uint8_t *text = make_text(t, 300000);

    TRY(fixture_open(t, &fixture, ZIP({.name = "a.py", .data = {text, 300000}, .method = 8})));
    uint64_t reads = t->host.count.reads;
    TRY(load(t, &fixture, &member, NULL));
    CHECK_EQUAL(member.nbytes, 300000);
    CHECK(memcmp(member.bytes, text, 300000) == 0);
    CHECK_EQUAL(t->host.count.reads, reads + 1);
    CHECK_EQUAL(t->host.count.inflates, 1);
}

/* From what is read at once to what takes several pieces, into a block and into the caller's room;
 * behind a local header whose extra field is as expected, a little longer, or long. */
TEST(test_member__sizes)
{
    static const size_t sizes[] = {1, 15, 4096, 65535, 65536, 65537, 65600, 200000};
    static const size_t extras[] = {0, 40, 65535};
    uint8_t *noise = make_noise(t, 200000);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t n = 0; n < 2 * sizeof extras / sizeof *extras; n++) {
            FIXTURE fixture = {0};
            CLEANUP(zi_member_release) struct zi_member member = {0}, other = {0};
            struct room room = {.test = t};

            TRY(fixture_open(t, &fixture,
                             ZIP({.name = "a",
                                  .data = {noise, sizes[i]},
                                  .method = n % 2 ? 8 : 0,
                                  .local.extra = {noise, extras[n / 2]}})));
            TRY(load(t, &fixture, &member, NULL));
            CHECK_EQUAL(member.nbytes, sizes[i]);
            CHECK(memcmp(member.bytes, noise, sizes[i]) == 0);
            TRY(load(t, &fixture, &other, &(struct zi_member_room){allocate_room, &room}));
            CHECK_EQUAL(room.nbytes, sizes[i]);
            CHECK(other.bytes == room.memory && other.nbytes == sizes[i]);
            CHECK(memcmp(room.memory, noise, sizes[i]) == 0);
        }
    }
}

/* One read, whatever the size, where the block is ours; else the piece with the header, and the
 * rest straight to where it belongs. */
TEST(test_member__reads)
{
    FIXTURE fixture = {0};
    CLEANUP(zi_member_release) struct zi_member member = {0}, other = {0};
    struct room room = {.test = t};

    TRY(fixture_open(t, &fixture, ZIP({.name = "a", .data = {make_noise(t, 200000), 200000}})));
    uint64_t reads = t->host.count.reads;
    TRY(load(t, &fixture, &member, NULL));
    CHECK_EQUAL(t->host.count.reads, reads + 1);
    TRY(load(t, &fixture, &other, &(struct zi_member_room){allocate_room, &room}));
    CHECK_EQUAL(t->host.count.reads, reads + 3);
}

TEST(test_member__no_room)
{
    FIXTURE fixture = {0};
    struct room room = {.test = t, .refuses = true};
    struct zi_member member;

    TRY(fixture_open(t, &fixture, ZIP({.name = "a", .data = ZIP_TEXT("data")})));
    FAILS(load(t, &fixture, &member, &(struct zi_member_room){allocate_room, &room}), HOST_RAISED);
}

TEST(test_member__empty)
{
    TRY(read_all(t, ZIP({.name = "a"})));
    TRY(read_all(t, ZIP({.name = "a", .method = 8})));
    TRY(read_all(t, ZIP({.name = "d/"})));
}

static enum zi_status peek(struct test *t, struct fixture *fixture, uint8_t *buffer, size_t nbytes)
{
    enum zi_detail difference;

    return zi_member_peek(&fixture->source, &fixture->entry, buffer, nbytes, &difference, &t->err);
}

/* A header's worth is read to judge a pyc; what follows may be anything. */
TEST(test_member__peek)
{
    uint8_t *text = make_text(t, 100000), *buffer = test_guarded(t, 16);

    for (uint16_t method = 0; method <= 8; method = (uint16_t)(method + 8)) {
        FIXTURE fixture = {0};
        TRY(fixture_open(t, &fixture,
                         ZIP({.name = "a",
                              .data = {text, 100000},
                              .method = method,
                              .central.crc = ZIP_SET(7)})));
        uint64_t reads = t->host.count.reads, nbytes = t->host.count.read_nbytes;
        TRY(peek(t, &fixture, buffer, 16));
        CHECK(memcmp(buffer, text, 16) == 0);
        CHECK_EQUAL(t->host.count.reads, reads + 1);
        CHECK(t->host.count.read_nbytes - nbytes < 2000);
    }
}

TEST(test_member__peek_beyond_the_end)
{
    FIXTURE fixture = {0}, shorter = {0};
    uint8_t *buffer = test_guarded(t, 5);

    TRY(fixture_open(t, &fixture, ZIP({.name = "a", .data = ZIP_TEXT("0123")})));
    FAILS(peek(t, &fixture, buffer, 5), MEMBER_SHORT);
    TRY(peek(t, &fixture, buffer, 4));
    TRY(fixture_open(t, &shorter,
                     ZIP({.name = "a",
                          .data = ZIP_TEXT("01"),
                          .method = 8,
                          .flags = 8,
                          .central.nbytes = ZIP_SET(5)})));
    FAILS(peek(t, &shorter, buffer, 5), MEMBER_SHORT);
}

TEST(test_member__sizes_in_a_data_descriptor)
{
    TRY(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("stored"), .flags = 8})));
    TRY(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("packed"), .flags = 8, .method = 8})));
    TRY(read_all(t, ZIP({.name = "a",
                         .data = ZIP_TEXT("packed"),
                         .flags = 8,
                         .method = 8,
                         .descriptor = {.without_signature = true,
                                        .crc = ZIP_SET(1),
                                        .packed_nbytes = ZIP_SET(2),
                                        .nbytes = ZIP_SET(3)}})));
}

TEST(test_member__zip64)
{
    TRY(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("stored"), .zip64 = true})));
    TRY(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("both"), .zip64 = true, .flags = 8})));
}

TEST(test_member__local_extra_is_skipped)
{
    TRY(read_all(t, ZIP({.name = "a",
                         .data = ZIP_TEXT("data"),
                         .local.extra = ZIP_TEXT("\xfe\xca\3\0pad")})));
}

/* The directory's CRC-32 and the directory's time are the ones that count. */
TEST(test_member__other_local_fields_are_ignored)
{
    TRY(read_all(t, ZIP({.name = "a",
                         .data = ZIP_TEXT("data"),
                         .local = {.version = ZIP_SET(0xffff),
                                   .time = ZIP_SET(1),
                                   .date = ZIP_SET(2),
                                   .crc = ZIP_SET(3)}})));
}

TEST(test_member__longest_name)
{
    char name[65535 + 1];

    memset(name, 'n', 65535);
    name[65535] = '\0';
    TRY(read_all(t, ZIP({.name = name, .data = ZIP_TEXT("data")})));
}

TEST(test_member__behind_prepended_bytes)
{
    TRY(read_all(t, zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("#!/usr/bin/env python3\n")),
                           ZIP_MEMBERS({.name = "a", .data = ZIP_TEXT("data"), .method = 8}))));
}

TEST(test_member__local_signature)
{
    FAILS(read_all(t, ZIP({.name = "a.py", .local.signature = ZIP_SET(0x04034b51)})), LOCAL_HEADER);
    CHECK_EQUAL(t->err.status, ZI_ERR_CHANGED);
    CHECK_EQUAL(t->err.offset, 0);
    CHECK(t->err.name_nbytes == 4 && memcmp(t->err.name, "a.py", 4) == 0);
}

/* The member is read by the directory, and what differs is told. */
#define CHECK_DIFFERS(DETAIL, ...)                                                                 \
    do {                                                                                           \
        FIXTURE fixture_ = {0};                                                                    \
        CLEANUP(zi_member_release) struct zi_member member_ = {0};                                 \
        enum zi_detail peeked_;                                                                    \
        uint8_t start_;                                                                            \
        TRY(fixture_open(t, &fixture_,                                                             \
                         ZIP({.name = "a", .data = ZIP_TEXT("data"), __VA_ARGS__})));              \
        TRY(load(t, &fixture_, &member_, NULL));                                                   \
        CHECK_EQUAL(member_.difference, ZI_DETAIL_##DETAIL);                                       \
        CHECK(member_.nbytes == 4 && memcmp(member_.bytes, "data", 4) == 0);                       \
        TRY(zi_member_peek(&fixture_.source, &fixture_.entry, &start_, 1, &peeked_, &t->err));     \
        CHECK(peeked_ == member_.difference && start_ == 'd');                                     \
    } while (0)

TEST(test_member__local_name)
{
    CHECK_DIFFERS(LOCAL_NAME, .local.name = ZIP_TEXT("b"));
    CHECK_DIFFERS(LOCAL_NAME, .local.name = ZIP_TEXT("aa"), .method = 8);
    CHECK_DIFFERS(LOCAL_NAME, .local.name = {"", 0});
    /* The data begins where the local lengths say. */
    FAILS(read_all(t,
                   ZIP({.name = "a", .data = ZIP_TEXT("data"), .local.name_nbytes = ZIP_SET(0)})),
          MEMBER_CRC);
}

TEST(test_member__local_name_much_longer)
{
    char name[65535];

    memset(name, 'n', sizeof name);
    CHECK_DIFFERS(LOCAL_NAME, .local.name = {name, sizeof name});
    CHECK_DIFFERS(LOCAL_NAME, .local.name = {name, sizeof name}, .method = 8);
}

TEST(test_member__local_method)
{
    CHECK_DIFFERS(LOCAL_METHOD, .local.method = ZIP_SET(8));
    CHECK_DIFFERS(LOCAL_METHOD, .local.method = ZIP_SET(0), .method = 8);
}

TEST(test_member__local_size)
{
    CHECK_DIFFERS(LOCAL_SIZE, .local.nbytes = ZIP_SET(1));
    CHECK_DIFFERS(LOCAL_SIZE, .local.packed_nbytes = ZIP_SET(0), .method = 8);
}

TEST(test_member__local_flags)
{
    CHECK_DIFFERS(LOCAL_FLAGS, .local.flags = ZIP_SET(1));
    CHECK_DIFFERS(NONE, .local.flags = ZIP_SET(0x0800));
    FAILS(read_all(t, ZIP({.name = "a", .flags = 1, .local.flags = ZIP_SET(0)})), MEMBER_ENCRYPTED);
}

TEST(test_member__local_flags_decide_about_the_descriptor)
{
    TRY(read_all(t, ZIP({.name = "a",
                         .data = ZIP_TEXT("data"),
                         .local = {.flags = ZIP_SET(8), .nbytes = ZIP_SET(0)}})));
}

/* The directory bounds where a local header begins, so that only a file which has become shorter
 * ends within one. */
TEST(test_member__local_header_runs_past_the_end)
{
    FIXTURE fixture = {0};
    struct zi_member member;

    TRY(fixture_open(t, &fixture, ZIP({.name = "a.py", .data = ZIP_TEXT("data")})));
    fixture.source.nbytes = 30 + 3;
    FAILS(load(t, &fixture, &member, NULL), MEMBER_TRUNCATED);
    CHECK_EQUAL(t->err.name_nbytes, 4);
    fixture.source.nbytes = 29;
    FAILS(load(t, &fixture, &member, NULL), MEMBER_TRUNCATED);
    CHECK_EQUAL(t->err.offset, 0);
    CHECK(t->err.name_nbytes == 4);
}

TEST(test_member__data_runs_past_the_end)
{
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("data"),
                           .flags = 8,
                           .central = {.packed_nbytes = ZIP_SET(1000), .nbytes = ZIP_SET(1000)}})),
          MEMBER_TRUNCATED);
    CHECK_EQUAL(t->err.offset, 31);
    CHECK(t->err.name_nbytes == 1 && t->err.name[0] == 'a');
    FAILS(read_all(t, ZIP({.name = "a", .local.extra_nbytes = ZIP_SET(0xffff)})), MEMBER_TRUNCATED);
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("data"),
                           .method = 8,
                           .zip64 = true,
                           .central.zip64_packed_nbytes = ZIP_SET(UINT64_MAX)})),
          MEMBER_TRUNCATED);
}

TEST(test_member__deflate_data_invalid)
{
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("data"),
                           .method = 8,
                           .packed = ZIP_TEXT("\xff\xff\xff\xff")})),
          MEMBER_DEFLATE);
}

TEST(test_member__deflate_data_ends_early)
{
    uint8_t *noise = make_noise(t, 1000);

    FAILS(read_all(t, ZIP({.name = "a", /* a stored block that announces 1,000 bytes */
                           .data = {noise, 1000},
                           .method = 8,
                           .packed = ZIP_TEXT("\1\xe8\3\x17\xfc"
                                              "only these")})),
          MEMBER_SHORT);
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("d"),
                           .method = 8,
                           .packed = ZIP_TEXT("\3\0")})),
          MEMBER_SHORT);
}

/* A stored block that fills the buffer which packed bytes are read into; what comes next is
 * looked at when the last byte has been given out. */
TEST(test_member__deflate_data_goes_wrong_behind_the_last_byte)
{
    enum { NBYTES = 65536 - 5 };
    static const uint8_t block[] = {0, NBYTES & 0xff, NBYTES >> 8, ~NBYTES & 0xff,
                                    (~NBYTES >> 8) & 0xff};
    uint8_t *noise = make_noise(t, NBYTES);
    uint8_t *packed = test_guarded(t, sizeof block + NBYTES + 1);

    memcpy(packed, block, sizeof block);
    memcpy(packed + sizeof block, noise, NBYTES);
    packed[sizeof block + NBYTES] = 0xff;
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = {noise, NBYTES},
                           .method = 8,
                           .packed = {packed, sizeof block + NBYTES + 1}})),
          MEMBER_DEFLATE);
}

TEST(test_member__no_deflate_data_at_all)
{
    static const char nothing[] = "";

    FAILS(read_all(
              t, ZIP({.name = "a", .data = ZIP_TEXT("data"), .method = 8, .packed = {nothing, 0}})),
          MEMBER_SHORT);
}

TEST(test_member__longer_than_the_directory_says)
{
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("datadatadata"),
                           .method = 8,
                           .flags = 8,
                           .central.nbytes = ZIP_SET(11)})),
          MEMBER_LONG);
}

TEST(test_member__shorter_than_the_directory_says)
{
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("datadatadata"),
                           .method = 8,
                           .flags = 8,
                           .central.nbytes = ZIP_SET(13)})),
          MEMBER_SHORT);
}

TEST(test_member__crc)
{
    FAILS(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("data"), .central.crc = ZIP_SET(7)})),
          MEMBER_CRC);
    CHECK_EQUAL(t->err.found, crc32(0, (const Bytef *)"data", 4));
    CHECK_EQUAL(t->err.expected, 7);
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("data"),
                           .method = 8,
                           .central.crc = ZIP_SET(7)})),
          MEMBER_CRC);
}

TEST(test_member__claims_more_than_its_data_can_hold)
{
    FAILS(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("data"), .central.nbytes = ZIP_SET(5)})),
          MEMBER_CLAIM);
    CHECK_EQUAL(t->err.status, ZI_ERR_ARCHIVE);
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("data"),
                           .method = 8,
                           .central.nbytes = ZIP_SET(100000)})),
          MEMBER_CLAIM);
    CHECK_EQUAL(t->host.count.inflates, 0);
}

/* The best that deflate can do is not refused. */
TEST(test_member__highest_ratio)
{
    size_t nbytes = 2000000;
    uint8_t *zeros = test_guarded(t, nbytes);

    TRY(read_all(t, ZIP({.name = "a", .data = {zeros, nbytes}, .method = 8})));
}

TEST(test_member__limit)
{
    t->host.member_max = 4;
    TRY(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("data")})));
    t->host.member_max = 3;
    FAILS(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("data")})), MEMBER_LIMIT);
    CHECK_EQUAL(t->err.status, ZI_ERR_UNSUPPORTED);
    CHECK_EQUAL(t->err.found, 4);
    CHECK_EQUAL(t->err.expected, 3);
}

TEST(test_member__limit_holds_for_packed_bytes)
{
    FIXTURE fixture = {0};
    struct zi_member member = {0};

    t->host.member_max = 3;
    TRY(fixture_open(t, &fixture, ZIP({.name = "a", .method = 93, .packed = ZIP_TEXT("data")})));
    FAILS(zi_member_load(&member, &fixture.source, &fixture.entry, ZI_MEMBER_PACKED, NULL, &t->err),
          MEMBER_LIMIT);
}

/* Room for a local header beside the data must be countable too. */
TEST(test_member__limit_beyond_the_address_space)
{
    const struct zip_knob most = ZIP_SET(UINT64_MAX);

    t->host.member_max = UINT64_MAX;
    CHECK(zi_member_nbytes_max(&t->host) < SIZE_MAX / 2 - 65536);
    FAILS(read_all(t, ZIP({.name = "a",
                           .data = ZIP_TEXT("data"),
                           .zip64 = true,
                           .central = {.zip64_nbytes = most, .zip64_packed_nbytes = most}})),
          MEMBER_LIMIT);
    CHECK_EQUAL(t->err.expected, zi_member_nbytes_max(&t->host));
    t->host.member_max = 5;
    CHECK_EQUAL(zi_member_nbytes_max(&t->host), 5);
}

TEST(test_member__method)
{
    FAILS(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("data"), .method = 12})), MEMBER_METHOD);
    CHECK_EQUAL(t->err.status, ZI_ERR_UNSUPPORTED);
    CHECK_EQUAL(t->err.found, 12);
}

TEST(test_member__encrypted)
{
    FAILS(read_all(t, ZIP({.name = "a", .data = ZIP_TEXT("data"), .flags = 1})), MEMBER_ENCRYPTED);
    CHECK_EQUAL(t->err.status, ZI_ERR_UNSUPPORTED);
}

TEST(test_member__packed_bytes_of_any_method)
{
    FIXTURE fixture = {0};
    CLEANUP(zi_member_release) struct zi_member member = {0};

    TRY(fixture_open(
        t, &fixture,
        ZIP({.name = "a", .data = ZIP_TEXT("data"), .method = 93, .packed = ZIP_TEXT("packed")})));
    TRY(zi_member_load(&member, &fixture.source, &fixture.entry, ZI_MEMBER_PACKED, NULL, &t->err));
    CHECK_EQUAL(member.nbytes, 6);
    CHECK(memcmp(member.bytes, "packed", 6) == 0);
    CHECK_EQUAL(t->host.count.inflates, 0);

    TRY(zi_member_check(&fixture.entry, (const uint8_t *)"data", 4, &t->err));
    FAILS(zi_member_check(&fixture.entry, (const uint8_t *)"dat", 3, &t->err), MEMBER_SHORT);
    FAILS(zi_member_check(&fixture.entry, (const uint8_t *)"data!", 5, &t->err), MEMBER_LONG);
    FAILS(zi_member_check(&fixture.entry, (const uint8_t *)"Data", 4, &t->err), MEMBER_CRC);
}

/* Several entries may share one local header: nothing is lost by it but the guarantee of names. */
TEST(test_member__overlapping_members_are_read)
{
    FIXTURE fixture = {0};
    struct zi_entry entry;

    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "a", .data = ZIP_TEXT("data")},
                         {.name = "a",
                          .data = ZIP_TEXT("data"),
                          .central_only = true,
                          .central.local_offset = ZIP_SET(0)})));
    zi_archive_entry(fixture.archive, 1, &entry);
    CHECK_EQUAL(entry.local_position, 0);
    TRY(exercise_member(&fixture.source, &entry, ZI_MEMBER_DATA, &t->err));
}

TEST(test_member__from_a_file)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    FIXTURE fixture = {0};

    test_write_zip(t, ZIP({.name = "a", .data = {make_text(t, 100000), 100000}, .method = 8}));
    t->read_nbytes_max = 100;
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    TRY(zi_archive_open(&fixture.archive, &source, &t->err));
    zi_archive_entry(fixture.archive, 1, &fixture.entry);
    TRY(exercise_member(&source, &fixture.entry, ZI_MEMBER_DATA, &t->err));
}

/* A file cut short since it was opened is a changed archive; one that cannot be read is not. */
TEST(test_member__file_changes_while_it_is_read)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    FIXTURE fixture = {0};
    struct zi_member member;

    test_write_zip(t, ZIP({.name = "a", .data = {make_noise(t, 200000), 200000}, .method = 8}));
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    TRY(zi_archive_open(&fixture.archive, &source, &t->err));
    zi_archive_entry(fixture.archive, 1, &fixture.entry);
    fixture.source = source;
    t->answers[CALL_READ_AT] = EIO;
    FAILS(load(t, &fixture, &member, NULL), CANNOT_READ);
    CHECK_EQUAL(t->err.name_nbytes, 1);
    test_write_file(t, t->path, "gone", 4);
    FAILS(load(t, &fixture, &member, NULL), MEMBER_TRUNCATED);
    CHECK_EQUAL(t->err.status, ZI_ERR_CHANGED);
    CHECK_EQUAL(t->err.name_nbytes, 1);
}
