/*
 * Everything that can be done with an archive, whatever is in it, checking what must hold for any:
 * for sweeps over damaged archives, and for the fuzzers. In a header, since both link it.
 */
#ifndef TESTS_C_EXERCISE_H
#define TESTS_C_EXERCISE_H

#include <string.h>

#include "../../src/zip/link.h"
#include "../../src/zip/member.h"
#include "../../src/zip/tree.h"

/* What does not hold, or NULL. */
static inline const char *exercise_node(const struct zi_archive *archive, uint32_t at)
{
    const struct zi_node *node = zi_archive_node(archive, at);
    struct zi_entry entry;
    uint32_t found = zi_archive_find(archive, (const char *)node->path, node->path_nbytes);

    if (node->parent == ZI_INDEX_NONE)
        return at == ZI_INDEX_ROOT ? NULL : "only the root has no parent";
    if (found != at)
        return "a node is found by its path";
    if (zi_archive_node(archive, node->parent)->path_nbytes + node->component_nbytes !=
        node->path_nbytes)
        return "a path is its parent's path and a component";
    if (zi_archive_node(archive, node->parent)->hidden && !node->hidden)
        return "what is listed lies in a directory that is";
    if (node->record == ZI_NO_RECORD && node->shown_only)
        return "an implicit directory has no other name";
    if (node->record == ZI_NO_RECORD)
        return node->path[node->path_nbytes - 1] == '/' ? NULL : "an implicit directory ends in /";
    zi_archive_entry(archive, at, &entry);
    if (entry.name_nbytes != node->path_nbytes ||
        memcmp(entry.name, node->path, entry.name_nbytes) != 0)
        return "an entry has its node's path";
    return NULL;
}

/* Follows first_child and next_sibling from the root. */
static inline const char *exercise_tree(const struct zi_archive *archive)
{
    const struct zi_node *nodes = archive->index.nodes;
    uint32_t count = 0, at = ZI_INDEX_ROOT;

    for (;;) {
        const char *broken = exercise_node(archive, at);
        if (broken)
            return broken;
        if (++count > archive->index.node_count)
            return "the tree has a loop";
        if (nodes[at].first_child != ZI_INDEX_NONE) {
            at = nodes[at].first_child;
            continue;
        }
        while (at != ZI_INDEX_ROOT && nodes[at].next_sibling == ZI_INDEX_NONE)
            at = nodes[at].parent;
        if (at == ZI_INDEX_ROOT)
            break;
        at = nodes[at].next_sibling;
    }
    return count == archive->index.node_count ? NULL : "every node hangs in the tree";
}

/* The same for what unpacking would make; the directory's own path has no slash at its end. */
static inline const char *exercise_visible(const struct zi_archive *archive, uint32_t directory,
                                           unsigned depth, uint32_t *count)
{
    uint32_t node = zi_tree_first(archive, directory);

    for (; node != ZI_INDEX_NONE; node = zi_tree_next(archive, node)) {
        size_t nbytes, path_nbytes = zi_archive_node(archive, node)->path_nbytes;
        const char *name = zi_tree_name(archive, node, &nbytes);
        const char *path = (const char *)zi_archive_node(archive, node)->path;
        enum zi_tree_kind kind = zi_tree_kind(archive, node);
        const char *broken = NULL;
        if (++*count > archive->index.node_count)
            return "what is visible has a loop";
        if (kind == ZI_TREE_INVISIBLE || nbytes == 0 || memchr(name, '/', nbytes))
            return "what is visible has a name";
        if ((nbytes == 1 && name[0] == '.') || (nbytes == 2 && memcmp(name, "..", 2) == 0))
            return "no name leads elsewhere";
        if (zi_tree_find(archive, directory, name, nbytes) != node)
            return "what is visible is found by its name";
        if (zi_tree_resolve(archive, path, path_nbytes - (kind == ZI_TREE_DIRECTORY)) != node)
            return "what is visible is found by its path";
        if (kind == ZI_TREE_DIRECTORY && depth < ZI_INDEX_DEPTH_MAX)
            broken = exercise_visible(archive, node, depth + 1, count);
        if (broken)
            return broken;
    }
    return NULL;
}

