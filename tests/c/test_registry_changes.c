#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "registry.h"

/* Stale, and nothing changed. */

TEST(test_registry_changes__stale_unchanged_costs_one_stat)
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
TEST(test_registry_changes__twenty_invalidations_read_nothing)
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

TEST(test_registry_changes__touched_is_compared_and_kept)
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

TEST(test_registry_changes__rewritten_in_place)
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

TEST(test_registry_changes__replaced_by_rename)
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
TEST(test_registry_changes__rewritten_within_the_clocks_resolution)
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
TEST(test_registry_changes__racy_stamp_stays_racy)
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

TEST(test_registry_changes__racy_and_unchanged_is_stamped_again)
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
TEST(test_registry_changes__rewritten_and_its_mtime_set_back)
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
TEST(test_registry_changes__rewritten_within_the_slack_and_its_mtime_set_back)
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
TEST(test_registry_changes__rewritten_within_a_second_that_has_no_parts)
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
TEST(test_registry_changes__mtime_set_back_where_ctime_repeats_it)
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

TEST(test_registry_changes__implicit_invalidation_trusts_proof)
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

TEST(test_registry_changes__bytes_are_compared_whatever_the_stamp_says)
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

TEST(test_registry_changes__equal_bytes_leave_the_archive)
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
TEST(test_registry_changes__doubt_outlasts_passing_errors)
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

/* Looking again. */

TEST(test_registry_changes__looking_again_is_no_invalidation)
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

TEST(test_registry_changes__glancing_costs_one_stat_whatever_stat_proves)
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

TEST(test_registry_changes__glancing_notices_another_file)
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

TEST(test_registry_changes__glancing_within_the_clocks_resolution_compares)
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

TEST(test_registry_changes__glancing_at_what_is_gone)
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
