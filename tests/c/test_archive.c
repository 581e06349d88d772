#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "exercise.h"
#include "harness.h"

static void drop(struct zi_archive **archive)
{
    zi_archive_unref(*archive);
}

#define ARCHIVE CLEANUP(drop) struct zi_archive *

/* Opens and forgets the source, as every user may. */
static enum zi_status open_zip(struct test *t, struct zip_built zip, struct zi_archive **ret)
{
    struct zi_source source = test_zip_source(t, zip);

    return zi_archive_open(ret, &source, &t->err);
}

/* Whether the archive has this entry; fills it. */
static bool get_entry(const struct zi_archive *archive, const char *path, struct zi_entry *ret)
{
    uint32_t at = zi_archive_find(archive, path, strlen(path));

    if (at == ZI_INDEX_NONE || zi_archive_node(archive, at)->record == ZI_NO_RECORD)
        return false;
    zi_archive_entry(archive, at, ret);
    return true;
}

static bool has_text(const uint8_t *bytes, size_t nbytes, const char *text)
{
    return nbytes == strlen(text) && memcmp(bytes, text, nbytes) == 0;
}

/* How many entries are listed. */
static uint32_t count_shown(const struct zi_archive *archive)
{
    uint32_t count = 0;

    for (uint32_t at = 0; at < archive->index.node_count; at++)
        count += zi_archive_node(archive, at)->record != ZI_NO_RECORD &&
                 !zi_archive_node(archive, at)->hidden;
    return count;
}

TEST(test_archive__reads_every_field)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t,
                 ZIP({.name = "first.py", .data = ZIP_TEXT("1")},
                     {.name = "a.py",
                      .data = ZIP_TEXT("x = 1\n"),
                      .flags = 8,
                      .central = {.time = ZIP_SET(0x1234),
                                  .date = ZIP_SET(0x5678),
                                  .extra = ZIP_TEXT("\xfe\xca\1\0!"),
                                  .comment = ZIP_TEXT("a comment")}}),
                 &archive));
    CHECK_EQUAL(archive->entry_count, 2);
    CHECK(get_entry(archive, "a.py", &entry));
    CHECK(has_text(entry.name, entry.name_nbytes, "a.py"));
    CHECK(has_text(entry.raw_name, entry.raw_name_nbytes, "a.py"));
    CHECK(entry.extra_nbytes == 5 && memcmp(entry.extra, "\xfe\xca\1\0!", 5) == 0);
    CHECK_EQUAL(entry.local_position, 30 + 8 + 1);
    CHECK_EQUAL(entry.packed_nbytes, 6);
    CHECK_EQUAL(entry.nbytes, 6);
    CHECK_EQUAL(entry.crc, crc32(0, (const Bytef *)"x = 1\n", 6));
    CHECK_EQUAL(entry.flags, 8);
    CHECK_EQUAL(entry.method, 0);
    CHECK_EQUAL(entry.dos_time, 0x1234);
    CHECK_EQUAL(entry.dos_date, 0x5678);
    CHECK(!exercise_tree(archive));
    CHECK_EQUAL(t->host.count.parses, 1);
}

TEST(test_archive__ignores_fields_that_say_nothing)
{
    ARCHIVE archive = NULL;

    TRY(open_zip(t,
                 ZIP({.name = "a.py",
                      .central = {.made_by = ZIP_SET(0xffff),
                                  .version = ZIP_SET(0xffff),
                                  .disk = ZIP_SET(7),
                                  .internal = ZIP_SET(0xffff),
                                  .external = ZIP_SET(0xffffffff)}}),
                 &archive));
    CHECK_EQUAL(archive->entry_count, 1);
}

TEST(test_archive__empty)
{
    ARCHIVE archive = NULL;

    TRY(open_zip(t, zip_of(ZIP_ENDS(.zip64 = false), NULL, 0), &archive));
    CHECK_EQUAL(archive->entry_count, 0);
    CHECK_EQUAL(archive->index.node_count, 1);
    CHECK_EQUAL(zi_archive_find(archive, "a", 1), ZI_INDEX_NONE);
}

/* An end record that claims nothing, with something where the directory would be. */
TEST(test_archive__empty_beside_other_bytes)
{
    ARCHIVE archive = NULL;

    TRY(open_zip(t,
                 zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("text"),
                                 .after_directory = ZIP_TEXT(
                                     "0123456789012345678901234567890123456789"
                                     "0123456789")),
                        NULL, 0),
                 &archive));
    CHECK_EQUAL(archive->entry_count, 0);
}

TEST(test_archive__positions_behind_prepended_bytes)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t,
                 zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("12345")),
                        ZIP_MEMBERS({.name = "a"}, {.name = "b"})),
                 &archive));
    CHECK(get_entry(archive, "b", &entry));
    CHECK_EQUAL(entry.local_position, 5 + 31);
}

TEST(test_archive__zip64_sizes)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t,
                 zip_of(ZIP_ENDS(.zip64 = true, .saturated = true),
                        ZIP_MEMBERS({.name = "a"},
                                    {.name = "b",
                                     .data = ZIP_TEXT("data"),
                                     .zip64 = true,
                                     .central.zip64_nbytes = ZIP_SET(1ull << 40),
                                     .central.zip64_packed_nbytes = ZIP_SET(1ull << 41)})),
                 &archive));
    CHECK(get_entry(archive, "b", &entry));
    CHECK_EQUAL(entry.nbytes, 1ull << 40);
    CHECK_EQUAL(entry.packed_nbytes, 1ull << 41);
    CHECK_EQUAL(entry.local_position, 31);
}

