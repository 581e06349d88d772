/* Takes the input for a pack: reads the code of every source from it, and copies it. */
#include <string.h>
#include <zlib.h>

#include "../../src/base/cursor.h"
#include "../../src/cache/pack.h"
#include "../c/zipbuild.h"
#include "host.h"

#define MAGIC 0x0a0d0e2bu

/* What is found belongs to this source, whatever the pack says. */
static void check_found(const struct zi_pack_member *member, const struct zi_entry *source)
{
    FUZZ_CHECK(member->pyc.nbytes >= 16);
    FUZZ_CHECK(zi_get32(member->pyc.bytes, 0) == MAGIC && zi_get32(member->pyc.bytes, 4) == 1);
    FUZZ_CHECK(zi_get32(member->pyc.bytes, 8) == source->crc);
    FUZZ_CHECK(zi_get32(member->pyc.bytes, 12) == (uint32_t)source->nbytes);
}

static void exercise(struct zi_pack_file *file, struct zi_archive *archive, struct zi_host *host)
{
    struct zi_pack_writer writer;
    struct zi_written written;
    struct zi_error err;
    uint32_t found = 0;

    FUZZ_CHECK(zi_pack_writer_open(&writer, host, "copy", archive, MAGIC, &err) == ZI_OK);
    for (uint32_t at = 0; at < archive->index.node_count; at++) {
        struct zi_pack_member member;
        struct zi_entry source;

        if (!zi_pack_writer_wants(&writer, at))
            continue;
        zi_archive_entry(archive, at, &source);
        FUZZ_CHECK(zi_pack_file_read(file, &source, MAGIC, &member, &err) == ZI_OK);
        FUZZ_CHECK((member.finding == ZI_PACK_FOUND) == (member.pyc.bytes != NULL));
        if (member.pyc.bytes) {
            check_found(&member, &source);
            found++;
        }
        FUZZ_CHECK(zi_pack_writer_copy(&writer, at, file, &err) == ZI_OK);
        FUZZ_CHECK(zi_pack_writer_wants(&writer, at) == (member.pyc.bytes == NULL));
        zi_pack_member_release(&member);
    }
    FUZZ_CHECK(zi_pack_writer_finish(&writer, &written, &err) == ZI_OK);
    FUZZ_CHECK(written.entry_count == found);
    zi_pack_writer_release(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t nbytes)
{
    static struct zip_built zip;
    struct fuzz_host fuzz;
    struct zi_source source;
    struct zi_archive *archive;
    struct zi_pack_file file;
    struct zi_error err;

    if (!zip.bytes)
        zip = ZIP({.name = "m.py", .data = ZIP_TEXT("x = 1")},
                  {.name = "p/__init__.py", .data = ZIP_TEXT("")},
                  {.name = "p/m.py", .data = ZIP_TEXT("x = 2")});
    fuzz_host_init(&fuzz);
    zi_source_open_memory(&source, &fuzz.host, zip.bytes, zip.nbytes);
    FUZZ_CHECK(zi_archive_open(&archive, &source, &err) == ZI_OK);
    fuzz.now = (struct fuzz_file){input, nbytes, 1};
    if (zi_pack_file_open(&file, &fuzz.host, "pack", &err) == ZI_OK) {
        exercise(&file, archive, &fuzz.host);
        zi_pack_file_release(&file);
    }
    zi_archive_unref(archive);
    FUZZ_CHECK(fuzz.open_files == 0);
    return 0;
}
