/* Looks for a module's candidates in an archive. */
#include "lookup.h"

#include <string.h>

#include "../errors.h"

static const struct {
    const char *text;
    size_t nbytes;
} suffixes[ZI_CANDIDATE_COUNT] = {
#define SUFFIX(text)                                                                               \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
    [ZI_PACKAGE_BYTECODE] = SUFFIX("/__init__.pyc"),
    [ZI_PACKAGE_SOURCE] = SUFFIX("/__init__.py"),
    [ZI_MODULE_BYTECODE] = SUFFIX(".pyc"),
    [ZI_MODULE_SOURCE] = SUFFIX(".py"),
#undef SUFFIX
};

#define SUFFIX_NBYTES_MAX (sizeof "/__init__.pyc" - 1)

static size_t through_last_slash(const char *path, size_t nbytes)
{
    while (nbytes > 0 && path[nbytes - 1] != '/')
        nbytes--;
    return nbytes;
}

/* Joins the prefix and the name's last part; 0 when they cannot be in any archive. */
static int join_path(struct zi_lookup *lookup, PyObject *prefix)
{
    Py_ssize_t prefix_nbytes, name_nbytes;
    const char *prefix_text = PyUnicode_AsUTF8AndSize(prefix, &prefix_nbytes);
    const char *name = prefix_text ? PyUnicode_AsUTF8AndSize(lookup->fullname, &name_nbytes) : NULL;

    if (!name) {
        /* Lone surrogates: no name in any archive decodes to one. */
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
            return -1;
        PyErr_Clear();
        return 0;
    }
    size_t start = (size_t)name_nbytes;
    while (start > 0 && name[start - 1] != '.')
        start--;

    size_t tail_nbytes = (size_t)name_nbytes - start;
    size_t nbytes = (size_t)prefix_nbytes + tail_nbytes;
    lookup->path = lookup->small_path;
    if (nbytes + SUFFIX_NBYTES_MAX > sizeof lookup->small_path)
        lookup->path = PyMem_Malloc(nbytes + SUFFIX_NBYTES_MAX);
    if (!lookup->path) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(lookup->path, prefix_text, (size_t)prefix_nbytes);
    memcpy(lookup->path + prefix_nbytes, name + start, tail_nbytes);
    lookup->path_nbytes = nbytes;
    /* A suffix's slash after another belongs to the same component: then all of it is looked up. */
    lookup->directory_nbytes = tail_nbytes > 0 ? through_last_slash(lookup->path, nbytes) : 0;
    return 0;
}

int zi_lookup_init(struct zi_lookup *lookup, PyObject *self, PyObject *fullname)
{
    struct zi_state *state = zi_importer_state(self);
    PyObject *prefix;
    int answer;

    if (!state)
        return -1;
    if (!zi_is_str(fullname))
        return -1;
    prefix = PyObject_GetAttr(self, state->prefix_name);
    if (!prefix)
        return -1;
    lookup->fullname = fullname;
    lookup->path = NULL;
    lookup->walked = NULL;
    answer = zi_view_init(&lookup->view, self);
    if (answer == 0)
        answer = join_path(lookup, prefix);
    if (answer == 0)
        answer = zi_lookup_renew(lookup);
    Py_DECREF(prefix);
    if (answer < 0)
        zi_lookup_release(lookup);
    return answer;
}

void zi_lookup_release(struct zi_lookup *lookup)
{
    if (lookup->path != lookup->small_path)
        PyMem_Free(lookup->path);
    zi_view_release(&lookup->view);
}

/* The directory that all candidates lie in, walked to once for each archive that the view shows. */
static uint32_t find_directory(struct zi_lookup *lookup)
{
    const struct zi_archive *archive = lookup->view.archive;

    if (lookup->walked != archive) {
        lookup->walked = archive;
        lookup->directory = ZI_INDEX_ROOT;
        if (lookup->directory_nbytes > 0)
            lookup->directory = zi_archive_find(archive, lookup->path, lookup->directory_nbytes);
    }
    return lookup->directory;
}

/* The node of the module's path with something appended. */
static uint32_t find_with_suffix(struct zi_lookup *lookup, const char *suffix, size_t suffix_nbytes)
{
    uint32_t directory;

    if (!lookup->view.archive || !lookup->path)
        return ZI_INDEX_NONE;
    directory = find_directory(lookup);
    if (directory == ZI_INDEX_NONE)
        return ZI_INDEX_NONE;
    memcpy(lookup->path + lookup->path_nbytes, suffix, suffix_nbytes);
    return zi_index_find(&lookup->view.archive->index, directory,
                         (const uint8_t *)lookup->path + lookup->directory_nbytes,
                         lookup->path_nbytes - lookup->directory_nbytes + suffix_nbytes);
}

/* Finds what the module's path with something appended leads to: a directory or a file. */
static int follow(struct zi_lookup *lookup, const char *suffix, size_t suffix_nbytes,
                  bool directory, uint32_t *node_ret, bool *changed_ret)
{
    memcpy(lookup->path + lookup->path_nbytes, suffix, suffix_nbytes);
    if (zi_view_find(&lookup->view, lookup->path, lookup->path_nbytes + suffix_nbytes, ZI_PATH_NAME,
                     node_ret, changed_ret) < 0)
        return -1;
    if (*node_ret == ZI_INDEX_NONE || zi_view_is_link(&lookup->view, *node_ret))
        return 0;
    if (zi_archive_is_directory(lookup->view.archive, *node_ret) != directory)
        *node_ret = ZI_INDEX_NONE;
    return 0;
}

