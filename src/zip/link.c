/* Walks along a path part by part; a link's text takes the place of the part that it stands for. */
#include "link.h"

#include <string.h>

#include "name.h"

/* A link that was followed, for the error that names it. */
struct followed {
    uint32_t node;
    size_t text_nbytes;
    uint8_t text[ZI_ERROR_NAME_NBYTES];
};

struct walk {
    const struct zi_archive *archive;
    const struct zi_link_reader *reader;
    uint8_t *path; /* a block of the host's: nbytes, and a slash behind them */
    size_t nbytes;
    size_t done; /* how much of it was walked */
    size_t own;  /* where the part begins that is the asked path's own, not from a link */
    uint32_t at; /* the node that was reached */
    unsigned hops;
    struct followed first; /* of the links that stand for one own part */
    struct followed last;
    size_t last_nbytes; /* of its text, which the path begins with */
};

static bool is_directory(const struct walk *walk)
{
    return zi_archive_is_directory(walk->archive, walk->at);
}

/* Fails because of a link, which becomes the node of the result. */
static enum zi_status fail(struct walk *walk, const struct followed *link, enum zi_detail detail,
                           struct zi_error *err)
{
    const struct zi_node *node = zi_archive_node(walk->archive, link->node);

    walk->at = link->node;
    zi_fail(err, detail);
    zi_error_set_name(err, node->path, node->path_nbytes);
    zi_error_set_target(err, link->text, link->text_nbytes);
    return err->status;
}

/* What was looked for is missing: that is a link's fault if a link says that it is there. That is
 * the last one only if it lies in that one's own text; what stands behind is of links before it. */
static enum zi_status miss(struct walk *walk, size_t begin, enum zi_detail detail,
                           struct zi_error *err)
{
    if (begin < walk->own)
        return fail(walk, begin < walk->last_nbytes ? &walk->last : &walk->first, detail, err);
    walk->at = ZI_INDEX_NONE;
    return ZI_OK;
}

/* Puts the path of a link, with what is left to walk behind it, in the path's place. */
static enum zi_status replace_path(struct walk *walk, uint32_t link, size_t text_nbytes,
                                   struct zi_error *err)
{
    struct zi_host *host = walk->archive->host;
    size_t left = walk->nbytes - walk->done;
    uint8_t *path = zi_host_reallocate(host, NULL, text_nbytes + left + 1);
    enum zi_status status;

    walk->at = ZI_INDEX_NONE;
    if (!path)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    walk->at = link;
    status = walk->reader->read(walk->reader->context, link, path, err);
    if (status != ZI_OK) {
        zi_host_free(host, path);
        return status;
    }
    if (left > 0)
        memcpy(path + text_nbytes, walk->path + walk->done, left);
    path[text_nbytes + left] = '/';
    zi_host_free(host, walk->path);
    walk->path = path;
    walk->nbytes = text_nbytes + left;
    walk->own = text_nbytes + (walk->own > walk->done ? walk->own - walk->done : 0);
    walk->done = 0;
    return ZI_OK;
}

/* Goes on where a link leads to; `own` says whether the path itself names the link. */
static enum zi_status follow(struct walk *walk, uint32_t link, bool own, struct zi_error *err)
{
    struct followed followed = {.node = link};
    struct zi_entry entry;
    enum zi_status status;

    zi_archive_entry(walk->archive, link, &entry);
    if (own)
        walk->hops = 0;
    if (++walk->hops > ZI_LINK_HOPS_MAX)
        return fail(walk, &walk->first, ZI_DETAIL_LINK_LOOPS, err);
    if (entry.nbytes > ZI_LINK_TEXT_NBYTES_MAX)
        return fail(walk, &followed, ZI_DETAIL_LINK_TEXT, err);
    status = replace_path(walk, link, (size_t)entry.nbytes, err);
    if (status != ZI_OK || !walk->path) /* without an error there is a path */
        return status;

    followed.text_nbytes = (size_t)entry.nbytes;
    if (followed.text_nbytes > sizeof followed.text)
        followed.text_nbytes = sizeof followed.text;
    memcpy(followed.text, walk->path, followed.text_nbytes);
    walk->last = followed;
    walk->last_nbytes = (size_t)entry.nbytes;
    if (own)
        walk->first = followed;
    if (entry.nbytes == 0)
        return fail(walk, &followed, ZI_DETAIL_LINK_DANGLES, err);
    if (walk->path[0] == '/')
        return fail(walk, &followed, ZI_DETAIL_LINK_ABSOLUTE, err);
    walk->at = zi_archive_node(walk->archive, link)->parent;
    return ZI_OK;
}

