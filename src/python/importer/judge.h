/*
 * Whether a pyc in an archive belongs to what lies beside it.
 */
#ifndef ZI_PYTHON_JUDGE_H
#define ZI_PYTHON_JUDGE_H

#include "lookup.h"

enum zi_verdict {
    ZI_VERDICT_ERROR,   /* an exception is set, and escapes */
    ZI_VERDICT_CHANGED, /* as zi_view_read() says: start over */
    ZI_VERDICT_NEXT,    /* not usable: try the next candidate; an ImportError may be set */
    ZI_VERDICT_USABLE,
};

/* Judges a candidate that is bytecode by its first bytes, a header's worth or all there are, as
 * zipimport does: by magic number, then by the source's hash or modification time and size where it
 * names them. As from a directory, bytecode that is cut in its header gives way to a source. Writes
 * whether the source was read for it: then the verdict holds for this moment only. */
enum zi_verdict zi_judge_bytecode(struct zi_lookup *lookup, enum zi_candidate candidate,
                                  PyObject *start, bool *read_source_ret);

#endif