/* Only the saturated numbers stand in the extra, in a fixed order (4.5.3). */
TEST(test_archive__zip64_extra_holds_what_is_saturated)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t,
                 ZIP({.name = "a",
                      .central = {.nbytes = ZIP_SET(UINT32_MAX),
                                  .extra = ZIP_TEXT("\1\0\10\0\2\0\0\0\1\0\0\0")}},
                     {.name = "b",
                      .central = {.packed_nbytes = ZIP_SET(UINT32_MAX),
                                  .extra = ZIP_TEXT("\1\0\10\0\3\0\0\0\1\0\0\0")}},
                     {.name = "c",
                      .central = {.local_offset = ZIP_SET(UINT32_MAX),
                                  .extra = ZIP_TEXT("\1\0\10\0\76\0\0\0\0\0\0\0")}},
                     {.name = "d", .central.extra = ZIP_TEXT("\1\0\10\0\4\0\0\0\1\0\0\0")}),
                 &archive));
    CHECK(get_entry(archive, "a", &entry));
    CHECK_EQUAL(entry.nbytes, (1ull << 32) + 2);
    CHECK_EQUAL(entry.packed_nbytes, 0);
    CHECK(get_entry(archive, "b", &entry));
    CHECK_EQUAL(entry.packed_nbytes, (1ull << 32) + 3);
    CHECK_EQUAL(entry.nbytes, 0);
    CHECK(get_entry(archive, "c", &entry));
    CHECK_EQUAL(entry.local_position, 62);
    CHECK(get_entry(archive, "d", &entry));
    CHECK_EQUAL(entry.nbytes, 0);
}

TEST(test_archive__zip64_extra_among_others)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t,
                 ZIP({.name = "a",
                      .central = {.nbytes = ZIP_SET(UINT32_MAX),
                                  .extra = ZIP_TEXT("\xfe\xca\0\0"
                                                    "\1\0\10\0\2\0\0\0\1\0\0\0"
                                                    "UT\5\0\1\0\0\0\0"),
                                  .comment = ZIP_TEXT("comment")}}),
                 &archive));
    CHECK(get_entry(archive, "a", &entry));
    CHECK_EQUAL(entry.nbytes, (1ull << 32) + 2);
}

TEST(test_archive__zip64_extra_too_short)
{
    ARCHIVE archive = NULL;

    FAILS(open_zip(t,
                   ZIP({.name = "ok"},
                       {.name = "short",
                        .central = {.nbytes = ZIP_SET(UINT32_MAX),
                                    .packed_nbytes = ZIP_SET(UINT32_MAX),
                                    .extra = ZIP_TEXT("\1\0\10\0\2\0\0\0\1\0\0\0")}}),
                   &archive),
          EXTRA);
    CHECK_EQUAL(t->err.offset, 30 + 2 + 30 + 5 + 46 + 2);
    CHECK(t->err.name_nbytes == 5 && memcmp(t->err.name, "short", 5) == 0);
}

/* Where a number is looked for, fields that cannot be walked hide it. */
TEST(test_archive__zip64_extra_behind_one_that_is_cut_off)
{
    ARCHIVE archive = NULL;

    FAILS(open_zip(t,
                   ZIP({.name = "a",
                        .central = {.nbytes = ZIP_SET(UINT32_MAX),
                                    .extra = ZIP_TEXT("\xfe\xca\x20\0\1\0\10\0\2\0\0\0")}}),
                   &archive),
          EXTRA);
    FAILS(open_zip(t,
                   ZIP({.name = "a",
                        .central = {.nbytes = ZIP_SET(UINT32_MAX), .extra = ZIP_TEXT("\1\0\10")}}),
                   &archive),
          EXTRA);
}

/* As zipimport does: the number is what it says. */
TEST(test_archive__saturated_number_without_zip64_extra)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t, ZIP({.name = "a", .central.nbytes = ZIP_SET(UINT32_MAX)}), &archive));
    CHECK(get_entry(archive, "a", &entry));
    CHECK_EQUAL(entry.nbytes, UINT32_MAX);
}

TEST(test_archive__extra_that_is_cut_off_is_skipped)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;
    int64_t mtime;

    TRY(open_zip(t,
                 ZIP({.name = "a", .central.extra = ZIP_TEXT("U")},
                     {.name = "b", .central.extra = ZIP_TEXT("UT\5\0\1\0\0\0")},
                     {.name = "c", .central.extra = ZIP_TEXT("UT\xff\xff\1\0\0\0\0")}),
                 &archive));
    CHECK(get_entry(archive, "a", &entry));
    CHECK(!zi_entry_utc_mtime(&entry, &mtime));
    CHECK(get_entry(archive, "b", &entry));
    CHECK(!zi_entry_utc_mtime(&entry, &mtime));
    CHECK(get_entry(archive, "c", &entry));
    CHECK(!zi_entry_utc_mtime(&entry, &mtime));
}

