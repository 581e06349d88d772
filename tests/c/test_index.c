#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/zip/index.h"
#include "harness.h"

static bool insert(struct zi_index *index, const char *name, uint32_t record)
{
    return zi_index_insert(index, (const uint8_t *)name, strlen(name), record, ZI_SPELLING_ONLY);
}

static uint32_t find(const struct zi_index *index, const char *path)
{
    return zi_index_find(index, ZI_INDEX_ROOT, (const uint8_t *)path, strlen(path));
}

/* The record of a path; ZI_NO_RECORD too where there is no node. */
static uint32_t record_of(const struct zi_index *index, const char *path)
{
    uint32_t at = find(index, path);

    return at == ZI_INDEX_NONE ? ZI_NO_RECORD : index->nodes[at].record;
}

static uint32_t count_children(const struct zi_index *index, uint32_t at)
{
    uint32_t count = 0;

    for (at = index->nodes[at].first_child; at != ZI_INDEX_NONE; at = index->nodes[at].next_sibling)
        count++;
    return count;
}

TEST(test_index__empty)
{
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 0));
    CHECK_EQUAL(index.node_count, 1);
    CHECK_EQUAL(find(&index, ""), ZI_INDEX_NONE);
    CHECK_EQUAL(find(&index, "a"), ZI_INDEX_NONE);
    CHECK_EQUAL(count_children(&index, ZI_INDEX_ROOT), 0);
}

TEST(test_index__makes_every_ancestor)
{
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 1));
    NEED(insert(&index, "a/b/c.py", 5));
    CHECK_EQUAL(index.node_count, 4);
    CHECK_EQUAL(record_of(&index, "a/b/c.py"), 5);
    CHECK(find(&index, "a/") != ZI_INDEX_NONE);
    CHECK(find(&index, "a/b/") != ZI_INDEX_NONE);
    CHECK_EQUAL(record_of(&index, "a/b/"), ZI_NO_RECORD);
    CHECK_EQUAL(find(&index, "a"), ZI_INDEX_NONE);
    CHECK_EQUAL(find(&index, "b/"), ZI_INDEX_NONE);
    CHECK_EQUAL(find(&index, "a/b/c.py/"), ZI_INDEX_NONE);
}

TEST(test_index__file_and_directory_of_one_name_are_two)
{
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 2));
    NEED(insert(&index, "a", 1));
    NEED(insert(&index, "a/", 2));
    CHECK_EQUAL(record_of(&index, "a"), 1);
    CHECK_EQUAL(record_of(&index, "a/"), 2);
    CHECK_EQUAL(count_children(&index, ZI_INDEX_ROOT), 2);
}

TEST(test_index__directory_may_follow_its_contents)
{
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 3));
    NEED(insert(&index, "a/b.py", 1));
    NEED(insert(&index, "a/", 2));
    CHECK_EQUAL(record_of(&index, "a/"), 2);
    CHECK_EQUAL(index.node_count, 3);
    NEED(insert(&index, "a/c.py", 3));
    CHECK_EQUAL(record_of(&index, "a/c.py"), 3);
    CHECK_EQUAL(count_children(&index, find(&index, "a/")), 2);
}

TEST(test_index__last_duplicate_wins)
{
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 3));
    NEED(insert(&index, "p/a", 1));
    NEED(insert(&index, "b", 2));
    NEED(insert(&index, "p/a", 3));
    CHECK_EQUAL(record_of(&index, "p/a"), 3);
    CHECK_EQUAL(index.node_count, 4);
}

static bool is_hidden(const struct zi_index *index, const char *path)
{
    return index->nodes[find(index, path)].hidden;
}

