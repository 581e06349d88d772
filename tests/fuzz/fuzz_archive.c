/* Opens the input as an archive and walks all of it. */
#include "../c/exercise.h"
#include "host.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t nbytes)
{
    struct fuzz_host fuzz;
    struct zi_archive *archive;
    struct zi_source source;
    struct zi_error err;
    struct zi_archive *again = NULL;
    uint32_t visible = 0;

    fuzz_host_init(&fuzz);
    zi_source_open_memory(&source, &fuzz.host, input, nbytes);
    enum zi_status status = zi_archive_open(&archive, &source, &err);
    if (status != ZI_OK) {
        /* All that can be wrong with bytes in memory; there is enough of that. */
        FUZZ_CHECK(status == ZI_ERR_ARCHIVE && err.status == status);
        FUZZ_CHECK(err.offset == ZI_NO_OFFSET || err.offset <= nbytes);
        return 0;
    }
    FUZZ_CHECK(!exercise_tree(archive));
    FUZZ_CHECK(!exercise_visible(archive, ZI_INDEX_ROOT, 0, &visible));
    FUZZ_CHECK(zi_archive_reopen(&again, archive, &source, &err) == ZI_OK && again == archive);
    zi_archive_unref(again);
    FUZZ_CHECK(archive->entry_count * 46ull <= nbytes);
    zi_archive_unref(archive);
    return 0;
}