/* The node of a part in the directory that was reached: as a directory, else as a file. */
static uint32_t find_part(const struct walk *walk, size_t begin, size_t nbytes)
{
    const struct zi_index *index = &walk->archive->index;
    uint32_t node;

    if (!is_directory(walk))
        return ZI_INDEX_NONE;
    node = zi_index_find(index, walk->at, walk->path + begin, nbytes + 1);
    if (node == ZI_INDEX_NONE)
        node = zi_index_find(index, walk->at, walk->path + begin, nbytes);
    return node;
}

/* Takes one part of the path. */
static enum zi_status take_part(struct walk *walk, size_t begin, size_t nbytes,
                                struct zi_error *err)
{
    const uint8_t *part = walk->path + begin;
    struct zi_entry entry;
    uint32_t node;

    if (nbytes == 1 && part[0] == '.')
        return is_directory(walk) ? ZI_OK : miss(walk, begin, ZI_DETAIL_LINK_DANGLES, err);
    if (nbytes == 2 && part[0] == '.' && part[1] == '.') {
        if (!is_directory(walk))
            return miss(walk, begin, ZI_DETAIL_LINK_DANGLES, err);
        if (walk->at == ZI_INDEX_ROOT)
            return miss(walk, begin, ZI_DETAIL_LINK_LEAVES, err);
        walk->at = zi_archive_node(walk->archive, walk->at)->parent;
        return ZI_OK;
    }
    node = find_part(walk, begin, nbytes);
    if (node == ZI_INDEX_NONE)
        return miss(walk, begin, ZI_DETAIL_LINK_DANGLES, err);
    if (zi_archive_node(walk->archive, node)->record != ZI_NO_RECORD) {
        zi_archive_entry(walk->archive, node, &entry);
        if (entry.is_link)
            return follow(walk, node, begin >= walk->own, err);
    }
    walk->at = node;
    return ZI_OK;
}

/* Walks to the end of the path. */
static enum zi_status go(struct walk *walk, struct zi_error *err)
{
    enum zi_status status = ZI_OK;

    while (status == ZI_OK && walk->at != ZI_INDEX_NONE) {
        size_t begin = walk->done, end;
        while (begin < walk->nbytes && walk->path[begin] == '/')
            begin++;
        if (begin == walk->nbytes) {
            /* What ends with a slash is a directory. */
            if (walk->done < begin && !is_directory(walk))
                return miss(walk, begin - 1, ZI_DETAIL_LINK_DANGLES, err);
            return ZI_OK;
        }
        for (end = begin; end < walk->nbytes && walk->path[end] != '/';)
            end++;
        walk->done = end;
        status = take_part(walk, begin, end - begin, err);
    }
    return status;
}

enum zi_status zi_link_resolve(const struct zi_archive *archive,
                               const struct zi_link_reader *reader, const uint8_t *path,
                               size_t nbytes, uint32_t *node_ret, struct zi_error *err)
{
    struct walk walk = {.archive = archive, .reader = reader, .nbytes = nbytes};
    enum zi_status status;

    *node_ret = ZI_INDEX_NONE;
    if (nbytes > 0 && path[0] == '/')
        return ZI_OK;
    walk.path = zi_host_reallocate(archive->host, NULL, nbytes + 1);
    if (!walk.path)
        return zi_fail(err, ZI_DETAIL_NO_MEMORY);
    memcpy(walk.path, path, nbytes);
    walk.path[nbytes] = '/';
    walk.at = ZI_INDEX_ROOT;
    status = go(&walk, err);
    zi_host_free(archive->host, walk.path);
    *node_ret = walk.at;
    return status;
}

enum zi_status zi_link_follow(const struct zi_archive *archive, const struct zi_link_reader *reader,
                              uint32_t link, uint32_t *node_ret, struct zi_error *err)
{
    struct walk walk = {.archive = archive, .reader = reader};
    enum zi_status status = follow(&walk, link, true, err);

    if (status == ZI_OK)
        status = go(&walk, err);
    zi_host_free(archive->host, walk.path);
    *node_ret = walk.at;
    return status;
}

enum zi_status zi_link_resolve_own(const struct zi_archive *archive,
                                   const struct zi_link_reader *reader, uint32_t link,
                                   const uint8_t *path, size_t nbytes, uint32_t *node_ret,
                                   struct zi_error *err)
{
    struct zi_name name = {path, nbytes};
    enum zi_status status;

    zi_name_drop_start(&name);
    status = zi_link_resolve(archive, reader, name.bytes, name.nbytes, node_ret, err);
    if (status == ZI_OK && *node_ret == ZI_INDEX_NONE)
        status = zi_link_follow(archive, reader, link, node_ret, err);
    return status;
}