/* Both spellings find the record; what only the stored one needs is hidden. */
TEST(test_index__two_spellings)
{
    static const uint8_t stored[] = "x/p/a", shown[] = "p/a";
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 1));
    NEED(zi_index_insert(&index, shown, 3, 7, ZI_SPELLING_SHOWN));
    NEED(zi_index_insert(&index, stored, 5, 7, ZI_SPELLING_STORED));
    CHECK_EQUAL(record_of(&index, "p/a"), 7);
    CHECK_EQUAL(record_of(&index, "x/p/a"), 7);
    CHECK(!is_hidden(&index, "p/") && !is_hidden(&index, "p/a"));
    CHECK(is_hidden(&index, "x/") && is_hidden(&index, "x/p/") && is_hidden(&index, "x/p/a"));
    /* What follows lies beside the shown name. */
    CHECK_EQUAL(index.last_directory, find(&index, "p/"));
    NEED(insert(&index, "x/p/b", 8));
    CHECK(!is_hidden(&index, "x/") && !is_hidden(&index, "x/p/") && is_hidden(&index, "x/p/a"));
    NEED(insert(&index, "x/p/a", 9));
    CHECK(!is_hidden(&index, "x/p/a"));
    CHECK_EQUAL(record_of(&index, "x/p/a"), 9);
}

TEST(test_index__shown_name_takes_no_stored_ones_place)
{
    CLEANUP(zi_index_release) struct zi_index index;
    const uint8_t *a = (const uint8_t *)"a";

    NEED(zi_index_init(&index, &t->host, 1));
    NEED(zi_index_insert(&index, a, 1, 1, ZI_SPELLING_SHOWN));
    NEED(zi_index_insert(&index, a, 1, 2, ZI_SPELLING_SHOWN));
    CHECK_EQUAL(record_of(&index, "a"), 2);
    CHECK(index.nodes[find(&index, "a")].shown_only);
    NEED(zi_index_insert(&index, a, 1, 3, ZI_SPELLING_STORED));
    CHECK_EQUAL(record_of(&index, "a"), 3);
    CHECK(!index.nodes[find(&index, "a")].shown_only);
    NEED(zi_index_insert(&index, a, 1, 4, ZI_SPELLING_SHOWN));
    CHECK_EQUAL(record_of(&index, "a"), 3);
    NEED(insert(&index, "a", 5));
    CHECK_EQUAL(record_of(&index, "a"), 5);
}

TEST(test_index__empty_components_are_components)
{
    static const char *const names[] = {"", "/", "/abs", "a//b", "a/", "a//", "../up", "./here"};
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 8));
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        NEED(insert(&index, names[i], i));
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_EQUAL(record_of(&index, names[i]), i);
    CHECK_EQUAL(find(&index, "abs"), ZI_INDEX_NONE);
    CHECK_EQUAL(find(&index, "a/b"), ZI_INDEX_NONE);
    CHECK_EQUAL(find(&index, "up"), ZI_INDEX_NONE);
}

TEST(test_index__nul_is_a_byte_like_any_other)
{
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 2));
    NEED(zi_index_insert(&index, (const uint8_t *)"a\0b", 3, 1, ZI_SPELLING_ONLY));
    CHECK_EQUAL(find(&index, "a"), ZI_INDEX_NONE);
    CHECK_EQUAL(zi_index_find(&index, ZI_INDEX_ROOT, (const uint8_t *)"a\0b", 3), 1);
    CHECK_EQUAL(zi_index_find(&index, ZI_INDEX_ROOT, (const uint8_t *)"a\0c", 3), ZI_INDEX_NONE);
}

TEST(test_index__finds_below_a_directory)
{
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 2));
    NEED(insert(&index, "a/b/c.py", 1));
    NEED(insert(&index, "c.py", 2));
    uint32_t a = find(&index, "a/");
    CHECK_EQUAL(zi_index_find(&index, a, (const uint8_t *)"b/c.py", 6), find(&index, "a/b/c.py"));
    CHECK_EQUAL(zi_index_find(&index, a, (const uint8_t *)"c.py", 4), ZI_INDEX_NONE);
}

