#include "registry.h"

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

TEST(test_registry_reentry__invalidated_during_a_look)
{
    check_during(t, invalidate_record);
}

TEST(test_registry_reentry__all_invalidated_during_a_look)
{
    check_during(t, invalidate_registry);
}

TEST(test_registry_reentry__asked_to_look_again_during_a_look)
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
TEST(test_registry_reentry__used_during_a_look)
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
TEST(test_registry_reentry__overtaken_by_another_look)
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
TEST(test_registry_reentry__rewritten_between_stamp_and_read)
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
TEST(test_registry_reentry__completed_between_size_and_stamp)
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
