#include <stdio.h>
#include <string.h>

#include "../../src/zip/tree.h"
#include "exercise.h"
#include "harness.h"

#define LINK_MODE (0120777u << 16)

struct fixture {
    struct zi_archive *archive;
};

static void fixture_release(struct fixture *fixture)
{
    zi_archive_unref(fixture->archive);
}

#define FIXTURE CLEANUP(fixture_release) struct fixture

static enum zi_status fixture_open(struct test *t, struct fixture *fixture, struct zip_built zip)
{
    struct zi_source source = test_zip_source(t, zip);

    return zi_archive_open(&fixture->archive, &source, &t->err);
}

/* The names in a directory, sorted by where they stand, with a space before each; a slash behind
 * directories, @ behind links. */
static const char *list(const struct zi_archive *archive, const char *path)
{
    static char text[1024];
    const char *names[16];
    size_t lengths[16], count = 0, nbytes = 0;
    enum zi_tree_kind kinds[16];
    uint32_t node = zi_tree_resolve(archive, path, strlen(path));

    text[0] = '\0';
    if (node == ZI_INDEX_NONE)
        return "none";
    for (node = zi_tree_first(archive, node); node != ZI_INDEX_NONE && count < 16; count++) {
        names[count] = zi_tree_name(archive, node, &lengths[count]);
        kinds[count] = zi_tree_kind(archive, node);
        node = zi_tree_next(archive, node);
    }
    while (count-- > 0)
        nbytes += (size_t)snprintf(text + nbytes, sizeof text - nbytes, " %.*s%s",
                                   (int)lengths[count], names[count],
                                   kinds[count] == ZI_TREE_DIRECTORY ? "/"
                                   : kinds[count] == ZI_TREE_LINK    ? "@"
                                                                     : "");
    return text;
}

#define CHECK_LIST(path, expected) CHECK(strcmp(list(fixture.archive, (path)), (expected)) == 0)

TEST(test_tree__files_directories_and_links)
{
    FIXTURE fixture = {0};
    uint32_t count = 0;

    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "b.py"}, {.name = "d/e/f.py"}, {.name = "d/"}, {.name = "g/"},
                         {.name = "l", .central.external = ZIP_SET(LINK_MODE)}, {.name = "a.py"},
                         {.name = "b.py", .data = ZIP_TEXT("the last one")})));
    CHECK_LIST("", " b.py d/ g/ l@ a.py");
    CHECK_LIST("d", " e/");
    CHECK_LIST("d/e", " f.py");
    CHECK_LIST("g", "");
    CHECK_LIST("nope", "none");
    CHECK_LIST("d/", " e/");
    CHECK_LIST("d//e", "none");
    CHECK_LIST("./d", "none");
    CHECK_LIST("b.py/x", "none");
    CHECK(zi_tree_find(fixture.archive, ZI_INDEX_ROOT, "d/", 2) == ZI_INDEX_NONE);
    CHECK(zi_tree_find(fixture.archive, ZI_INDEX_ROOT, "", 0) == ZI_INDEX_NONE);
    CHECK(!exercise_visible(fixture.archive, ZI_INDEX_ROOT, 0, &count));
}

TEST(test_tree__what_cannot_be_unpacked_is_invisible)
{
    FIXTURE fixture = {0};
    static char long_name[ZI_TREE_NAME_NBYTES_MAX + 2];
    uint32_t count = 0;

    memset(long_name, 'x', sizeof long_name - 1);
    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "../up"}, {.name = "a/../../up"}, {.name = "/absolute"},
                         {.name = "a//b"}, {.name = "./dot"}, {.name = "both"}, {.name = "both/x"},
                         {.name = "."}, {.name = "c/./d"}, {.name = long_name},
                         {.name = long_name + 1})));
    CHECK_LIST("a", "");
    CHECK_LIST("c", "");
    CHECK_LIST("both", "none");
    CHECK_LIST("..", "none");
    CHECK(zi_tree_find(fixture.archive, ZI_INDEX_ROOT, "absolute", 8) == ZI_INDEX_NONE);
    CHECK(zi_tree_find(fixture.archive, ZI_INDEX_ROOT, "dot", 3) != ZI_INDEX_NONE);
    CHECK(zi_tree_find(fixture.archive, ZI_INDEX_ROOT, long_name, 256) == ZI_INDEX_NONE);
    CHECK(zi_tree_find(fixture.archive, ZI_INDEX_ROOT, long_name, 255) != ZI_INDEX_NONE);
    CHECK(!exercise_visible(fixture.archive, ZI_INDEX_ROOT, 0, &count));
    CHECK_EQUAL(count, 4u); /* a, dot, c, the name that is not too long */
}

TEST(test_tree__shown_names_are_the_visible_ones)
{
    FIXTURE fixture = {0};

    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "p\\m.py", .central.made_by = ZIP_SET(0)},
                         {.name = "\\q.py", .central.made_by = ZIP_SET(0)},
                         {.name = "r\\s.py", .central.made_by = ZIP_SET(3 << 8)})));
    CHECK_LIST("", " p/ r\\s.py");
    CHECK_LIST("p", " m.py");
}

TEST(test_tree__mtime)
{
    static const struct {
        unsigned date, time;
        int64_t seconds;
    } times[] = {
        {0x0021, 0, 315532800},                             /* 1980-01-01 */
        {(2026 - 1980) << 9 | 11 << 5 | 27, 0, 1795737600}, /* 2026-11-27 */
        {(2024 - 1980) << 9 | 2 << 5 | 29, 0, 1709164800},  /* 2024-02-29 */
        {(2024 - 1980) << 9 | 3 << 5 | 1, 0, 1709251200},   /* 2024-03-01 */
        {(2100 - 1980) << 9 | 3 << 5 | 1, 0, 4107542400},   /* 2100-03-01 */
        {(2101 - 1980) << 9 | 1 << 5 | 1, 0, 4133980800},   /* 2101-01-01 */
        {0x0021, 23 << 11 | 59 << 5 | 29, 315532800 + 86398} /* 23:59:58 */,
        {0, 0, 0},
        {15 << 5 | 1, 0, 0},
    };

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct zi_entry entry = {.dos_date = (uint16_t)times[i].date,
                                 .dos_time = (uint16_t)times[i].time};
        bool is_local;
        CHECK(zi_tree_mtime(&entry, &is_local) == times[i].seconds);
        CHECK_EQUAL(is_local, times[i].seconds != 0);
    }
    const uint8_t extra[] = {'U', 'T', 5, 0, 1, 0x10, 0x20, 0x30, 0x40};
    struct zi_entry entry = {.extra = extra, .extra_nbytes = sizeof extra, .dos_date = 0x21};
    bool is_local;
    CHECK(zi_tree_mtime(&entry, &is_local) == 0x40302010);
    CHECK(!is_local);
}