TEST(test_archive__utc_mtime)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;
    int64_t mtime;

    TRY(open_zip(t,
                 ZIP({.name = "has", .central.extra = ZIP_TEXT("UT\5\0\1\x78\x56\x34\x12")},
                     {.name = "early", .central.extra = ZIP_TEXT("UT\5\0\3\xff\xff\xff\xff")},
                     {.name = "flagless", .central.extra = ZIP_TEXT("UT\5\0\2\x78\x56\x34\x12")},
                     {.name = "short", .central.extra = ZIP_TEXT("UT\4\0\1\x78\x56\x34")},
                     {.name = "none"}),
                 &archive));
    CHECK(get_entry(archive, "has", &entry));
    CHECK(zi_entry_utc_mtime(&entry, &mtime));
    CHECK_EQUAL(mtime, 0x12345678);
    CHECK(get_entry(archive, "early", &entry));
    CHECK(zi_entry_utc_mtime(&entry, &mtime));
    CHECK_EQUAL(mtime, -1);
    CHECK(get_entry(archive, "flagless", &entry));
    CHECK(!zi_entry_utc_mtime(&entry, &mtime));
    CHECK(get_entry(archive, "short", &entry));
    CHECK(!zi_entry_utc_mtime(&entry, &mtime));
    CHECK(get_entry(archive, "none", &entry));
    CHECK(!zi_entry_utc_mtime(&entry, &mtime));
}

TEST(test_archive__names_in_utf8_and_cp437)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t,
                 ZIP({.name = "caf\xc3\xa9.py", .flags = 0x800},
                     {.name = "stra\xe1"
                              "e.py"},
                     {.name = "\xff\xfe"}),
                 &archive));
    CHECK(get_entry(archive, "café.py", &entry));
    CHECK(has_text(entry.raw_name, entry.raw_name_nbytes, "caf\xc3\xa9.py"));
    CHECK(get_entry(archive, "straße.py", &entry));
    CHECK(has_text(entry.raw_name, entry.raw_name_nbytes,
                   "stra\xe1"
                   "e.py"));
    CHECK(get_entry(archive, "\xc2\xa0■", &entry));
    CHECK(!exercise_tree(archive));
}

/* Both spell café.py; the last one's header counts, with the bytes that its local header repeats.
 */
TEST(test_archive__duplicates_in_two_encodings)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t, ZIP({.name = "caf\xc3\xa9.py", .flags = 0x800}, {.name = "caf\x82.py"}),
                 &archive));
    CHECK_EQUAL(archive->entry_count, 2);
    CHECK_EQUAL(archive->index.node_count, 2);
    CHECK(get_entry(archive, "café.py", &entry));
    CHECK(has_text(entry.raw_name, entry.raw_name_nbytes, "caf\x82.py"));
}

TEST(test_archive__name_marked_as_utf8_that_is_not)
{
    ARCHIVE archive = NULL;

    FAILS(open_zip(t, ZIP({.name = "caf\x82.py", .flags = 0x800}), &archive), NAME_ENCODING);
    CHECK(t->err.name_nbytes == 7 && memcmp(t->err.name, "caf\x82.py", 7) == 0);
    CHECK_EQUAL(t->err.offset, 37);
}

/* The extra's CRC-32 is that of the header's name: a renaming tool that does not know the extra
 * leaves it behind, and then it must not count. */
TEST(test_archive__unicode_path_extra)
{
    static const char raw[] = "caf?\xff.py";
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)raw, sizeof raw - 1);
    uint8_t extra[] = {0x75, 0x70, 13, 0, 1, 0, 0, 0, 0, 'c', 'a', 'f', 0xc3, 0xa9, '.', 'p', 'y'};
    struct zi_entry entry;

    for (size_t i = 0; i < 4; i++)
        extra[5 + i] = (uint8_t)(crc >> 8 * i);
    {
        ARCHIVE archive = NULL;
        TRY(open_zip(t, ZIP({.name = raw, .central.extra = {extra, sizeof extra}}), &archive));
        CHECK(get_entry(archive, "café.py", &entry));
        CHECK(has_text(entry.raw_name, entry.raw_name_nbytes, raw));
    }
    for (size_t damaged = 0; damaged < 4; damaged++) {
        static const uint8_t at[] = {4 /* version */, 5 /* CRC */, 13 /* not UTF-8 */,
                                     2 /* size */};
        ARCHIVE archive = NULL;
        uint8_t good = extra[at[damaged]];
        extra[at[damaged]] = 4;
        enum zi_status status = open_zip(t,
                                         ZIP({.name = raw, .central.extra = {extra, sizeof extra}}),
                                         &archive);
        extra[at[damaged]] = good;
        TRY(status);
        CHECK(!get_entry(archive, "café.py", &entry));
        CHECK(get_entry(archive, "caf?\xc2\xa0.py", &entry));
    }
}

/* Info-ZIP writes an ASCII name where the one in the extra cannot be written. */
TEST(test_archive__unicode_path_extra_of_an_ascii_name)
{
    static const char raw[] = "caf#U00e9";
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)raw, sizeof raw - 1);
    uint8_t extra[] = {0x75, 0x70, 10, 0, 1, 0, 0, 0, 0, 'c', 'a', 'f', 0xc3, 0xa9};
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    for (size_t i = 0; i < 4; i++)
        extra[5 + i] = (uint8_t)(crc >> 8 * i);
    TRY(open_zip(t, ZIP({.name = raw, .central.extra = {extra, sizeof extra}}), &archive));
    CHECK(get_entry(archive, "café", &entry));
    CHECK(has_text(entry.raw_name, entry.raw_name_nbytes, raw));
    CHECK(get_entry(archive, raw, &entry)); /* as it is stored, as zipimport finds it */
    CHECK_EQUAL(count_shown(archive), 1);
}

TEST(test_archive__empty_unicode_path_is_none)
{
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)"a", 1);
    uint8_t extra[] = {0x75, 0x70, 5, 0, 1, 0, 0, 0, 0};
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    for (size_t i = 0; i < 4; i++)
        extra[5 + i] = (uint8_t)(crc >> 8 * i);
    TRY(open_zip(t, ZIP({.name = "a", .central.extra = {extra, sizeof extra}}), &archive));
    CHECK(get_entry(archive, "a", &entry));
    CHECK(!get_entry(archive, "", &entry));
}

