/* Frees the mounts, and what they use of Python. */
#include "mount.h"

static bool is_used(const struct zi_mounts *mounts, const struct zi_record *record)
{
    for (struct zi_folder *folder = mounts->folders; folder; folder = folder->next)
        for (struct zi_mount *mount = folder->newest; mount; mount = mount->next)
            if (mount->record == record)
                return true;
    return false;
}

void zi_mount_free(struct zi_mounts *mounts, struct zi_mount *mount)
{
    if (mount->record && !is_used(mounts, mount->record)) {
        zi_record_unpin(mount->record);
        zi_record_look_again(mount->record, ZI_LOOK_BYTES); /* so that it is not kept as fresh */
    }
    zi_archive_unref(mount->archive);
    zi_record_unref(mount->record);
    PyMem_Free(mount->changes);
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
    for (struct zi_folder *folder = mounts->folders; folder; folder = folder->next) {
        while (folder->newest) {
            struct zi_mount *mount = folder->newest;
            zi_folder_remove(mount);
            zi_mount_free(mounts, mount);
        }
    }
    zi_folder_free_all(&mounts->folders);
}
