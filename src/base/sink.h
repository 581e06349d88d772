/*
 * Where written bytes go: a new file, from its beginning to its end.
 *
 * A sink is embedded in its user and released by zi_sink_release(). What was written counts only
 * once zi_sink_close() succeeded; whoever created the file removes it if that does not come.
 */
#ifndef ZI_BASE_SINK_H
#define ZI_BASE_SINK_H

#include "error.h"
#include "host.h"

struct zi_sink {
    struct zi_host *host;
    int fd; /* -1 when closed */
    uint64_t nbytes;
};

#define ZI_SINK_INIT                                                                               \
    {                                                                                              \
        .host = NULL, .fd = -1, .nbytes = 0                                                        \
    }

/* Creates the file, or empties it; the sink is closed after a failure. */
enum zi_status zi_sink_create(struct zi_sink *sink, struct zi_host *host, const char *path,
                              struct zi_error *err);

/* Appends all of the bytes. */
enum zi_status zi_sink_write(struct zi_sink *sink, const void *bytes, size_t nbytes,
                             struct zi_error *err);

/* Closes the file; some systems only now say that the disk is full. */
enum zi_status zi_sink_close(struct zi_sink *sink, struct zi_error *err);

/* Closes the file if it is open still. */
void zi_sink_release(struct zi_sink *sink);

#endif
