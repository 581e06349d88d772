/* This file knows when a file is certainly unchanged. */
#include "stamp.h"

bool zi_stamp_equal(const struct zi_stamp *a, const struct zi_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->nbytes == b->nbytes &&
           a->mtime_ns == b->mtime_ns;
}

bool zi_stamp_is_racy(const struct zi_stamp *stamp, int64_t slack_ns)
{
    return stamp->mtime_ns >= stamp->clock_ns - slack_ns;
}
