#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../src/cache/registry.h"
#include "harness.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

static void drop(struct zi_archive **archive)
{
    zi_archive_unref(*archive);
}

#define ARCHIVE CLEANUP(drop) struct zi_archive *
#define REGISTRY CLEANUP(zi_registry_release) struct zi_registry

static void count_drop(void *attachment)
{
    ++*(int *)attachment;
}

static void init(struct test *t, struct zi_registry *registry)
{
    zi_registry_init(registry, &t->host, count_drop);
}

/* The record of t->path. */
static struct zi_record *get(struct test *t, struct zi_registry *registry)
{
    return zi_registry_get(registry, t->path, strlen(t->path));
}

static bool has(const struct zi_archive *archive, const char *path)
{
    return zi_archive_find(archive, path, strlen(path)) != ZI_INDEX_NONE;
}

/* Uses the record as a reader does, and forgets the archive. */
static enum zi_status use(struct test *t, struct zi_record *record)
{
    struct zi_archive *archive = NULL;
    enum zi_status status = zi_record_archive(record, &archive, &t->err);

    zi_archive_unref(archive);
    return status;
}

/* Writes an archive that has been there for a while, whose stamp therefore proves something. */
static void write_old(struct test *t, struct zip_built zip)
{
    test_write_zip(t, zip);
    t->clock_ns += SECOND;
}

/* Makes the record one that was looked at, of an archive with `a` in it. */
static enum zi_status make_fresh(struct test *t, struct zi_record *record)
{
    write_old(t, ZIP({.name = "a"}));
    enum zi_status status = use(t, record);
    t->host.count = (struct zi_counters){0};
    return status;
}

/* What was done since the counters were last cleared; clears them. */
#define CHECK_DONE(...)                                                                            \
    do {                                                                                           \
        struct zi_counters done = t->host.count, right = {__VA_ARGS__};                            \
        t->host.count = (struct zi_counters){0};                                                   \
        CHECK_EQUAL(done.opens, right.opens);                                                      \
        CHECK_EQUAL(done.stats, right.stats);                                                      \
        CHECK_EQUAL(done.parses, right.parses);                                                    \
        CHECK_EQUAL(done.revalidations, right.revalidations);                                      \
        CHECK_EQUAL(done.invalidations, right.invalidations);                                      \
        if (right.opens == 0) {                                                                    \
            CHECK_EQUAL(done.reads, 0);                                                            \
            CHECK_EQUAL(done.allocations, 0);                                                      \
        }                                                                                          \
    } while (0)

#define NOTHING .opens = 0

/* Records. */

TEST(test_registry__a_path_has_one_record)
{
    REGISTRY registry;
    struct zi_record *first, *second, *other;

    init(t, &registry);
    NEED(first = zi_registry_get(&registry, "/a.zip", 6));
    NEED(second = zi_registry_get(&registry, "/a.zip", 6));
    NEED(other = zi_registry_get(&registry, "/a.zi", 5));
    CHECK(first == second);
    CHECK(first != other);
    CHECK(zi_registry_find(&registry, "/a.zip", 6) == first);
    CHECK(zi_registry_find(&registry, "/a.zi", 5) == other);
    CHECK(!zi_registry_find(&registry, "/a.zap", 6));
    CHECK(strcmp(other->path, "/a.zi") == 0);
    zi_record_unref(first);
    zi_record_unref(second);
    zi_record_unref(other);
    CHECK(!zi_registry_find(&registry, "/a.zip", 6));
}

TEST(test_registry__making_a_record_looks_at_nothing)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    CHECK(!zi_record_peek(record));
    CHECK_EQUAL(t->host.count.opens, 0);
    CHECK_EQUAL(t->host.count.stats, 0);
}

TEST(test_registry__unused_records_go_when_there_is_nothing_to_remember)
{
    REGISTRY registry;
    struct zi_record *records[3];
    int dropped = 0;

    init(t, &registry);
    NEED(records[0] = zi_registry_get(&registry, "/0", 2));
    NEED(records[1] = zi_registry_get(&registry, "/1", 2));
    NEED(records[2] = zi_registry_get(&registry, "/2", 2));
    records[1]->attachment = &dropped;
    CHECK(zi_record_ref(records[1]) == records[1]);
    zi_record_unref(records[1]);
    CHECK_EQUAL(t->live_blocks, 3);
    zi_record_unref(records[1]); /* between two others in the list */
    CHECK_EQUAL(t->live_blocks, 2);
    CHECK_EQUAL(dropped, 1);
    CHECK(zi_registry_find(&registry, "/0", 2) == records[0]);
    CHECK(zi_registry_find(&registry, "/2", 2) == records[2]);
    zi_record_unref(NULL);
}

