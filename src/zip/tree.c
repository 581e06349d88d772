/* Shows an archive as the files that unpacking it would make. */
#include "tree.h"

#include <string.h>

const char *zi_tree_name(const struct zi_archive *archive, uint32_t node, size_t *nbytes_ret)
{
    const struct zi_node *at = zi_archive_node(archive, node);
    size_t nbytes = at->component_nbytes;
    const uint8_t *name = at->path + at->path_nbytes - nbytes;

    if (nbytes > 0 && name[nbytes - 1] == '/')
        nbytes--;
    *nbytes_ret = nbytes;
    return (const char *)name;
}

/* Whether a file system could have a file of this name, and in this place. */
static bool is_name(const char *name, size_t nbytes)
{
    if (nbytes == 0 || nbytes > ZI_TREE_NAME_NBYTES_MAX)
        return false;
    if (name[0] == '.' && (nbytes == 1 || (nbytes == 2 && name[1] == '.')))
        return false;
    return !memchr(name, '/', nbytes) && !memchr(name, '\0', nbytes);
}

/* Whether the entry is stored under an absolute name, of which only the rest is shown. */
static bool is_absolute(const struct zi_entry *entry)
{
    return entry->raw_name_nbytes > 0 &&
           (entry->raw_name[0] == '/' || (entry->raw_name[0] == '\\' && entry->name[0] != '\\'));
}

/* Whether the index has a file and a directory of this name. */
static bool is_both(const struct zi_archive *archive, uint32_t parent, const char *name,
                    size_t nbytes)
{
    uint8_t directory[ZI_TREE_NAME_NBYTES_MAX + 1];
    uint32_t one, other;

    memcpy(directory, name, nbytes);
    directory[nbytes] = '/';
    one = zi_index_find(&archive->index, parent, directory, nbytes);
    other = zi_index_find(&archive->index, parent, directory, nbytes + 1);
    return one != ZI_INDEX_NONE && other != ZI_INDEX_NONE &&
           !zi_archive_node(archive, one)->hidden && !zi_archive_node(archive, other)->hidden;
}

enum zi_tree_kind zi_tree_kind(const struct zi_archive *archive, uint32_t node)
{
    const struct zi_node *at = zi_archive_node(archive, node);
    bool is_directory = zi_archive_is_directory(archive, node);
    struct zi_entry entry = {.is_link = false};
    const char *name;
    size_t nbytes;

    if (node == ZI_INDEX_ROOT)
        return ZI_TREE_DIRECTORY;
    name = zi_tree_name(archive, node, &nbytes);
    if (at->hidden || !is_name(name, nbytes) || is_both(archive, at->parent, name, nbytes))
        return ZI_TREE_INVISIBLE;
    if (at->record != ZI_NO_RECORD) {
        zi_archive_entry(archive, node, &entry);
        if (is_absolute(&entry))
            return ZI_TREE_INVISIBLE;
    }
    if (is_directory)
        return ZI_TREE_DIRECTORY;
    return entry.is_link ? ZI_TREE_LINK : ZI_TREE_FILE;
}

static uint32_t skip_invisible(const struct zi_archive *archive, uint32_t node)
{
    while (node != ZI_INDEX_NONE && zi_tree_kind(archive, node) == ZI_TREE_INVISIBLE)
        node = zi_archive_node(archive, node)->next_sibling;
    return node;
}

uint32_t zi_tree_first(const struct zi_archive *archive, uint32_t directory)
{
    return skip_invisible(archive, zi_archive_node(archive, directory)->first_child);
}

uint32_t zi_tree_next(const struct zi_archive *archive, uint32_t node)
{
    return skip_invisible(archive, zi_archive_node(archive, node)->next_sibling);
}

uint32_t zi_tree_find(const struct zi_archive *archive, uint32_t directory, const char *name,
                      size_t nbytes)
{
    uint8_t component[ZI_TREE_NAME_NBYTES_MAX + 1];
    uint32_t node;

    if (!is_name(name, nbytes))
        return ZI_INDEX_NONE;
    memcpy(component, name, nbytes);
    component[nbytes] = '/';
    node = zi_index_find(&archive->index, directory, component, nbytes);
    if (node == ZI_INDEX_NONE || zi_tree_kind(archive, node) == ZI_TREE_INVISIBLE)
        node = zi_index_find(&archive->index, directory, component, nbytes + 1);
    if (node == ZI_INDEX_NONE || zi_tree_kind(archive, node) == ZI_TREE_INVISIBLE)
        return ZI_INDEX_NONE;
    return node;
}

uint32_t zi_tree_resolve(const struct zi_archive *archive, const char *path, size_t nbytes)
{
    uint32_t node = ZI_INDEX_ROOT;

    while (nbytes > 0 && node != ZI_INDEX_NONE) {
        const char *slash = memchr(path, '/', nbytes);
        size_t length = slash ? (size_t)(slash - path) : nbytes;
        if (!zi_archive_is_directory(archive, node))
            return ZI_INDEX_NONE;
        node = zi_tree_find(archive, node, path, length);
        if (slash)
            length++;
        path += length;
        nbytes -= length;
    }
    return node;
}
