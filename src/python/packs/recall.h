/*
 * From a source member to the code that was compiled from it before, and back.
 */
#ifndef ZI_PYTHON_RECALL_H
#define ZI_PYTHON_RECALL_H

#include "compiled.h"

/* A source member as one call of an importer sees it; borrowed. */
struct zi_source_member {
    struct zi_record *record;
    struct zi_archive *archive; /* what the record held when the call began */
    uint32_t node;
};

/* The code that was compiled from the source before: 1 and a new reference, 0 when there is none,
 * -1 with an exception. `path` is what the code's co_filename shall be. Writes how many bytes of
 * pack files were read. */
int zi_recall(struct zi_state *state, const struct zi_source_member *source, PyObject *path,
              PyObject **code_ret, uint64_t *nbytes_ret);

/* Queues what was compiled from the source, if it may be written; 0, or -1 with an exception. */
int zi_remember(struct zi_state *state, const struct zi_source_member *source, PyObject *code);

/* What names the packs of a record's archive. */
struct zi_pack_identity zi_recall_identity(const struct zi_state *state,
                                           const struct zi_record *record);

#endif