/* Candidates that are wrong links give way to any that is not, as in a folder. */
static void drop_wrong_links(struct zi_lookup *lookup)
{
    bool wrong[ZI_CANDIDATE_COUNT], one_is_right = false;

    for (enum zi_candidate at = 0; at < ZI_CANDIDATE_COUNT; at++) {
        bool found = lookup->nodes[at] != ZI_INDEX_NONE;
        wrong[at] = found && zi_view_is_link(&lookup->view, lookup->nodes[at]);
        one_is_right |= found && !wrong[at];
    }
    for (enum zi_candidate at = 0; one_is_right && at < ZI_CANDIDATE_COUNT; at++)
        if (wrong[at])
            lookup->nodes[at] = ZI_INDEX_NONE;
}

/* Follows the links on the way to every candidate. */
static int follow_links(struct zi_lookup *lookup, bool *changed_ret)
{
    uint32_t node;

    for (enum zi_candidate at = 0; at < ZI_CANDIDATE_COUNT; at++) {
        if (follow(lookup, suffixes[at].text, suffixes[at].nbytes, false, &lookup->nodes[at],
                   changed_ret) < 0)
            return -1;
        if (*changed_ret)
            return 0;
    }
    drop_wrong_links(lookup);
    if (follow(lookup, "/", 1, true, &node, changed_ret) < 0)
        return -1;
    lookup->is_directory = node != ZI_INDEX_NONE;
    return 0;
}

int zi_lookup_renew(struct zi_lookup *lookup)
{
    bool changed = true;

    lookup->followed = false;
    /* Twice at most, since a view meets another archive once. */
    while (changed && lookup->path && lookup->view.archive && lookup->view.archive->has_links) {
        if (follow_links(lookup, &changed) < 0)
            return -1;
        lookup->followed = !changed;
    }
    return 0;
}

uint32_t zi_lookup_node(struct zi_lookup *lookup, enum zi_candidate candidate)
{
    if (lookup->followed)
        return lookup->nodes[candidate];

    uint32_t node = find_with_suffix(lookup, suffixes[candidate].text, suffixes[candidate].nbytes);

    if (node != ZI_INDEX_NONE &&
        zi_archive_node(lookup->view.archive, node)->record == ZI_NO_RECORD)
        return ZI_INDEX_NONE;
    return node;
}

const char *zi_lookup_path(struct zi_lookup *lookup, enum zi_candidate candidate,
                           size_t *nbytes_ret)
{
    size_t nbytes = suffixes[candidate].nbytes;

    memcpy(lookup->path + lookup->path_nbytes, suffixes[candidate].text, nbytes);
    *nbytes_ret = lookup->path_nbytes + nbytes;
    return lookup->path;
}

/* A path within the archive (UTF-8) with the archive's before it, which may be NULL with an
 * exception; a new reference. */
static PyObject *join(PyObject *archive_path, const char *path, size_t nbytes)
{
    PyObject *name = archive_path ? PyUnicode_FromStringAndSize(path, (Py_ssize_t)nbytes) : NULL;
    PyObject *joined = name ? PyUnicode_FromFormat("%U/%U", archive_path, name) : NULL;

    Py_XDECREF(name);
    return joined;
}

PyObject *zi_lookup_file(struct zi_lookup *lookup, enum zi_candidate candidate)
{
    size_t nbytes;
    const char *path = zi_lookup_path(lookup, candidate, &nbytes);

    return join(lookup->view.archive_path, path, nbytes);
}

PyObject *zi_lookup_folder(const struct zi_lookup *lookup)
{
    /* Of an archive whose path is absolute this is that path. */
    PyObject *archive_path = PyUnicode_DecodeFSDefault(lookup->view.record->path);
    PyObject *folder = join(archive_path, lookup->path, lookup->path_nbytes);

    Py_XDECREF(archive_path);
    return folder;
}

enum zi_candidate zi_lookup_first(struct zi_lookup *lookup)
{
    enum zi_candidate candidate = ZI_PACKAGE_BYTECODE;

    while (candidate < ZI_CANDIDATE_COUNT && zi_lookup_node(lookup, candidate) == ZI_INDEX_NONE)
        candidate++;
    return candidate;
}

bool zi_lookup_is_directory(struct zi_lookup *lookup)
{
    if (lookup->followed)
        return lookup->is_directory;
    return find_with_suffix(lookup, "/", 1) != ZI_INDEX_NONE;
}

PyObject *zi_lookup_raise_not_found(const struct zi_lookup *lookup)
{
    if (zi_view_raise_if_lost(&lookup->view) < 0)
        return NULL;
    return zi_raise_import_error(lookup->view.state,
                                 PyUnicode_FromFormat("can't find module %R", lookup->fullname),
                                 lookup->fullname, NULL);
}
