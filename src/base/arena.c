/* Hands out memory from chunks, each as large as all before it. */
#include "arena.h"

struct zi_arena_chunk {
    struct zi_arena_chunk *older;
    size_t capacity;
    size_t used;
    uint8_t bytes[];
};

#define FIRST_CHUNK_NBYTES ((size_t)1024)

void zi_arena_init(struct zi_arena *arena, struct zi_host *host)
{
    arena->host = host;
    arena->chunks = NULL;
    arena->nbytes = 0;
}

void zi_arena_release(struct zi_arena *arena)
{
    struct zi_arena_chunk *chunk = arena->chunks;

    while (chunk) {
        struct zi_arena_chunk *older = chunk->older;
        zi_host_free(arena->host, chunk);
        chunk = older;
    }
    arena->chunks = NULL;
    arena->nbytes = 0;
}

void *zi_arena_bytes(struct zi_arena *arena, size_t nbytes)
{
    struct zi_arena_chunk *chunk = arena->chunks;

    if (!chunk || chunk->capacity - chunk->used < nbytes) {
        /* As much again as there is keeps the number of chunks logarithmic. */
        size_t capacity = arena->nbytes > FIRST_CHUNK_NBYTES ? arena->nbytes : FIRST_CHUNK_NBYTES;
        if (capacity < nbytes)
            capacity = nbytes;
        if (capacity > SIZE_MAX - sizeof *chunk)
            return NULL;
        chunk = zi_host_reallocate(arena->host, NULL, sizeof *chunk + capacity);
        if (!chunk)
            return NULL;
        chunk->older = arena->chunks;
        chunk->capacity = capacity;
        chunk->used = 0;
        arena->chunks = chunk;
        arena->nbytes += sizeof *chunk + capacity;
    }
    void *bytes = chunk->bytes + chunk->used;
    chunk->used += nbytes;
    return bytes;
}

void zi_arena_trim(struct zi_arena *arena, size_t allocated, size_t used)
{
    arena->chunks->used -= allocated - used;
}
