#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../src/base/sink.h"
#include "harness.h"

/* Whether the file holds just this text. */
static bool holds(const char *path, const char *text)
{
    char buffer[32];
    FILE *file = fopen(path, "rb");
    size_t nbytes = file ? fread(buffer, 1, sizeof buffer, file) : 0;

    if (file)
        fclose(file);
    return file && nbytes == strlen(text) && memcmp(buffer, text, nbytes) == 0;
}

TEST(test_sink__writes_in_pieces)
{
    CLEANUP(zi_sink_release) struct zi_sink sink = ZI_SINK_INIT;

    TRY(zi_sink_create(&sink, &t->host, t->path, &t->err));
    TRY(zi_sink_write(&sink, "one, ", 5, &t->err));
    TRY(zi_sink_write(&sink, NULL, 0, &t->err));
    TRY(zi_sink_write(&sink, "two", 3, &t->err));
    CHECK_EQUAL(sink.nbytes, 8);
    CHECK_EQUAL(t->host.count.writes, 2);
    CHECK_EQUAL(t->host.count.write_nbytes, 8);
    TRY(zi_sink_close(&sink, &t->err));
    CHECK_EQUAL(t->open_files, 0);
    CHECK(holds(t->path, "one, two"));
}

TEST(test_sink__empties_what_was_there)
{
    for (int i = 0; i < 2; i++) {
        CLEANUP(zi_sink_release) struct zi_sink sink = ZI_SINK_INIT;
        const char *text = i == 0 ? "longer" : "short";
        TRY(zi_sink_create(&sink, &t->host, t->path, &t->err));
        TRY(zi_sink_write(&sink, text, strlen(text), &t->err));
        TRY(zi_sink_close(&sink, &t->err));
    }
    CHECK(holds(t->path, "short"));
}

TEST(test_sink__short_writes_go_on)
{
    CLEANUP(zi_sink_release) struct zi_sink sink = ZI_SINK_INIT;

    t->write_nbytes_max = 3;
    TRY(zi_sink_create(&sink, &t->host, t->path, &t->err));
    TRY(zi_sink_write(&sink, "12345678", 8, &t->err));
    TRY(zi_sink_close(&sink, &t->err));
    CHECK_EQUAL(t->host.count.writes, 3);
    CHECK(holds(t->path, "12345678"));
}

TEST(test_sink__release_closes)
{
    struct zi_sink sink = ZI_SINK_INIT;

    zi_sink_release(&sink);
    TRY(zi_sink_create(&sink, &t->host, t->path, &t->err));
    CHECK_EQUAL(t->open_files, 1);
    zi_sink_release(&sink);
    zi_sink_release(&sink);
    CHECK_EQUAL(t->open_files, 0);
}

TEST(test_sink__cannot_be_created)
{
    struct zi_sink sink;

    t->answers[CALL_CREATE] = EROFS;
    FAILS(zi_sink_create(&sink, &t->host, t->path, &t->err), CANNOT_CREATE);
    CHECK_EQUAL(t->err.system_errno, EROFS);
    CHECK_EQUAL(sink.fd, -1);
    zi_sink_release(&sink);
}

/* Some systems tell only when a file is closed that what was written has no place. */
TEST(test_sink__close_fails)
{
    CLEANUP(zi_sink_release) struct zi_sink sink = ZI_SINK_INIT;

    TRY(zi_sink_create(&sink, &t->host, t->path, &t->err));
    TRY(zi_sink_write(&sink, "x", 1, &t->err));
    t->answers[CALL_CLOSE] = EDQUOT;
    FAILS(zi_sink_close(&sink, &t->err), CANNOT_WRITE);
    CHECK_EQUAL(t->err.system_errno, EDQUOT);
    CHECK_EQUAL(sink.fd, -1);
    CHECK_EQUAL(t->open_files, 0);
}

static int write_nothing(void *context, int fd, const void *bytes, size_t nbytes,
                         size_t *nwritten_ret)
{
    (void)context;
    (void)fd;
    (void)bytes;
    (void)nbytes;
    *nwritten_ret = 0;
    return 0;
}

TEST(test_sink__write_without_progress)
{
    CLEANUP(zi_sink_release) struct zi_sink sink = ZI_SINK_INIT;
    struct zi_host_ops ops = *t->host.ops;

    TRY(zi_sink_create(&sink, &t->host, t->path, &t->err));
    ops.write = write_nothing;
    t->host.ops = &ops;
    FAILS(zi_sink_write(&sink, "x", 1, &t->err), CANNOT_WRITE);
    CHECK_EQUAL(t->err.system_errno, ENOSPC);
}