TEST(test_registry__unused_records_stay_with_their_archive)
{
    REGISTRY registry;
    struct zi_record *record;
    int dropped = 0;

    init(t, &registry);
    NEED(record = get(t, &registry));
    record->attachment = &dropped;
    TRY(make_fresh(t, record));
    zi_record_unref(record);
    CHECK(zi_registry_find(&registry, t->path, strlen(t->path)) == record);
    CHECK_EQUAL(dropped, 0);
    zi_registry_release(&registry);
    CHECK_EQUAL(dropped, 1);
    CHECK_EQUAL(t->live_blocks, 0);
}

TEST(test_registry__unused_records_stay_pinned)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    zi_record_pin(record);
    zi_record_unref(record);
    CHECK(zi_registry_find(&registry, t->path, strlen(t->path)) == record);
    CHECK(record->pinned);
}

TEST(test_registry__archives_outlive_it)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    TRY(zi_record_archive(record, &archive, &t->err));
    zi_registry_release(&registry);
    CHECK(has(archive, "a"));
}

struct getter {
    struct zi_registry *registry;
    struct zi_record *record;
};

static void get_the_same(void *context)
{
    struct getter *getter = context;

    getter->record = zi_registry_get(getter->registry, "/b", 2);
}

/* A finalizer imports from the archive that is being imported from. */
TEST(test_registry__a_path_has_one_record_whatever_the_sweep_runs)
{
    REGISTRY registry;
    struct getter getter = {&registry, NULL};
    struct zi_record *record;
    unsigned count = 0;

    zi_registry_init(&registry, &t->host, get_the_same);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    record->attachment = &getter;
    zi_record_unref(record);
    zi_registry_invalidate_all(&registry);
    NEED(record = zi_registry_get(&registry, "/b", 2));
    NEED(getter.record);
    CHECK(record == getter.record);
    for (struct zi_record *each = registry.records; each; each = each->next)
        count++;
    CHECK_EQUAL(count, 1);
}

/* The first look, and fresh. */

TEST(test_registry__first_look_reads_the_archive)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    write_old(t, ZIP({.name = "a"}));
    t->host.count = (struct zi_counters){0};
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "a"));
    CHECK(zi_record_peek(record) == archive);
    CHECK_EQUAL(record->generation, 1);
    CHECK_DONE(.opens = 1, .stats = 1, .parses = 1);
    CHECK_EQUAL(t->open_files, 0);
}

TEST(test_registry__fresh_costs_nothing)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    unlink(t->path); /* nobody looks */
    for (int i = 0; i < 100; i++)
        TRY(use(t, record));
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "a"));
    CHECK_DONE(NOTHING);
    CHECK_EQUAL(record->generation, 1);
}

/* Invalidation. */

TEST(test_registry__invalidating_costs_nothing)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    zi_record_invalidate(record);
    CHECK(!zi_record_peek(record));
    CHECK(record->archive != NULL);
    CHECK_DONE(.invalidations = 1);
    zi_record_invalidate(record);
    CHECK_DONE(.invalidations = 1);
}

TEST(test_registry__invalidating_all_costs_the_same_for_any_number)
{
    enum { COUNT = 300 };
    REGISTRY registry;
    struct zi_record *records[COUNT];

    init(t, &registry);
    write_old(t, ZIP({.name = "a"}));
    for (int i = 0; i < COUNT; i++) { /* many paths to one file */
        char path[160];
        int nbytes = snprintf(path, sizeof path, "%s/%.*s/a.zip", t->directory, 2 * i % 90,
                              "././././././././././././././././././././././././././././././."
                              "/././././././././././././././");
        NEED(records[i] = zi_registry_get(&registry, path, (size_t)nbytes));
        if (i < 3)
            TRY(use(t, records[i]));
    }
    t->host.count = (struct zi_counters){0};
    zi_registry_invalidate_all(&registry);
    CHECK_DONE(.invalidations = 1);
    for (int i = 0; i < COUNT; i++)
        CHECK(!zi_record_peek(records[i]));
    for (int i = 0; i < 3; i++)
        TRY(use(t, records[i]));
    CHECK_DONE(.opens = 3, .stats = 3, .revalidations = 3);
}

