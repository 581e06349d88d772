#include "harness.h"

TEST(test_host__counts_allocations_and_growth_but_not_frees)
{
    void *block, *grown;

    NEED(block = zi_host_reallocate(&t->host, NULL, 10));
    grown = zi_host_reallocate(&t->host, block, 20);
    zi_host_free(&t->host, grown ? grown : block);
    NEED(grown);
    CHECK_EQUAL(t->host.count.allocations, 2);
    CHECK_EQUAL(t->live_blocks, 0);
}

TEST(test_host__a_block_of_no_bytes_is_a_block)
{
    void *block = zi_host_reallocate(&t->host, NULL, 0);

    NEED(block);
    CHECK_EQUAL(t->live_blocks, 1);
    zi_host_free(&t->host, block);
}

TEST(test_host__freeing_nothing_asks_nothing)
{
    zi_host_free(&t->host, NULL);
    CHECK_EQUAL(t->live_blocks, 0);
    CHECK_EQUAL(t->host.count.allocations, 0);
}
