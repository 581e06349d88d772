/*
 * The compiled code of one archive's modules: what earlier runs kept of it (pack files) and what
 * this run has compiled since (a queue of code objects).
 *
 *     users   queue     what becomes of it
 *     > 0     any       in use: by the attachments of records, and by whoever holds it for a call
 *     0       filled    stays in the list until it is written, forgotten, or its path gets another
 *                       archive
 *     0       empty     freed
 *
 * It belongs to a directory, not to a path: archives with equal directories share one.
 */
#ifndef ZI_PYTHON_COMPILED_H
#define ZI_PYTHON_COMPILED_H

#include "../state.h"

#include "../../cache/pack.h"

/* What was found in pack files, and done to them. */
struct zi_pack_counters {
    uint64_t hits;         /* modules whose code was compiled before */
    uint64_t misses;       /* modules whose code was not */
    uint64_t other_source; /* members compiled from another source */
    uint64_t other_magic;  /* members compiled by another interpreter */
    uint64_t damaged;      /* members that cannot be read */
    uint64_t loads;        /* pack files opened */
    uint64_t refused;      /* pack files that cannot be opened */
    uint64_t nbytes;       /* of the members used */
    uint64_t writes;       /* pack files written */
};

/* The room's part of the state; see state.h. */
struct zi_packs {
    PyObject *store; /* see store.h; NULL: nothing is kept */
    struct zi_compiled *list;
    struct zi_pack_identity identity; /* without a build */
    char build[ZI_PACK_BUILD_NBYTES_MAX + 1];
    bool writes;  /* what is compiled is queued: see permission.h */
    bool changed; /* the store was told that something is queued */
    struct zi_pack_counters count;
};

int zi_packs_traverse(struct zi_packs *packs, visitproc visit, void *arg);
void zi_packs_clear(struct zi_packs *packs);
/* After the registry was released: frees what is left. */
void zi_packs_free(struct zi_state *state);

struct zi_compiled {
    struct zi_state *state;
    struct zi_compiled *next; /* in the room's list */
    unsigned ref_count;
    struct zi_archive *archive; /* a reference: to the first archive with this directory */
    struct zi_pack_file *files;
    size_t file_count;
    PyObject *queue; /* {node of the archive: code object} */
    bool loaded;     /* the store was asked for pack files */
    char name[ZI_PACK_NAME_NBYTES];
    char path_name[ZI_PACK_NAME_NBYTES]; /* of the path that was last seen with this directory */
};

/* Makes one with one user; NULL with an exception. */
struct zi_compiled *zi_compiled_new(struct zi_state *state, struct zi_archive *archive,
                                    const char *name);
struct zi_compiled *zi_compiled_ref(struct zi_compiled *compiled);
/* Accepts NULL. Its address is taken, for which the linker would export it. */
void zi_compiled_unref(struct zi_compiled *compiled) __attribute__((visibility("hidden")));

/* For a walk through the list during which Python code may run: the first, and the one behind
 * another, which is let go of. Each is a reference, since what is held stays in the list; NULL at
 * the end. */
struct zi_compiled *zi_compiled_first(const struct zi_state *state);
struct zi_compiled *zi_compiled_next(struct zi_compiled *compiled);

/* Found by name or by the name of its path: borrowed, or NULL. */
struct zi_compiled *zi_compiled_find(const struct zi_state *state, const char *name);
struct zi_compiled *zi_compiled_find_path(const struct zi_state *state, const char *path_name);

/* Queues the code of a node; 0, or -1 with an exception. */
int zi_compiled_queue(struct zi_compiled *compiled, uint32_t node, PyObject *code);

/* Drops the files and the queue; `loaded` says whether the store will be asked again. */
void zi_compiled_forget(struct zi_compiled *compiled, bool loaded);
void zi_compiled_forget_all(struct zi_state *state);

/* The node of an item of a queue, (node, code); -1 with an exception. */
int zi_compiled_item_node(PyObject *item, uint32_t *node_ret);

/* Opens pack files. One that is missing or no archive is counted and left out. So is one for which
 * a system call failed, unless passing_ret is NULL; *passing_ret becomes true where that was a
 * matter of the moment. Returns how many and writes an array of the host's; -1 with an exception.
 */
Py_ssize_t zi_compiled_open_files(struct zi_state *state, PyObject *paths, bool *passing_ret,
                                  struct zi_pack_file **ret);
void zi_compiled_close_files(struct zi_state *state, struct zi_pack_file *files, size_t file_count);

/* Makes this array the files of `compiled`, and closes those it had. */
void zi_compiled_set_files(struct zi_compiled *compiled, struct zi_pack_file *files,
                           size_t file_count);

#endif