TEST(test_registry__one_told_is_all_told)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *mine, *yours;

    init(t, &registry);
    NEED(mine = get(t, &registry));
    NEED(yours = get(t, &registry));
    TRY(make_fresh(t, mine));
    write_old(t, ZIP({.name = "bb"}));
    zi_record_invalidate(mine);
    TRY(zi_record_archive(yours, &archive, &t->err));
    CHECK(has(archive, "bb"));
    TRY(use(t, mine));
    CHECK_DONE(.opens = 1, .stats = 1, .parses = 1, .invalidations = 1);
}

/* Stale, and nothing changed. */

TEST(test_registry__stale_unchanged_costs_one_stat)
{
    ARCHIVE before = NULL;
    ARCHIVE after = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    TRY(zi_record_archive(record, &before, &t->err));
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &after, &t->err));
    CHECK(before == after);
    CHECK_DONE(.stats = 1, .revalidations = 1, .invalidations = 1);
    CHECK_EQUAL(record->generation, 1);
    TRY(use(t, record));
    CHECK_DONE(NOTHING);
}

/* The reported case: an invalidation after every package that is installed. */
TEST(test_registry__twenty_invalidations_read_nothing)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    for (int i = 0; i < 20; i++) {
        zi_record_invalidate_implicit(record);
        TRY(use(t, record));
    }
    CHECK_DONE(.stats = 20, .revalidations = 20, .invalidations = 20);
}

TEST(test_registry__touched_is_compared_and_kept)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    write_old(t, ZIP({.name = "a"}));
    zi_record_invalidate_implicit(record);
    TRY(use(t, record));
    CHECK_DONE(.opens = 1, .stats = 2, .revalidations = 1, .invalidations = 1);
    CHECK_EQUAL(record->generation, 1);
    zi_record_invalidate_implicit(record); /* the stamp is the new one */
    TRY(use(t, record));
    CHECK_DONE(.stats = 1, .revalidations = 1, .invalidations = 1);
}

/* Stale, and changed. */

TEST(test_registry__rewritten_in_place)
{
    ARCHIVE before = NULL;
    ARCHIVE after = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    TRY(zi_record_archive(record, &before, &t->err));
    write_old(t, ZIP({.name = "bb"}));
    TRY(use(t, record));
    CHECK_DONE(NOTHING); /* nobody said so */
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &after, &t->err));
    CHECK(has(after, "bb"));
    CHECK(!has(after, "a"));
    CHECK(has(before, "a")); /* for whoever is still at it */
    CHECK_DONE(.opens = 1, .stats = 2, .parses = 1, .invalidations = 1);
    CHECK_EQUAL(record->generation, 2);
}

TEST(test_registry__replaced_by_rename)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;
    struct zip_built zip = ZIP({.name = "b"});
    char path[sizeof t->path + 4];

    init(t, &registry);
    snprintf(path, sizeof path, "%s.new", t->path);
    test_write_file(t, path, zip.bytes, zip.nbytes); /* of the same time and size */
    zip_free(&zip);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    CHECK_EQUAL(rename(path, t->path), 0);
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
    CHECK_DONE(.opens = 1, .stats = 2, .parses = 1, .invalidations = 1);
}

/* Of the same size, in the same place, at the same time: no stamp shows it. */
TEST(test_registry__rewritten_within_the_clocks_resolution)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    test_write_zip(t, ZIP({.name = "a"}));
    TRY(use(t, record));
    struct zi_stamp stamp = record->stamp;
    test_write_zip(t, ZIP({.name = "b"}));
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
    CHECK(zi_stamp_equal(&stamp, &record->stamp));
    CHECK_EQUAL(record->generation, 2);
}

/* The same, noticed a second later, when the stamp that was taken is still the racy one. */
TEST(test_registry__racy_stamp_stays_racy)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    test_write_zip(t, ZIP({.name = "a"}));
    TRY(use(t, record));
    test_write_zip(t, ZIP({.name = "b"}));
    t->clock_ns += SECOND;
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
}

