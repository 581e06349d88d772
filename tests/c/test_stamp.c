#include "../../src/cache/stamp.h"
#include "harness.h"

#define MS INT64_C(1000000)

static const struct zi_stamp sample = {.device = 1,
                                       .inode = 2,
                                       .nbytes = 3,
                                       .mtime_ns = 1000 * MS,
                                       .clock_ns = 2000 * MS};

TEST(test_stamp__equal_whenever_taken)
{
    struct zi_stamp later = sample;

    later.clock_ns += MS;
    CHECK(zi_stamp_equal(&sample, &later));
}

TEST(test_stamp__every_field_counts)
{
    struct zi_stamp other;

    other = sample, other.device++;
    CHECK(!zi_stamp_equal(&sample, &other));
    other = sample, other.inode++;
    CHECK(!zi_stamp_equal(&sample, &other));
    other = sample, other.nbytes++;
    CHECK(!zi_stamp_equal(&sample, &other));
    other = sample, other.mtime_ns++;
    CHECK(!zi_stamp_equal(&sample, &other));
}

TEST(test_stamp__racy_up_to_the_slack)
{
    struct zi_stamp stamp = sample;

    stamp.clock_ns = stamp.mtime_ns + 20 * MS + 1;
    CHECK(!zi_stamp_is_racy(&stamp, 20 * MS));
    stamp.clock_ns = stamp.mtime_ns + 20 * MS;
    CHECK(zi_stamp_is_racy(&stamp, 20 * MS));
    stamp.clock_ns = stamp.mtime_ns;
    CHECK(zi_stamp_is_racy(&stamp, 0));
    stamp.clock_ns = stamp.mtime_ns + 1;
    CHECK(!zi_stamp_is_racy(&stamp, 0));
}

/* A clock that was set back, or a file from a machine whose clock is ahead. */
TEST(test_stamp__files_of_the_future_are_racy)
{
    struct zi_stamp stamp = sample;

    stamp.mtime_ns = stamp.clock_ns + 1000 * MS;
    CHECK(zi_stamp_is_racy(&stamp, 0));
}
