#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "../../src/zip/writer.h"
#include "exercise.h"
#include "harness.h"

/* An archive at t->path, and a copy of it that is being written. */
struct copying {
    struct zi_source source;
    struct zi_archive *archive;
    struct zi_sink sink;
    struct zi_writer writer;
    struct zi_written written;
    char path[100]; /* of the copy */
};

static void copying_release(struct copying *copying)
{
    if (copying->writer.sink)
        zi_writer_release(&copying->writer);
    zi_sink_release(&copying->sink);
    zi_archive_unref(copying->archive);
    zi_source_release(&copying->source);
}

#define COPYING CLEANUP(copying_release) struct copying
#define COPYING_INIT                                                                               \
    {                                                                                              \
        .source = ZI_SOURCE_INIT, .sink = ZI_SINK_INIT                                             \
    }

static enum zi_status open_both(struct test *t, struct copying *copying)
{
    enum zi_status status = zi_source_open(&copying->source, &t->host, t->path, &t->err);

    snprintf(copying->path, sizeof copying->path, "%s.copy", t->path);
    if (status == ZI_OK)
        status = zi_archive_open(&copying->archive, &copying->source, &t->err);
    if (status == ZI_OK)
        status = zi_sink_create(&copying->sink, &t->host, copying->path, &t->err);
    if (status == ZI_OK)
        zi_writer_init(&copying->writer, &copying->sink);
    return status;
}

/* Begins a copy without the members that are named. */
static enum zi_status begin(struct test *t, struct copying *copying, const char *const *omit,
                            size_t omit_count)
{
    uint8_t omitted[100] = {0};
    enum zi_status status = open_both(t, copying);

    if (status != ZI_OK)
        return status;
    for (size_t i = 0; i < omit_count; i++)
        zi_omit(omitted, copying->archive, omit[i], strlen(omit[i]));
    return zi_writer_copy(&copying->writer, copying->archive, &copying->source, omitted, &t->err);
}

static enum zi_status end(struct test *t, struct copying *copying)
{
    enum zi_status status = zi_writer_finish(&copying->writer, &copying->written, &t->err);

    return status == ZI_OK ? zi_sink_close(&copying->sink, &t->err) : status;
}

/* The copy, opened. */
struct reading {
    struct zi_source source;
    struct zi_archive *archive;
};

static void reading_release(struct reading *reading)
{
    zi_archive_unref(reading->archive);
    zi_source_release(&reading->source);
}

#define READING CLEANUP(reading_release) struct reading

static enum zi_status read_back(struct test *t, struct copying *copying, struct reading *reading)
{
    enum zi_status status = zi_source_open(&reading->source, &t->host, copying->path, &t->err);

    return status == ZI_OK ? zi_archive_open(&reading->archive, &reading->source, &t->err) : status;
}

/* Reads a member to its end, CRC-32 included. */
static enum zi_status check_member(struct test *t, struct reading *reading, const char *name)
{
    uint32_t node = zi_archive_find(reading->archive, name, strlen(name));
    struct zi_entry entry;

    if (node == ZI_INDEX_NONE)
        return zi_fail(&t->err, ZI_DETAIL_NONE);
    zi_archive_entry(reading->archive, node, &entry);
    return exercise_member(&reading->source, &entry, ZI_MEMBER_DATA, &t->err);
}

static bool has(const struct reading *reading, const char *name)
{
    return zi_archive_find(reading->archive, name, strlen(name)) != ZI_INDEX_NONE;
}