TEST(test_registry__racy_and_unchanged_is_stamped_again)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    test_write_zip(t, ZIP({.name = "a"}));
    t->clock_ns += 20 * MS; /* the slack */
    TRY(use(t, record));
    t->host.count = (struct zi_counters){0};
    zi_record_invalidate_implicit(record);
    TRY(use(t, record));
    CHECK_DONE(.opens = 1, .stats = 2, .revalidations = 1, .invalidations = 1);
    CHECK_EQUAL(record->generation, 1);
    t->clock_ns += 1;
    zi_record_invalidate_implicit(record);
    TRY(use(t, record)); /* compared once more, with a stamp that proves something */
    CHECK_DONE(.opens = 1, .stats = 2, .revalidations = 1, .invalidations = 1);
    zi_record_invalidate_implicit(record);
    TRY(use(t, record));
    CHECK_DONE(.stats = 1, .revalidations = 1, .invalidations = 1);
}

/* By `tar -x`, `cp -p`, `rsync -t`, os.utime(): of the same size, in the same place. */
TEST(test_registry__rewritten_and_its_mtime_set_back)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    write_old(t, ZIP({.name = "b"}));
    test_set_mtime(t, t->path, record->stamp.mtime_ns);
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
    CHECK_DONE(.opens = 1, .stats = 2, .parses = 1, .invalidations = 1);
}

/* Again and again within the slack, each time with the old time: the mtime is not racy. */
TEST(test_registry__rewritten_within_the_slack_and_its_mtime_set_back)
{
    static const char *const names[] = {"b", "c", "d"};
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    int64_t mtime_ns = record->stamp.mtime_ns;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ARCHIVE archive = NULL;

        test_write_zip(t, ZIP({.name = names[i]}));
        test_set_mtime(t, t->path, mtime_ns);
        zi_record_invalidate_implicit(record);
        TRY(zi_record_archive(record, &archive, &t->err));
        CHECK(has(archive, names[i]));
    }
}

/* On a file system that counts whole seconds. */
TEST(test_registry__rewritten_within_a_second_that_has_no_parts)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    t->clock_ns -= t->clock_ns % SECOND;
    NEED(record = get(t, &registry));
    test_write_zip(t, ZIP({.name = "a"}));
    t->clock_ns += 100 * MS;
    TRY(use(t, record));
    t->clock_ns += 100 * MS;
    struct zip_built zip = ZIP({.name = "b"});
    int64_t now = t->clock_ns;
    t->clock_ns -= now % SECOND;
    test_write_zip(t, zip);
    t->clock_ns = now;
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
}

/* On a file system that gives mtime a second time. */
TEST(test_registry__mtime_set_back_where_ctime_repeats_it)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    t->host.ctime_repeats_mtime = true;
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    write_old(t, ZIP({.name = "b"}));
    test_set_mtime(t, t->path, record->stamp.mtime_ns);
    t->ctime_ns = record->stamp.ctime_ns;
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
}

/* What proof means: this cannot happen to a file that is written as time goes by. */
static void rewrite_unseen(struct test *t, const struct zi_record *record)
{
    write_old(t, ZIP({.name = "b"}));
    test_set_mtime(t, t->path, record->stamp.mtime_ns);
    t->ctime_ns = record->stamp.ctime_ns;
}

TEST(test_registry__implicit_invalidation_trusts_proof)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    rewrite_unseen(t, record);
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "a"));
}

/* Bytes. */

static void invalidate_all(struct zi_record *record)
{
    zi_registry_invalidate_all(record->registry);
}

static void look_at_bytes(struct zi_record *record)
{
    zi_record_look_again(record, ZI_LOOK_BYTES);
}

static void look_at_bytes_then_stamp(struct zi_record *record)
{
    zi_record_look_again(record, ZI_LOOK_BYTES);
    zi_record_look_again(record, ZI_LOOK_STAMP);
    zi_record_invalidate_implicit(record);
}

static void (*const doubts[])(struct zi_record *record) = {zi_record_invalidate, invalidate_all,
                                                           look_at_bytes, look_at_bytes_then_stamp};

TEST(test_registry__bytes_are_compared_whatever_the_stamp_says)
{
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++) {
        ARCHIVE archive = NULL;
        REGISTRY registry;
        struct zi_record *record;

        init(t, &registry);
        NEED(record = get(t, &registry));
        TRY(make_fresh(t, record));
        rewrite_unseen(t, record);
        doubts[i](record);
        CHECK(!zi_record_peek(record));
        TRY(zi_record_archive(record, &archive, &t->err));
        CHECK(has(archive, "b"));
        CHECK_EQUAL(record->generation, 2);
    }
}

