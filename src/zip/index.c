/* Finds a name among a million. */
#include "index.h"

#include <string.h>

#include "name.h"

#define FIRST_NODES 16u

/*
 * The hash: 64-bit words multiplied into 128 bits and folded, keyed with two secrets that the
 * multiplication depends on. Collisions that hold for every key, which a plain multiplicative hash
 * has, would need both factors of a product to be known.
 */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    uint64_t a_low = (uint32_t)a, a_high = a >> 32;
    uint64_t b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low;
    uint64_t middle = a_high * b_low + (low >> 32);
    uint64_t cross = a_low * b_high + (uint32_t)middle;
    uint64_t high = a_high * b_high + (middle >> 32) + (cross >> 32);

    return high ^ (cross << 32 | (uint32_t)low);
}

/* The calls below stand once per entry, where a call into the C library would cost more than the
 * work it does: names are short, and libc is another wasm module. */
static uint64_t load64(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint64_t load32(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t nbytes)
{
    if (nbytes >= 8) {
        for (size_t at = 0; at + 8 < nbytes; at += 8)
            if (load64(a + at) != load64(b + at))
                return false;
        return load64(a + nbytes - 8) == load64(b + nbytes - 8); /* overlaps the one before */
    }
    if (nbytes >= 4)
        return load32(a) == load32(b) && load32(a + nbytes - 4) == load32(b + nbytes - 4);
    while (nbytes-- > 0)
        if (*a++ != *b++)
            return false;
    return true;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a word's first byte is its lowest");

/* Where the first slash of a word is, 8 when there is none. */
static inline size_t slash_in_word(uint64_t word)
{
    uint64_t mask = zi_name_mark_slashes(word);

    return mask ? (size_t)__builtin_ctzll(mask) / 8 : 8;
}

static size_t find_slash(const uint8_t *path, size_t nbytes)
{
    size_t at = 0;

    for (; nbytes - at >= 8; at += 8) {
        size_t slash = slash_in_word(load64(path + at));
        if (slash < 8)
            return at + slash;
    }
    if (at > 0 && at < nbytes) /* the last word overlaps the one before */
        return nbytes - 8 + slash_in_word(load64(path + nbytes - 8));
    while (at < nbytes && path[at] != '/')
        at++;
    return at;
}

/* How many bytes there are up to and including the first run of slashes; nbytes when there is
 * none. */
static size_t through_slash(const uint8_t *path, size_t nbytes)
{
    size_t at = find_slash(path, nbytes);

    while (at < nbytes && path[at] == '/')
        at++;
    return at;
}

static uint32_t hash_component(const struct zi_index *index, uint32_t parent,
                               const uint8_t *component, size_t nbytes)
{
    const uint64_t *seed = index->host->seed;
    uint64_t state = seed[0] ^ (uint64_t)parent << 32 ^ nbytes;
    uint64_t first = 0, second = 0;

    while (nbytes > 16) {
        state = fold(load64(component) ^ seed[1], load64(component + 8) ^ state);
        component += 16;
        nbytes -= 16;
    }
    /* The last words may overlap: the length is in the state already. */
    if (nbytes > 8) {
        first = load64(component);
        second = load64(component + nbytes - 8);
    } else if (nbytes >= 4) {
        first = load32(component);
        second = load32(component + nbytes - 4);
    } else if (nbytes > 0) {
        first = (uint64_t)component[0] << 16 | (uint64_t)component[nbytes / 2] << 8 |
                component[nbytes - 1];
    }
    state = fold(first ^ seed[1], second ^ state);
    return (uint32_t)(state ^ state >> 32);
}

static uint32_t probe(const struct zi_index *index, uint32_t hash, uint32_t parent,
                      const uint8_t *component, size_t nbytes, uint32_t *slot_ret)
{
    uint32_t slot = hash & index->slot_mask;

    for (;; slot = (slot + 1) & index->slot_mask) {
        uint32_t at = index->slots[slot];
        if (at == ZI_INDEX_NONE)
            break;
        const struct zi_node *node = &index->nodes[at];
        if (node->hash == hash && node->parent == parent && node->component_nbytes == nbytes &&
            same_bytes(node->path + node->path_nbytes - nbytes, component, nbytes)) {
            *slot_ret = slot;
            return at;
        }
    }
    *slot_ret = slot;
    return ZI_INDEX_NONE;
}

static bool resize_nodes(struct zi_index *index, uint32_t capacity)
{
    struct zi_node *nodes;
    size_t nbytes;

    if (__builtin_mul_overflow((size_t)capacity, sizeof *nodes, &nbytes))
        return false;
    nodes = zi_host_reallocate(index->host, index->nodes, nbytes);
    if (!nodes)
        return false;
    index->nodes = nodes;
    index->node_capacity = capacity;
    return true;
}

/* Makes a table for this many nodes at a load of at most three quarters, and fills it. */
static bool resize_slots(struct zi_index *index, uint32_t node_capacity)
{
    uint64_t slot_count = 8;
    uint32_t *slots;
    size_t nbytes;

    while (slot_count * 3 / 4 < node_capacity)
        slot_count *= 2;
    if (__builtin_mul_overflow(slot_count, sizeof *slots, &nbytes) || slot_count > UINT32_MAX)
        return false;
    slots = zi_host_reallocate(index->host, NULL, nbytes);
    if (!slots)
        return false;
    memset(slots, 0xff, nbytes); /* ZI_INDEX_NONE */

    zi_host_free(index->host, index->slots);
    index->slots = slots;
    index->slot_mask = (uint32_t)slot_count - 1;
    for (uint32_t at = 1; at < index->node_count; at++) {
        uint32_t slot = index->nodes[at].hash & index->slot_mask;
        while (slots[slot] != ZI_INDEX_NONE)
            slot = (slot + 1) & index->slot_mask;
        slots[slot] = at;
    }
    return true;
}

static bool is_full(const struct zi_index *index)
{
    return index->node_count == index->node_capacity ||
           (uint64_t)index->node_count * 4 > ((uint64_t)index->slot_mask + 1) * 3;
}

static bool grow(struct zi_index *index)
{
    uint32_t capacity = index->node_capacity;

    if (capacity > UINT32_MAX / 2)
        return false;
    if (index->node_count == capacity) {
        capacity += capacity / 2 + FIRST_NODES;
        if (!resize_nodes(index, capacity))
            return false;
    }
    if ((uint64_t)capacity * 4 > ((uint64_t)index->slot_mask + 1) * 3)
        return resize_slots(index, capacity);
    return true;
}

bool zi_index_init(struct zi_index *index, struct zi_host *host, size_t entry_count)
{
    memset(index, 0, sizeof *index);
    index->host = host;
    /* A quarter more for directories. */
    if (entry_count > UINT32_MAX / 2)
        return false;
    uint32_t capacity = (uint32_t)entry_count + (uint32_t)entry_count / 4 + FIRST_NODES;
    if (!resize_nodes(index, capacity))
        return false;
    index->nodes[ZI_INDEX_ROOT] = (struct zi_node){
        .path = (const uint8_t *)"",
        .parent = ZI_INDEX_NONE,
        .first_child = ZI_INDEX_NONE,
        .next_sibling = ZI_INDEX_NONE,
        .record = ZI_NO_RECORD,
    };
    index->node_count = 1;
    index->last_directory = ZI_INDEX_ROOT;
    return resize_slots(index, capacity);
}

void zi_index_release(struct zi_index *index)
{
    zi_host_free(index->host, index->nodes);
    zi_host_free(index->host, index->slots);
    memset(index, 0, sizeof *index);
}

/* The child of `parent` that is the path's last component, made if missing; no longer hidden if
 * it is not to be. */
static uint32_t find_or_add(struct zi_index *index, uint32_t parent, const uint8_t *path,
                            size_t path_nbytes, size_t component_nbytes, bool hidden)
{
    const uint8_t *component = path + path_nbytes - component_nbytes;
    uint32_t hash = hash_component(index, parent, component, component_nbytes);
    uint32_t slot;
    uint32_t at = probe(index, hash, parent, component, component_nbytes, &slot);

    if (at != ZI_INDEX_NONE) {
        if (!hidden && index->nodes[at].hidden)
            index->nodes[at].hidden = false;
        return at;
    }
    if (is_full(index)) {
        if (!grow(index))
            return ZI_INDEX_NONE;
        probe(index, hash, parent, component, component_nbytes, &slot);
    }
    struct zi_node *above = &index->nodes[parent];
    at = index->node_count++;
    index->nodes[at] = (struct zi_node){
        .path = path,
        .path_nbytes = (uint32_t)path_nbytes,
        .component_nbytes = (uint32_t)component_nbytes & 0xfffffu,
        .depth = (above->depth + 1u) & 0x3ffu,
        .hidden = hidden,
        .parent = parent,
        .first_child = ZI_INDEX_NONE,
        .next_sibling = above->first_child,
        .record = ZI_NO_RECORD,
        .hash = hash,
    };
    above->first_child = at;
    index->slots[slot] = at;
    return at;
}

/* How much of the path is its first component, its slash included; all of it when the depth is
 * used up. */
static size_t first_component(const struct zi_index *index, uint32_t parent, const uint8_t *path,
                              size_t nbytes)
{
    return index->nodes[parent].depth < ZI_INDEX_DEPTH_MAX ? through_slash(path, nbytes) : nbytes;
}

/* Whether the name lies directly in the directory that the previous name went to. */
static bool follows_last(const struct zi_index *index, const uint8_t *name, size_t nbytes)
{
    const struct zi_node *last = &index->nodes[index->last_directory];
    size_t prefix = last->path_nbytes;

    /* The directory's own name, which may follow what it contains, lies one level up. */
    if (nbytes <= prefix || !same_bytes(name, last->path, prefix))
        return false;
    /* A further slash would belong to the directory's own name. */
    if (prefix > 0 && name[prefix] == '/')
        return false;
    return first_component(index, index->last_directory, name + prefix, nbytes - prefix) ==
           nbytes - prefix;
}

/* Gives a node the record of an entry that has its name in this spelling. */
static void set_record(struct zi_node *node, uint32_t record, enum zi_spelling spelling)
{
    bool shown_only = spelling == ZI_SPELLING_SHOWN;

    if (shown_only && node->record != ZI_NO_RECORD && !node->shown_only)
        return;
    node->record = record;
    node->shown_only = shown_only;
}

bool zi_index_insert(struct zi_index *index, const uint8_t *name, size_t nbytes, uint32_t record,
                     enum zi_spelling spelling)
{
    uint32_t parent = ZI_INDEX_ROOT;
    size_t done = 0;
    /* A stored spelling is not followed by its siblings, but by its shown name's. */
    bool shows = spelling != ZI_SPELLING_STORED;
    bool follows = shows && follows_last(index, name, nbytes);

    if (follows) {
        parent = index->last_directory;
        done = index->nodes[parent].path_nbytes;
    }
    for (;;) {
        size_t component = nbytes - done;
        if (!follows)
            component = first_component(index, parent, name + done, component);
        uint32_t at = find_or_add(index, parent, name, done + component, component, !shows);
        if (at == ZI_INDEX_NONE)
            return false;
        done += component;
        if (done == nbytes) {
            set_record(&index->nodes[at], record, spelling);
            if (shows)
                index->last_directory = parent;
            return true;
        }
        parent = at;
    }
}

void zi_index_shrink(struct zi_index *index)
{
    /* Shrinking in place cannot fail in any allocator in use; if it does, nothing is lost. */
    (void)resize_nodes(index, index->node_count);
}

uint32_t zi_index_find(const struct zi_index *index, uint32_t parent, const uint8_t *path,
                       size_t nbytes)
{
    for (;;) {
        size_t component = first_component(index, parent, path, nbytes);
        uint32_t hash = hash_component(index, parent, path, component);
        uint32_t slot;

        parent = probe(index, hash, parent, path, component, &slot);
        if (parent == ZI_INDEX_NONE || component == nbytes)
            return parent;
        path += component;
        nbytes -= component;
    }
}

size_t zi_index_nbytes(const struct zi_index *index)
{
    return index->node_capacity * sizeof *index->nodes +
           ((size_t)index->slot_mask + 1) * sizeof *index->slots;
}