/* Everything that members are made of: descriptors, extras, comments, folders, other methods. */
static void write_mixed(struct test *t)
{
    test_write_zip(t, zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("#!/usr/bin/env python3\n")),
                             ZIP_MEMBERS({.name = "p/"},
                                         {.name = "p/a.py", .data = ZIP_TEXT("x = 1\n")},
                                         {.name = "p/b.py",
                                          .data = ZIP_TEXT("y = 2222222222222222222222222222\n"),
                                          .method = 8,
                                          .flags = 8},
                                         {.name = "RECORD", .data = ZIP_TEXT("a,b,c\n")},
                                         {.name = "p/caf\xc3\xa9.py",
                                          .data = ZIP_TEXT("z = 3\n"),
                                          .flags = 0x800,
                                          .local.extra = ZIP_TEXT("XX\2\0ab"),
                                          .central.extra = ZIP_TEXT("YY\1\0c"),
                                          .central.comment = ZIP_TEXT("a comment")})));
}

TEST(test_copy__keeps_every_member)
{
    COPYING copying = COPYING_INIT;
    READING reading = {.source = ZI_SOURCE_INIT};
    static const char *const names[] = {"p/", "p/a.py", "p/b.py", "RECORD", "p/caf\xc3\xa9.py"};

    write_mixed(t);
    TRY(begin(t, &copying, NULL, 0));
    TRY(end(t, &copying));
    CHECK_EQUAL(copying.written.entry_count, 5);
    TRY(read_back(t, &copying, &reading));
    for (size_t i = 0; i < 5; i++)
        TRY(check_member(t, &reading, names[i]));
    /* Nothing is left of the file but its end: records and data are the same bytes, and offsets are
     * counted from the file's beginning now. */
    CHECK_EQUAL(reading.archive->directory_nbytes, copying.archive->directory_nbytes);
    CHECK_EQUAL(reading.archive->end.base, 0);
    CHECK_EQUAL(reading.archive->end.directory_position, copying.archive->end.directory_position);
}

TEST(test_copy__adds_behind_them)
{
    COPYING copying = COPYING_INIT;
    READING reading = {.source = ZI_SOURCE_INIT};
    struct zi_piece piece = {"data", 4};

    write_mixed(t);
    TRY(begin(t, &copying, NULL, 0));
    TRY(zi_writer_add(&copying.writer, (const uint8_t *)"p/a.pyc", 7, &piece, 1, &t->err));
    TRY(end(t, &copying));
    TRY(read_back(t, &copying, &reading));
    CHECK_EQUAL(reading.archive->entry_count, 6);
    TRY(check_member(t, &reading, "p/a.pyc"));
    TRY(check_member(t, &reading, "p/b.py"));
}

/* With its data: whoever goes from one local header to the next finds what the directory lists. */
TEST(test_copy__leaves_members_out)
{
    COPYING copying = COPYING_INIT;
    READING reading = {.source = ZI_SOURCE_INIT};
    static const char *const omit[] = {"RECORD", "p/b.py"};
    struct zi_piece piece = {"new", 3};
    struct zi_entry entry;

    write_mixed(t);
    TRY(begin(t, &copying, omit, 2));
    TRY(zi_writer_add(&copying.writer, (const uint8_t *)"RECORD", 6, &piece, 1, &t->err));
    TRY(end(t, &copying));
    TRY(read_back(t, &copying, &reading));
    CHECK_EQUAL(reading.archive->entry_count, 4);
    CHECK(!has(&reading, "p/b.py"));
    TRY(check_member(t, &reading, "p/caf\xc3\xa9.py"));
    TRY(check_member(t, &reading, "RECORD"));
    zi_archive_entry(reading.archive, zi_archive_find(reading.archive, "RECORD", 6), &entry);
    CHECK_EQUAL(entry.nbytes, 3);
    CHECK(copying.archive->end.directory_position > reading.archive->end.directory_position + 60);
}

TEST(test_copy__leaves_out_all_of_a_name)
{
    COPYING copying = COPYING_INIT;
    READING reading = {.source = ZI_SOURCE_INIT};
    static const char *const omit[] = {"a"};

    test_write_zip(t, ZIP({.name = "a", .data = ZIP_TEXT("first")}, {.name = "b"},
                          {.name = "a", .data = ZIP_TEXT("second")}));
    TRY(begin(t, &copying, omit, 1));
    TRY(end(t, &copying));
    TRY(read_back(t, &copying, &reading));
    CHECK_EQUAL(reading.archive->entry_count, 1);
    CHECK(!has(&reading, "a"));
    TRY(check_member(t, &reading, "b"));
}