TEST(test_registry__equal_bytes_leave_the_archive)
{
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++) {
        REGISTRY registry;
        struct zi_record *record;

        init(t, &registry);
        NEED(record = get(t, &registry));
        TRY(make_fresh(t, record));
        doubts[i](record);
        t->host.count = (struct zi_counters){0};
        TRY(use(t, record));
        CHECK_DONE(.opens = 1, .stats = 1, .revalidations = 1);
        CHECK_EQUAL(record->generation, 1);
        zi_record_invalidate_implicit(record); /* which is over with that */
        TRY(use(t, record));
        CHECK_DONE(.stats = 1, .revalidations = 1, .invalidations = 1);
    }
}

/* A look that came to nothing answers nothing. */
TEST(test_registry__doubt_outlasts_passing_errors)
{
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++) {
        ARCHIVE archive = NULL;
        REGISTRY registry;
        struct zi_record *record;

        init(t, &registry);
        NEED(record = get(t, &registry));
        TRY(make_fresh(t, record));
        rewrite_unseen(t, record);
        doubts[i](record);
        t->answers[CALL_OPEN] = EMFILE;
        CHECK(use(t, record) != ZI_OK);
        zi_record_invalidate_implicit(record);
        TRY(zi_record_archive(record, &archive, &t->err));
        CHECK(has(archive, "b"));
    }
}

/* Absent. */

TEST(test_registry__a_miss_costs_one_stat)
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
TEST(test_registry__missing_then_there)
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

TEST(test_registry__missing_and_invalidated)
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

TEST(test_registry__deleted)
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

TEST(test_registry__gone_for_a_moment)
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

TEST(test_registry__deleted_and_created_again)
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

TEST(test_registry__no_archive_is_remembered_with_its_defect)
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
TEST(test_registry__half_written)
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
TEST(test_registry__becomes_an_archive_within_the_clocks_resolution)
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

TEST(test_registry__an_archive_that_turns_into_something_else)
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

TEST(test_registry__a_directory_cannot_be_read)
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

TEST(test_registry__passing_errors_are_not_remembered)
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

TEST(test_registry__passing_errors_keep_the_archive)
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
TEST(test_registry__what_cannot_be_opened_is_tried_again)
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

TEST(test_registry__what_cannot_be_read_is_tried_again)
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
TEST(test_registry__running_out_of_memory_is_not_remembered)
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

/* Looking again. */

TEST(test_registry__looking_again_is_no_invalidation)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    zi_record_look_again(record, ZI_LOOK_STAMP);
    CHECK(!zi_record_peek(record));
    TRY(use(t, record));
    CHECK_DONE(.stats = 1, .revalidations = 1);

    unlink(t->path);
    zi_record_look_again(record, ZI_LOOK_STAMP);
    FAILS(use(t, record), CANNOT_OPEN);
    write_old(t, ZIP({.name = "b"}));
    zi_record_look_again(record, ZI_LOOK_STAMP);
    TRY(use(t, record));
    CHECK_EQUAL(record->generation, 3);
}

/* Glances. */

TEST(test_registry__glancing_costs_one_stat_whatever_stat_proves)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    uint64_t invalidations = record->invalidations;
    t->host.ctime_repeats_mtime = true;
    zi_record_look_again(record, ZI_LOOK_GLANCE);
    CHECK(!zi_record_peek(record));
    TRY(use(t, record));
    CHECK_DONE(.stats = 1);
    CHECK(zi_record_peek(record) != NULL);
    CHECK_EQUAL(record->generation, 1);
    CHECK_EQUAL(record->invalidations, invalidations);
    zi_record_look_again(record, ZI_LOOK_STAMP);
    zi_record_look_again(record, ZI_LOOK_GLANCE); /* asks for less */
    TRY(use(t, record));
    CHECK_DONE(.opens = 1, .stats = 2, .revalidations = 1);
}

TEST(test_registry__glancing_notices_another_file)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    uint64_t invalidations = record->invalidations;
    write_old(t, ZIP({.name = "b"}));
    zi_record_look_again(record, ZI_LOOK_GLANCE);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
    CHECK_DONE(.opens = 1, .stats = 2, .parses = 1);
    CHECK(record->invalidations > invalidations);
    CHECK(zi_record_peek(record) != NULL);
}

