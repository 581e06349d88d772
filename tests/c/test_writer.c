#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "../../src/zip/archive.h"
#include "../../src/zip/writer.h"
#include "exercise.h"
#include "harness.h"

/* A file at t->path that is being written. */
struct writing {
    struct zi_sink sink;
    struct zi_writer writer;
    struct zi_written written;
};

static void writing_release(struct writing *writing)
{
    if (writing->writer.sink)
        zi_writer_release(&writing->writer);
    zi_sink_release(&writing->sink);
}

#define WRITING CLEANUP(writing_release) struct writing

static enum zi_status begin(struct test *t, struct writing *writing)
{
    enum zi_status status = zi_sink_create(&writing->sink, &t->host, t->path, &t->err);

    if (status == ZI_OK)
        zi_writer_init(&writing->writer, &writing->sink);
    return status;
}

static enum zi_status add(struct test *t, struct writing *writing, const char *name,
                          const char *data)
{
    struct zi_piece piece = {data, strlen(data)};

    return zi_writer_add(&writing->writer, (const uint8_t *)name, strlen(name), &piece, 1, &t->err);
}

static enum zi_status end(struct test *t, struct writing *writing)
{
    enum zi_status status = zi_writer_finish(&writing->writer, &writing->written, &t->err);

    return status == ZI_OK ? zi_sink_close(&writing->sink, &t->err) : status;
}

/* What was written, opened again. */
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

static enum zi_status read_back(struct test *t, struct reading *reading)
{
    enum zi_status status = zi_source_open(&reading->source, &t->host, t->path, &t->err);

    return status == ZI_OK ? zi_archive_open(&reading->archive, &reading->source, &t->err) : status;
}

/* Reads a member into the buffer, to its end; its length is the entry's. */
static enum zi_status read_member(struct test *t, struct reading *reading, const char *name,
                                  struct zi_entry *entry, char *buffer, size_t capacity)
{
    struct zi_member member;
    uint32_t node = zi_archive_find(reading->archive, name, strlen(name));
    enum zi_status status;

    if (node == ZI_INDEX_NONE)
        return zi_fail(&t->err, ZI_DETAIL_NONE);
    zi_archive_entry(reading->archive, node, entry);
    if (entry->nbytes >= capacity)
        return zi_fail(&t->err, ZI_DETAIL_MEMBER_LIMIT);
    status = zi_member_load(&member, &reading->source, entry, ZI_MEMBER_DATA, NULL, &t->err);
    if (status != ZI_OK)
        return status;
    memcpy(buffer, member.bytes, member.nbytes);
    zi_member_release(&member);
    buffer[entry->nbytes] = '\0';
    return ZI_OK;
}

#define CHECK_MEMBER(name, data)                                                                   \
    do {                                                                                           \
        struct zi_entry entry_;                                                                    \
        char buffer_[100];                                                                         \
        TRY(read_member(t, &reading, (name), &entry_, buffer_, sizeof buffer_));                   \
        CHECK(strcmp(buffer_, (data)) == 0);                                                       \
        CHECK_EQUAL(entry_.method, 0);                                                             \
    } while (0)

TEST(test_writer__nothing)
{
    WRITING writing = {.sink = ZI_SINK_INIT};
    READING reading = {.source = ZI_SOURCE_INIT};

    TRY(begin(t, &writing));
    TRY(end(t, &writing));
    CHECK_EQUAL(writing.written.nbytes, 22);
    CHECK_EQUAL(writing.written.entry_count, 0);
    TRY(read_back(t, &reading));
    CHECK_EQUAL(reading.archive->entry_count, 0);
}

TEST(test_writer__members)
{
    WRITING writing = {.sink = ZI_SINK_INIT};
    READING reading = {.source = ZI_SOURCE_INIT};

    TRY(begin(t, &writing));
    TRY(add(t, &writing, "a.pyc", "first"));
    TRY(add(t, &writing, "p/b.pyc", ""));
    TRY(add(t, &writing, "p/caf\xc3\xa9.pyc", "third"));
    TRY(end(t, &writing));
    CHECK_EQUAL(writing.written.entry_count, 3);
    CHECK_EQUAL(writing.written.nbytes, writing.sink.nbytes);

    TRY(read_back(t, &reading));
    CHECK_EQUAL(reading.archive->entry_count, 3);
    CHECK_EQUAL(reading.source.nbytes, writing.written.nbytes);
    CHECK_EQUAL(writing.written.directory_crc,
                crc32_z(0, reading.archive->directory, reading.archive->directory_nbytes));
    CHECK_MEMBER("a.pyc", "first");
    CHECK_MEMBER("p/b.pyc", "");
    CHECK_MEMBER("p/caf\xc3\xa9.pyc", "third");
}

TEST(test_writer__utf8_flag_only_where_it_says_something)
{
    WRITING writing = {.sink = ZI_SINK_INIT};
    READING reading = {.source = ZI_SOURCE_INIT};
    struct zi_entry plain, other;
    char buffer[10];

    TRY(begin(t, &writing));
    TRY(add(t, &writing, "a", ""));
    TRY(add(t, &writing, "\xc3\xa9", ""));
    TRY(end(t, &writing));
    TRY(read_back(t, &reading));
    TRY(read_member(t, &reading, "a", &plain, buffer, sizeof buffer));
    TRY(read_member(t, &reading, "\xc3\xa9", &other, buffer, sizeof buffer));
    CHECK_EQUAL(plain.flags, 0);
    CHECK_EQUAL(other.flags, 0x800);
    CHECK_EQUAL(plain.dos_date, 0x21);
}

