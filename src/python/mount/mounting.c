/* Mounts and unmounts archives. */
#include "mounting.h"

#include <zlib.h>

#include "../archives.h"
#include "../errors.h"
#include "../host.h"
#include "finder.h"

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

/* Takes the path of a mount; 0, or -1 with an exception. */
static int set_path(struct zi_mount *mount, PyObject *path)
{
    Py_ssize_t nbytes;

    mount->path = PyUnicode_FromObject(path);
    mount->path_text = mount->path ? PyUnicode_AsUTF8AndSize(mount->path, &nbytes) : NULL;
    if (!mount->path_text)
        return -1;
    mount->path_nbytes = (size_t)nbytes;
    if (nbytes > 1 && mount->path_text[0] == '/' && mount->path_text[nbytes - 1] != '/')
        return 0;
    PyErr_Format(PyExc_ValueError, "found %R, expected an absolute path of a directory", path);
    return -1;
}

PyObject *zi_mount_add(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *path, *archive_path, *result = NULL;
    struct zi_mount *mount;

    if (!PyArg_ParseTuple(args, "UU:_mount", &path, &archive_path) ||
        zi_finder_prepare(state, module) < 0)
        return NULL;
    mount = PyMem_Calloc(1, sizeof *mount);
    if (!mount)
        return PyErr_NoMemory();
    if (set_path(mount, path) < 0 ||
        open_archive(state, archive_path, &mount->record, &mount->archive) < 0)
        goto done;
    mount->changes = PyMem_Calloc(mount->archive->index.node_count, 1);
    if (!mount->changes) {
        PyErr_NoMemory();
        goto done;
    }
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
    zi_mount_free(state->mounts, mount);
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
        zi_mount_free(state->mounts, mount);
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