TEST(test_registry__glancing_within_the_clocks_resolution_compares)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    test_write_zip(t, ZIP({.name = "a"}));
    TRY(use(t, record));
    test_write_zip(t, ZIP({.name = "b"}));
    t->clock_ns += SECOND;
    zi_record_look_again(record, ZI_LOOK_GLANCE);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "b"));
    t->host.count = (struct zi_counters){0};
    zi_record_look_again(record, ZI_LOOK_GLANCE);
    TRY(use(t, record)); /* was stamped anew */
    CHECK_DONE(.stats = 1);
}

TEST(test_registry__glancing_at_what_is_gone)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    unlink(t->path);
    zi_record_look_again(record, ZI_LOOK_GLANCE);
    FAILS(use(t, record), CANNOT_OPEN);
    CHECK_DONE(.stats = 1);
    /* An absent archive is looked at as ever: by a stamp that has to be proof. */
    write_old(t, ZIP({.name = "b"}));
    TRY(use(t, record));
}

/* Implicit invalidation and pins. */

TEST(test_registry__implicit_invalidation)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    zi_record_invalidate_implicit(record);
    CHECK(!zi_record_peek(record));
    CHECK_DONE(.invalidations = 1);
}

TEST(test_registry__implicit_invalidation_switched_off)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    registry.implicit_invalidation = false;
    zi_record_invalidate_implicit(record);
    CHECK(zi_record_peek(record));
    zi_record_pin(record);
    zi_record_invalidate_implicit(record);
    zi_record_unpin(record);
    CHECK(zi_record_peek(record)); /* nothing was missed */
    CHECK_DONE(NOTHING);
    zi_record_invalidate(record);
    CHECK(!zi_record_peek(record));
}

TEST(test_registry__pinned_is_passed_by)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    zi_record_pin(record);
    zi_record_invalidate_implicit(record);
    TRY(use(t, record));
    CHECK_DONE(NOTHING);
}

TEST(test_registry__pinned_before_first_use)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    zi_record_pin(record);
    zi_record_unref(record);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    zi_record_invalidate_implicit(record);
    CHECK(zi_record_peek(record));
}

TEST(test_registry__unpinning_applies_what_was_missed)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    zi_record_pin(record);
    zi_record_unpin(record);
    CHECK(zi_record_peek(record));
    zi_record_pin(record);
    zi_record_invalidate_implicit(record);
    zi_record_invalidate_implicit(record);
    zi_record_unpin(record);
    CHECK(!zi_record_peek(record));
    CHECK_DONE(.invalidations = 1);
    TRY(use(t, record));
    zi_record_pin(record);
    zi_record_unpin(record); /* it was applied */
    CHECK(zi_record_peek(record));
}

TEST(test_registry__explicit_invalidation_reaches_pinned)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    zi_record_pin(record);
    zi_record_invalidate_implicit(record);
    zi_record_invalidate(record);
    CHECK(!zi_record_peek(record));
    CHECK(record->pinned);
    TRY(use(t, record));
    zi_record_unpin(record); /* what was missed has been made up for */
    CHECK(zi_record_peek(record));

    zi_record_pin(record);
    zi_registry_invalidate_all(&registry);
    CHECK(!zi_record_peek(record));
    CHECK(record->pinned);
}

/* Absent is a state like the others, and pinned a flag on it. */
/* Absent is a state like the others, and pinned a flag on it. */
TEST(test_registry__pinned_while_absent)
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    FAILS(use(t, record), CANNOT_OPEN);
    zi_record_pin(record);
    FAILS(use(t, record), CANNOT_OPEN);
    write_old(t, ZIP({.name = "a"}));
    TRY(use(t, record));
    zi_record_invalidate_implicit(record);
    CHECK(zi_record_peek(record));
    CHECK(record->pinned);
}

/* What the host does while it is asked. */

static void invalidate_record(void *record)
{
    zi_record_invalidate(record);
}

static void invalidate_registry(void *record)
{
    zi_registry_invalidate_all(((struct zi_record *)record)->registry);
}

static void look_again(void *record)
{
    zi_record_look_again(record, ZI_LOOK_STAMP);
}

/* Whatever comes during a look asks for another: what the look goes by may be older. */
static void check_during(struct test *t, void (*during)(void *))
{
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    write_old(t, ZIP({.name = "a"}));
    t->during_stamp_context = record;
    t->during_stamp = during; /* at the first look, of the descriptor */
    TRY(use(t, record));
    CHECK(!zi_record_peek(record));
    t->during_stamp = during; /* at the second, of the path */
    TRY(use(t, record));
    CHECK(!zi_record_peek(record));
    TRY(use(t, record));
    CHECK(zi_record_peek(record));
    CHECK_EQUAL(record->generation, 1);
}

