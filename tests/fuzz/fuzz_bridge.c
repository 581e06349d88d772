/* Mounts the input, and asks all that JavaScript may ask; without an interpreter, which none of it
 * needs. */

#include <stdlib.h>
#include <string.h>

#include "../../src/bridge.h"
#include "host.h"

/* What a node's own answers are. */
static struct zi_bridge_area describe(struct zi_mount *mount, uint32_t node)
{
    zi_bridge_describe(mount, node);
    return *zi_bridge_area();
}

/* Reads a node: all of it, or an error. */
static void read_node(struct zi_mount *mount, uint32_t node, const struct zi_bridge_area *facts)
{
    const uint8_t *bytes = zi_bridge_read(mount, node);
    const struct zi_bridge_area *area = zi_bridge_area();
    unsigned sum = 0;

    if (area->error == 0) {
        FUZZ_CHECK(facts->kind == ZI_TREE_FILE || facts->kind == ZI_TREE_LINK);
        FUZZ_CHECK(area->nbytes == facts->nbytes);
        for (size_t i = 0; i < (size_t)area->nbytes; i++)
            sum += bytes[i];
    }
    FUZZ_CHECK(sum <= 255u * FUZZ_MEMBER_MAX);
    zi_bridge_release();
}

/* Walks a directory and what is below it. */
static void walk(struct zi_mount *mount, uint32_t directory, unsigned depth, unsigned *count)
{
    uint32_t node = zi_bridge_first(mount, directory);

    FUZZ_CHECK(depth <= ZI_INDEX_DEPTH_MAX + 1);
    for (; node != ZI_INDEX_NONE; node = zi_bridge_next(mount, node)) {
        struct zi_bridge_area facts = describe(mount, node);
        FUZZ_CHECK(++*count < mount->archive->index.node_count);
        FUZZ_CHECK(facts.kind != ZI_TREE_INVISIBLE && facts.name_nbytes > 0);
        FUZZ_CHECK(!memchr(facts.name, '/', facts.name_nbytes));
        FUZZ_CHECK(!memchr(facts.name, '\0', facts.name_nbytes));
        FUZZ_CHECK(facts.name_nbytes > 2 || memcmp(facts.name, "..", facts.name_nbytes) != 0);
        FUZZ_CHECK(zi_bridge_find(mount, directory) == node);
        if (facts.kind == ZI_TREE_DIRECTORY)
            walk(mount, node, depth + 1, count);
    }
}

/* Notes a name in a shared folder, which knows it then. */
static void note_name(struct zi_folder *folder, const struct zi_bridge_area *facts)
{
    const struct zi_claim *claims;

    *zi_bridge_area() = *facts;
    zi_bridge_note(folder);
    FUZZ_CHECK(facts->name_nbytes == 0 || folder->forgetful ||
               zi_folder_claims(folder, facts->name, facts->name_nbytes, &claims) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t nbytes)
{
    static union {
        struct zi_record record;
        char room[sizeof(struct zi_record) + 1]; /* for an empty path */
    } file;
    struct fuzz_host fuzz;
    struct zi_source source;
    struct zi_error err;
    struct zi_mount mount = {.record = &file.record};
    struct zi_folder folder = {.shared = true};
    unsigned count = 0;

    fuzz_host_init(&fuzz);
    fuzz.now = (struct fuzz_file){input, nbytes, 1};
    zi_source_open_memory(&source, &fuzz.host, input, nbytes);
    if (zi_archive_open(&mount.archive, &source, &err) != ZI_OK)
        return 0;
    uint32_t node_count = mount.archive->index.node_count;
    mount.host = fuzz.host;
    mount.changes = calloc(node_count, 1);
    walk(&mount, ZI_INDEX_ROOT, 0, &count);
    /* Numbers that nobody gave. */
    for (uint32_t node = 0; node < node_count + 2; node++) {
        struct zi_bridge_area facts = describe(&mount, node);
        zi_bridge_first(&mount, node);
        zi_bridge_next(&mount, node);
        zi_bridge_find(&mount, node);
        read_node(&mount, node, &facts);
        zi_bridge_change(&mount, node, node % 4);
        FUZZ_CHECK(facts.kind == ZI_TREE_INVISIBLE || mount.changes[node] == node % 4);
        note_name(&folder, &facts);
    }
    free(folder.claims);
    FUZZ_CHECK(fuzz.open_files == 0);
    free(mount.changes);
    zi_archive_unref(mount.archive);
    return 0;
}