/* What is shown under another name than it is stored is found by both, and listed by one. */
TEST(test_archive__names_as_unzip_shows_them)
{
    enum { FAT = 0, UNIX = 3, NTFS = 11, OSX = 19 };
    static const struct {
        const char *raw;
        unsigned host, flags;
        const char *stored, *shown;
    } names[] = {
        /* UTF-8 without its flag. */
        {"caf\xc3\xa9.py", UNIX, 0, "caf├⌐.py", "café.py"},
        {"d\xc3\xa9/caf\xc3\xa9.py", OSX, 0, "d├⌐/caf├⌐.py", "dé/café.py"},
        {"caf\xc3\xa9.py", FAT, 0, "caf├⌐.py", NULL},
        {"caf\xc3\xa9.py", NTFS, 0, "caf├⌐.py", NULL},
        {"caf\xc3\xa9.py", UNIX, 0x800, "café.py", NULL},
        {"caf\x82.py", UNIX, 0, "café.py", NULL}, /* not UTF-8 */
        /* Backslashes. */
        {"pkg\\sub\\mod.py", FAT, 0, "pkg\\sub\\mod.py", "pkg/sub/mod.py"},
        {"pkg\\", FAT, 0, "pkg\\", "pkg/"},
        {"caf\xc3\xa9\\m.py", FAT, 0x800, "café\\m.py", "café/m.py"},
        {"caf\x82\\m.py", FAT, 0, "café\\m.py", "café/m.py"},
        {"a\\b.py", UNIX, 0, "a\\b.py", NULL},
        {"a\\b.py", NTFS, 0, "a\\b.py", NULL},
        {"p/a\\b.py", FAT, 0, "p/a\\b.py", NULL},
        /* Where the archive begins. */
        {"./m.py", UNIX, 0, "./m.py", "m.py"},
        {"././/m.py", UNIX, 0, "././/m.py", "m.py"},
        {"/m.py", UNIX, 0, "/m.py", "m.py"},
        {"//host/m.py", UNIX, 0, "//host/m.py", "host/m.py"},
        {".\\p\\m.py", FAT, 0, ".\\p\\m.py", "p/m.py"},
        {"\\m.py", FAT, 0, "\\m.py", "m.py"},
        {"./caf\xc3\xa9.py", OSX, 0, "./caf├⌐.py", "café.py"},
        {"./", UNIX, 0, "./", NULL},
        {"/", UNIX, 0, "/", NULL},
        {"\\", FAT, 0, "\\", "/"},
        {".m.py", UNIX, 0, ".m.py", NULL},
        /* A part `..` is no direction that anybody takes. */
        {"../m.py", UNIX, 0, "../m.py", NULL},
        {"/../m.py", UNIX, 0, "/../m.py", NULL},
        {"./a/../m.py", UNIX, 0, "./a/../m.py", NULL},
        {"a\\..\\..\\m.py", FAT, 0, "a\\..\\..\\m.py", NULL},
        {"./..a/m..py", UNIX, 0, "./..a/m..py", "..a/m..py"},
        /* Within. */
        {"p//m.py", UNIX, 0, "p//m.py", "p/m.py"},
        {"/p//./q/.//m.py", FAT, 0, "/p//./q/.//m.py", "p/q/m.py"},
        {"p\\\\q\\.\\m.py", FAT, 0, "p\\\\q\\.\\m.py", "p/q/m.py"},
        {"p//", UNIX, 0, "p//", "p/"},
        {"//", UNIX, 0, "//", NULL},
        {"p//../m.py", UNIX, 0, "p//../m.py", NULL},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ARCHIVE archive = NULL;
        struct zi_entry entry;
        TRY(open_zip(t,
                     ZIP({.name = names[i].raw,
                          .flags = (uint16_t)names[i].flags,
                          .central.made_by = ZIP_SET(names[i].host << 8 | 20)}),
                     &archive));
        CHECK(get_entry(archive, names[i].stored, &entry));
        CHECK(has_text(entry.name, entry.name_nbytes, names[i].stored));
        if (names[i].shown) {
            CHECK(get_entry(archive, names[i].shown, &entry));
            CHECK(has_text(entry.name, entry.name_nbytes, names[i].shown));
        }
        CHECK(has_text(entry.raw_name, entry.raw_name_nbytes, names[i].raw));
        CHECK_EQUAL(count_shown(archive), 1);
        CHECK(!exercise_tree(archive));
    }
}

/* Whatever their order: what stands in the archive under a name is that name's. */
TEST(test_archive__stored_names_beat_shown_ones)
{
    for (unsigned order = 0; order < 2; order++) {
        const struct zip_member stored = {.name = "p/m.py", .data = ZIP_TEXT("stored")};
        const struct zip_member shown = {.name = "./p/m.py", .data = ZIP_TEXT("shown")};
        ARCHIVE archive = NULL;
        struct zi_entry entry;

        TRY(open_zip(t, order ? ZIP(shown, stored) : ZIP(stored, shown), &archive));
        CHECK(get_entry(archive, "p/m.py", &entry));
        CHECK_EQUAL(entry.nbytes, 6);
        CHECK(get_entry(archive, "./p/m.py", &entry));
        CHECK_EQUAL(entry.nbytes, 5);
        CHECK_EQUAL(count_shown(archive), 1);
    }
}

