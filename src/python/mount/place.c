/* Finds what a path means in the mounts. */
#include "place.h"

#include <string.h>

/* A path below a folder. */
struct rest {
    const struct zi_folder *folder;
    const char *text;
    size_t nbytes;
};

const char *zi_place_text(PyObject *str, size_t *nbytes_ret)
{
    Py_ssize_t nbytes;
    const char *text = PyUnicode_AsUTF8AndSize(str, &nbytes);

    if (text)
        *nbytes_ret = (size_t)nbytes;
    else if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
        PyErr_Clear();
    return text;
}

static bool is_gone(const struct zi_mount *mount, uint32_t node)
{
    while (!(mount->changes[node] & ZI_CHANGE_GONE) && node != ZI_INDEX_ROOT)
        node = zi_archive_node(mount->archive, node)->parent;
    return mount->changes[node] & ZI_CHANGE_GONE;
}

/* Adds an archive's node below those that are there. A file hides what is below it. */
static void add_layer(struct zi_place *place, struct zi_mount *mount, uint32_t node)
{
    enum zi_tree_kind kind;

    if (node == ZI_INDEX_NONE || is_gone(mount, node))
        return;
    kind = zi_tree_kind(mount->archive, node);
    if (place->count > 0 && (place->kind != ZI_TREE_DIRECTORY || kind != ZI_TREE_DIRECTORY))
        return;
    place->kind = kind;
    if (place->count < ZI_LAYERS_MAX)
        place->layers[place->count] = (struct zi_layer){mount, node};
    place->count++;
}

bool zi_place_is_intact(const struct zi_place *place)
{
    if (place->count > ZI_LAYERS_MAX || place->kind == ZI_TREE_LINK)
        return false;
    for (unsigned i = 0; i < place->count; i++)
        if (place->layers[i].mount->changes[place->layers[i].node] != 0)
            return false;
    return true;
}

void zi_place_find(const struct zi_place *place, const char *name, size_t nbytes,
                   struct zi_place *ret)
{
    ret->kind = ZI_TREE_INVISIBLE;
    ret->count = 0;
    for (unsigned i = 0; i < place->count && i < ZI_LAYERS_MAX; i++) {
        struct zi_mount *mount = place->layers[i].mount;
        uint32_t node = zi_tree_find(mount->archive, place->layers[i].node, name, nbytes);
        add_layer(ret, mount, node);
    }
}

/* Adds what is there of the mounts that have a name in the folder; of a folder that is not shared
 * the newest mount is asked, whatever it has. Whether it is known that nobody else has that name.
 */
static bool add_layers(struct zi_place *place, const struct rest *rest, const char *name,
                       size_t nbytes)
{
    const struct zi_folder *folder = rest->folder;
    const struct zi_claim *claims = &(struct zi_claim){.mount = folder->newest};
    size_t count = folder->shared ? zi_folder_claims(folder, name, nbytes, &claims) : 1;
    bool alone = !folder->forgetful;

    for (size_t i = 0; i < count; i++) {
        struct zi_mount *mount = claims[i].mount;
        if (mount)
            add_layer(place, mount, zi_tree_resolve(mount->archive, rest->text, rest->nbytes));
        else
            alone = false;
    }
    return alone;
}

/* Finds the folder that a path lies in, or is the path of: 1, 0, or -1 with an exception. */
static int find_folder(struct zi_state *state, PyObject *path, struct rest *ret)
{
    size_t nbytes;
    const char *text = zi_place_text(path, &nbytes);

    if (!text)
        return PyErr_Occurred() ? -1 : 0;
    if (nbytes == 0 || text[nbytes - 1] == '/')
        return 0;
    for (struct zi_folder *each = state->mounts->folders; each; each = each->next) {
        size_t length = each->path_nbytes;
        if (nbytes < length || memcmp(text, each->path_text, length) != 0 ||
            (nbytes > length && text[length] != '/'))
            continue;
        length += nbytes > length;
        *ret = (struct rest){each, text + length, nbytes - length};
        return 1;
    }
    return 0;
}

/* Finds what a path below a folder means, but for the folder itself. */
static void locate_rest(const struct rest *rest, struct zi_place *ret)
{
    const char *slash = memchr(rest->text, '/', rest->nbytes);

    add_layers(ret, rest, rest->text, slash ? (size_t)(slash - rest->text) : rest->nbytes);
}

int zi_place_locate(struct zi_state *state, PyObject *path, struct zi_place *ret)
{
    struct rest rest;
    int answer = find_folder(state, path, &rest);

    *ret = (struct zi_place){.kind = ZI_TREE_INVISIBLE};
    if (answer != 1 || (rest.nbytes == 0 && rest.folder->shared))
        return answer < 0 ? -1 : 0;
    locate_rest(&rest, ret);
    return ret->count > 0 && zi_place_is_intact(ret);
}

int zi_place_locate_for(struct zi_state *state, PyObject *path, const char *module, size_t nbytes,
                        struct zi_place *ret)
{
    struct rest rest;
    int answer = find_folder(state, path, &rest);

    *ret = (struct zi_place){.kind = ZI_TREE_INVISIBLE};
    if (answer != 1)
        return answer;
    if (rest.nbytes == 0 && rest.folder->shared) {
        answer = add_layers(ret, &rest, module, nbytes);
        ret->kind = ZI_TREE_DIRECTORY;
    } else {
        locate_rest(&rest, ret);
        answer = ret->count > 0;
    }
    if (answer == 0 || ret->kind != ZI_TREE_DIRECTORY || !zi_place_is_intact(ret))
        return 0;
    for (unsigned i = 0; i < ret->count; i++)
        if (ret->layers[i].mount->archive->has_links)
            return 0;
    return 1;
}

int zi_place_is_filled(struct zi_state *state, PyObject *path)
{
    struct rest rest;
    struct zi_place place = {.kind = ZI_TREE_INVISIBLE};
    int answer = find_folder(state, path, &rest);

    if (answer != 1 || rest.nbytes == 0)
        return answer;
    locate_rest(&rest, &place);
    return place.kind == ZI_TREE_DIRECTORY;
}
