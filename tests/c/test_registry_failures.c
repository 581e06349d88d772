#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "registry.h"

/* Absent. */

TEST(test_registry_failures__a_miss_costs_one_stat)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    FAILS(use(t, record), CANNOT_OPEN);
    CHECK_EQUAL(t->err.system_errno, ENOENT);
    CHECK_DONE(.opens = 1);
    for (int i = 0; i < 3; i++) {
        zi_error_clear(&t->err);
        FAILS(use(t, record), CANNOT_OPEN);
        CHECK_EQUAL(t->err.system_errno, ENOENT);
        CHECK_DONE(.stats = 1);
    }
    CHECK(!zi_record_peek(record));
    CHECK_EQUAL(record->generation, 0);
}

/* Without an invalidation, as CPython finds it since 3.13. */
TEST(test_registry_failures__missing_then_there)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    FAILS(use(t, record), CANNOT_OPEN);
    write_old(t, ZIP({.name = "a"}));
    t->host.count = (struct zi_counters){0};
    TRY(use(t, record));
    CHECK_DONE(.opens = 1, .stats = 2, .parses = 1);
    CHECK_EQUAL(record->generation, 1);
    CHECK_EQUAL(record->error.status, ZI_OK);
    TRY(use(t, record));
    CHECK_DONE(NOTHING);
}

TEST(test_registry_failures__missing_and_invalidated)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    FAILS(use(t, record), CANNOT_OPEN);
    zi_record_invalidate_implicit(record);
    FAILS(use(t, record), CANNOT_OPEN);
    CHECK_DONE(.opens = 1, .stats = 1, .invalidations = 1);
    zi_record_invalidate(record);
    FAILS(use(t, record), CANNOT_OPEN);
    CHECK_DONE(.opens = 1, .invalidations = 1);
}

TEST(test_registry_failures__deleted)
{
    ARCHIVE before = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    TRY(zi_record_archive(record, &before, &t->err));
    unlink(t->path);
    zi_record_invalidate_implicit(record);
    FAILS(use(t, record), CANNOT_OPEN);
    CHECK_EQUAL(t->err.system_errno, ENOENT);
    CHECK_DONE(.stats = 1, .invalidations = 1);
    CHECK_EQUAL(record->generation, 2);
    FAILS(use(t, record), CANNOT_OPEN);
    CHECK_DONE(.stats = 1);
    CHECK(has(before, "a"));
}

TEST(test_registry_failures__gone_for_a_moment)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    unlink(t->path);
    zi_record_invalidate(record);
    FAILS(use(t, record), CANNOT_OPEN);
    write_old(t, ZIP({.name = "b"}));
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
    CHECK_EQUAL(record->generation, 3);
}

TEST(test_registry_failures__deleted_and_created_again)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    unlink(t->path);
    write_old(t, ZIP({.name = "b"})); /* in the same inode, most likely */
    zi_record_invalidate(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
    CHECK_EQUAL(record->generation, 2);
}

TEST(test_registry_failures__no_archive_is_remembered_with_its_defect)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    test_write_file(t, t->path, "text", 4);
    t->clock_ns += SECOND;
    FAILS(use(t, record), NOT_A_ZIP);
    CHECK_DONE(.opens = 1, .stats = 1);
    for (int i = 0; i < 3; i++) {
        zi_error_clear(&t->err);
        FAILS(use(t, record), NOT_A_ZIP);
        CHECK_DONE(.stats = 1);
    }
    unlink(t->path); /* and is forgotten with the file */
    FAILS(use(t, record), CANNOT_OPEN);
    CHECK_DONE(.stats = 1);
    test_write_file(t, t->path, "text", 4);
    FAILS(use(t, record), NOT_A_ZIP);
    CHECK_DONE(.opens = 1, .stats = 2);
}

/* Piece by piece, as a download does: each access sees the state that the file has. */
TEST(test_registry_failures__half_written)
{
    REGISTRY registry;
    struct zi_record *record;
    struct zip_built zip = ZIP({.name = "a"});
    uint8_t bytes[256];
    size_t nbytes = zip.nbytes;

    NEED(nbytes < sizeof bytes);
    memcpy(bytes, zip.bytes, nbytes);
    zip_free(&zip);
    init(t, &registry);
    NEED(record = get(t, &registry));
    for (size_t written = 30; written < nbytes; written += 30) {
        test_write_file(t, t->path, bytes, written);
        t->clock_ns += SECOND;
        enum zi_status status = use(t, record);
        CHECK(status == ZI_ERR_ARCHIVE || test_excused(t, status));
    }
    test_write_file(t, t->path, bytes, nbytes);
    TRY(use(t, record));
    CHECK_EQUAL(record->generation, 1);
}