TEST(test_archive__of_two_shown_as_one_the_last_counts)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t,
                 ZIP({.name = "./m.py", .data = ZIP_TEXT("1")},
                     {.name = "/m.py", .data = ZIP_TEXT("22")},
                     {.name = "././m.py", .data = ZIP_TEXT("333")}),
                 &archive));
    CHECK(get_entry(archive, "m.py", &entry));
    CHECK_EQUAL(entry.nbytes, 3);
    CHECK(get_entry(archive, "/m.py", &entry));
    CHECK_EQUAL(entry.nbytes, 2);
    CHECK_EQUAL(count_shown(archive), 1);
}

/* Names of the greatest length and depth, each of which becomes two. */
TEST(test_archive__long_and_deep_names_that_are_shown_differently)
{
    static char name[65535 + 1], shown[65535 + 1];
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    for (size_t i = 0; i < sizeof name - 1; i++) {
        name[i] = i % 3 == 2 ? '\\' : 'd';
        shown[i] = i % 3 == 2 ? '/' : 'd';
    }
    TRY(open_zip(t, ZIP({.name = name, .central.made_by = ZIP_SET(20)}), &archive));
    CHECK(get_entry(archive, name, &entry));
    CHECK(get_entry(archive, shown, &entry));
    CHECK(!exercise_tree(archive));
}

TEST(test_archive__ordinary_names_take_no_more_memory)
{
    ARCHIVE archive = NULL;

    TRY(open_zip(t,
                 ZIP({.name = "p/a.py"}, {.name = "p/caf\xc3\xa9.py", .flags = 0x800},
                     {.name = "p/b.py", .central.made_by = ZIP_SET(20)}),
                 &archive));
    CHECK_EQUAL(archive->index.node_count, 5);
    CHECK_EQUAL(archive->names.nbytes, 0);
}

TEST(test_archive__directory_entries_and_implicit_ones)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t, ZIP({.name = "p/q/m.py"}, {.name = "p/"}, {.name = "r/"}, {.name = "r/n.py"}),
                 &archive));
    CHECK(get_entry(archive, "p/", &entry));
    CHECK(get_entry(archive, "r/", &entry));
    CHECK(!get_entry(archive, "p/q/", &entry));
    CHECK(zi_archive_find(archive, "p/q/", 4) != ZI_INDEX_NONE);
    CHECK(!exercise_tree(archive));
}

TEST(test_archive__names_that_escape_are_only_names)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;

    TRY(open_zip(t,
                 ZIP({.name = "../../etc/passwd"}, {.name = "/abs"}, {.name = "a//b"},
                     {.name = "C:\\x"}, {.name = "\0nul", .central.name = ZIP_TEXT("\0nul")},
                     {.name = ""}),
                 &archive));
    CHECK(get_entry(archive, "../../etc/passwd", &entry));
    CHECK(get_entry(archive, "/abs", &entry));
    CHECK(get_entry(archive, "a//b", &entry));
    CHECK(get_entry(archive, "C:\\x", &entry));
    CHECK(get_entry(archive, "", &entry));
    CHECK(!get_entry(archive, "etc/passwd", &entry));
    CHECK_EQUAL(archive->entry_count, 6);
}

TEST(test_archive__digital_signature_ends_the_directory)
{
    ARCHIVE archive = NULL;

    TRY(open_zip(t,
                 zip_of(ZIP_ENDS(.after_directory = ZIP_TEXT("PK\5\5\2\0!!")),
                        ZIP_MEMBERS({.name = "a"})),
                 &archive));
    CHECK_EQUAL(archive->entry_count, 1);
}

TEST(test_archive__fewer_entries_than_counted)
{
    ARCHIVE archive = NULL;

    FAILS(open_zip(t,
                   zip_of(ZIP_ENDS(.end.disk_count = ZIP_SET(3)),
                          ZIP_MEMBERS({.name = "a"}, {.name = "b"})),
                   &archive),
          ENTRY_COUNT);
    CHECK_EQUAL(t->err.found, 2);
    CHECK_EQUAL(t->err.expected, 3);
}

TEST(test_archive__more_entries_than_counted)
{
    ARCHIVE archive = NULL;

    FAILS(open_zip(t,
                   zip_of(ZIP_ENDS(.end.disk_count = ZIP_SET(1)),
                          ZIP_MEMBERS({.name = "a"}, {.name = "b"})),
                   &archive),
          ENTRY_COUNT);
}

/* With the record the count has 64 bits, and no excuse. */
TEST(test_archive__zip64_count_is_exact)
{
    ARCHIVE archive = NULL;

    FAILS(open_zip(t,
                   zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                                   .end64.disk_count = ZIP_SET(65536 + 1)),
                          ZIP_MEMBERS({.name = "a"})),
                   &archive),
          ENTRY_COUNT);
    FAILS(open_zip(t,
                   zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                                   .end64.disk_count = ZIP_SET(UINT64_MAX)),
                          ZIP_MEMBERS({.name = "a"})),
                   &archive),
          ENTRY_COUNT);
    CHECK(t->peak_nbytes < 10000);
}

