/*
 * Looks at a file that changes from one state to another at some call, invalidating now and then.
 *
 * Input: where the first state ends (16 bits), at which call the file changes, a byte of steps, and
 * the two states.
 */
#include <string.h>

#include "../../src/cache/registry.h"
#include "../c/exercise.h"
#include "host.h"

#define PREFIX_NBYTES 4

static void keep_attachment(void *attachment)
{
    (void)attachment;
}

/* Uses the record, and reads from the file whatever it says by now. */
static void use(struct zi_record *record, struct zi_host *host)
{
    struct zi_archive *archive;
    struct zi_source source;
    struct zi_error err;

    enum zi_status status = zi_record_archive(record, &archive, &err);
    if (status != ZI_OK) {
        FUZZ_CHECK(err.status == status && (status == ZI_ERR_ARCHIVE || status == ZI_ERR_CHANGED));
        return;
    }
    FUZZ_CHECK(!exercise_tree(archive));
    if (zi_source_open(&source, host, record->path, &err) == ZI_OK)
        exercise_members(archive, &source);
    zi_source_release(&source);
    zi_archive_unref(archive);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t nbytes)
{
    struct fuzz_host fuzz;
    struct zi_registry registry;

    if (nbytes < PREFIX_NBYTES)
        return 0;
    size_t first_nbytes = (size_t)(input[0] | input[1] << 8);
    unsigned steps = input[3];
    fuzz_host_init(&fuzz);
    fuzz.calls_to_next = input[2];
    input += PREFIX_NBYTES;
    nbytes -= PREFIX_NBYTES;
    if (first_nbytes > nbytes)
        first_nbytes = nbytes;
    fuzz.now = (struct fuzz_file){input, first_nbytes, 1};
    fuzz.next = (struct fuzz_file){input + first_nbytes, nbytes - first_nbytes, 1 + (steps & 1)};

    zi_registry_init(&registry, &fuzz.host, keep_attachment);
    struct zi_record *record = zi_registry_get(&registry, "a.zip", 5);
    for (; steps; steps >>= 1) {
        use(record, &fuzz.host);
        if (steps & 1)
            zi_record_invalidate(record);
    }
    zi_record_unref(record);
    zi_registry_release(&registry);
    FUZZ_CHECK(fuzz.open_files == 0);
    return 0;
}
