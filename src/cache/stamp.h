/*
 * Whether a file changed since it was last looked at.
 *
 * A stamp is taken from the descriptor that the bytes are read from, before they are read. Equal
 * stamps are proof only if the clock had moved on from the file's modification time when the stamp
 * was taken. Otherwise (git calls this a racy entry):
 *
 *     write the archive, 100 bytes        mtime 12:00:00.001
 *     import from it                      stamp {100 bytes, 12:00:00.001}
 *     write other 100 bytes in place      mtime 12:00:00.001
 *     importlib.invalidate_caches()       the stamp is still equal, the archive is not
 *
 * so a racy stamp makes the next look compare contents, and take a new stamp.
 */
#ifndef ZI_CACHE_STAMP_H
#define ZI_CACHE_STAMP_H

#include <stdbool.h>

#include "../base/host.h"

/* Whether both name the same state of the same file. */
bool zi_stamp_equal(const struct zi_stamp *a, const struct zi_stamp *b);

/* Whether the file may have changed after the stamp without the stamp showing it. The slack covers
 * what lies between the clock and the times a file system records. */
bool zi_stamp_is_racy(const struct zi_stamp *stamp, int64_t slack_ns);

#endif