TEST(test_archive__entry_runs_past_the_directory)
{
    static const struct {
        const char *what;
        struct zip_member member;
    } cases[] = {
        {"name", {.name = "b", .central.name_nbytes = ZIP_SET(2)}},
        {"extra", {.name = "b", .central.extra_nbytes = ZIP_SET(1)}},
        {"comment", {.name = "b", .central.comment_nbytes = ZIP_SET(1)}},
        {"everything",
         {.name = "b",
          .central = {.name_nbytes = ZIP_SET(0xffff),
                      .extra_nbytes = ZIP_SET(0xffff),
                      .comment_nbytes = ZIP_SET(0xffff)}}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARCHIVE archive = NULL;
        FAILS(open_zip(t, ZIP({.name = "a"}, cases[i].member), &archive), ENTRY_TRUNCATED);
        CHECK_EQUAL(t->err.offset, 2 * 31 + 47);
    }
}

TEST(test_archive__fixed_part_runs_past_the_directory)
{
    ARCHIVE archive = NULL;

    FAILS(open_zip(t,
                   zip_of(ZIP_ENDS(.after_directory = ZIP_TEXT("PK\1\2 and no more")),
                          ZIP_MEMBERS({.name = "a"})),
                   &archive),
          ENTRY_TRUNCATED);
    CHECK_EQUAL(t->err.offset, 31 + 47);
}

TEST(test_archive__local_header_behind_the_directory)
{
    ARCHIVE archive = NULL;

    FAILS(open_zip(t, ZIP({.name = "a", .central.local_offset = ZIP_SET(32)}), &archive),
          LOCAL_OFFSET);
    CHECK_EQUAL(t->err.found, 32);
    CHECK_EQUAL(t->err.expected, 31);
    CHECK_EQUAL(t->err.offset, 31);
    CHECK(t->err.name_nbytes == 1 && t->err.name[0] == 'a');
}

/* Its pages are never touched, but for the first and the last. */
TEST(test_archive__directory_of_4_gib)
{
    struct zip_built ends = zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                                            .end64.disk_count = ZIP_SET(1),
                                            .end64.directory_nbytes = ZIP_SET(UINT32_MAX)),
                                   NULL, 0);
    size_t nbytes = UINT32_MAX + ends.nbytes;
    uint8_t *bytes = test_guarded(t, nbytes);
    struct zi_archive *archive = NULL;
    struct zi_source source;

    memcpy(bytes, "PK\1\2", 4);
    memcpy(bytes + UINT32_MAX, ends.bytes, ends.nbytes);
    zip_free(&ends);
    zi_source_open_memory(&source, &t->host, bytes, nbytes);
    FAILS(zi_archive_open(&archive, &source, &t->err), DIRECTORY_TOO_LARGE);
    CHECK(t->peak_nbytes < 100000);
}

TEST(test_archive__lives_while_it_is_referenced)
{
    struct zi_archive *archive = NULL;

    TRY(open_zip(t, ZIP({.name = "a"}), &archive));
    CHECK(zi_archive_ref(archive) == archive);
    zi_archive_unref(archive);
    bool found = zi_archive_find(archive, "a", 1) != ZI_INDEX_NONE;
    zi_archive_unref(archive);
    CHECK(found);
    CHECK_EQUAL(t->live_blocks, 0);
    zi_archive_unref(NULL);
}

/* Comparing with another state of the archive. */

static enum zi_status compare_source(struct test *t, struct zi_archive *archive,
                                     struct zi_source *source, bool *same_ret)
{
    struct zi_archive *again = NULL;
    enum zi_status status = zi_archive_reopen(&again, archive, source, &t->err);

    *same_ret = status == ZI_OK && again == archive;
    zi_archive_unref(again);
    return status == ZI_ERR_ARCHIVE ? ZI_OK : status;
}

static enum zi_status compare(struct test *t, struct zi_archive *archive, struct zip_built other,
                              bool *same_ret)
{
    struct zi_source source = test_zip_source(t, other);

    return compare_source(t, archive, &source, same_ret);
}

TEST(test_archive__matches_itself)
{
    ARCHIVE archive = NULL;
    bool same = false;

    TRY(open_zip(t, ZIP({.name = "a", .data = ZIP_TEXT("1")}), &archive));
    TRY(compare(t, archive, ZIP({.name = "a", .data = ZIP_TEXT("1")}), &same));
    CHECK(same);
    CHECK_EQUAL(t->host.count.parses, 1);
}

TEST(test_archive__empty_matches_empty)
{
    ARCHIVE archive = NULL;
    bool same = false;

    TRY(open_zip(t, zip_of(ZIP_ENDS(.zip64 = false), NULL, 0), &archive));
    TRY(compare(t, archive, zip_of(ZIP_ENDS(.zip64 = false), NULL, 0), &same));
    CHECK(same);
}

TEST(test_archive__differs_from_other_contents)
{
    ARCHIVE archive = NULL;
    bool same = true;

    TRY(open_zip(t, ZIP({.name = "a", .data = ZIP_TEXT("1")}), &archive));
    TRY(compare(t, archive, ZIP({.name = "a", .data = ZIP_TEXT("2")}), &same)); /* the CRC */
    CHECK(!same);
    TRY(compare(t, archive, ZIP({.name = "b", .data = ZIP_TEXT("1")}), &same));
    CHECK(!same);
    TRY(compare(t, archive, ZIP({.name = "a"}, {.name = "b"}), &same));
    CHECK(!same);
    TRY(compare(t, archive, zip_of(ZIP_ENDS(.zip64 = false), NULL, 0), &same));
    CHECK(!same);
}

/* The end record alone tells these apart. */
TEST(test_archive__differs_from_another_end_record)
{
    ARCHIVE archive = NULL;
    bool same = true;

    TRY(open_zip(t, ZIP({.name = "a"}), &archive));
    TRY(compare(t, archive, ZIP({.name = "a", .central.comment = ZIP_TEXT("longer")}), &same));
    CHECK(!same);
    TRY(compare(t, archive,
                zip_of(ZIP_ENDS(.end.disk_count = ZIP_SET(2)), ZIP_MEMBERS({.name = "a"})), &same));
    CHECK(!same);
}

