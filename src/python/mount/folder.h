/*
 * Directories that archives fill.
 *
 * The files of a mount are nodes of Pyodide's file system, which js/mount makes; what they show
 * they ask for through src/bridge.h. This is the other half: the archive, and the path at which
 * Python finds it. A mount's archive never changes; in its folder the next mount takes its place.
 * In a shared folder, site-packages say, they are layers: of a file that several have, the newest
 * mount's is shown, and directories are whole.
 */
#ifndef ZI_PYTHON_FOLDER_H
#define ZI_PYTHON_FOLDER_H

#include "../../zip/tree.h"
#include "../state.h"

/* What became of a node of a mount; flags. */
enum zi_change {
    /* Of a directory: a name in it was made, removed or replaced. Of a file: it was written to. */
    ZI_CHANGE_WITHIN = 1,
    /* It was removed, moved or replaced: its path, and those below, mean something else. */
    ZI_CHANGE_GONE = 2,
};

struct zi_mount {
    struct zi_mount *next; /* an older one of the same folder */
    struct zi_folder *folder;
    /* Of the archive's file: a reference. Pinned while there is a mount of it. */
    struct zi_record *record;
    struct zi_archive *archive; /* a reference: nodes are this one's */
    uint8_t *changes;           /* enum zi_change of every node */
    struct zi_host host;        /* plain: for what runs inside of system calls */
};

/* Who has a name in a shared folder. A name counts up to its first dot: all that a module may be
 * imported from has one such name. */
struct zi_claim {
    uint32_t hash;
    struct zi_mount *mount; /* NULL: somebody else */
};

/* A shared folder has names of others too, and is told of them: so it knows which names it has. */
struct zi_folder {
    struct zi_folder *next;
    PyObject *path;        /* str, absolute, without a slash at its end */
    const char *path_text; /* in UTF-8, borrowed from it */
    size_t path_nbytes;
    struct zi_mount *newest;
    bool shared;
    bool forgetful; /* shared, but it may have names that nobody noted */
    /* Of a shared folder: by hash; of those with one hash the newest mount's first. */
    struct zi_claim *claims;
    size_t claim_count;
    size_t claim_capacity;
};

/* Finds the folder of a path (a str) in the list, or puts one there; NULL with an exception. */
struct zi_folder *zi_folder_get(struct zi_folder **list, PyObject *path);

/* Frees a folder that is not in use, unless it is shared: it goes on being told of names. */
void zi_folder_drop(struct zi_folder **list, struct zi_folder *folder);

/* Frees the list. The mounts are gone. */
void zi_folder_free_all(struct zi_folder **list);

/* Puts a mount on top of the folder's others; 0, or -1 with an exception. */
int zi_folder_add(struct zi_folder *folder, struct zi_mount *mount);
void zi_folder_remove(struct zi_mount *mount);

/* Notes a name of a shared folder that somebody else has, or had once; an empty one stands for all
 * names that there are. */
void zi_folder_note(struct zi_folder *folder, const char *name, size_t nbytes);

/* The claims to a name in a shared folder, as an array; none where the result is 0. */
size_t zi_folder_claims(const struct zi_folder *folder, const char *name, size_t nbytes,
                        const struct zi_claim **ret);

#endif
