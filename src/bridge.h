/*
 * The functions that JavaScript calls directly: what the files of a mount show.
 *
 * They run inside of Python's own system calls, so they run no Python code, raise nothing and
 * allocate nothing of Python's. `mount` is what _mount() returned, until it is given to _unmount().
 * Nodes are numbers of the archive's index, the root is 0; every number is borne, and one that is
 * no visible node of the right kind finds nothing. JavaScript sees ZI_INDEX_NONE as -1.
 */
#ifndef ZI_BRIDGE_H
#define ZI_BRIDGE_H

#include "python/mount/folder.h"

/* Where both sides put what is no number; js/mount/bridge.js names the same offsets. */
struct zi_bridge_area {
    double nbytes;        /* 0: of a file's contents or a link's text */
    double position;      /* 8: of contents that were read, if they stand in the archive's file as
                             they are; else 0 */
    uint32_t kind;        /* 16: enum zi_tree_kind */
    uint32_t error;       /* 20: errno of a read that failed */
    uint32_t name_nbytes; /* 24 */
    char name[256];       /* 28: a node's, or the one to find; UTF-8 */
};

/* One for all calls: an answer stands there until the next call. */
struct zi_bridge_area *zi_bridge_area(void);

/* The children of a directory, one after the other, the one that was added last first. */
uint32_t zi_bridge_first(struct zi_mount *mount, uint32_t directory);
uint32_t zi_bridge_next(struct zi_mount *mount, uint32_t node);

/* The child of the name in the area. */
uint32_t zi_bridge_find(struct zi_mount *mount, uint32_t directory);

/* Fills the area with all that there is to know of a node. */
void zi_bridge_describe(struct zi_mount *mount, uint32_t node);

/* The contents of a file or the text of a link, as long as the area says then, checked by its
 * CRC-32; they stand until zi_bridge_release(). Where they cannot be read, the area's error says
 * why.
 */
const uint8_t *zi_bridge_read(struct zi_mount *mount, uint32_t node);
void zi_bridge_release(void);

/* Tells that the user changed a node: `change` is an enum zi_change. */
void zi_bridge_change(struct zi_mount *mount, uint32_t node, uint32_t change);

/* Tells of a shared folder, which _share() returned, that it has or had the name in the area, and
 * not from a mount; if that is empty, that it may have any name. */
void zi_bridge_note(struct zi_folder *folder);

#endif
