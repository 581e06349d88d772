/*
 * Names to entries: a tree of path components with one hash table over all of it.
 *
 * A node is an entry, a directory, or both. Directories that no entry names are made for every
 * ancestor of every name, as CPython 3.14 does (implicit directories). A component keeps its
 * trailing slashes, so that the file `a` and the directory `a/` are two nodes, and a name `a//b`
 * lies in `a//`, as for zipimport.
 *
 * The table's key is (parent, component): a name is hashed once however deep it is, and looking
 * something up under a directory that is already known costs one probe. The hash is keyed with the
 * host's secret, so that names cannot be chosen to collide.
 *
 * An entry may have two names: as it is stored and as it is shown (name.h). Both find it, in the
 * same tree; the nodes that only stored spellings need are hidden. An archive without such entries
 * pays nothing for this.
 *
 * Names are borrowed: they point into the retained central directory or to the archive's own
 * copies, which outlive the index.
 */
#ifndef ZI_ZIP_INDEX_H
#define ZI_ZIP_INDEX_H

#include <stdbool.h>

#include "../base/host.h"

/* Components deeper than this are not split: what is left of the name counts as one component of
 * the last directory, still found by its full name, never shown as a directory. */
#define ZI_INDEX_DEPTH_MAX 1000

#define ZI_INDEX_ROOT 0u
#define ZI_INDEX_NONE UINT32_MAX /* no node */
#define ZI_NO_RECORD UINT32_MAX  /* an implicit directory */

struct zi_node {
    const uint8_t *path; /* from the archive's root, UTF-8, borrowed */
    uint32_t path_nbytes;
    uint32_t component_nbytes : 20; /* the path's last component: at most three bytes of UTF-8 for
                                       each of 65,535 */
    uint32_t depth : 10;
    uint32_t hidden : 1;     /* a stored spelling, or a directory of such alone: not to be listed */
    uint32_t shown_only : 1; /* the record's entry is stored under another name */
    uint32_t parent;
    uint32_t first_child;
    uint32_t next_sibling;
    uint32_t record; /* the central header's offset in the directory, or ZI_NO_RECORD */
    uint32_t hash;
};

struct zi_index {
    struct zi_host *host;
    struct zi_node *nodes; /* [0] is the root, whose path is empty */
    uint32_t node_count;
    uint32_t node_capacity;
    uint32_t *slots; /* nodes by hash, open addressing; ZI_INDEX_NONE is free */
    uint32_t slot_mask;
    uint32_t last_directory; /* where the previous name went: most names follow their sibling */
};

/* Makes an index that has room for about entry_count names; false when there is no memory.
 * Released by zi_index_release() either way. */
bool zi_index_init(struct zi_index *index, struct zi_host *host, size_t entry_count);
void zi_index_release(struct zi_index *index);

enum zi_spelling {
    ZI_SPELLING_ONLY,   /* the entry has one name */
    ZI_SPELLING_STORED, /* it has two, and this is the stored one */
    ZI_SPELLING_SHOWN,
};

/* Adds a name; a name that is there already gets the new record (the last duplicate wins), but a
 * shown name never takes a stored one's place. False when there is no memory. */
bool zi_index_insert(struct zi_index *index, const uint8_t *name, size_t nbytes, uint32_t record,
                     enum zi_spelling spelling);

/* Gives back the memory that further inserts would have used. */
void zi_index_shrink(struct zi_index *index);

/* The node of a path below `parent`, or ZI_INDEX_NONE. */
uint32_t zi_index_find(const struct zi_index *index, uint32_t parent, const uint8_t *path,
                       size_t nbytes);

/* Memory that the index holds. */
size_t zi_index_nbytes(const struct zi_index *index);

#endif
