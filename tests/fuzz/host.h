/*
 * What the fuzzers run on: a host without files, or with one file that lies in memory and changes.
 */
#ifndef TESTS_FUZZ_HOST_H
#define TESTS_FUZZ_HOST_H

#include "../../src/base/host.h"

/* Members beyond this are refused, so that an input's cost stays in proportion to its size. */
#define FUZZ_MEMBER_MAX 65536

struct fuzz_file {
    const uint8_t *bytes;
    size_t nbytes;
    uint64_t inode; /* what stat tells the file's states by, if it does */
};

struct fuzz_host {
    struct zi_host host; /* its context is this */
    struct fuzz_file now;
    struct fuzz_file next;  /* what the file becomes */
    unsigned calls_to_next; /* at which of the calls about files from now on; 0: never */
    unsigned open_files;
};

void fuzz_host_init(struct fuzz_host *fuzz);

/* The fuzzers' reaction to a broken promise. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            __builtin_trap();                                                                      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t nbytes);

#endif
