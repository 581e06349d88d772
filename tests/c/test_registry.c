#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "registry.h"

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
