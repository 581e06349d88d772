#include <string.h>

#include "../../src/base/arena.h"
#include "harness.h"

TEST(test_arena__pieces_do_not_overlap)
{
    CLEANUP(zi_arena_release) struct zi_arena arena;
    uint8_t *pieces[100];

    zi_arena_init(&arena, &t->host);
    for (size_t i = 0; i < 100; i++) {
        NEED(pieces[i] = zi_arena_bytes(&arena, i));
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < 100; i++)
        for (size_t k = 0; k < i; k++)
            CHECK_EQUAL(pieces[i][k], i);
}

TEST(test_arena__allocations_are_logarithmic)
{
    CLEANUP(zi_arena_release) struct zi_arena arena;

    zi_arena_init(&arena, &t->host);
    for (int i = 0; i < 100000; i++)
        NEED(zi_arena_bytes(&arena, 10));
    CHECK(t->host.count.allocations <= 12);
    CHECK(arena.nbytes <= 3 * 1000000);
    CHECK(t->live_nbytes >= arena.nbytes);
}

TEST(test_arena__one_piece_may_be_larger_than_a_chunk)
{
    CLEANUP(zi_arena_release) struct zi_arena arena;
    uint8_t *bytes;

    zi_arena_init(&arena, &t->host);
    NEED(zi_arena_bytes(&arena, 1));
    NEED(bytes = zi_arena_bytes(&arena, 1 << 20));
    memset(bytes, 1, 1 << 20);
    CHECK_EQUAL(t->live_blocks, 2);
}

TEST(test_arena__trimmed_bytes_are_given_out_again)
{
    CLEANUP(zi_arena_release) struct zi_arena arena;
    uint8_t *first, *second;

    zi_arena_init(&arena, &t->host);
    NEED(first = zi_arena_bytes(&arena, 30));
    zi_arena_trim(&arena, 30, 7);
    NEED(second = zi_arena_bytes(&arena, 1));
    CHECK(second == first + 7);
}

TEST(test_arena__refuses_more_than_the_address_space)
{
    CLEANUP(zi_arena_release) struct zi_arena arena;

    zi_arena_init(&arena, &t->host);
    CHECK(!zi_arena_bytes(&arena, SIZE_MAX));
    CHECK_EQUAL(t->host.count.allocations, 0);
}

TEST(test_arena__is_empty_after_release)
{
    CLEANUP(zi_arena_release) struct zi_arena arena;

    zi_arena_init(&arena, &t->host);
    NEED(zi_arena_bytes(&arena, 5000));
    zi_arena_release(&arena);
    CHECK_EQUAL(t->live_blocks, 0);
    CHECK_EQUAL(arena.nbytes, 0);
    NEED(zi_arena_bytes(&arena, 1));
}
