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
                         {.name = "a//../b"}, {.name = "./dot"}, {.name = "both"},
                         {.name = "both/x"}, {.name = "."}, {.name = "c/."}, {.name = long_name},
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

TEST(test_tree__names_with_parts_that_lead_nowhere)
{
    FIXTURE fixture = {0};

    TRY(fixture_open(t, &fixture, ZIP({.name = "a//b"}, {.name = "a/./c"}, {.name = "d//"})));
    CHECK_LIST("", " a/ d/");
    CHECK_LIST("a", " b c");
}