/* Two entries of the same bytes: what one of them leaves behind the other still needs. */
TEST(test_copy__keeps_what_another_entry_uses)
{
    COPYING copying = COPYING_INIT;
    READING reading = {.source = ZI_SOURCE_INIT};
    static const char *const omit[] = {"a"};

    test_write_zip(t, ZIP({.name = "a", .data = ZIP_TEXT("shared")},
                          {.name = "b",
                           .data = ZIP_TEXT("shared"),
                           .central_only = true,
                           .central.local_offset = ZIP_SET(0)},
                          {.name = "c", .data = ZIP_TEXT("own")}));
    TRY(begin(t, &copying, omit, 1));
    TRY(end(t, &copying));
    TRY(read_back(t, &copying, &reading));
    CHECK_EQUAL(reading.archive->entry_count, 2);
    TRY(check_member(t, &reading, "b"));
    TRY(check_member(t, &reading, "c"));
}

TEST(test_copy__empty_archive)
{
    COPYING copying = COPYING_INIT;
    READING reading = {.source = ZI_SOURCE_INIT};

    test_write_zip(t, zip_of(ZIP_ENDS(.zip64 = false), NULL, 0));
    TRY(begin(t, &copying, NULL, 0));
    TRY(end(t, &copying));
    TRY(read_back(t, &copying, &reading));
    CHECK_EQUAL(reading.archive->entry_count, 0);
}

TEST(test_copy__shortened_meanwhile)
{
    COPYING copying = COPYING_INIT;
    uint8_t omitted[100] = {0};

    write_mixed(t);
    TRY(open_both(t, &copying));
    test_write_file(t, t->path, "short", 5);
    FAILS(zi_writer_copy(&copying.writer, copying.archive, &copying.source, omitted, &t->err),
          MEMBER_TRUNCATED);
}

TEST(test_copy__offsets_beyond_32_bits)
{
    COPYING copying = COPYING_INIT;

    test_write_zip(t, zip_of(ZIP_ENDS(.zip64 = true), ZIP_MEMBERS({.name = "a", .zip64 = true})));
    FAILS(begin(t, &copying, NULL, 0), ARCHIVE_TOO_LARGE);
}

TEST(test_writer__deflated)
{
    COPYING copying = COPYING_INIT;
    READING reading = {.source = ZI_SOURCE_INIT};
    static const uint8_t text[] = "spam spam spam spam spam spam spam spam";
    uint8_t packed[100];
    z_stream stream = {.next_in = (Bytef *)text,
                       .avail_in = sizeof text,
                       .next_out = packed,
                       .avail_out = sizeof packed};
    struct zi_entry entry;

    deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    deflate(&stream, Z_FINISH);
    struct zi_piece piece = {packed, stream.total_out};
    struct zi_inflated inflated = {sizeof text, (uint32_t)crc32(0, text, sizeof text)};
    deflateEnd(&stream);

    write_mixed(t);
    TRY(begin(t, &copying, NULL, 0));
    TRY(zi_writer_add_deflated(&copying.writer, (const uint8_t *)"spam", 4, &piece, &inflated,
                               &t->err));
    TRY(end(t, &copying));
    TRY(read_back(t, &copying, &reading));
    TRY(check_member(t, &reading, "spam"));
    zi_archive_entry(reading.archive, zi_archive_find(reading.archive, "spam", 4), &entry);
    CHECK_EQUAL(entry.method, 8);
    CHECK_EQUAL(entry.nbytes, sizeof text);
    CHECK(entry.packed_nbytes < entry.nbytes);
}
