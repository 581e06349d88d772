#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

TEST(test_source__reads_ranges_of_memory)
{
    uint8_t *bytes = test_guarded(t, 10);
    struct zi_source source;
    uint8_t buffer[10];

    memcpy(bytes, "0123456789", 10);
    zi_source_open_memory(&source, &t->host, bytes, 10);
    TRY(zi_source_read(&source, 0, buffer, 10, &t->err));
    CHECK(memcmp(buffer, "0123456789", 10) == 0);
    TRY(zi_source_read(&source, 8, buffer, 2, &t->err));
    CHECK(memcmp(buffer, "89", 2) == 0);
    TRY(zi_source_read(&source, 10, buffer, 0, &t->err));
    CHECK_EQUAL(t->host.count.reads, 3);
    CHECK_EQUAL(t->host.count.read_nbytes, 12);
    zi_source_release(&source);
    zi_source_release(&source);
}

TEST(test_source__refuses_ranges_outside)
{
    struct zi_source source;
    uint8_t buffer[16];

    zi_source_open_memory(&source, &t->host, test_guarded(t, 10), 10);
    FAILS(zi_source_read(&source, 0, buffer, 11, &t->err), MEMBER_TRUNCATED);
    FAILS(zi_source_read(&source, 11, buffer, 0, &t->err), MEMBER_TRUNCATED);
    FAILS(zi_source_read(&source, UINT64_MAX, buffer, 1, &t->err), MEMBER_TRUNCATED);
    CHECK_EQUAL(t->err.offset, UINT64_MAX);
    FAILS(zi_source_read(&source, UINT64_MAX - 5, buffer, 10, &t->err), MEMBER_TRUNCATED);
    CHECK_EQUAL(t->host.count.reads, 0);
}

TEST(test_source__empty_memory_can_be_read)
{
    struct zi_source source;
    uint8_t buffer[1];

    zi_source_open_memory(&source, &t->host, NULL, 0);
    TRY(zi_source_read(&source, 0, buffer, 0, &t->err));
    FAILS(zi_source_read(&source, 0, buffer, 1, &t->err), MEMBER_TRUNCATED);
}

TEST(test_source__reads_a_file)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    uint8_t buffer[10];

    test_write_file(t, t->path, "0123456789", 10);
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    CHECK_EQUAL(source.nbytes, 10);
    TRY(zi_source_read(&source, 3, buffer, 4, &t->err));
    CHECK(memcmp(buffer, "3456", 4) == 0);
    FAILS(zi_source_read(&source, 9, buffer, 2, &t->err), MEMBER_TRUNCATED);
    CHECK_EQUAL(t->host.count.opens, 1);
    CHECK_EQUAL(t->host.count.reads, 1);
    CHECK_EQUAL(t->open_files, 1);
}

TEST(test_source__short_reads_are_continued)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    uint8_t buffer[10];

    test_write_file(t, t->path, "0123456789", 10);
    t->read_nbytes_max = 3;
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    TRY(zi_source_read(&source, 0, buffer, 10, &t->err));
    CHECK(memcmp(buffer, "0123456789", 10) == 0);
    CHECK_EQUAL(t->host.count.reads, 4);
    CHECK_EQUAL(t->host.count.read_nbytes, 10);
}

TEST(test_source__a_file_that_shrank_is_truncated)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    uint8_t buffer[10];

    test_write_file(t, t->path, "0123456789", 10);
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    test_write_file(t, t->path, "0123", 4);
    FAILS(zi_source_read(&source, 0, buffer, 10, &t->err), MEMBER_TRUNCATED);
    CHECK_EQUAL(t->err.offset, 4);
}

TEST(test_source__a_missing_file_is_a_system_error)
{
    struct zi_source source;

    memset(&source, 0xaa, sizeof source);
    FAILS(zi_source_open(&source, &t->host, t->path, &t->err), CANNOT_OPEN);
    CHECK_EQUAL(t->err.system_errno, ENOENT);
    CHECK_EQUAL(source.fd, (uint64_t)-1); /* empty, whatever it was */
    zi_source_release(&source);
}

TEST(test_source__a_size_that_fails_closes_the_file)
{
    struct zi_source source;

    memset(&source, 0xaa, sizeof source);
    test_write_file(t, t->path, "x", 1);
    t->answers[CALL_SIZE] = EOVERFLOW;
    FAILS(zi_source_open(&source, &t->host, t->path, &t->err), CANNOT_READ);
    CHECK_EQUAL(t->err.system_errno, EOVERFLOW);
    CHECK_EQUAL(source.fd, (uint64_t)-1);
    CHECK_EQUAL(t->open_files, 0);
}

TEST(test_source__a_read_that_fails_is_a_system_error)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    uint8_t buffer[1];

    test_write_file(t, t->path, "x", 1);
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    t->answers[CALL_READ_AT] = EBADMSG;
    FAILS(zi_source_read(&source, 0, buffer, 1, &t->err), CANNOT_READ);
    CHECK_EQUAL(t->err.system_errno, EBADMSG);
    t->answers[CALL_READ_AT] = ZI_HOST_RAISED;
    FAILS(zi_source_read(&source, 0, buffer, 1, &t->err), HOST_RAISED);
}

TEST(test_source__stamps_the_file_it_reads)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    struct zi_stamp stamp;

    test_write_file(t, t->path, "0123456789", 10);
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    unlink(t->path);
    t->clock_ns += 5;
    TRY(zi_source_stamp(&source, &stamp, &t->err));
    CHECK_EQUAL(stamp.nbytes, 10);
    CHECK_EQUAL(stamp.clock_ns - stamp.mtime_ns, 5);
    CHECK_EQUAL(t->host.count.stats, 1);

    t->answers[CALL_STAMP_FD] = EIO;
    FAILS(zi_source_stamp(&source, &stamp, &t->err), CANNOT_STAT);
    t->answers[CALL_STAMP_FD] = ZI_HOST_RAISED;
    FAILS(zi_source_stamp(&source, &stamp, &t->err), HOST_RAISED);
}
