/*
 * Runs the C tests: registration, checks, and a host whose every call can be made to fail.
 *
 *     TEST(test_arena__starts_empty)
 *     {
 *         CLEANUP(zi_arena_release) struct zi_arena arena;
 *         zi_arena_init(&arena, &t->host);
 *         NEED(zi_arena_bytes(&arena, 100));
 *         CHECK_EQUAL(t->live_blocks, 1);
 *     }
 *
 * A test returns at the first check that fails. It also returns, and passes, when a call fails
 * because the harness made it fail: that is how `run --fail-allocations` and `run --fail-system`
 * repeat it with the first, second, third ... call failing until none is left. What a test holds is
 * declared with CLEANUP, so that it is released wherever the test returns; a block or a file that
 * the host gave out and did not get back fails the test.
 */
#ifndef TESTS_C_HARNESS_H
#define TESTS_C_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../src/base/error.h"
#include "../../src/base/host.h"
#include "../../src/base/source.h"
#include "zipbuild.h"

enum system_call {
    CALL_OPEN,
    CALL_CLOSE,
    CALL_CREATE,
    CALL_WRITE,
    CALL_SIZE,
    CALL_READ_AT,
    CALL_STAMP_FD,
    CALL_STAMP_PATH,
    CALL_COUNT,
};

/* Which calls the run makes fail. */
enum failing { FAILING_NOTHING, FAILING_ALLOCATIONS, FAILING_SYSTEM };

struct owned;

struct test {
    struct zi_host host; /* first: the host's context is the test */
    struct zi_error err;
    const char *name;
    bool failed;

    enum failing failing;
    uint64_t fail_at; /* how many more calls until one fails */
    bool injected;    /* one did */

    size_t live_blocks;
    size_t live_nbytes;
    size_t peak_nbytes;
    size_t open_files;

    /* What tests set to steer the host. */
    size_t read_nbytes_max;       /* read_at() returns no more than this at once; 0: all */
    size_t write_nbytes_max;      /* the same of write() */
    int answers[CALL_COUNT];      /* if not 0, the next such call answers this, once */
    void (*during_stamp)(void *); /* called once by the next stamp_fd or stamp_path */
    void *during_stamp_context;
    int64_t clock_ns; /* of stamps, and the times of files written */
    int64_t ctime_ns; /* of stamps: the clock when a file was last written, whichever it was */

    char directory[64]; /* of this test's files */
    char path[80];      /* of an archive in it, which test_write_zip() writes */
    struct owned *owned;
};

struct test_case {
    const char *name;
    void (*function)(struct test *t);
    bool sweep;
    struct test_case *next;
};

void test_register(struct test_case *test_case);

#define TEST_REGISTER(function_name, is_sweep)                                                     \
    static void function_name(struct test *t);                                                     \
    __attribute__((constructor)) static void function_name##_register(void)                        \
    {                                                                                              \
        static struct test_case test_case = {#function_name, function_name, is_sweep, NULL};       \
        test_register(&test_case);                                                                 \
    }                                                                                              \
    static void function_name(struct test *t)

#define TEST(function_name) TEST_REGISTER(function_name, false)

/* A test over many inputs, each too cheap to fail in a way of its own: it is not repeated for every
 * call that could fail. */
#define SWEEP(function_name) TEST_REGISTER(function_name, true)

#define CLEANUP(function) __attribute__((cleanup(function)))

void test_fail(struct test *t, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether this status is what became of the call that the harness made fail. */
bool test_excused(const struct test *t, enum zi_status status);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            test_fail(t, __FILE__, __LINE__, "%s", #condition);                                    \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_EQUAL(found, expected)                                                               \
    do {                                                                                           \
        uint64_t found_ = (uint64_t)(found), expected_ = (uint64_t)(expected);                     \
        if (found_ != expected_) {                                                                 \
            test_fail(t, __FILE__, __LINE__, "%s is %llu, not %llu", #found,                       \
                      (unsigned long long)found_, (unsigned long long)expected_);                  \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* What must not be NULL or false, unless memory was made to run out. */
#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            if (!t->injected)                                                                      \
                test_fail(t, __FILE__, __LINE__, "%s", #condition);                                \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* A call that must return ZI_OK; its error is t->err. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum zi_status status_ = (call);                                                           \
        if (status_ != ZI_OK) {                                                                    \
            if (!test_excused(t, status_))                                                         \
                test_fail(t, __FILE__, __LINE__, "%s: %d: %s", #call, (int)status_,                \
                          zi_detail_text(t->err.detail));                                          \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* A call that must fail with this detail in t->err; DETAIL is what follows ZI_DETAIL_. */
#define FAILS(call, DETAIL)                                                                        \
    do {                                                                                           \
        enum zi_status status_ = (call);                                                           \
        if (test_excused(t, status_))                                                              \
            return;                                                                                \
        if (status_ == ZI_OK || status_ != t->err.status || t->err.detail != ZI_DETAIL_##DETAIL) { \
            test_fail(t, __FILE__, __LINE__, "%s: %d instead of %s: %s", #call, (int)status_,      \
                      #DETAIL, status_ ? zi_detail_text(t->err.detail) : "success");               \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Memory of nbytes that ends where the address space has a hole, so that reading one byte too far
 * is a crash; freed after the test. */
uint8_t *test_guarded(struct test *t, size_t nbytes);

/* A memory source over a copy of the zip in such memory; the zip is freed. */
struct zi_source test_zip_source(struct test *t, struct zip_built zip);

/* Writes the file as of t->clock_ns: in place if it exists. */
void test_write_file(struct test *t, const char *path, const void *bytes, size_t nbytes);

/* As utime(): sets the modification time, which makes the change time that of t->clock_ns. */
void test_set_mtime(struct test *t, const char *path, int64_t mtime_ns);

/* The same at t->path; the zip is freed. */
void test_write_zip(struct test *t, struct zip_built zip);

#endif
