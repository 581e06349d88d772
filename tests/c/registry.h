/*
 * What the tests of the registry share: records of archives that have been there for a while, and
 * what was done for them.
 */
#ifndef TESTS_C_REGISTRY_H
#define TESTS_C_REGISTRY_H

#include <string.h>

#include "../../src/cache/registry.h"
#include "harness.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

static inline void drop(struct zi_archive **archive)
{
    zi_archive_unref(*archive);
}

#define ARCHIVE CLEANUP(drop) struct zi_archive *
#define REGISTRY CLEANUP(zi_registry_release) struct zi_registry

static inline void count_drop(void *attachment)
{
    ++*(int *)attachment;
}

static inline void init(struct test *t, struct zi_registry *registry)
{
    zi_registry_init(registry, &t->host, count_drop);
}

/* The record of t->path. */
static inline struct zi_record *get(struct test *t, struct zi_registry *registry)
{
    return zi_registry_get(registry, t->path, strlen(t->path));
}

static inline bool has(const struct zi_archive *archive, const char *path)
{
    return zi_archive_find(archive, path, strlen(path)) != ZI_INDEX_NONE;
}

/* Uses the record as a reader does, and forgets the archive. */
static inline enum zi_status use(struct test *t, struct zi_record *record)
{
    struct zi_archive *archive = NULL;
    enum zi_status status = zi_record_archive(record, &archive, &t->err);

    zi_archive_unref(archive);
    return status;
}

/* Writes an archive that has been there for a while, whose stamp therefore proves something. */
static inline void write_old(struct test *t, struct zip_built zip)
{
    test_write_zip(t, zip);
    t->clock_ns += SECOND;
}

/* Makes the record one that was looked at, of an archive with `a` in it. */
static inline enum zi_status make_fresh(struct test *t, struct zi_record *record)
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

#endif
