/* Compares stamps; the header argues when that is enough. */
#include "stamp.h"

#define SECOND_NS INT64_C(1000000000)

bool zi_stamp_equal(const struct zi_stamp *a, const struct zi_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->nbytes == b->nbytes &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

bool zi_stamp_has_aged(const struct zi_stamp *stamp, const struct zi_host *host)
{
    return stamp->ctime_ns < stamp->clock_ns - host->slack_ns;
}

bool zi_stamp_is_proof(const struct zi_stamp *stamp, const struct zi_host *host)
{
    if (host->ctime_repeats_mtime && stamp->ctime_ns == stamp->mtime_ns)
        return false;
    if (stamp->ctime_ns % SECOND_NS == 0)
        return false;
    return stamp->mtime_ns <= stamp->ctime_ns && zi_stamp_has_aged(stamp, host);
}
