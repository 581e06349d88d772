/* Finds what a path means in a mount. */
#include "mount.h"

#include <string.h>

static bool is_used(const struct zi_mounts *mounts, const struct zi_record *record)
{
    for (struct zi_mount *mount = mounts->newest; mount; mount = mount->next)
        if (mount->record == record)
            return true;
    return false;
}

void zi_mount_free(struct zi_mounts *mounts, struct zi_mount *mount)
{
    if (mount->record && !is_used(mounts, mount->record))
        zi_record_unpin(mount->record);
    zi_archive_unref(mount->archive);
    zi_record_unref(mount->record);
    PyMem_Free(mount->changes);
    Py_XDECREF(mount->path);
    PyMem_Free(mount);
}

int zi_mounts_traverse(struct zi_mounts *mounts, visitproc visit, void *arg)
{
#define ZI_MOUNT_VISIT(name) Py_VISIT(mounts->name);
    ZI_MOUNT_OBJECTS(ZI_MOUNT_VISIT)
#undef ZI_MOUNT_VISIT
    return 0;
}

void zi_mounts_clear(struct zi_mounts *mounts)
{
#define ZI_MOUNT_CLEAR(name) Py_CLEAR(mounts->name);
    ZI_MOUNT_OBJECTS(ZI_MOUNT_CLEAR)
#undef ZI_MOUNT_CLEAR
}

void zi_mounts_free(struct zi_mounts *mounts)
{
    while (mounts->newest) {
        struct zi_mount *mount = mounts->newest;
        mounts->newest = mount->next;
        zi_mount_free(mounts, mount);
    }
}

const char *zi_mounts_text(PyObject *str, size_t *nbytes_ret)
{
    Py_ssize_t nbytes;
    const char *text = PyUnicode_AsUTF8AndSize(str, &nbytes);

    if (text)
        *nbytes_ret = (size_t)nbytes;
    else if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
        PyErr_Clear();
    return text;
}

/* The mount that a path lies in, or the path of which it is. Writes where the rest of the path
 * begins, behind a slash. */
static struct zi_mount *find_mount(struct zi_state *state, const char *path, size_t nbytes,
                                   size_t *rest_ret)
{
    struct zi_mount *mount = state->mounts->newest;

    for (; mount; mount = mount->next) {
        size_t length = mount->path_nbytes;
        if (nbytes < length || memcmp(path, mount->path_text, length) != 0 ||
            (nbytes > length && path[length] != '/'))
            continue;
        *rest_ret = length + (nbytes > length);
        return mount;
    }
    return NULL;
}

int zi_mounts_locate(struct zi_state *state, PyObject *path, struct zi_place *ret)
{
    size_t nbytes, rest;
    const char *text = zi_mounts_text(path, &nbytes);
    struct zi_mount *mount;
    enum zi_tree_kind kind;
    uint32_t node, directory;

    if (!text)
        return PyErr_Occurred() ? -1 : 0;
    if (nbytes == 0 || text[nbytes - 1] == '/')
        return 0;
    mount = find_mount(state, text, nbytes, &rest);
    if (!mount)
        return 0;
    node = directory = zi_tree_resolve(mount->archive, text + rest, nbytes - rest);
    if (node == ZI_INDEX_NONE)
        return 0;
    kind = zi_tree_kind(mount->archive, node);
    if (kind == ZI_TREE_FILE)
        directory = zi_archive_node(mount->archive, node)->parent;
    *ret = (struct zi_place){mount, node, kind};
    return kind != ZI_TREE_LINK && zi_mount_is_intact(mount, directory);
}

void zi_mount_change(struct zi_mount *mount, uint32_t directory, enum zi_change change)
{
    mount->changes[directory] |= (uint8_t)change;
}

bool zi_mount_is_intact(const struct zi_mount *mount, uint32_t directory)
{
    bool intact = mount->changes[directory] == 0;

    while (intact && directory != ZI_INDEX_ROOT) {
        directory = zi_archive_node(mount->archive, directory)->parent;
        intact = !(mount->changes[directory] & ZI_CHANGE_GONE);
    }
    return intact;
}
