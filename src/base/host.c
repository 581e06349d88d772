/* Asks the host for memory, and counts it. */
#include "host.h"

void *zi_host_reallocate(struct zi_host *host, void *block, size_t nbytes)
{
    host->count.allocations++;
    return host->ops->reallocate(host->context, block, nbytes ? nbytes : 1);
}

void zi_host_free(struct zi_host *host, void *block)
{
    if (block)
        host->ops->reallocate(host->context, block, 0);
}
