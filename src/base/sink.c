/* Writes a file from beginning to end. */
#include "sink.h"

#include <errno.h>

enum zi_status zi_sink_create(struct zi_sink *sink, struct zi_host *host, const char *path,
                              struct zi_error *err)
{
    int answer;

    *sink = (struct zi_sink){.host = host, .fd = -1, .nbytes = 0};
    answer = host->ops->create(host->context, path, &sink->fd);
    return answer == 0 ? ZI_OK : zi_fail_system(err, ZI_DETAIL_CANNOT_CREATE, answer);
}

enum zi_status zi_sink_write(struct zi_sink *sink, const void *bytes, size_t nbytes,
                             struct zi_error *err)
{
    struct zi_host *host = sink->host;
    const uint8_t *at = bytes;

    while (nbytes > 0) {
        size_t nwritten = 0;
        int answer = host->ops->write(host->context, sink->fd, at, nbytes, &nwritten);
        if (answer == 0 && nwritten == 0)
            answer = ENOSPC; /* no progress and no reason: as if there were no room */
        if (answer != 0)
            return zi_fail_system(err, ZI_DETAIL_CANNOT_WRITE, answer);
        host->count.writes++;
        host->count.write_nbytes += nwritten;
        sink->nbytes += nwritten;
        at += nwritten;
        nbytes -= nwritten;
    }
    return ZI_OK;
}

enum zi_status zi_sink_close(struct zi_sink *sink, struct zi_error *err)
{
    int answer = sink->host->ops->close(sink->host->context, sink->fd);

    sink->fd = -1;
    return answer == 0 ? ZI_OK : zi_fail_system(err, ZI_DETAIL_CANNOT_WRITE, answer);
}

void zi_sink_release(struct zi_sink *sink)
{
    if (sink->fd >= 0)
        sink->host->ops->close(sink->host->context, sink->fd);
    sink->fd = -1;
}
