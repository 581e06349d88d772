#include "../../src/base/checked.h"
#include "harness.h"

TEST(test_checked__sums)
{
    uint64_t sum;

    CHECK(zi_add_u64(UINT64_MAX - 1, 1, &sum));
    CHECK_EQUAL(sum, UINT64_MAX);
    CHECK(!zi_add_u64(UINT64_MAX, 1, &sum));
    CHECK(!zi_add_u64(UINT64_MAX, UINT64_MAX, &sum));
}

TEST(test_checked__sizes)
{
    size_t size = 0;

    CHECK(zi_to_size(SIZE_MAX, &size));
    CHECK_EQUAL(size, SIZE_MAX);
#if SIZE_MAX < UINT64_MAX
    CHECK(!zi_to_size((uint64_t)SIZE_MAX + 1, &size));
#endif
}
