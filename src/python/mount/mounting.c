/* Mounts and unmounts archives. */
#include "mounting.h"

#include <zlib.h>

#include "../../zip/format.h"
#include "../archives.h"
#include "../errors.h"
#include "../host.h"
#include "finder.h"
#include "hook.h"

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

/* Opens the archive of a new mount; 0, or -1 with an exception. */
static int open_mount(struct zi_state *state, struct zi_mount *mount, PyObject *archive_path)
{
    if (open_archive(state, archive_path, &mount->record, &mount->archive) < 0)
        return -1;
    mount->changes = PyMem_Calloc(mount->archive->index.node_count, 1);
    if (!mount->changes) {
        PyErr_NoMemory();
        return -1;
    }
    zi_plain_host_init(&mount->host, &state->host);
    return 0;
}

/* Whether it is a file that only unpacking can read, or fails to. */
static bool is_unreadable(const struct zi_archive *archive, uint32_t node)
{
    struct zi_entry entry;

    if (zi_archive_node(archive, node)->record == ZI_NO_RECORD ||
        zi_archive_is_directory(archive, node))
        return false;
    zi_archive_entry(archive, node, &entry);
    return (entry.flags & ZI_FLAG_ENCRYPTED) ||
           (entry.method != ZI_METHOD_STORED && entry.method != ZI_METHOD_DEFLATE);
}

/* What an archive has that keeps it out of a shared folder, as there it would not be what it is
 * unpacked; NULL if nothing. */
static const char *find_obstacle(const struct zi_archive *archive)
{
    if (archive->has_links)
        return "found symbolic links";
    for (uint32_t node = 0; node < archive->index.node_count; node++) {
        if (zi_archive_node(archive, node)->hidden)
            continue;
        if (zi_tree_kind(archive, node) == ZI_TREE_INVISIBLE)
            return "found names that cannot be shown";
        if (is_unreadable(archive, node))
            return "found files that are encrypted, or packed by another method than deflate";
    }
    return NULL;
}

PyObject *zi_mount_add(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    struct zi_mounts *mounts = state->mounts;
    PyObject *path, *archive_path, *result = NULL;
    struct zi_folder *folder = NULL;
    struct zi_mount *mount;
    const char *obstacle = NULL;

    if (!PyArg_ParseTuple(args, "UU:_mount", &path, &archive_path) ||
        zi_finder_prepare(state, module) < 0)
        return NULL;
    mount = PyMem_Calloc(1, sizeof *mount);
    if (!mount)
        return PyErr_NoMemory();
    if (open_mount(state, mount, archive_path) == 0)
        result = Py_BuildValue("(NkI)", PyLong_FromVoidPtr(mount), directory_crc(mount->archive),
                               mount->archive->directory_nbytes);
    if (result)
        folder = zi_folder_get(&mounts->folders, path);
    if (folder && folder->shared)
        obstacle = find_obstacle(mount->archive);
    if (obstacle)
        PyErr_SetString(PyExc_ValueError, obstacle);
    else if (folder && zi_folder_add(folder, mount) == 0) {
        zi_record_pin(mount->record);
        if (zi_hook_renew(module, path, true) == 0)
            return result;
        zi_folder_remove(mount);
    }
    if (folder)
        zi_folder_drop(&mounts->folders, folder);
    zi_mount_free(mounts, mount);
    Py_XDECREF(result);
    return NULL;
}

static struct zi_mount *find_mount(const struct zi_mounts *mounts, const void *pointer)
{
    for (struct zi_folder *folder = mounts->folders; folder; folder = folder->next)
        for (struct zi_mount *mount = folder->newest; mount; mount = mount->next)
            if (mount == pointer)
                return mount;
    return NULL;
}

static bool is_only_one(const struct zi_mounts *mounts, const struct zi_mount *mount)
{
    for (const struct zi_folder *folder = mounts->folders; folder; folder = folder->next)
        if (folder->newest && (folder->newest != mount || mount->next))
            return false;
    return true;
}

PyObject *zi_mount_remove(PyObject *module, PyObject *pointer)
{
    struct zi_mounts *mounts = ((struct zi_state *)PyModule_GetState(module))->mounts;
    void *wanted = PyLong_AsVoidPtr(pointer);
    struct zi_mount *mount;
    PyObject *path;
    int answer;

    if (!wanted && PyErr_Occurred())
        return NULL;
    mount = find_mount(mounts, wanted);
    if (!mount)
        return Py_NewRef(Py_None);
    path = Py_NewRef(mount->folder->path);
    answer = zi_hook_renew(module, path, !is_only_one(mounts, mount));
    Py_DECREF(path);
    if (answer < 0)
        return NULL;
    mount = find_mount(mounts, wanted); /* keys may have run Python code */
    if (mount) {
        struct zi_folder *folder = mount->folder;
        zi_folder_remove(mount);
        zi_folder_drop(&mounts->folders, folder);
        zi_mount_free(mounts, mount);
    }
    return Py_NewRef(Py_None);
}

PyObject *zi_mount_share(PyObject *module, PyObject *path)
{
    struct zi_mounts *mounts = ((struct zi_state *)PyModule_GetState(module))->mounts;
    struct zi_folder *folder;

    if (!zi_is_str(path))
        return NULL;
    folder = zi_folder_get(&mounts->folders, path);
    if (!folder)
        return NULL;
    if (folder->newest && !folder->shared)
        return PyErr_Format(PyExc_ValueError, "%R is mounted", path);
    folder->shared = true;
    folder->forgetful = false; /* JavaScript is about to tell of all names */
    return PyLong_FromVoidPtr(folder);
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
