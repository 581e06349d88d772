/*
 * Everything the core asks of the world: memory, files, clocks.
 *
 * One struct zi_host belongs to whoever embeds the core (the Python extension, a test, a fuzzer)
 * and outlives everything made with it. The core itself calls neither malloc nor open, so a test
 * can make any single call fail, and counts what it used.
 */
#ifndef ZI_BASE_HOST_H
#define ZI_BASE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was done since the host was made. Tests assert on these, users read them as stats(). */
struct zi_counters {
    uint64_t opens;         /* archive files opened */
    uint64_t reads;         /* positioned reads */
    uint64_t read_nbytes;   /* bytes they returned */
    uint64_t writes;        /* writes to new files */
    uint64_t write_nbytes;  /* bytes that went into them */
    uint64_t stats;         /* stat and fstat calls */
    uint64_t allocations;   /* blocks allocated or grown */
    uint64_t parses;        /* central directories parsed into an index */
    uint64_t revalidations; /* stale archives found unchanged */
    uint64_t retries;       /* reads tried again because the archive had changed */
    uint64_t inflates;      /* members inflated */
    uint64_t invalidations; /* archives marked stale, explicitly or implicitly */
};

/* What tells one state of a file from another; see cache/stamp.h for how it is compared. */
struct zi_stamp {
    uint64_t device;
    uint64_t inode;
    uint64_t nbytes;
    int64_t mtime_ns; /* when its bytes were written last, nanoseconds since the epoch */
    int64_t ctime_ns; /* when its bytes or its mtime were; no program can set it */
    int64_t clock_ns; /* the clock's reading before stat was asked */
};

/* What the functions below that return int answer, besides 0 for success: a positive errno value,
 * or ZI_HOST_RAISED when the host keeps an error of its own (a pending Python exception). */
#define ZI_HOST_RAISED (-1)

struct zi_host_ops {
    /* As realloc(); nbytes 0 frees and returns NULL. */
    void *(*reallocate)(void *context, void *block, size_t nbytes);
    /* Opens for reading; writes a descriptor. */
    int (*open)(void *context, const char *path, int *fd_ret);
    int (*close)(void *context, int fd);
    /* Creates a file for writing, or empties the one that is there. */
    int (*create)(void *context, const char *path, int *fd_ret);
    /* May write less than asked. */
    int (*write)(void *context, int fd, const void *bytes, size_t nbytes, size_t *nwritten_ret);
    int (*size)(void *context, int fd, uint64_t *nbytes_ret);
    /* May read less than asked; 0 bytes means end of file. */
    int (*read_at)(void *context, int fd, uint64_t offset, void *buffer, size_t nbytes,
                   size_t *nread_ret);
    int (*stamp_fd)(void *context, int fd, struct zi_stamp *ret);
    int (*stamp_path)(void *context, const char *path, struct zi_stamp *ret);
};

struct zi_host {
    const struct zi_host_ops *ops;
    void *context;
    uint64_t seed[2];         /* secret of this process; keys the hash of member names */
    int64_t slack_ns;         /* between the clock of stamps and the one of the file systems */
    bool ctime_repeats_mtime; /* some file system here may give mtime in ctime's place */
    uint64_t member_max;      /* members that claim to inflate beyond this are refused */
    struct zi_counters count;
};

/* Allocates, grows or shrinks a block; NULL when there is no memory, the old block then stays. */
void *zi_host_reallocate(struct zi_host *host, void *block, size_t nbytes);
void zi_host_free(struct zi_host *host, void *block);

#endif
