/*
 * Memory for what lives and dies together: allocated piece by piece, released at once.
 * Embedded in its owner, which calls zi_arena_release(); a zeroed arena with a host is valid.
 */
#ifndef ZI_BASE_ARENA_H
#define ZI_BASE_ARENA_H

#include "host.h"

struct zi_arena_chunk;

struct zi_arena {
    struct zi_host *host;
    struct zi_arena_chunk *chunks; /* newest first; only the newest has room */
    size_t nbytes;                 /* of all chunks: what the arena costs */
};

void zi_arena_init(struct zi_arena *arena, struct zi_host *host);
void zi_arena_release(struct zi_arena *arena);

/* Returns nbytes of unaligned memory that lives until the release, or NULL. */
void *zi_arena_bytes(struct zi_arena *arena, size_t nbytes);

/* Gives back the last bytes of the latest zi_arena_bytes(): keeps `used` of them. */
void zi_arena_trim(struct zi_arena *arena, size_t allocated, size_t used);

#endif
