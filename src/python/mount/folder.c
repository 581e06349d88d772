/* Keeps the folders, and who has which names in those that are shared. */
#include "folder.h"

#include <stdlib.h>
#include <string.h>

#define FNV_OFFSET 2166136261u
#define FNV_PRIME 16777619u

static int set_path(struct zi_folder *folder, PyObject *path)
{
    Py_ssize_t nbytes;

    folder->path = PyUnicode_FromObject(path);
    folder->path_text = folder->path ? PyUnicode_AsUTF8AndSize(folder->path, &nbytes) : NULL;
    if (!folder->path_text)
        return -1;
    folder->path_nbytes = (size_t)nbytes;
    if (nbytes > 1 && folder->path_text[0] == '/' && folder->path_text[nbytes - 1] != '/')
        return 0;
    PyErr_Format(PyExc_ValueError, "found %R, expected an absolute path of a directory", path);
    return -1;
}

static void free_folder(struct zi_folder *folder)
{
    free(folder->claims);
    Py_XDECREF(folder->path);
    PyMem_Free(folder);
}

struct zi_folder *zi_folder_get(struct zi_folder **list, PyObject *path)
{
    struct zi_folder *made = PyMem_Calloc(1, sizeof *made);

    if (!made)
        return (struct zi_folder *)PyErr_NoMemory();
    if (set_path(made, path) < 0) {
        free_folder(made);
        return NULL;
    }
    for (struct zi_folder *each = *list; each; each = each->next) {
        if (each->path_nbytes == made->path_nbytes &&
            memcmp(each->path_text, made->path_text, made->path_nbytes) == 0) {
            free_folder(made);
            return each;
        }
    }
    made->next = *list;
    *list = made;
    return made;
}

void zi_folder_drop(struct zi_folder **list, struct zi_folder *folder)
{
    if (folder->newest || folder->shared)
        return;
    while (*list != folder)
        list = &(*list)->next;
    *list = folder->next;
    free_folder(folder);
}

void zi_folder_free_all(struct zi_folder **list)
{
    while (*list) {
        struct zi_folder *folder = *list;
        *list = folder->next;
        free_folder(folder);
    }
}

/* FNV-1a: two names of one hash are but looked for in vain. */
static uint32_t hash_name(const char *name, size_t nbytes)
{
    uint32_t hash = FNV_OFFSET;

    for (size_t i = 0; i < nbytes && name[i] != '.'; i++)
        hash = (hash ^ (uint8_t)name[i]) * FNV_PRIME;
    return hash;
}

/* The first claim of this hash or a larger one. */
static size_t find_claim(const struct zi_folder *folder, uint32_t hash)
{
    size_t first = 0, end = folder->claim_count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (folder->claims[middle].hash < hash)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* Adds a claim before the others of its hash; whether there was memory. */
static bool add_claim(struct zi_folder *folder, uint32_t hash, struct zi_mount *mount)
{
    size_t at = find_claim(folder, hash);
    struct zi_claim *claims = folder->claims;

    for (size_t i = at; i < folder->claim_count && claims[i].hash == hash; i++)
        if (claims[i].mount == mount)
            return true; /* it has two files of that name, with two suffixes */
    if (folder->claim_count == folder->claim_capacity) {
        size_t capacity = 2 * folder->claim_capacity + 16;
        claims = realloc(claims, capacity * sizeof *claims);
        if (!claims)
            return false;
        folder->claims = claims;
        folder->claim_capacity = capacity;
    }
    memmove(claims + at + 1, claims + at, (folder->claim_count - at) * sizeof *claims);
    claims[at] = (struct zi_claim){hash, mount};
    folder->claim_count++;
    return true;
}

static void remove_claims(struct zi_folder *folder, const struct zi_mount *mount)
{
    size_t kept = 0;

    for (size_t i = 0; i < folder->claim_count; i++)
        if (folder->claims[i].mount != mount)
            folder->claims[kept++] = folder->claims[i];
    folder->claim_count = kept;
}

int zi_folder_add(struct zi_folder *folder, struct zi_mount *mount)
{
    uint32_t node = folder->shared ? zi_tree_first(mount->archive, ZI_INDEX_ROOT) : ZI_INDEX_NONE;

    for (; node != ZI_INDEX_NONE; node = zi_tree_next(mount->archive, node)) {
        size_t nbytes;
        const char *name = zi_tree_name(mount->archive, node, &nbytes);
        if (!add_claim(folder, hash_name(name, nbytes), mount)) {
            remove_claims(folder, mount);
            PyErr_NoMemory();
            return -1;
        }
    }
    mount->folder = folder;
    mount->next = folder->newest;
    folder->newest = mount;
    return 0;
}

void zi_folder_remove(struct zi_mount *mount)
{
    struct zi_mount **link = &mount->folder->newest;

    while (*link != mount)
        link = &(*link)->next;
    *link = mount->next;
    remove_claims(mount->folder, mount);
}

void zi_folder_note(struct zi_folder *folder, const char *name, size_t nbytes)
{
    if (nbytes == 0 || !add_claim(folder, hash_name(name, nbytes), NULL))
        folder->forgetful = true;
}

size_t zi_folder_claims(const struct zi_folder *folder, const char *name, size_t nbytes,
                        const struct zi_claim **ret)
{
    uint32_t hash = hash_name(name, nbytes);
    size_t first = find_claim(folder, hash), end = first;

    while (end < folder->claim_count && folder->claims[end].hash == hash)
        end++;
    *ret = folder->claims + first;
    return end - first;
}
