/*
 * Bytecode packs as the importer uses them: for each archive's directory one struct zi_pack, which
 * is what was kept of it (pack files) and what was compiled since (code objects in a queue).
 *
 * Where packs are kept is the business of the store, an object with two methods:
 *
 *     load(name, path_name)   the pack files of this name, a sequence of paths; of none, those that
 *                             were kept last under path_name, of whose members some may still fit
 *     changed()               something was queued, the first since the last pack was written
 *
 * Whoever owns the store writes packs with write_pack(), and notes path_name with them.
 */
#ifndef ZI_PYTHON_PACKS_H
#define ZI_PYTHON_PACKS_H

#include "state.h"

#include "../cache/pack.h"

struct zi_lookup;

struct zi_pack {
    struct zi_pack *next;
    unsigned ref_count;         /* a pack without users lives on while its queue is not empty */
    struct zi_archive *archive; /* a reference: to the first archive with this directory */
    struct zi_pack_file *files;
    size_t file_count;
    PyObject *queue; /* {node of the archive: code object} */
    bool loaded;     /* the store was asked */
    char name[ZI_PACK_NAME_NBYTES];
    char path_name[ZI_PACK_NAME_NBYTES];
};

/* The code that was compiled from a source member before: 1 and a new reference, 0 when there is
 * none, -1 with an exception. `path` is what the code's co_filename shall be. */
int zi_packs_get(struct zi_lookup *lookup, uint32_t node, PyObject *path, PyObject **code_ret);

/* Remembers what was compiled from a source member. */
int zi_packs_put(struct zi_lookup *lookup, uint32_t node, PyObject *code);

struct zi_pack *zi_pack_ref(struct zi_pack *pack);
void zi_pack_unref(struct zi_state *state, struct zi_pack *pack); /* accepts NULL */

/* The pack of this name, borrowed, or NULL. */
struct zi_pack *zi_packs_find(const struct zi_state *state, const char *name);

/* The node of an item of a queue; -1 with an exception. */
int zi_pack_node(PyObject *item, uint32_t *node_ret);

/* Makes these files, an array of the host's, what the pack has been loaded from. */
void zi_pack_set_files(struct zi_state *state, struct zi_pack *pack, struct zi_pack_file *files,
                       size_t file_count);

/* Opens pack files; one that is missing or no archive is counted and left out, and with `may_fail`
 * one for which a system call failed. Returns how many, -1 with an exception. */
Py_ssize_t zi_pack_open_files(struct zi_state *state, PyObject *paths, bool may_fail,
                              struct zi_pack_file **ret);
void zi_pack_close_files(struct zi_state *state, struct zi_pack_file *files, size_t file_count);

/* Takes the files and the queue away from every pack. */
void zi_packs_forget(struct zi_state *state);

/* Frees what is left at the end. */
void zi_packs_release(struct zi_state *state);

/* Functions of the module; module.c says what they do. */
PyObject *zi_packs_use_store(PyObject *module, PyObject *args);
PyObject *zi_packs_queued(PyObject *module, PyObject *unused);
PyObject *zi_packs_names(PyObject *module, PyObject *path);
PyObject *zi_packs_forget_named(PyObject *module, PyObject *args);
PyObject *zi_packs_reload(PyObject *module, PyObject *args);
PyObject *zi_packs_write(PyObject *module, PyObject *args);

/* Makes the type of what zi_packs_write() returns. */
int zi_pack_writer_make_type(struct zi_state *state, PyObject *module);

#endif
