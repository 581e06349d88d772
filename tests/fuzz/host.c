/* Serves memory as a file. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

static void *reallocate(void *context, void *block, size_t nbytes)
{
    (void)context;
    if (nbytes > 0)
        return realloc(block, nbytes);
    free(block);
    return NULL;
}

static struct fuzz_file *current_file(struct fuzz_host *fuzz)
{
    if (fuzz->calls_to_next > 0 && --fuzz->calls_to_next == 0)
        fuzz->now = fuzz->next;
    return &fuzz->now;
}

static int open_file(void *context, const char *path, int *fd_ret)
{
    struct fuzz_host *fuzz = context;

    (void)path;
    current_file(fuzz);
    fuzz->open_files++;
    *fd_ret = 3;
    return 0;
}

static int close_file(void *context, int fd)
{
    struct fuzz_host *fuzz = context;

    (void)fd;
    fuzz->open_files--;
    return 0;
}

/* What is written is forgotten. */
static int create_file(void *context, const char *path, int *fd_ret)
{
    struct fuzz_host *fuzz = context;

    (void)path;
    fuzz->open_files++;
    *fd_ret = 4;
    return 0;
}

static int write_file(void *context, int fd, const void *bytes, size_t nbytes, size_t *nwritten_ret)
{
    (void)context;
    (void)fd;
    (void)bytes;
    *nwritten_ret = nbytes;
    return 0;
}

static int size(void *context, int fd, uint64_t *nbytes_ret)
{
    (void)fd;
    *nbytes_ret = current_file(context)->nbytes;
    return 0;
}

static int read_at(void *context, int fd, uint64_t offset, void *buffer, size_t nbytes,
                   size_t *nread_ret)
{
    const struct fuzz_file *file = current_file(context);

    (void)fd;
    *nread_ret = 0;
    if (offset >= file->nbytes)
        return 0;
    if (nbytes > file->nbytes - offset)
        nbytes = file->nbytes - (size_t)offset;
    memcpy(buffer, file->bytes + offset, nbytes);
    *nread_ret = nbytes;
    return 0;
}

static int stamp_path(void *context, const char *path, struct zi_stamp *ret)
{
    const struct fuzz_file *file = current_file(context);

    (void)path;
    *ret = (struct zi_stamp){
        .inode = file->inode,
        .nbytes = file->nbytes,
        .mtime_ns = 1,
        .ctime_ns = 1,
        .clock_ns = 2, /* late enough for the stamp to be proof */
    };
    return 0;
}

static int stamp_fd(void *context, int fd, struct zi_stamp *ret)
{
    (void)fd;
    return stamp_path(context, NULL, ret);
}

void fuzz_host_init(struct fuzz_host *fuzz)
{
    static const struct zi_host_ops ops = {
        .reallocate = reallocate,
        .open = open_file,
        .close = close_file,
        .create = create_file,
        .write = write_file,
        .size = size,
        .read_at = read_at,
        .stamp_fd = stamp_fd,
        .stamp_path = stamp_path,
    };

    memset(fuzz, 0, sizeof *fuzz);
    fuzz->host.ops = &ops;
    fuzz->host.context = fuzz;
    fuzz->host.member_max = FUZZ_MEMBER_MAX;
}