/* Of the same size, in the same place, at the same time: no stamp shows it. */
TEST(test_registry_failures__becomes_an_archive_within_the_clocks_resolution)
{
    REGISTRY registry;
    struct zi_record *record;
    struct zip_built zip = ZIP({.name = "a"});
    uint8_t zeros[256] = {0};
    size_t nbytes = zip.nbytes;

    zip_free(&zip);
    NEED(nbytes < sizeof zeros);
    test_write_file(t, t->path, zeros, nbytes);
    init(t, &registry);
    NEED(record = get(t, &registry));
    FAILS(use(t, record), NOT_A_ZIP);
    test_write_zip(t, ZIP({.name = "a"}));
    TRY(use(t, record));
}

TEST(test_registry_failures__an_archive_that_turns_into_something_else)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    write_old(t, ZIP({.name = "b", .central.local_offset = ZIP_SET(1000)}));
    zi_record_invalidate(record);
    FAILS(use(t, record), LOCAL_OFFSET);
    CHECK(t->err.name_nbytes == 1 && t->err.name[0] == 'b');
    CHECK_EQUAL(record->generation, 2);
    write_old(t, ZIP({.name = "a"}));
    zi_record_invalidate(record);
    TRY(use(t, record));
}

TEST(test_registry_failures__a_directory_cannot_be_read)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = zi_registry_get(&registry, t->directory, strlen(t->directory)));
    enum zi_status status = use(t, record);
    CHECK(status == ZI_ERR_SYSTEM || status == ZI_ERR_ARCHIVE || test_excused(t, status));
    CHECK_EQUAL(t->open_files, 0);
}

/* Errors that pass. */

TEST(test_registry_failures__passing_errors_are_not_remembered)
{
    static const int answers[] = {EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN, ZI_HOST_RAISED};
    static const enum system_call calls[] = {CALL_OPEN, CALL_SIZE, CALL_STAMP_FD, CALL_READ_AT};

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
            REGISTRY registry;
            struct zi_record *record;

            init(t, &registry);
            NEED(record = get(t, &registry));
            write_old(t, ZIP({.name = "a"}));
            t->answers[calls[k]] = answers[i];
            enum zi_status status = use(t, record);
            if (test_excused(t, status))
                return;
            CHECK_EQUAL(status, answers[i] == ZI_HOST_RAISED ? ZI_ERR_HOST : ZI_ERR_SYSTEM);
            CHECK(answers[i] == ZI_HOST_RAISED || t->err.system_errno == answers[i]);
            TRY(use(t, record));
        }
    }
}

TEST(test_registry_failures__passing_errors_keep_the_archive)
{
    static const int answers[] = {EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN, ZI_HOST_RAISED};

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        REGISTRY registry;
        struct zi_record *record;

        init(t, &registry);
        NEED(record = get(t, &registry));
        TRY(make_fresh(t, record));
        zi_record_invalidate_implicit(record);
        t->answers[CALL_STAMP_PATH] = answers[i];
        CHECK(use(t, record) != ZI_OK);
        TRY(use(t, record));
        CHECK_EQUAL(record->generation, 1);
        CHECK_DONE(.stats = 2, .revalidations = 1, .invalidations = 1);
    }
}

/* Nothing that stat shows says whether a file may be opened. */
TEST(test_registry_failures__what_cannot_be_opened_is_tried_again)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    write_old(t, ZIP({.name = "a"}));
    t->host.count = (struct zi_counters){0};
    for (int i = 0; i < 2; i++) {
        t->answers[CALL_OPEN] = EACCES;
        FAILS(use(t, record), CANNOT_OPEN);
        CHECK_EQUAL(t->err.system_errno, EACCES);
        CHECK_DONE(.opens = 1, .stats = i > 0);
    }
    TRY(use(t, record));
}

TEST(test_registry_failures__what_cannot_be_read_is_tried_again)
{
    static const enum system_call calls[] = {CALL_SIZE, CALL_STAMP_FD, CALL_READ_AT};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        REGISTRY registry;
        struct zi_record *record;

        init(t, &registry);
        NEED(record = get(t, &registry));
        write_old(t, ZIP({.name = "a"}));
        t->answers[calls[i]] = EIO;
        enum zi_status status = use(t, record);
        if (test_excused(t, status))
            return;
        CHECK_EQUAL(status, ZI_ERR_SYSTEM);
        CHECK_EQUAL(t->err.system_errno, EIO);
        TRY(use(t, record));
    }
}

/* Whichever allocation of the look fails, the next access looks again. */
TEST(test_registry_failures__running_out_of_memory_is_not_remembered)
{
    bool injected = t->failing == FAILING_NOTHING; /* else the run decides what fails */

    for (uint64_t fail_at = 1; injected; fail_at++) {
        REGISTRY registry;
        struct zi_record *record;

        init(t, &registry);
        NEED(record = get(t, &registry));
        write_old(t, ZIP({.name = "caf\x82"}));
        t->failing = FAILING_ALLOCATIONS;
        t->fail_at = fail_at;
        t->injected = false;
        enum zi_status status = use(t, record);
        injected = t->injected;
        t->failing = FAILING_NOTHING;
        t->injected = false;
        CHECK(status == ZI_OK || t->err.status == ZI_ERR_MEMORY);
        TRY(use(t, record));
    }
}
