/* Keeps the mounts. */
#include "mount.h"

#include <string.h>
#include <zlib.h>

#include "../archives.h"
#include "../errors.h"
#include "../host.h"

static bool is_used(const struct zi_mounts *mounts, const struct zi_record *record)
{
    for (struct zi_mount *mount = mounts->newest; mount; mount = mount->next)
        if (mount->record == record)
            return true;
    return false;
}

/* Frees a mount that is not on the list any more. */
static void free_mount(struct zi_mounts *mounts, struct zi_mount *mount)
{
    if (mount->record && !is_used(mounts, mount->record))
        zi_record_unpin(mount->record);
    zi_archive_unref(mount->archive);
    zi_record_unref(mount->record);
    PyMem_Free(mount->changes);
    Py_XDECREF(mount->path);
    PyMem_Free(mount);
}

void zi_mounts_free(struct zi_mounts *mounts)
{
    while (mounts->newest) {
        struct zi_mount *mount = mounts->newest;
        mounts->newest = mount->next;
        free_mount(mounts, mount);
    }
}

struct zi_mount *zi_mounts_find(struct zi_state *state, PyObject *path, const char **rest_ret,
                                size_t *nbytes_ret)
{
    struct zi_mount *mount = state->mounts->newest;
    Py_ssize_t nbytes, mount_nbytes;
    const char *text = mount ? PyUnicode_AsUTF8AndSize(path, &nbytes) : NULL;

    for (; text && mount; mount = mount->next) {
        const char *mounted = PyUnicode_AsUTF8AndSize(mount->path, &mount_nbytes);
        if (!mounted)
            break;
        if (nbytes < mount_nbytes || memcmp(text, mounted, (size_t)mount_nbytes) != 0 ||
            (nbytes > mount_nbytes && text[mount_nbytes] != '/'))
            continue;
        mount_nbytes += nbytes > mount_nbytes; /* the slash */
        *rest_ret = text + mount_nbytes;
        *nbytes_ret = (size_t)(nbytes - mount_nbytes);
        return mount;
    }
    PyErr_Clear();
    return NULL;
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

/* Reads the archive at a path, whatever was known of it; a new reference to it and its record, or
 * -1 with an exception. */
static int open_archive(struct zi_state *state, PyObject *path, struct zi_record **record_ret,
                        struct zi_archive **archive_ret)
{
    struct zi_record *record = zi_archives_get(state, path);
    struct zi_error error;

    if (!record)
        return -1;
    zi_record_look_again(record, ZI_LOOK_BYTES);
    if (zi_record_archive(record, archive_ret, &error) != ZI_OK) {
        zi_record_unref(record);
        zi_raise_directory_error(state, &error, path);
        return -1;
    }
    *record_ret = record;
    return 0;
}

/* What tells one archive from another: CRC-32 and size of its directory. */
static unsigned long directory_crc(const struct zi_archive *archive)
{
    return crc32_z(0, archive->directory, archive->directory_nbytes);
}

static int check_mount_path(PyObject *path)
{
    Py_ssize_t nbytes;
    const char *text = PyUnicode_AsUTF8AndSize(path, &nbytes);

    if (text && nbytes > 1 && text[0] == '/' && text[nbytes - 1] != '/')
        return 0;
    if (text)
        PyErr_Format(PyExc_ValueError, "found %R, expected an absolute path of a directory", path);
    return -1;
}

PyObject *zi_mount_add(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *path, *archive_path, *result = NULL;
    struct zi_mount *mount;

    if (!PyArg_ParseTuple(args, "UU:_mount", &path, &archive_path) || check_mount_path(path) < 0)
        return NULL;
    mount = PyMem_Calloc(1, sizeof *mount);
    if (!mount)
        return PyErr_NoMemory();
    if (open_archive(state, archive_path, &mount->record, &mount->archive) < 0)
        goto done;
    mount->path = PyUnicode_FromObject(path);
    mount->changes = PyMem_Calloc(mount->archive->index.node_count, 1);
    if (!mount->changes)
        PyErr_NoMemory();
    if (!mount->changes || !mount->path)
        goto done;
    zi_plain_host_init(&mount->host, &state->host);
    result = Py_BuildValue("(NkI)", PyLong_FromVoidPtr(mount), directory_crc(mount->archive),
                           mount->archive->directory_nbytes);
    if (!result)
        goto done;
    zi_record_pin(mount->record);
    mount->next = state->mounts->newest;
    state->mounts->newest = mount;
    return result;

done:
    free_mount(state->mounts, mount);
    return NULL;
}

PyObject *zi_mount_remove(PyObject *module, PyObject *pointer)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_mount **link = &state->mounts->newest;
    void *wanted = PyLong_AsVoidPtr(pointer);

    if (!wanted && PyErr_Occurred())
        return NULL;
    while (*link && *link != wanted)
        link = &(*link)->next;
    if (*link) {
        struct zi_mount *mount = *link;
        *link = mount->next;
        free_mount(state->mounts, mount);
    }
    return Py_NewRef(Py_None);
}

PyObject *zi_mount_key(PyObject *module, PyObject *archive_path)
{
    struct zi_record *record;
    struct zi_archive *archive;
    PyObject *key;

    if (!zi_is_str(archive_path) ||
        open_archive(PyModule_GetState(module), archive_path, &record, &archive) < 0)
        return NULL;
    key = Py_BuildValue("(kI)", directory_crc(archive), archive->directory_nbytes);
    zi_archive_unref(archive);
    zi_record_unref(record);
    return key;
}