TEST(test_registry__invalidated_during_a_look)
{
    check_during(t, invalidate_record);
}

TEST(test_registry__all_invalidated_during_a_look)
{
    check_during(t, invalidate_registry);
}

TEST(test_registry__asked_to_look_again_during_a_look)
{
    check_during(t, look_again);
}

struct nested {
    struct test *t;
    struct zi_record *record;
    enum zi_status status;
};

static void use_nested(void *context)
{
    struct nested *nested = context;

    nested->status = use(nested->t, nested->record);
}

/* Python code that runs during the look imports from the same archive. */
TEST(test_registry__used_during_a_look)
{
    REGISTRY registry;
    struct zi_record *record;
    struct nested nested = {.t = t, .status = ZI_ERR_HOST};

    init(t, &registry);
    NEED(record = get(t, &registry));
    nested.record = record;
    t->during_stamp_context = &nested;
    write_old(t, ZIP({.name = "a"}));
    t->during_stamp = use_nested;
    TRY(use(t, record));
    CHECK(nested.status == ZI_OK || test_excused(t, nested.status));
    CHECK(zi_record_peek(record));

    zi_record_invalidate(record);
    t->during_stamp = use_nested;
    TRY(use(t, record));
    CHECK(zi_record_peek(record));

    write_old(t, ZIP({.name = "bb"}));
    zi_record_invalidate(record);
    t->during_stamp = use_nested;
    TRY(use(t, record));
    CHECK(has(zi_record_peek(record), "bb"));
}

static void replace_and_use(void *context)
{
    struct nested *nested = context;

    write_old(nested->t, ZIP({.name = "bb"}));
    use_nested(context);
}

/* The outer look began first and ends last, with what was true before. */
TEST(test_registry__overtaken_by_another_look)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;
    struct nested nested = {.t = t, .status = ZI_ERR_HOST};

    init(t, &registry);
    NEED(record = get(t, &registry));
    TRY(make_fresh(t, record));
    nested.record = record;
    t->during_stamp_context = &nested;
    t->during_stamp = replace_and_use;
    zi_record_invalidate_implicit(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    if (test_excused(t, nested.status))
        return;
    CHECK(has(archive, "bb"));
    CHECK(zi_record_peek(record) == archive);
}

static void replace_file(void *context)
{
    test_write_zip(context, ZIP({.name = "bb"}));
}

/* The stamp is older than the bytes, never newer: the next look finds the difference. */
TEST(test_registry__rewritten_between_stamp_and_read)
{
    ARCHIVE archive = NULL;
    REGISTRY registry;
    struct zi_record *record;

    init(t, &registry);
    NEED(record = get(t, &registry));
    write_old(t, ZIP({.name = "a"}));
    t->during_stamp_context = t;
    t->during_stamp = replace_file;
    enum zi_status status = use(t, record);
    if (test_excused(t, status))
        return;
    CHECK(status == ZI_OK || status == ZI_ERR_ARCHIVE); /* by what its size was at the opening */
    t->clock_ns += SECOND;
    zi_record_invalidate(record);
    TRY(zi_record_archive(record, &archive, &t->err));
    CHECK(has(archive, "bb"));
}

static const struct zi_host_ops *whole_ops;

static int size_before_the_last_byte(void *context, int fd, uint64_t *nbytes_ret)
{
    struct test *t = context;

    t->host.ops = whole_ops;
    int answer = whole_ops->size(context, fd, nbytes_ret);
    --*nbytes_ret;
    return answer;
}

/* The size is asked for at the opening, before the stamp: the stamp is of the whole file, what was
 * read by that size is not. */
TEST(test_registry__completed_between_size_and_stamp)
{
    REGISTRY registry;
    struct zi_record *record;
    struct zi_host_ops ops = *t->host.ops;

    init(t, &registry);
    NEED(record = get(t, &registry));
    write_old(t, ZIP({.name = "a"}));
    whole_ops = t->host.ops;
    ops.size = size_before_the_last_byte;
    t->host.ops = &ops;
    enum zi_status status = use(t, record);
    t->host.ops = whole_ops;
    CHECK(status == ZI_ERR_ARCHIVE || test_excused(t, status));
    TRY(use(t, record));
}
