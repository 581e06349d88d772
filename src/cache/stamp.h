/*
 * Tells whether a file has changed since it was last looked at.
 *
 * A stamp is what stat says of a file, and the clock's reading just before. It is taken from the
 * descriptor that the bytes are read from, before they are read. Two stamps that differ mean: look
 * at the bytes. Two equal stamps mean that the file is the same only if the older one is proof; in
 * all other cases the bytes have to be compared as well. The cases, as sequences of commands that
 * leave device, inode, size and modification time (mtime) as they were:
 *
 *  1. Set back. No program can set the change time (ctime): the system writes its clock there
 *     whenever it writes a file's bytes or its mtime. So here ctime tells the two apart.
 *
 *         write the archive               mtime 12:00:00.001   ctime 12:00:00.001
 *         import from it
 *         write other bytes               mtime 12:07:33.456   ctime 12:07:33.456
 *         set the mtime back              mtime 12:00:00.001   ctime 12:07:33.457
 *
 *     Who does so: `touch -r`, os.utime(), `cp -p`, `rsync -t`, `tar -x`, and builds that give all
 *     their files one time.
 *
 *  2. Within one tick (git calls such a stamp racy). ctime can only move if the clock has moved on
 *     from it. A stamp is no proof unless its ctime was older than its clock by more than a slack;
 *     the slack covers what lies between the program's clock and the one that the file system goes
 *     by, which may stand still for a tick of the kernel.
 *
 *         write the archive               mtime 12:00:00.001   ctime 12:00:00.001
 *         import from it                  clock 12:00:00.001
 *         write other bytes in place      mtime 12:00:00.001   ctime 12:00:00.001
 *
 *  3. Whole seconds. The same, where times have no fraction and a tick is longer than any slack:
 *     ext4 with inodes of 128 bytes, HFS+, FAT. A ctime without a fraction is no proof.
 *
 *  4. No ctime at all. Some file systems give something else in its place, which says nothing of
 *     the first case. JupyterLite's drive gives the day of creation, which is older than an mtime
 *     that was moved since: a ctime older than mtime is no proof. (Nor is the mtime of a file that
 *     claims to come from the future.) MEMFS of Pyodide 0.27 gives mtime a second time: where the
 *     host says that this may be so, a ctime equal to mtime is no proof.
 *
 * What remains, and is not noticed by an equal stamp:
 *
 *   - the clock is set back, and the file is rewritten at the very tick of its former ctime;
 *   - the file is on a server whose clock is behind ours by more than the slack, and is rewritten
 *     within the tick of that server in which it was written before;
 *   - a file system not named above gives mtime in ctime's place, and mtime is set back;
 *   - bytes change without being written: through a mapping that was written to before the stamp,
 *     by restoring the file system from an image of it, or by cutting a file of MEMFS and growing
 *     it again, which leaves its times (its bytes are zeros then, and no archive).
 *
 * Whoever must not be deceived by these asks for the bytes: ZI_LOOK_BYTES in registry.h.
 */
#ifndef ZI_CACHE_STAMP_H
#define ZI_CACHE_STAMP_H

#include <stdbool.h>

#include "../base/host.h"

/* Whether stat gave the same both times; the clock's readings do not count. */
bool zi_stamp_equal(const struct zi_stamp *a, const struct zi_stamp *b);

/* Whether the clock had moved on from the stamp's ctime when it was taken: all that the second case
 * above asks for, whatever the others say. */
bool zi_stamp_has_aged(const struct zi_stamp *stamp, const struct zi_host *host);

/* Whether a file that has an equal stamp later is the same then as when this one was taken. The
 * stamp of nothing, all zeros, is no proof. */
bool zi_stamp_is_proof(const struct zi_stamp *stamp, const struct zi_host *host);

#endif
