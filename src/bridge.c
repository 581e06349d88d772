/* Answers what the nodes of Pyodide's file system ask of a mount. */
#include "bridge.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "zip/format.h"
#include "zip/link.h"
#include "zip/member.h"

#define EXPORTED __attribute__((visibility("default")))

_Static_assert(offsetof(struct zi_bridge_area, kind) == 16 &&
                   offsetof(struct zi_bridge_area, name) == 28 &&
                   offsetof(struct zi_bridge_area, position) == 8,
               "JavaScript counts on these places");
_Static_assert(sizeof((struct zi_bridge_area *)0)->name > ZI_TREE_NAME_NBYTES_MAX,
               "every name of a tree fits");

static struct zi_bridge_area area;
static struct zi_member last; /* read and not released */

EXPORTED struct zi_bridge_area *zi_bridge_area(void)
{
    return &area;
}

static enum zi_tree_kind kind_of(const struct zi_mount *mount, uint32_t node)
{
    return node < mount->archive->index.node_count ? zi_tree_kind(mount->archive, node)
                                                   : ZI_TREE_INVISIBLE;
}

/* Reads a member into a block of the host's. */
static enum zi_status load(struct zi_mount *mount, uint32_t node, struct zi_member *ret,
                           struct zi_error *err)
{
    struct zi_source source = ZI_SOURCE_INIT;
    struct zi_entry entry;
    enum zi_status status;

    status = zi_source_open(&source, &mount->host, mount->record->path, err);
    if (status != ZI_OK)
        return status;
    zi_archive_entry(mount->archive, node, &entry);
    status = zi_member_load(ret, &source, &entry, ZI_MEMBER_DATA, NULL, err);
    zi_source_release(&source);
    return status;
}

static enum zi_status read_link(void *context, uint32_t node, uint8_t *text, struct zi_error *err)
{
    struct zi_member member;
    enum zi_status status = load(context, node, &member, err);

    if (status != ZI_OK)
        return status;
    memcpy(text, member.bytes, member.nbytes);
    zi_member_release(&member);
    return ZI_OK;
}

/* Whether a text stays below the root if `..` takes away whatever stands before it, link or not: so
 * does Pyodide 0.27. */
static bool stays_inside(const uint8_t *text, size_t nbytes, unsigned depth)
{
    for (size_t at = 0, end; at < nbytes; at = end + 1) {
        for (end = at; end < nbytes && text[end] != '/';)
            end++;
        if (end - at == 2 && text[at] == '.' && text[at + 1] == '.') {
            if (depth == 0)
                return false;
            depth--;
        } else if (end > at && !(end - at == 1 && text[at] == '.')) {
            depth++;
        }
    }
    return true;
}

/* A link is shown if it leads to something in the archive; also where it cannot be read at the
 * moment: whoever makes the link's node fails then, and finds it the next time. */
static bool is_good_link(struct zi_mount *mount, uint32_t node)
{
    const struct zi_link_reader reader = {read_link, mount};
    struct zi_member text;
    struct zi_error error;
    uint32_t target;
    bool inside;

    if (zi_link_follow(mount->archive, &reader, node, &target, &error) != ZI_OK ||
        load(mount, node, &text, &error) != ZI_OK)
        return error.status == ZI_ERR_SYSTEM || error.status == ZI_ERR_MEMORY;
    inside = stays_inside(text.bytes, text.nbytes,
                          zi_archive_node(mount->archive, node)->depth - 1u);
    zi_member_release(&text);
    return inside;
}

static bool is_shown(struct zi_mount *mount, uint32_t node)
{
    return kind_of(mount, node) != ZI_TREE_LINK || is_good_link(mount, node);
}

static uint32_t skip_bad_links(struct zi_mount *mount, uint32_t node)
{
    while (node != ZI_INDEX_NONE && !is_shown(mount, node))
        node = zi_tree_next(mount->archive, node);
    return node;
}

EXPORTED uint32_t zi_bridge_first(struct zi_mount *mount, uint32_t directory)
{
    if (kind_of(mount, directory) != ZI_TREE_DIRECTORY)
        return ZI_INDEX_NONE;
    return skip_bad_links(mount, zi_tree_first(mount->archive, directory));
}

EXPORTED uint32_t zi_bridge_next(struct zi_mount *mount, uint32_t node)
{
    if (kind_of(mount, node) == ZI_TREE_INVISIBLE)
        return ZI_INDEX_NONE;
    return skip_bad_links(mount, zi_tree_next(mount->archive, node));
}

EXPORTED uint32_t zi_bridge_find(struct zi_mount *mount, uint32_t directory)
{
    uint32_t node;

    if (kind_of(mount, directory) != ZI_TREE_DIRECTORY || area.name_nbytes > sizeof area.name)
        return ZI_INDEX_NONE;
    node = zi_tree_find(mount->archive, directory, area.name, area.name_nbytes);
    return node != ZI_INDEX_NONE && is_shown(mount, node) ? node : ZI_INDEX_NONE;
}

EXPORTED void zi_bridge_describe(struct zi_mount *mount, uint32_t node)
{
    const char *name;
    size_t nbytes;

    area = (struct zi_bridge_area){.kind = kind_of(mount, node)};
    if (area.kind == ZI_TREE_INVISIBLE)
        return;
    name = zi_tree_name(mount->archive, node, &nbytes);
    memcpy(area.name, name, nbytes);
    area.name_nbytes = (uint32_t)nbytes;
    if (zi_archive_node(mount->archive, node)->record == ZI_NO_RECORD)
        return;
    struct zi_entry entry;
    zi_archive_entry(mount->archive, node, &entry);
    area.nbytes = (double)entry.nbytes;
}

EXPORTED const uint8_t *zi_bridge_read(struct zi_mount *mount, uint32_t node)
{
    enum zi_tree_kind kind = kind_of(mount, node);
    struct zi_entry entry;
    struct zi_error error;

    area.error = EIO;
    area.nbytes = area.position = 0;
    zi_member_release(&last);
    if (kind != ZI_TREE_FILE && kind != ZI_TREE_LINK)
        return NULL;
    if (load(mount, node, &last, &error) != ZI_OK) {
        if (error.status == ZI_ERR_MEMORY)
            area.error = ENOMEM;
        return NULL;
    }
    zi_archive_entry(mount->archive, node, &entry);
    /* What is stored stands behind its local header, with which it was read. */
    if (entry.method == ZI_METHOD_STORED && last.bytes != last.block)
        area.position = (double)entry.local_position + (double)(last.bytes - last.block);
    area.error = 0;
    area.nbytes = (double)last.nbytes;
    return last.bytes;
}

EXPORTED void zi_bridge_release(void)
{
    zi_member_release(&last);
}

EXPORTED void zi_bridge_change(struct zi_mount *mount, uint32_t node, uint32_t change)
{
    if (kind_of(mount, node) != ZI_TREE_INVISIBLE)
        mount->changes[node] |= (uint8_t)(change & (ZI_CHANGE_WITHIN | ZI_CHANGE_GONE));
}

EXPORTED void zi_bridge_note(struct zi_folder *folder)
{
    if (area.name_nbytes <= sizeof area.name)
        zi_folder_note(folder, area.name, area.name_nbytes);
}
