/*
 * An archive as the tree of files that unpacking it would make.
 *
 * A node of the index is a part of the tree unless unpacking could not make it or would make it
 * elsewhere: a part `..`, NUL in a name, names that no file system takes, absolute names, and names
 * that are a file and a directory at once. These are invisible, and so is what lies below them.
 *
 * Whoever walks begins at ZI_INDEX_ROOT and goes on by these functions alone.
 */
#ifndef ZI_ZIP_TREE_H
#define ZI_ZIP_TREE_H

#include "archive.h"

/* The bytes that file systems allow a name. */
#define ZI_TREE_NAME_NBYTES_MAX 255

enum zi_tree_kind {
    ZI_TREE_INVISIBLE,
    ZI_TREE_FILE,
    ZI_TREE_DIRECTORY,
    ZI_TREE_LINK, /* symbolic; whether it leads anywhere is for zi_link_follow() to say */
};

enum zi_tree_kind zi_tree_kind(const struct zi_archive *archive, uint32_t node);

/* The visible nodes of a directory, one after the other, the one that stands last in the archive
 * first; ZI_INDEX_NONE at the end. */
uint32_t zi_tree_first(const struct zi_archive *archive, uint32_t directory);
uint32_t zi_tree_next(const struct zi_archive *archive, uint32_t node);

/* The visible node of a name in a directory, or ZI_INDEX_NONE. */
uint32_t zi_tree_find(const struct zi_archive *archive, uint32_t directory, const char *name,
                      size_t nbytes);

/* The same for a path below the root: names with single slashes between them; the root itself for
 * an empty one. Links are not followed. */
uint32_t zi_tree_resolve(const struct zi_archive *archive, const char *path, size_t nbytes);

/* A node's name in its directory, without slashes; borrowed from the archive. */
const char *zi_tree_name(const struct zi_archive *archive, uint32_t node, size_t *nbytes_ret);

#endif
