/* Reads ranges of an archive. */
#include "source.h"

#include <string.h>

#include "checked.h"

enum zi_status zi_source_open(struct zi_source *source, struct zi_host *host, const char *path,
                              struct zi_error *err)
{
    struct zi_source opened = {.host = host, .memory = NULL, .fd = -1, .nbytes = 0};
    int answer;

    *source = (struct zi_source)ZI_SOURCE_INIT;
    host->count.opens++;
    answer = host->ops->open(host->context, path, &opened.fd);
    if (answer != 0)
        return zi_fail_system(err, ZI_DETAIL_CANNOT_OPEN, answer);
    answer = host->ops->size(host->context, opened.fd, &opened.nbytes);
    if (answer != 0) {
        zi_source_release(&opened);
        return zi_fail_system(err, ZI_DETAIL_CANNOT_READ, answer);
    }
    *source = opened;
    return ZI_OK;
}

void zi_source_open_memory(struct zi_source *source, struct zi_host *host, const uint8_t *bytes,
                           size_t nbytes)
{
    *source = (struct zi_source){.host = host, .memory = bytes, .fd = -1, .nbytes = nbytes};
}

void zi_source_release(struct zi_source *source)
{
    if (source->fd >= 0)
        source->host->ops->close(source->host->context, source->fd);
    *source = (struct zi_source)ZI_SOURCE_INIT;
}

static enum zi_status read_file(struct zi_source *source, uint64_t offset, uint8_t *buffer,
                                size_t nbytes, struct zi_error *err)
{
    struct zi_host *host = source->host;

    while (nbytes > 0) {
        size_t nread = 0;
        int answer;

        host->count.reads++;
        answer = host->ops->read_at(host->context, source->fd, offset, buffer, nbytes, &nread);
        if (answer != 0)
            return zi_fail_system(err, ZI_DETAIL_CANNOT_READ, answer);
        if (nread == 0)
            return zi_fail_at(err, ZI_DETAIL_MEMBER_TRUNCATED, offset);
        host->count.read_nbytes += nread;
        offset += nread;
        buffer += nread;
        nbytes -= nread;
    }
    return ZI_OK;
}

enum zi_status zi_source_read(struct zi_source *source, uint64_t offset, void *buffer,
                              size_t nbytes, struct zi_error *err)
{
    uint64_t end;

    if (!zi_add_u64(offset, nbytes, &end) || end > source->nbytes)
        return zi_fail_at(err, ZI_DETAIL_MEMBER_TRUNCATED, offset);
    if (source->fd >= 0)
        return read_file(source, offset, buffer, nbytes, err);
    source->host->count.reads++;
    source->host->count.read_nbytes += nbytes;
    if (nbytes > 0)
        memcpy(buffer, source->memory + offset, nbytes);
    return ZI_OK;
}

enum zi_status zi_source_stamp(struct zi_source *source, struct zi_stamp *ret, struct zi_error *err)
{
    struct zi_host *host = source->host;
    int answer;

    host->count.stats++;
    answer = host->ops->stamp_fd(host->context, source->fd, ret);
    if (answer != 0)
        return zi_fail_system(err, ZI_DETAIL_CANNOT_STAT, answer);
    return ZI_OK;
}