/* Reads the entry's beginning and all of it; what is wrong with that is in the error. */
static inline enum zi_status exercise_member(struct zi_source *source, const struct zi_entry *entry,
                                             enum zi_member_form form, struct zi_error *err)
{
    struct zi_member member;
    uint8_t start[16];
    size_t nbytes = entry->nbytes < sizeof start ? (size_t)entry->nbytes : sizeof start;
    enum zi_detail difference;
    enum zi_status peeked = zi_member_peek(source, entry, start, nbytes, &difference, err);
    enum zi_status status = zi_member_load(&member, source, entry, form, NULL, err);

    if (status != ZI_OK)
        return status;
    if (form == ZI_MEMBER_DATA && peeked != ZI_OK)
        status = peeked;
    else if (form == ZI_MEMBER_DATA &&
             (difference != member.difference || member.nbytes != entry->nbytes ||
              memcmp(start, member.bytes, nbytes) != 0))
        status = zi_fail(err, ZI_DETAIL_HOST_RAISED); /* the two disagree */
    zi_member_release(&member);
    return status;
}

/* Reads the text of links for zi_link_resolve() from a source. */
struct exercise_links {
    const struct zi_archive *archive;
    struct zi_source *source;
    unsigned read_count;
};

static inline enum zi_status exercise_read_link(void *context, uint32_t node, uint8_t *text,
                                                struct zi_error *err)
{
    struct exercise_links *links = context;
    struct zi_member member;
    struct zi_entry entry;

    zi_archive_entry(links->archive, node, &entry);
    enum zi_status status = zi_member_load(&member, links->source, &entry, ZI_MEMBER_DATA, NULL,
                                           err);
    if (status != ZI_OK)
        return status;
    links->read_count++;
    memcpy(text, member.bytes, member.nbytes);
    zi_member_release(&member);
    return ZI_OK;
}

/* Follows every link; what does not hold, or NULL. */
static inline const char *exercise_follow_links(const struct zi_archive *archive,
                                                struct zi_source *source, struct zi_error *err)
{
    struct exercise_links links = {.archive = archive, .source = source};
    const struct zi_link_reader reader = {exercise_read_link, &links};

    for (uint32_t at = 1; at < archive->index.node_count; at++) {
        const struct zi_node *node = zi_archive_node(archive, at);
        uint32_t target;
        struct zi_entry entry = {0};
        if (node->record == ZI_NO_RECORD)
            continue;
        zi_archive_entry(archive, at, &entry);
        if (!entry.is_link)
            continue;
        if (!archive->has_links)
            return "an archive with a link says so";
        enum zi_status status = zi_link_follow(archive, &reader, at, &target, err);
        if (status == ZI_ERR_MEMORY)
            return NULL;
        if (target >= archive->index.node_count)
            return "following a link ends somewhere";
        node = zi_archive_node(archive, target);
        if (node->record != ZI_NO_RECORD)
            zi_archive_entry(archive, target, &entry);
        if (status != ZI_OK && (node->record == ZI_NO_RECORD || !entry.is_link))
            return "a link is at fault";
        if (status == ZI_OK && node->record != ZI_NO_RECORD && entry.is_link)
            return "what a link leads to is no link";
    }
    return NULL;
}

static inline void exercise_members(const struct zi_archive *archive, struct zi_source *source)
{
    for (uint32_t at = 1; at < archive->index.node_count; at++) {
        struct zi_entry entry;
        struct zi_error err;
        int64_t mtime;

        if (zi_archive_node(archive, at)->record == ZI_NO_RECORD)
            continue;
        zi_archive_entry(archive, at, &entry);
        zi_entry_utc_mtime(&entry, &mtime);
        exercise_member(source, &entry, ZI_MEMBER_DATA, &err);
        exercise_member(source, &entry, ZI_MEMBER_PACKED, &err);
    }
}

#endif
