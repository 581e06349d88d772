#include <stdlib.h>
#include <string.h>

#include "../../src/zip/end_record.h"
#include "../../src/zip/format.h"
#include "harness.h"

static const uint8_t zeros[70000];

static enum zi_status find(struct test *t, struct zip_built zip, struct zi_end_record *ret)
{
    struct zi_source source = test_zip_source(t, zip);

    return zi_end_record_find(&source, ret, &t->err);
}

TEST(test_end_record__plain)
{
    struct zi_end_record end;

    TRY(find(t, ZIP({.name = "a.py"}, {.name = "b.py"}), &end));
    CHECK_EQUAL(end.entry_count, 2);
    CHECK_EQUAL(end.directory_position, 2 * (30 + 4));
    CHECK_EQUAL(end.directory_offset, 2 * (30 + 4));
    CHECK_EQUAL(end.directory_nbytes, 2 * (46 + 4));
    CHECK_EQUAL(end.base, 0);
    CHECK(!end.zip64);
    CHECK_EQUAL(t->host.count.allocations, 0); /* the fast path needs none */
    CHECK_EQUAL(t->host.count.reads, 2);
}

TEST(test_end_record__comment)
{
    struct zi_end_record end;

    TRY(find(t, zip_of(ZIP_ENDS(.end.comment = ZIP_TEXT("hello")), ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.entry_count, 1);
    CHECK_EQUAL(end.directory_position, 34);
}

TEST(test_end_record__longest_comment)
{
    struct zi_end_record end;

    TRY(find(t, zip_of(ZIP_ENDS(.end.comment = {zeros, 65535}), ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.directory_position, 34);
}

TEST(test_end_record__longest_comment_and_zip64)
{
    struct zi_end_record end;

    TRY(find(t,
             zip_of(ZIP_ENDS(.zip64 = true, .saturated = true, .end.comment = {zeros, 65535}),
                    ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK(end.zip64);
    CHECK_EQUAL(end.directory_position, 34);
}

TEST(test_end_record__comment_contains_the_signature)
{
    struct zi_end_record end;

    TRY(find(t,
             zip_of(ZIP_ENDS(.end.comment = ZIP_TEXT("see PK\5\6 in APPNOTE")),
                    ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.entry_count, 1);
    CHECK_EQUAL(end.directory_position, 34);
}

TEST(test_end_record__comment_ends_in_the_signature)
{
    struct zi_end_record end;

    TRY(find(t, zip_of(ZIP_ENDS(.end.comment = ZIP_TEXT("PK\5\6")), ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.directory_position, 34);
}

/* An empty archive is the weakest claim there is. */
TEST(test_end_record__comment_contains_an_empty_archive)
{
    struct zi_end_record end;

    TRY(find(t,
             zip_of(ZIP_ENDS(.end.comment = ZIP_TEXT("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")),
                    ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.entry_count, 1);
    CHECK_EQUAL(end.directory_position, 34);
}

TEST(test_end_record__comment_contains_a_whole_archive)
{
    struct zip_built inner = ZIP({.name = "inner.py"});
    struct zip_built outer = zip_of(ZIP_ENDS(.end.comment = {inner.bytes, inner.nbytes}),
                                    ZIP_MEMBERS({.name = "outer.py"}));
    uint64_t outer_nbytes = outer.nbytes;
    struct zi_end_record end;

    zip_free(&inner);
    TRY(find(t, outer, &end));
    /* The last in the file is the one that every reader finds. */
    CHECK_EQUAL(end.directory_position, outer_nbytes - 22 - (46 + 8));
}

/* The same, when the inner one's own comment does not end where the file does. */
TEST(test_end_record__comment_contains_an_archive_that_fits_less)
{
    static const uint16_t comment_nbytes[] = {1, 500};

    for (size_t i = 0; i < 2; i++) {
        struct zip_built inner = zip_of(ZIP_ENDS(.end.comment_nbytes = ZIP_SET(comment_nbytes[i])),
                                        ZIP_MEMBERS({.name = "inner.py"}));
        struct zip_built outer = zip_of(ZIP_ENDS(.end.comment = {inner.bytes, inner.nbytes}),
                                        ZIP_MEMBERS({.name = "outer.py"}));
        struct zi_end_record end;

        zip_free(&inner);
        TRY(find(t, outer, &end));
        CHECK_EQUAL(end.base, 0);
        CHECK_EQUAL(end.directory_position, 38);
    }
}

TEST(test_end_record__prepended)
{
    struct zi_end_record end;

    TRY(find(t,
             zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("#!/bin/sh\n")), ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.base, 10);
    CHECK_EQUAL(end.directory_position, 44);
    CHECK_EQUAL(end.directory_offset, 34);
}

TEST(test_end_record__prepended_zip64)
{
    struct zi_end_record end;

    TRY(find(t,
             zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("#!/bin/sh\n"), .zip64 = true,
                             .saturated = true),
                    ZIP_MEMBERS({.name = "a.py", .zip64 = true})),
             &end));
    CHECK(end.zip64);
    CHECK_EQUAL(end.base, 10);
}

TEST(test_end_record__trailing_bytes)
{
    struct zi_end_record end;

    TRY(find(t, zip_of(ZIP_ENDS(.trailing = ZIP_TEXT("\n")), ZIP_MEMBERS({.name = "a.py"})), &end));
    CHECK_EQUAL(end.directory_position, 34);
    TRY(find(t, zip_of(ZIP_ENDS(.trailing = {zeros, 60000}), ZIP_MEMBERS({.name = "a.py"})), &end));
    CHECK_EQUAL(end.directory_position, 34);
}

TEST(test_end_record__too_many_trailing_bytes)
{
    struct zi_end_record end;

    FAILS(find(t, zip_of(ZIP_ENDS(.trailing = {zeros, 70000}), ZIP_MEMBERS({.name = "a.py"})),
               &end),
          NOT_A_ZIP);
}

/* A comment cut short by a download: all that is there is taken. */
TEST(test_end_record__comment_longer_than_the_file)
{
    struct zi_end_record end;

    TRY(find(t,
             zip_of(ZIP_ENDS(.end.comment_nbytes = ZIP_SET(500), .trailing = ZIP_TEXT("cut")),
                    ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.directory_position, 34);
}

TEST(test_end_record__comment_cut_off_whole)
{
    struct zi_end_record end;

    TRY(find(t, zip_of(ZIP_ENDS(.end.comment_nbytes = ZIP_SET(500)), ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.directory_position, 34);
}

/* Two that fit equally well: an archive appended to another, and a byte to both. */
TEST(test_end_record__last_of_equal_candidates)
{
    struct zip_built first = ZIP({.name = "first.py"});
    struct zi_end_record end;
    struct zip_built both = zip_of(ZIP_ENDS(.prepended = {first.bytes, first.nbytes},
                                            .trailing = ZIP_TEXT("\n")),
                                   ZIP_MEMBERS({.name = "a.py"}));
    uint64_t second_position = first.nbytes;

    zip_free(&first);
    TRY(find(t, both, &end));
    CHECK_EQUAL(end.base, second_position);
}

TEST(test_end_record__empty_archive)
{
    struct zi_end_record end;

    TRY(find(t, zip_of(ZIP_ENDS(.zip64 = false), NULL, 0), &end));
    CHECK_EQUAL(end.entry_count, 0);
    CHECK_EQUAL(end.directory_position, 0);
    CHECK_EQUAL(end.directory_nbytes, 0);
    TRY(find(t, zip_of(ZIP_ENDS(.end.comment = ZIP_TEXT("none")), NULL, 0), &end));
    TRY(find(t, zip_of(ZIP_ENDS(.trailing = ZIP_TEXT("none")), NULL, 0), &end));
    TRY(find(t, zip_of(ZIP_ENDS(.zip64 = true), NULL, 0), &end));
    CHECK(end.zip64);
}

TEST(test_end_record__zip64_without_saturation)
{
    struct zi_end_record end;

    TRY(find(t, zip_of(ZIP_ENDS(.zip64 = true), ZIP_MEMBERS({.name = "a.py"})), &end));
    CHECK(end.zip64);
    CHECK_EQUAL(end.entry_count, 1);
    CHECK_EQUAL(end.directory_position, 34);
}

TEST(test_end_record__zip64_extensible_data)
{
    static const size_t sizes[] = {1, 20, 1024};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct zi_end_record end;
        TRY(find(t,
                 zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                                 .end64.extensible = {zeros, sizes[i]}),
                        ZIP_MEMBERS({.name = "a.py"})),
                 &end));
        CHECK(end.zip64);
        CHECK_EQUAL(end.directory_position, 34);
    }
}

/* More than is looked through is found where the locator says; behind prepended data, where the
 * locator is wrong, it is not. */
TEST(test_end_record__zip64_more_extensible_data_than_is_looked_through)
{
    struct zi_end_record end;

    TRY(find(t,
             zip_of(ZIP_ENDS(.zip64 = true, .saturated = true, .end64.extensible = {zeros, 1025}),
                    ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK(end.zip64);
    CHECK_EQUAL(end.directory_position, 34);
    FAILS(find(t,
               zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("!"), .zip64 = true, .saturated = true,
                               .end64.extensible = {zeros, 1025}),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          DIRECTORY_SIZE);
}

/* Without the locator nobody is told of the record; the numbers beside it are right. */
TEST(test_end_record__zip64_without_locator)
{
    struct zi_end_record end;

    FAILS(find(t,
               zip_of(ZIP_ENDS(.zip64 = true, .saturated = true, .without_locator = true),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          DIRECTORY_SIZE);
    FAILS(find(t,
               zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                               .locator.signature = ZIP_SET(0x07064b51)),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          DIRECTORY_SIZE);
    FAILS(find(t,
               zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                               .end64.signature = ZIP_SET(0x06064b51)),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          DIRECTORY_SIZE);
    FAILS(find(t,
               zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                               .end64.record_nbytes = ZIP_SET(43)),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          DIRECTORY_SIZE);
}

/* The fields that a reader of one file has no use for. */
TEST(test_end_record__ignores_disks_and_versions)
{
    struct zi_end_record end;

    TRY(find(t,
             zip_of(ZIP_ENDS(.zip64 = true, .saturated = true, .end64.made_by = ZIP_SET(99),
                             .end64.version = ZIP_SET(99), .end64.disk = ZIP_SET(3),
                             .end64.directory_disk = ZIP_SET(3), .end64.count = ZIP_SET(99),
                             .locator.disk = ZIP_SET(3), .locator.disks = ZIP_SET(9),
                             .locator.end64_offset = ZIP_SET(12345), .end.disk = ZIP_SET(3),
                             .end.directory_disk = ZIP_SET(3), .end.count = ZIP_SET(99)),
                    ZIP_MEMBERS({.name = "a.py"})),
             &end));
    CHECK_EQUAL(end.entry_count, 1);
}

TEST(test_end_record__zip64_contradicts_the_count)
{
    struct zi_end_record end;

    FAILS(find(t,
               zip_of(ZIP_ENDS(.zip64 = true, .end64.disk_count = ZIP_SET(2)),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          ZIP64_CONTRADICTS);
    CHECK_EQUAL(t->err.offset, 34 + 50);
}

TEST(test_end_record__zip64_contradicts_the_size)
{
    struct zi_end_record end;

    FAILS(find(t,
               zip_of(ZIP_ENDS(.zip64 = true, .end64.directory_nbytes = ZIP_SET(49)),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          ZIP64_CONTRADICTS);
}

TEST(test_end_record__zip64_contradicts_the_offset)
{
    struct zi_end_record end;

    FAILS(find(t,
               zip_of(ZIP_ENDS(.zip64 = true, .end64.directory_offset = ZIP_SET(33)),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          ZIP64_CONTRADICTS);
}

TEST(test_end_record__zip64_numbers_that_no_file_has)
{
    static const struct {
        uint64_t nbytes, offset;
        enum zi_detail detail;
    } cases[] = {
        {UINT64_MAX, 0, ZI_DETAIL_DIRECTORY_SIZE},
        {UINT64_MAX, UINT64_MAX, ZI_DETAIL_DIRECTORY_SIZE},
        {0, UINT64_MAX, ZI_DETAIL_DIRECTORY_OFFSET},
        {50, UINT64_MAX - 49, ZI_DETAIL_DIRECTORY_OFFSET},
        {50, 84, ZI_DETAIL_DIRECTORY_POSITION},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zi_end_record end;
        enum zi_status status =
            find(t,
                 zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                                 .end64.directory_nbytes = ZIP_SET(cases[i].nbytes),
                                 .end64.directory_offset = ZIP_SET(cases[i].offset)),
                        ZIP_MEMBERS({.name = "a.py"})),
                 &end);
        if (test_excused(t, status))
            return;
        CHECK_EQUAL(status, ZI_ERR_ARCHIVE);
        CHECK_EQUAL(t->err.detail, cases[i].detail);
    }
}

TEST(test_end_record__not_a_zip)
{
    struct zi_end_record end;
    struct zi_source source;

    for (size_t nbytes = 0; nbytes < 100; nbytes++) {
        zi_source_open_memory(&source, &t->host, test_guarded(t, nbytes), nbytes);
        FAILS(zi_end_record_find(&source, &end, &t->err), NOT_A_ZIP);
    }
}

TEST(test_end_record__truncated)
{
    struct zip_built zip = ZIP({.name = "a.py"});
    struct zi_end_record end;
    uint64_t position = zip.nbytes - 22;

    zip.nbytes -= 1;
    FAILS(find(t, zip, &end), END_RECORD_TRUNCATED);
    CHECK_EQUAL(t->err.offset, position);
}

TEST(test_end_record__directory_size_beyond_the_file)
{
    struct zi_end_record end;

    FAILS(find(t,
               zip_of(ZIP_ENDS(.end.directory_nbytes = ZIP_SET(85)), ZIP_MEMBERS({.name = "a.py"})),
               &end),
          DIRECTORY_SIZE);
    CHECK_EQUAL(t->err.found, 85);
    CHECK_EQUAL(t->err.expected, 84);
}

TEST(test_end_record__directory_offset_beyond_the_file)
{
    struct zi_end_record end;

    FAILS(find(t,
               zip_of(ZIP_ENDS(.end.directory_offset = ZIP_SET(85)), ZIP_MEMBERS({.name = "a.py"})),
               &end),
          DIRECTORY_OFFSET);
    CHECK_EQUAL(t->err.found, 85);
    CHECK_EQUAL(t->err.expected, 84);
}

TEST(test_end_record__directory_ends_behind_the_end_record)
{
    struct zi_end_record end;

    FAILS(find(t,
               zip_of(ZIP_ENDS(.end.directory_offset = ZIP_SET(35)), ZIP_MEMBERS({.name = "a.py"})),
               &end),
          DIRECTORY_POSITION);
    CHECK_EQUAL(t->err.offset, 84);
}

TEST(test_end_record__no_header_where_the_directory_should_be)
{
    struct zi_end_record end;

    FAILS(find(t, ZIP({.name = "a.py", .central.signature = ZIP_SET(0x02014b51)}), &end),
          ENTRY_COUNT);
    FAILS(find(t,
               zip_of(ZIP_ENDS(.end.directory_nbytes = ZIP_SET(45)), ZIP_MEMBERS({.name = "a.py"})),
               &end),
          ENTRY_COUNT);
    CHECK_EQUAL(t->err.found, 0);
    CHECK_EQUAL(t->err.expected, 1);
}

/* The error is that of the last signature, which is the one that people look at. */
TEST(test_end_record__error_of_the_last_candidate)
{
    struct zi_end_record end;

    FAILS(find(t,
               zip_of(ZIP_ENDS(.end.directory_nbytes = ZIP_SET(85),
                               .end.comment = ZIP_TEXT("PK\5\6")),
                      ZIP_MEMBERS({.name = "a.py"})),
               &end),
          END_RECORD_TRUNCATED);
}

TEST(test_end_record__system_errors_end_the_search)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    struct zi_end_record end;

    test_write_zip(t,
                   zip_of(ZIP_ENDS(.end.comment = ZIP_TEXT("c")), ZIP_MEMBERS({.name = "a.py"})));
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    t->answers[CALL_READ_AT] = ZI_HOST_RAISED;
    FAILS(zi_end_record_find(&source, &end, &t->err), HOST_RAISED);
    TRY(zi_end_record_find(&source, &end, &t->err));
}

/* Every two signatures in a tail full of them: each is looked at, none of it for long. */
TEST(test_end_record__a_tail_full_of_signatures)
{
    struct zip_builder builder = {0};
    size_t nbytes = 65535;
    uint8_t *comment = malloc(nbytes);
    struct zi_end_record end;

    for (size_t at = 0; at < nbytes; at++)
        comment[at] = (uint8_t) "PK\5\6"[at % 4];
    zip_add(&builder, &(struct zip_member){.name = "a.py"});
    struct zip_built zip = zip_finish(&builder, ZIP_ENDS(.end.comment = {comment, nbytes}));
    free(comment);
    TRY(find(t, zip, &end));
    CHECK_EQUAL(end.directory_position, 34);
    CHECK(t->host.count.reads <= 5);
    CHECK_EQUAL(t->host.count.allocations, 1);
}
