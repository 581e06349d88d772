/*
 * Where a path leads that meets symbolic links.
 *
 * An entry is a link if it was made on Unix or OS X and its mode says so (struct zi_entry); its
 * data is the path that it stands for. Links are followed as by a file system whose root is the
 * archive's: files and directories, chains of links, `.` and `..`. What leads out of the archive or
 * nowhere is an error that names the link and its text.
 */
#ifndef ZI_ZIP_LINK_H
#define ZI_ZIP_LINK_H

#include "archive.h"

#define ZI_LINK_TEXT_NBYTES_MAX 4096
/* How many links may be followed for one part of a path: as many as by Linux for a whole one. */
#define ZI_LINK_HOPS_MAX 40

/* Fills the buffer with a link's text, which is as long as the directory says. */
struct zi_link_reader {
    enum zi_status (*read)(void *context, uint32_t node, uint8_t *text, struct zi_error *err);
    void *context;
};

/*
 * Finds what a path leads to: a node that is no link, or ZI_INDEX_NONE where there is none, as for
 * an absolute path. On ZI_ERR_ARCHIVE a link is wrong, and on any error of reading one could not be
 * read: then *node_ret is that link, for which zi_link_follow() gives the same error, or
 * ZI_INDEX_NONE without memory.
 */
enum zi_status zi_link_resolve(const struct zi_archive *archive,
                               const struct zi_link_reader *reader, const uint8_t *path,
                               size_t nbytes, uint32_t *node_ret, struct zi_error *err);

/* The same for what a link leads to; it is there. */
enum zi_status zi_link_follow(const struct zi_archive *archive, const struct zi_link_reader *reader,
                              uint32_t link, uint32_t *node_ret, struct zi_error *err);

/* The same for the name of a link, which may be none that a file system would walk along: it begins
 * with `/` or `./`, or has two slashes in a row. */
enum zi_status zi_link_resolve_own(const struct zi_archive *archive,
                                   const struct zi_link_reader *reader, uint32_t link,
                                   const uint8_t *path, size_t nbytes, uint32_t *node_ret,
                                   struct zi_error *err);

#endif
