/*
 * Bytecode packs: the code of an archive's modules, compiled by an earlier run.
 *
 * A pack is an ordinary zip. For the source `a/b.py` it has a stored member `a/b.pyc`, a PEP 552
 * pyc with an unchecked hash whose eight bytes are the source's CRC-32 and size, as the archive's
 * directory has them:
 *
 *     0   4   magic number of the bytecode
 *     4   4   flags: 1, unchecked hash
 *     8   4   CRC-32 of the source
 *     12  4   size of the source, modulo 2**32
 *     16      marshalled code object
 *
 * so that whether a member still belongs to its source is a comparison of two numbers that are at
 * hand. A member is used only if it does, if its magic is the interpreter's and its own CRC-32 is
 * right. All of a pack's members may be wrong; then all of them are compiled.
 */
#ifndef ZI_CACHE_PACK_H
#define ZI_CACHE_PACK_H

#include "../zip/archive.h"
#include "../zip/member.h"
#include "../zip/writer.h"

/* Grows when the form of packs or of their names changes: packs of other schemas are not read. */
#define ZI_PACK_SCHEMA 1

/* --- names --- */

/* What decides how a source is compiled, beside the source. */
struct zi_pack_identity {
    uint32_t magic;
    unsigned optimization; /* sys.flags.optimize */
    bool debug_ranges;     /* whether code knows columns: off with -X no_debug_ranges */
    const char *build;     /* the standard library's: which build of Pyodide it is; else NULL */
};

#define ZI_PACK_BUILD_NBYTES_MAX 64
#define ZI_PACK_NAME_NBYTES 160 /* room for either name, with the final NUL */

/* The name under which the packs of this archive are kept: equal for equal directories, wherever
 * the archive lies. */
void zi_pack_name(char *name, const struct zi_pack_identity *identity,
                  const struct zi_archive *archive);

/* The name under which it is noted which packs were kept last for the archive at this path. */
void zi_pack_path_name(char *name, const struct zi_pack_identity *identity, const char *path,
                       size_t path_nbytes);

/* --- reading --- */

struct zi_pack_file {
    struct zi_source source; /* open while the pack is in use */
    struct zi_archive *archive;
};

enum zi_status zi_pack_file_open(struct zi_pack_file *file, struct zi_host *host, const char *path,
                                 struct zi_error *err);
void zi_pack_file_release(struct zi_pack_file *file);

enum zi_pack_finding {
    ZI_PACK_FOUND,
    ZI_PACK_ABSENT,
    ZI_PACK_OTHER_SOURCE, /* compiled from another source of this name */
    ZI_PACK_OTHER_MAGIC,  /* compiled by another interpreter */
    ZI_PACK_DAMAGED,      /* not what a pack's member is, or its CRC-32 is wrong */
};

/* A whole pyc, when it was found: then it needs zi_pack_member_release(); otherwise that does
 * nothing. */
struct zi_pack_member {
    enum zi_pack_finding finding;
    struct zi_member pyc; /* empty unless it was found */
};

/* Reads what was compiled from a source. The status is ZI_OK whatever the finding: it tells only of
 * failed system calls, want of memory, and what the host raised. */
enum zi_status zi_pack_file_read(struct zi_pack_file *file, const struct zi_entry *source,
                                 uint32_t magic, struct zi_pack_member *ret, struct zi_error *err);
void zi_pack_member_release(struct zi_pack_member *member);

/* --- writing --- */

struct zi_pack_writer {
    struct zi_archive *archive; /* whose sources are compiled: a reference */
    uint32_t magic;
    struct zi_sink sink;
    struct zi_writer zip;
    uint8_t *has; /* a bit for each of the archive's nodes */
};

/* Creates a pack's file; zi_pack_writer_release() after success. Removing a file that was not
 * finished is the caller's. */
enum zi_status zi_pack_writer_open(struct zi_pack_writer *writer, struct zi_host *host,
                                   const char *path, struct zi_archive *archive, uint32_t magic,
                                   struct zi_error *err);
void zi_pack_writer_release(struct zi_pack_writer *writer);

/* Whether the node is a source that can have a member and has none yet. */
bool zi_pack_writer_wants(const struct zi_pack_writer *writer, uint32_t node);

/* Appends the marshalled code of a source that the writer wants. */
enum zi_status zi_pack_writer_add(struct zi_pack_writer *writer, uint32_t node, const void *code,
                                  size_t nbytes, struct zi_error *err);

/* Appends what another pack holds of a source that the writer wants, if that is fit for use. */
enum zi_status zi_pack_writer_copy(struct zi_pack_writer *writer, uint32_t node,
                                   struct zi_pack_file *file, struct zi_error *err);

/* Ends the pack and closes its file. */
enum zi_status zi_pack_writer_finish(struct zi_pack_writer *writer, struct zi_written *ret,
                                     struct zi_error *err);

#endif
