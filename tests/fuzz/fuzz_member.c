/* Reads every member of the input, and follows every link. */
#include "../c/exercise.h"
#include "host.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t nbytes)
{
    struct fuzz_host fuzz;
    struct zi_archive *archive;
    struct zi_source source;
    struct zi_error err;

    fuzz_host_init(&fuzz);
    zi_source_open_memory(&source, &fuzz.host, input, nbytes);
    if (zi_archive_open(&archive, &source, &err) != ZI_OK)
        return 0;
    for (uint32_t at = 1; at < archive->index.node_count && at < 100; at++) {
        struct zi_entry entry;
        int64_t mtime;

        if (zi_archive_node(archive, at)->record == ZI_NO_RECORD)
            continue;
        zi_archive_entry(archive, at, &entry);
        zi_entry_utc_mtime(&entry, &mtime);
        enum zi_status status = exercise_member(&source, &entry, ZI_MEMBER_DATA, &err);
        FUZZ_CHECK(status == ZI_OK || err.status == status);
        FUZZ_CHECK(status != ZI_ERR_SYSTEM && status != ZI_ERR_HOST && status != ZI_ERR_MEMORY);
        status = exercise_member(&source, &entry, ZI_MEMBER_PACKED, &err);
        FUZZ_CHECK(status == ZI_OK || err.status == status);
    }
    FUZZ_CHECK(!exercise_follow_links(archive, &source, &err));
    zi_archive_unref(archive);
    return 0;
}
