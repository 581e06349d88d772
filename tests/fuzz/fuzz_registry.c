/*
 * Uses a record of a file that changes from one state to another at some call, and calls it in
 * question in every way there is. What the record gives after that must be what the file holds.
 *
 * Input: where the first state ends (16 bits), at which call the file changes, whether stat shows
 * the change, eight steps of four bits each, and the two states.
 */
#include <string.h>

#include "../../src/cache/registry.h"
#include "../c/exercise.h"
#include "host.h"

#define PREFIX_NBYTES 8
#define STEPS_AT 4
#define STEP_COUNT 8

enum step {
    STEP_USE,
    STEP_INVALIDATE,
    STEP_INVALIDATE_ALL,
    STEP_INVALIDATE_IMPLICIT,
    STEP_LOOK_AT_STAMP,
    STEP_LOOK_AT_BYTES,
    STEP_PIN,
    STEP_UNPIN,
    STEP_SWITCH_OFF,
    STEP_SWITCH_ON,
    STEP_GET, /* another reference, and back */
    STEP_FIND,
    STEP_GLANCE,
};

static void keep_attachment(void *attachment)
{
    (void)attachment;
}

static enum step take_step(struct zi_record *record, unsigned number)
{
    struct zi_registry *registry = record->registry;

    switch (number) {
    case STEP_INVALIDATE:
        zi_record_invalidate(record);
        break;
    case STEP_INVALIDATE_ALL:
        zi_registry_invalidate_all(registry);
        break;
    case STEP_INVALIDATE_IMPLICIT:
        zi_record_invalidate_implicit(record);
        break;
    case STEP_LOOK_AT_STAMP:
        zi_record_look_again(record, ZI_LOOK_STAMP);
        break;
    case STEP_LOOK_AT_BYTES:
        zi_record_look_again(record, ZI_LOOK_BYTES);
        break;
    case STEP_PIN:
        zi_record_pin(record);
        break;
    case STEP_UNPIN:
        zi_record_unpin(record);
        break;
    case STEP_SWITCH_OFF:
    case STEP_SWITCH_ON:
        registry->implicit_invalidation = number == STEP_SWITCH_ON;
        break;
    case STEP_GET:
        zi_record_unref(zi_registry_get(registry, record->path, record->path_nbytes));
        zi_record_unref(zi_registry_get(registry, "b.zip", 5));
        break;
    case STEP_FIND:
        FUZZ_CHECK(zi_registry_find(registry, record->path, record->path_nbytes) == record);
        break;
    case STEP_GLANCE:
        zi_record_look_again(record, ZI_LOOK_GLANCE);
        break;
    default:
        return STEP_USE;
    }
    return (enum step)number;
}

/* Whether the file may not differ from what the record gives after the step. */
static bool is_binding(const struct zi_record *record, enum step step, bool shown)
{
    switch (step) {
    case STEP_INVALIDATE:
    case STEP_INVALIDATE_ALL:
    case STEP_LOOK_AT_BYTES:
        return true;
    case STEP_GLANCE:
    case STEP_LOOK_AT_STAMP:
        return shown;
    case STEP_INVALIDATE_IMPLICIT:
        return shown && !record->pinned && record->registry->implicit_invalidation;
    default:
        return shown && !record->archive;
    }
}

static void check_result(const struct zi_record *record, struct zi_host *host,
                         enum zi_status status, const struct zi_archive *archive)
{
    struct zi_archive *there = NULL;
    struct zi_source source;
    struct zi_error err;

    FUZZ_CHECK(zi_source_open(&source, host, record->path, &err) == ZI_OK);
    FUZZ_CHECK(zi_archive_open(&there, &source, &err) == status);
    if (there)
        FUZZ_CHECK(there->end.directory_position == archive->end.directory_position &&
                   there->directory_nbytes == archive->directory_nbytes &&
                   memcmp(there->directory, archive->directory, there->directory_nbytes) == 0);
    zi_source_release(&source);
    zi_archive_unref(there);
}

/* Uses the record, and reads from the file whatever it says by now. */
static void use(struct zi_record *record, struct zi_host *host, bool binding)
{
    struct zi_archive *archive = NULL;
    struct zi_source source;
    struct zi_error err;

    enum zi_status status = zi_record_archive(record, &archive, &err);
    if (binding)
        check_result(record, host, status, archive);
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
    bool shown = input[3] & 1;
    const uint8_t *steps = input + STEPS_AT;
    fuzz_host_init(&fuzz);
    fuzz.calls_to_next = input[2];
    input += PREFIX_NBYTES;
    nbytes -= PREFIX_NBYTES;
    if (first_nbytes > nbytes)
        first_nbytes = nbytes;
    fuzz.now = (struct fuzz_file){input, first_nbytes, 1};
    fuzz.next = (struct fuzz_file){input + first_nbytes, nbytes - first_nbytes, shown ? 2 : 1};

    zi_registry_init(&registry, &fuzz.host, keep_attachment);
    struct zi_record *record = zi_registry_get(&registry, "a.zip", 5);
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        bool settled = fuzz.calls_to_next == 0;
        enum step step = take_step(record, steps[i / 2] >> i % 2 * 4 & 15);
        use(record, &fuzz.host, settled && is_binding(record, step, shown));
    }
    zi_record_unref(record);
    zi_registry_release(&registry);
    FUZZ_CHECK(fuzz.open_files == 0);
    return 0;
}