TEST(test_writer__pieces)
{
    WRITING writing = {.sink = ZI_SINK_INIT};
    READING reading = {.source = ZI_SOURCE_INIT};
    const struct zi_piece pieces[] = {{"one ", 4}, {NULL, 0}, {"two ", 4}, {"", 0}, {"three", 5}};

    TRY(begin(t, &writing));
    TRY(zi_writer_add(&writing.writer, (const uint8_t *)"a", 1, pieces, 5, &t->err));
    TRY(zi_writer_add(&writing.writer, (const uint8_t *)"b", 1, NULL, 0, &t->err));
    TRY(end(t, &writing));
    TRY(read_back(t, &reading));
    CHECK_MEMBER("a", "one two three");
    CHECK_MEMBER("b", "");
}

/* What has nothing of its time or place in it: equal members are equal bytes. */
TEST(test_writer__is_deterministic)
{
    uint32_t crc[2];

    for (int i = 0; i < 2; i++) {
        WRITING writing = {.sink = ZI_SINK_INIT};
        TRY(begin(t, &writing));
        TRY(add(t, &writing, "a", "data"));
        TRY(end(t, &writing));
        crc[i] = writing.written.directory_crc;
        t->clock_ns += 1000000000;
    }
    CHECK_EQUAL(crc[0], crc[1]);
}

TEST(test_writer__writes_in_any_pieces)
{
    for (size_t nbytes_max = 1; nbytes_max < 40; nbytes_max += 13) {
        WRITING writing = {.sink = ZI_SINK_INIT};
        READING reading = {.source = ZI_SOURCE_INIT};

        t->write_nbytes_max = nbytes_max;
        TRY(begin(t, &writing));
        TRY(add(t, &writing, "a", "some data"));
        TRY(end(t, &writing));
        TRY(read_back(t, &reading));
        CHECK_MEMBER("a", "some data");
        CHECK(t->host.count.writes >= writing.written.nbytes / nbytes_max);
        CHECK_EQUAL(t->host.count.write_nbytes, writing.written.nbytes);
        t->host.count.writes = t->host.count.write_nbytes = 0;
    }
}

TEST(test_writer__long_names)
{
    WRITING writing = {.sink = ZI_SINK_INIT};
    READING reading = {.source = ZI_SOURCE_INIT};
    struct zi_piece piece = {"x", 1};
    uint8_t *name = test_guarded(t, 65536);

    memset(name, 'n', 65536);
    TRY(begin(t, &writing));
    TRY(zi_writer_add(&writing.writer, name + 1, 65535, &piece, 1, &t->err));
    FAILS(zi_writer_add(&writing.writer, name, 65536, &piece, 1, &t->err), NAME_TOO_LONG);
    TRY(end(t, &writing));
    TRY(read_back(t, &reading));
    CHECK(zi_archive_find(reading.archive, (const char *)name + 1, 65535) != ZI_INDEX_NONE);
}

/* 65,535 in a 16-bit field means that the number stands elsewhere. */
SWEEP(test_writer__many_members)
{
    static const uint32_t counts[] = {65534, 65535, 65536, 70000};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        WRITING writing = {.sink = ZI_SINK_INIT};
        READING reading = {.source = ZI_SOURCE_INIT};

        TRY(begin(t, &writing));
        for (uint32_t member = 0; member < counts[i]; member++) {
            char name[20];
            snprintf(name, sizeof name, "m%u.pyc", (unsigned)member);
            TRY(add(t, &writing, name, "x"));
        }
        TRY(end(t, &writing));
        TRY(read_back(t, &reading));
        CHECK_EQUAL(reading.archive->entry_count, counts[i]);
        CHECK_EQUAL(reading.archive->end.entry_count, counts[i]);
        CHECK_MEMBER("m65533.pyc", "x");
    }
}

TEST(test_writer__too_large)
{
    WRITING writing = {.sink = ZI_SINK_INIT};

    TRY(begin(t, &writing));
    TRY(add(t, &writing, "a", "x"));
    uint64_t nbytes = writing.sink.nbytes;
    writing.sink.nbytes = UINT32_MAX - 5;
    FAILS(add(t, &writing, "b", "123456"), ARCHIVE_TOO_LARGE);
    writing.sink.nbytes = UINT32_MAX - 46;
    FAILS(end(t, &writing), ARCHIVE_TOO_LARGE);
    writing.sink.nbytes = nbytes;
    TRY(end(t, &writing));
}

TEST(test_writer__full_disk)
{
    WRITING writing = {.sink = ZI_SINK_INIT};

    TRY(begin(t, &writing));
    t->answers[CALL_WRITE] = ENOSPC;
    FAILS(add(t, &writing, "a", "x"), CANNOT_WRITE);
    CHECK_EQUAL(t->err.system_errno, ENOSPC);
    t->answers[CALL_WRITE] = EIO;
    FAILS(end(t, &writing), CANNOT_WRITE);
    CHECK_EQUAL(t->err.system_errno, EIO);
}