/* Names that end at a hole and differ in one byte, at every length that the word-wise loops see. */
TEST(test_index__names_of_every_length)
{
    enum { LONGEST = 70 };
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, LONGEST * LONGEST));
    for (size_t nbytes = 1; nbytes <= LONGEST; nbytes++) {
        for (size_t at = 0; at < nbytes; at++) {
            uint8_t *name = test_guarded(t, nbytes);
            memset(name, 'x', nbytes);
            name[at] = 'y';
            NEED(zi_index_insert(&index, name, nbytes, (uint32_t)(nbytes * 100 + at),
                                 ZI_SPELLING_ONLY));
        }
    }
    for (size_t nbytes = 1; nbytes <= LONGEST; nbytes++) {
        uint8_t *name = test_guarded(t, nbytes);
        for (size_t at = 0; at < nbytes; at++) {
            memset(name, 'x', nbytes);
            CHECK_EQUAL(zi_index_find(&index, ZI_INDEX_ROOT, name, nbytes), ZI_INDEX_NONE);
            name[at] = 'y';
            uint32_t node = zi_index_find(&index, ZI_INDEX_ROOT, name, nbytes);
            CHECK(node != ZI_INDEX_NONE);
            CHECK_EQUAL(index.nodes[node].record, nbytes * 100 + at);
        }
    }
}

/* The same with the slash at every place. */
TEST(test_index__slashes_at_every_place)
{
    enum { LONGEST = 40 };
    CLEANUP(zi_index_release) struct zi_index index;

    NEED(zi_index_init(&index, &t->host, 0));
    for (size_t nbytes = 1; nbytes <= LONGEST; nbytes++) {
        for (size_t at = 0; at < nbytes; at++) {
            uint8_t *name = test_guarded(t, nbytes);
            memset(name, '.', nbytes); /* the byte before the slash */
            name[at] = '/';
            NEED(zi_index_insert(&index, name, nbytes, (uint32_t)(nbytes * 100 + at),
                                 ZI_SPELLING_ONLY));
            uint32_t node = zi_index_find(&index, ZI_INDEX_ROOT, name, nbytes);
            CHECK_EQUAL(index.nodes[node].record, nbytes * 100 + at);
            uint32_t directory = zi_index_find(&index, ZI_INDEX_ROOT, name, at + 1);
            CHECK(directory != ZI_INDEX_NONE);
            CHECK(directory == node || index.nodes[node].parent == directory);
        }
    }
}

TEST(test_index__deeper_than_the_limit_is_one_component)
{
    enum { DEPTH = ZI_INDEX_DEPTH_MAX + 200 };
    CLEANUP(zi_index_release) struct zi_index index;
    char name[2 * DEPTH + 3];

    for (size_t i = 0; i < DEPTH; i++)
        memcpy(name + 2 * i, "d/", 2);
    memcpy(name + 2 * DEPTH, "f", 2);
    NEED(zi_index_init(&index, &t->host, 1));
    NEED(insert(&index, name, 1));
    CHECK_EQUAL(record_of(&index, name), 1);
    CHECK_EQUAL(index.node_count, 1 + ZI_INDEX_DEPTH_MAX + 1);
    name[2 * DEPTH] = 'g';
    NEED(insert(&index, name, 2)); /* follows its sibling */
    CHECK_EQUAL(record_of(&index, name), 2);
    CHECK_EQUAL(index.node_count, 1 + ZI_INDEX_DEPTH_MAX + 2);
    name[2 * DEPTH] = '\0';
    CHECK_EQUAL(find(&index, name), ZI_INDEX_NONE);
}

TEST(test_index__a_full_path_longer_than_any_name_is_not_found)
{
    CLEANUP(zi_index_release) struct zi_index index;
    size_t nbytes = ((size_t)1 << 22) + 1; /* what a component's length is cut to, and 1 */
    uint8_t *path = test_guarded(t, nbytes);

    memset(path, 'a', nbytes);
    NEED(zi_index_init(&index, &t->host, 1));
    NEED(insert(&index, "a", 1));
    CHECK_EQUAL(zi_index_find(&index, ZI_INDEX_ROOT, path, nbytes), ZI_INDEX_NONE);
}