/* The same directory bytes at another place are other members' positions. */
TEST(test_archive__differs_when_it_moved)
{
    ARCHIVE archive = NULL;
    bool same = true;

    TRY(open_zip(t, ZIP({.name = "a"}), &archive));
    TRY(compare(t, archive,
                zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("!")), ZIP_MEMBERS({.name = "a"})), &same));
    CHECK(!same);
    /* In the same place, counted from another beginning. */
    TRY(compare(t, archive,
                zip_of(ZIP_ENDS(.end.directory_offset = ZIP_SET(30)), ZIP_MEMBERS({.name = "a"})),
                &same));
    CHECK(!same);
}

TEST(test_archive__differs_from_what_is_no_archive)
{
    ARCHIVE archive = NULL;
    struct zi_source source;
    bool same = true;

    TRY(open_zip(t, ZIP({.name = "a"}), &archive));
    zi_source_open_memory(&source, &t->host, test_guarded(t, 100), 100);
    TRY(compare_source(t, archive, &source, &same));
    CHECK(!same);
}

TEST(test_archive__comparing_reports_system_errors)
{
    CLEANUP(zi_source_release) struct zi_source source = ZI_SOURCE_INIT;
    ARCHIVE archive = NULL;
    bool same = true;

    test_write_zip(t, ZIP({.name = "a"}));
    TRY(zi_source_open(&source, &t->host, t->path, &t->err));
    TRY(zi_archive_open(&archive, &source, &t->err));
    t->answers[CALL_READ_AT] = EIO;
    FAILS(compare_source(t, archive, &source, &same), CANNOT_READ);
    CHECK(!same);
    TRY(compare_source(t, archive, &source, &same));
    CHECK(same);
}

/* What grows with the archive, and what does not. */

static struct zip_built many(uint32_t count)
{
    struct zip_builder builder = {0};

    zip_add(&builder, &(struct zip_member){.name = "shared", .local_only = true});
    for (uint32_t i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "package%u/module%u.py", i / 20, i);
        zip_add(&builder, &(struct zip_member){.name = name,
                                               .central_only = true,
                                               .central.local_offset = ZIP_SET(0)});
    }
    return zip_finish(&builder, ZIP_ENDS(.zip64 = count > 65535, .saturated = count > 65535));
}

SWEEP(test_archive__operations_are_linear_to_a_million)
{
    uint64_t first_reads = 0, first_allocations = 0;

    for (uint32_t count = 1000; count <= 1000000; count *= 10) {
        ARCHIVE archive = NULL;
        struct zip_built zip = many(count);
        size_t directory_nbytes = zip.nbytes - 36;

        t->host.count = (struct zi_counters){0};
        TRY(open_zip(t, zip, &archive));
        CHECK_EQUAL(archive->entry_count, count);
        CHECK_EQUAL(archive->index.node_count, 1 + count + count / 20);
        CHECK_EQUAL(archive->index.node_capacity, archive->index.node_count);
        CHECK(zi_archive_index_nbytes(archive) <= (size_t)archive->index.node_count * 64);
        /* The directory, once; and its first signature, and the tail. */
        CHECK(t->host.count.read_nbytes <= directory_nbytes + 300);
        CHECK(t->live_nbytes <= directory_nbytes + (size_t)archive->index.node_count * 64 + 1000);
        if (count == 1000) {
            first_reads = t->host.count.reads;
            first_allocations = t->host.count.allocations;
        }
        CHECK_EQUAL(t->host.count.reads, first_reads);
        CHECK_EQUAL(t->host.count.allocations, first_allocations);
        CHECK(!exercise_tree(archive));
    }
}

/* Without a ZIP64 record the count is modulo 65,536, so the index cannot know and grows. */
SWEEP(test_archive__more_than_65535_entries_without_zip64)
{
    static const uint32_t counts[] = {65535, 65536, 65537, 131072 + 5};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct zip_builder builder = {0};
        ARCHIVE archive = NULL;

        for (uint32_t k = 0; k < counts[i]; k++) {
            char name[32];
            snprintf(name, sizeof name, "m%u", k);
            zip_add(&builder, &(struct zip_member){.name = name,
                                                   .central_only = true,
                                                   .central.local_offset = ZIP_SET(0)});
        }
        t->host.count = (struct zi_counters){0};
        TRY(open_zip(t, zip_finish(&builder, ZIP_ENDS(.zip64 = false)), &archive));
        CHECK_EQUAL(archive->entry_count, counts[i]);
        CHECK(t->host.count.allocations < 60);
        CHECK(zi_archive_index_nbytes(archive) <= (size_t)archive->index.node_count * 64);
    }
}

/* Decoded names are in one arena. */
SWEEP(test_archive__many_cp437_names)
{
    struct zip_builder builder = {0};
    ARCHIVE archive = NULL;

    for (uint32_t i = 0; i < 50000; i++) {
        char name[32];
        snprintf(name, sizeof name, "\x82%u", i);
        zip_add(&builder, &(struct zip_member){.name = name, .central_only = true});
    }
    TRY(open_zip(t, zip_finish(&builder, ZIP_ENDS(.zip64 = false)), &archive));
    CHECK(t->host.count.allocations < 30);
    CHECK(archive->names.nbytes < 600000); /* 340,000 bytes of names, of room for 840,000 */
    CHECK(!exercise_tree(archive));
}

