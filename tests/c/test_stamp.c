#include "../../src/cache/stamp.h"
#include "harness.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define SLACK (20 * MS)

/* Written in one go and stamped a second later: the stamp is proof. */
static const struct zi_stamp sample = {.device = 1,
                                       .inode = 2,
                                       .nbytes = 3,
                                       .mtime_ns = 1000 * SECOND + 250 * MS,
                                       .ctime_ns = 1000 * SECOND + 250 * MS,
                                       .clock_ns = 1001 * SECOND + 250 * MS};

static bool is_proof(struct test *t, const struct zi_stamp *stamp)
{
    t->host.slack_ns = SLACK;
    return zi_stamp_is_proof(stamp, &t->host);
}

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
    other = sample, other.ctime_ns++;
    CHECK(!zi_stamp_equal(&sample, &other));
}

TEST(test_stamp__no_proof_within_the_slack)
{
    struct zi_stamp stamp = sample;

    stamp.clock_ns = stamp.ctime_ns + SLACK + 1;
    CHECK(is_proof(t, &stamp));
    stamp.clock_ns = stamp.ctime_ns + SLACK;
    CHECK(!is_proof(t, &stamp));
    stamp.clock_ns = stamp.ctime_ns;
    CHECK(!is_proof(t, &stamp));
}

/* The time that was set back is old; the one that was not is as young as the write. */
TEST(test_stamp__no_proof_within_the_slack_of_ctime_alone)
{
    struct zi_stamp stamp = sample;

    stamp.mtime_ns -= 1000 * SECOND;
    CHECK(is_proof(t, &stamp));
    stamp.clock_ns = stamp.ctime_ns + SLACK;
    CHECK(!is_proof(t, &stamp));
}

/* A clock that was set back, or a file from a machine whose clock is ahead. */
TEST(test_stamp__files_of_the_future_prove_nothing)
{
    struct zi_stamp stamp = sample;

    stamp.mtime_ns = stamp.ctime_ns = stamp.clock_ns + 1000 * SECOND;
    CHECK(!is_proof(t, &stamp));
    stamp.mtime_ns = sample.mtime_ns;
    CHECK(!is_proof(t, &stamp));
    stamp.mtime_ns = stamp.ctime_ns;
    stamp.ctime_ns = sample.ctime_ns;
    CHECK(!is_proof(t, &stamp));
}

/* Such as the day of creation. */
TEST(test_stamp__a_ctime_older_than_mtime_proves_nothing)
{
    struct zi_stamp stamp = sample;

    stamp.ctime_ns -= 1;
    CHECK(!is_proof(t, &stamp));
    stamp.ctime_ns -= 900 * SECOND;
    CHECK(!is_proof(t, &stamp));
}

TEST(test_stamp__whole_seconds_prove_nothing)
{
    struct zi_stamp stamp = sample;

    stamp.ctime_ns = stamp.mtime_ns = 1000 * SECOND;
    stamp.clock_ns = 9000 * SECOND + 1;
    CHECK(!is_proof(t, &stamp));
    stamp.ctime_ns += 1; /* mtime, which programs set, may be whole */
    CHECK(is_proof(t, &stamp));
    stamp.mtime_ns = stamp.ctime_ns = -5 * SECOND; /* before 1970 */
    CHECK(!is_proof(t, &stamp));
}

TEST(test_stamp__a_ctime_that_may_be_the_mtime_proves_nothing)
{
    struct zi_stamp stamp = sample;

    t->host.ctime_repeats_mtime = true;
    CHECK(!is_proof(t, &stamp));
    stamp.mtime_ns -= 1;
    CHECK(is_proof(t, &stamp));
}

TEST(test_stamp__nothing_proves_nothing)
{
    struct zi_stamp nothing = {0};

    CHECK(!is_proof(t, &nothing));
    t->host.slack_ns = 0;
    CHECK(!zi_stamp_is_proof(&nothing, &t->host));
}