/* A claim of no entries must not matter but for the cost. */
TEST(test_index__grows_beyond_what_was_announced)
{
    enum { COUNT = 5000, NAME_NBYTES = 12 };
    CLEANUP(zi_index_release) struct zi_index index;
    char *names = (char *)test_guarded(t, (size_t)COUNT * NAME_NBYTES);

    NEED(zi_index_init(&index, &t->host, 0));
    for (uint32_t i = 0; i < COUNT; i++) {
        char *name = names + i * NAME_NBYTES;
        snprintf(name, NAME_NBYTES, "d%02u/f%u", i % 100, i);
        NEED(insert(&index, name, i));
    }
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK_EQUAL(record_of(&index, names + i * NAME_NBYTES), i);
    CHECK_EQUAL(index.node_count, 1 + 100 + COUNT);
    CHECK(t->host.count.allocations <= 40);

    zi_index_shrink(&index);
    if (!t->injected)
        CHECK(zi_index_nbytes(&index) <= (size_t)index.node_count * 64);
    CHECK(t->live_nbytes >= zi_index_nbytes(&index));
    NEED(insert(&index, "one more", 1)); /* no room is left for it */
    CHECK_EQUAL(record_of(&index, "one more"), 1);
    CHECK_EQUAL(record_of(&index, names), 0);
}

/* Among so many 32-bit hashes some are equal, always the same ones under the harness's seed. */
SWEEP(test_index__names_that_collide)
{
    enum { COUNT = 300000, NAME_NBYTES = 20 };
    CLEANUP(zi_index_release) struct zi_index index;
    uint8_t *names = test_guarded(t, (size_t)COUNT * NAME_NBYTES + 1);
    uint32_t collisions = 0;

    NEED(zi_index_init(&index, &t->host, COUNT));
    for (uint32_t i = 0; i < COUNT; i++) {
        uint8_t *name = names + (size_t)i * NAME_NBYTES;
        snprintf((char *)name, NAME_NBYTES + 1, "%010u/", i); /* differs in the first word */
        memset(name + 10, 'x', NAME_NBYTES - 10);
        NEED(zi_index_insert(&index, name, NAME_NBYTES, i, ZI_SPELLING_ONLY));
    }
    CHECK_EQUAL(index.node_count, 1 + COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint8_t *name = names + (size_t)i * NAME_NBYTES;
        uint32_t at = zi_index_find(&index, ZI_INDEX_ROOT, name, NAME_NBYTES);
        CHECK_EQUAL(at, 1 + i);
        uint32_t slot = index.nodes[at].hash & index.slot_mask;
        for (; index.slots[slot] != at; slot = (slot + 1) & index.slot_mask)
            collisions += index.nodes[index.slots[slot]].hash == index.nodes[at].hash;
    }
    CHECK(collisions > 0);
}

/* The same for one name in many directories, which only its parent tells apart. */
SWEEP(test_index__parents_that_collide)
{
    enum { COUNT = 300000, NAME_NBYTES = 18 };
    CLEANUP(zi_index_release) struct zi_index index;
    uint8_t *names = test_guarded(t, (size_t)COUNT * NAME_NBYTES + 1);

    NEED(zi_index_init(&index, &t->host, COUNT));
    for (uint32_t i = 0; i < COUNT; i++) {
        uint8_t *name = names + (size_t)i * NAME_NBYTES;
        snprintf((char *)name, NAME_NBYTES + 1, "%010u/same.py", i);
        NEED(zi_index_insert(&index, name, NAME_NBYTES, i, ZI_SPELLING_ONLY));
    }
    CHECK_EQUAL(index.node_count, 1 + 2 * COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint8_t *name = names + (size_t)i * NAME_NBYTES;
        uint32_t at = zi_index_find(&index, ZI_INDEX_ROOT, name, NAME_NBYTES);
        CHECK_EQUAL(index.nodes[at].record, i);
    }
}

TEST(test_index__another_seed_is_another_order)
{
    CLEANUP(zi_index_release) struct zi_index first;
    CLEANUP(zi_index_release) struct zi_index second = {0};

    NEED(zi_index_init(&first, &t->host, 1));
    NEED(insert(&first, "a.py", 1));
    t->host.seed[0]++;
    NEED(zi_index_init(&second, &t->host, 1));
    NEED(insert(&second, "a.py", 1));
    CHECK(first.nodes[1].hash != second.nodes[1].hash);
}

TEST(test_index__refuses_more_entries_than_it_can_number)
{
    CLEANUP(zi_index_release) struct zi_index index;

    CHECK(!zi_index_init(&index, &t->host, (size_t)UINT32_MAX));
    CHECK_EQUAL(t->host.count.allocations, 0);
}