/* The deepest name there is: a header's 65,535 bytes, every other one a slash. */
TEST(test_archive__32767_directories_in_one_name)
{
    ARCHIVE archive = NULL;
    struct zi_entry entry;
    char name[65535 + 1];

    for (size_t i = 0; i + 1 < sizeof name; i += 2)
        memcpy(name + i, "d/", 2);
    memcpy(name + 65534, "f", 2);
    TRY(open_zip(t, ZIP({.name = name}), &archive));
    CHECK(get_entry(archive, name, &entry));
    CHECK_EQUAL(entry.name_nbytes, 65535);
    CHECK(archive->index.node_count <= ZI_INDEX_DEPTH_MAX + 2);
    CHECK(zi_archive_index_nbytes(archive) <= 65535);
    CHECK(!exercise_tree(archive));
}

/* A hundred thousand levels, a thousand in each of a hundred names. */
SWEEP(test_archive__100000_levels_over_many_names)
{
    struct zip_builder builder = {0};
    ARCHIVE archive = NULL;
    struct zip_built zip;
    char name[2 * 1000 + 16];

    for (unsigned i = 0; i < 100; i++) {
        int start = snprintf(name, sizeof name, "%u/", i);
        for (size_t k = 0; k < 999; k++)
            memcpy(name + start + 2 * k, "d/", 3);
        zip_add(&builder, &(struct zip_member){.name = name});
    }
    zip = zip_finish(&builder, ZIP_ENDS(.zip64 = false));
    size_t nbytes = zip.nbytes;
    TRY(open_zip(t, zip, &archive));
    CHECK_EQUAL(archive->index.node_count, 1 + 100 * 1000);
    CHECK(zi_archive_index_nbytes(archive) <= (size_t)archive->index.node_count * 64);
    CHECK(t->peak_nbytes < 64 * nbytes);
    CHECK(t->host.count.allocations < 60);
    CHECK(!exercise_tree(archive));
}

/* Damage. */

/* An archive with some of everything, small enough to be damaged at every byte. */
static struct zip_built assorted(bool zip64)
{
    return zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("#!\n"), .zip64 = zip64, .saturated = zip64,
                           .end.comment = ZIP_TEXT("PK")),
                  ZIP_MEMBERS({.name = "p/", .central.comment = ZIP_TEXT("dir")},
                              {.name = "p/m.py",
                               .data = ZIP_TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                               .method = 8,
                               .zip64 = zip64,
                               .central.extra = ZIP_TEXT("UT\5\0\1\x78\x56\x34\x12")},
                              {.name = "caf\x82", .data = ZIP_TEXT("stored"), .flags = 8},
                              {.name = "\xc3\xa9", .flags = 0x800}));
}

/* What is wrong with how the core takes these bytes, or NULL. */
static const char *try_bytes(struct test *t, const uint8_t *bytes, size_t nbytes)
{
    struct zi_archive *archive = NULL;
    struct zi_source source;
    const char *broken = NULL;
    bool same = false;

    zi_source_open_memory(&source, &t->host, bytes, nbytes);
    uint32_t visible = 0;
    zi_error_clear(&t->err);
    enum zi_status status = zi_archive_open(&archive, &source, &t->err);
    if (status != ZI_OK) {
        if (t->err.status != status || t->err.detail == ZI_DETAIL_NONE)
            return "a failure has an error";
        return status == ZI_ERR_ARCHIVE ? NULL : "damage is the archive's fault";
    }
    broken = exercise_tree(archive);
    if (!broken)
        broken = exercise_visible(archive, ZI_INDEX_ROOT, 0, &visible);
    if (!broken && (compare_source(t, archive, &source, &same) != ZI_OK || !same))
        broken = "an archive matches itself";
    exercise_members(archive, &source);
    zi_archive_unref(archive);
    return broken;
}

SWEEP(test_archive__every_truncation)
{
    for (int zip64 = 0; zip64 <= 1; zip64++) {
        struct zip_built zip = assorted(zip64);
        uint8_t *end = test_guarded(t, zip.nbytes) + zip.nbytes;
        const char *broken = NULL;

        for (size_t nbytes = 0; nbytes <= zip.nbytes && !broken; nbytes++) {
            memcpy(end - nbytes, zip.bytes, nbytes);
            broken = try_bytes(t, end - nbytes, nbytes);
        }
        for (size_t skipped = 0; skipped <= zip.nbytes && !broken; skipped++) {
            memcpy(end - zip.nbytes, zip.bytes, zip.nbytes);
            broken = try_bytes(t, end - zip.nbytes + skipped, zip.nbytes - skipped);
        }
        zip_free(&zip);
        if (broken)
            test_fail(t, __FILE__, __LINE__, "%s", broken);
    }
}

/* Every byte takes each of its 255 other values. */
SWEEP(test_archive__every_flip)
{
    for (int zip64 = 0; zip64 <= 1; zip64++) {
        struct zip_built zip = assorted(zip64);
        uint8_t *bytes = test_guarded(t, zip.nbytes);
        const char *broken = NULL;

        memcpy(bytes, zip.bytes, zip.nbytes);
        for (size_t at = 0; at < zip.nbytes && !broken; at++) {
            for (int change = 1; change < 256 && !broken; change++) {
                bytes[at] = (uint8_t)(zip.bytes[at] ^ change);
                broken = try_bytes(t, bytes, zip.nbytes);
            }
            bytes[at] = zip.bytes[at];
        }
        zip_free(&zip);
        if (broken)
            test_fail(t, __FILE__, __LINE__, "%s", broken);
    }
}
