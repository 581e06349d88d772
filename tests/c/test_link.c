#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exercise.h"
#include "harness.h"

#define LINK_MODE (0120777u << 16)
#define LINK(path, text)                                                                           \
    {                                                                                              \
        .name = (path), .data = ZIP_TEXT(text), .central.external = ZIP_SET(LINK_MODE)             \
    }

struct fixture {
    struct zi_source source;
    struct zi_archive *archive;
    struct exercise_links links;
};

static void fixture_release(struct fixture *fixture)
{
    zi_archive_unref(fixture->archive);
}

#define FIXTURE CLEANUP(fixture_release) struct fixture

static enum zi_status fixture_open(struct test *t, struct fixture *fixture, struct zip_built zip)
{
    fixture->source = test_zip_source(t, zip);
    enum zi_status status = zi_archive_open(&fixture->archive, &fixture->source, &t->err);
    fixture->links = (struct exercise_links){fixture->archive, &fixture->source, 0};
    return status;
}

static enum zi_status resolve(struct test *t, struct fixture *fixture, const char *path,
                              uint32_t *node_ret)
{
    const struct zi_link_reader reader = {exercise_read_link, &fixture->links};
    size_t nbytes = strlen(path);
    uint8_t *guarded = test_guarded(t, nbytes);

    memcpy(guarded, path, nbytes);
    return zi_link_resolve(fixture->archive, &reader, guarded, nbytes, node_ret, &t->err);
}

/* Whether the path leads to the node of this path; to none with NULL. */
#define CHECK_LEADS(from, to)                                                                      \
    do {                                                                                           \
        const char *to_ = (to);                                                                    \
        uint32_t node_;                                                                            \
        TRY(resolve(t, &fixture, (from), &node_));                                                 \
        CHECK_EQUAL(node_,                                                                         \
                    to_ ? zi_archive_find(fixture.archive, to_, strlen(to_)) : ZI_INDEX_NONE);     \
        CHECK(!to_ || node_ != ZI_INDEX_NONE);                                                     \
    } while (0)

/* The link that is wrong, and its text. */
#define CHECK_WRONG(path, DETAIL, link, text)                                                      \
    do {                                                                                           \
        uint32_t node_, again_;                                                                    \
        FAILS(resolve(t, &fixture, (path), &node_), DETAIL);                                       \
        CHECK_EQUAL(t->err.status, ZI_ERR_ARCHIVE);                                                \
        CHECK(t->err.name_nbytes == strlen(link) &&                                                \
              memcmp(t->err.name, (link), t->err.name_nbytes) == 0);                               \
        CHECK(t->err.target_nbytes == strlen(text) &&                                              \
              memcmp(t->err.target, (text), t->err.target_nbytes) == 0);                           \
        CHECK_EQUAL(node_, zi_archive_find(fixture.archive, (link), strlen(link)));                \
        FAILS(zi_link_follow(fixture.archive,                                                      \
                             &(const struct zi_link_reader){exercise_read_link, &fixture.links},   \
                             node_, &again_, &t->err),                                             \
              DETAIL);                                                                             \
        CHECK_EQUAL(again_, node_);                                                                \
    } while (0)

TEST(test_link__is_what_unix_and_os_x_say)
{
    static const struct {
        unsigned made_by, external;
        bool is_link;
    } entries[] = {
        {3 << 8, LINK_MODE, true},
        {19 << 8, LINK_MODE, true},
        {3 << 8 | 20, 0120000u << 16 | 0x20, true},
        {0, LINK_MODE, false},
        {10 << 8, LINK_MODE, false},
        {3 << 8, 0100644u << 16, false},
        {3 << 8, 0160777u << 16, false},
        {3 << 8, 0, false},
    };

    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        FIXTURE fixture = {0};
        struct zi_entry entry;
        TRY(fixture_open(t, &fixture,
                         ZIP({.name = "a",
                              .central = {.made_by = ZIP_SET(entries[i].made_by),
                                          .external = ZIP_SET(entries[i].external)}})));
        zi_archive_entry(fixture.archive, 1, &entry);
        CHECK_EQUAL(entry.is_link, entries[i].is_link);
        CHECK_EQUAL(fixture.archive->has_links, entries[i].is_link);
    }
}

TEST(test_link__files_and_directories)
{
    FIXTURE fixture = {0};

    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "top.py"}, {.name = "real/mod.py"}, {.name = "real/sub/deep.py"},
                         LINK("alias.py", "top.py"), LINK("linked", "real"), LINK("slash", "real/"),
                         LINK("real/up.py", "../top.py"), LINK("real/sub/over", "./../../real"),
                         LINK("chain", "linked"), LINK("there.py", "chain/sub/over/up.py"),
                         LINK("here", "."), LINK("d/", "real"))));
    CHECK_LEADS("top.py", "top.py");
    CHECK_LEADS("alias.py", "top.py");
    CHECK_LEADS("linked/mod.py", "real/mod.py");
    CHECK_LEADS("linked", "real/");
    CHECK_LEADS("linked/", "real/");
    CHECK_LEADS("slash/mod.py", "real/mod.py");
    CHECK_LEADS("real/up.py", "top.py");
    CHECK_LEADS("linked/sub/over/sub/deep.py", "real/sub/deep.py");
    CHECK_LEADS("chain/mod.py", "real/mod.py");
    CHECK_LEADS("there.py", "top.py");
    CHECK_LEADS("here/here/linked/mod.py", "real/mod.py");
    CHECK_LEADS("d/mod.py", "real/mod.py");
    /* What is not there, through links that are right. */
    CHECK_LEADS("linked/none.py", NULL);
    CHECK_LEADS("linked/sub/none/deep.py", NULL);
    CHECK_LEADS("alias.py/x", NULL);
    CHECK_LEADS("alias.py/", NULL);
    CHECK_LEADS("none", NULL);
    CHECK_LEADS("/top.py", NULL);
    CHECK_LEADS("//real/mod.py", NULL);
}

/* As in a file system whose root is the archive's. */
TEST(test_link__dots)
{
    FIXTURE fixture = {0};

    TRY(fixture_open(t, &fixture, ZIP({.name = "a/b/c.py"}, {.name = "top.py"}, LINK("l", "a/b"))));
    CHECK_LEADS("a/./b/../b/c.py", "a/b/c.py");
    CHECK_LEADS("./a//b/../../top.py", "top.py");
    CHECK_LEADS("l/../b/c.py", "a/b/c.py");
    CHECK_LEADS("l/../top.py", NULL);
    CHECK_LEADS("..", NULL);
    CHECK_LEADS("../top.py", NULL);
    CHECK_LEADS("a/../../top.py", NULL);
    CHECK_LEADS("top.py/..", NULL);
    CHECK_LEADS("top.py/.", NULL);
    CHECK_LEADS("none/../top.py", NULL);
    CHECK_EQUAL(fixture.links.read_count, 2);
}

TEST(test_link__wrong_ones)
{
    FIXTURE fixture = {0};

    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "top.py"}, {.name = "d/m.py"}, LINK("out.py", "../../etc/passwd"),
                         LINK("abs.py", "/top.py"), LINK("gone.py", "none.py"),
                         LINK("self.py", "self.py"), LINK("d/out", "../.."),
                         LINK("file", "top.py/x"), LINK("slashed", "top.py/"), LINK("empty", ""),
                         LINK("ping", "d/pong"), LINK("d/pong", "../ping"),
                         LINK("indirect", "gone.py"), LINK("dot", "top.py/."),
                         LINK("nul", "top.py\0"))));
    CHECK_WRONG("out.py", LINK_LEAVES, "out.py", "../../etc/passwd");
    CHECK_WRONG("abs.py", LINK_ABSOLUTE, "abs.py", "/top.py");
    CHECK_WRONG("gone.py", LINK_DANGLES, "gone.py", "none.py");
    CHECK_WRONG("self.py", LINK_LOOPS, "self.py", "self.py");
    CHECK_WRONG("d/out/top.py", LINK_LEAVES, "d/out", "../..");
    CHECK_WRONG("file", LINK_DANGLES, "file", "top.py/x");
    CHECK_WRONG("slashed", LINK_DANGLES, "slashed", "top.py/");
    CHECK_WRONG("empty/m.py", LINK_DANGLES, "empty", "");
    CHECK_WRONG("ping/m.py", LINK_LOOPS, "ping", "d/pong");
    CHECK_WRONG("d/pong", LINK_LOOPS, "d/pong", "../ping");
    CHECK_WRONG("indirect", LINK_DANGLES, "gone.py", "none.py");
    CHECK_WRONG("dot", LINK_DANGLES, "dot", "top.py/.");
    FAILS(resolve(t, &fixture, "nul", &(uint32_t){0}), LINK_DANGLES);
}

/* A link whose way leads through one that is right: the first is wrong, not the second. */
TEST(test_link__wrong_ones_through_right_ones)
{
    FIXTURE fixture = {0};

    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "v2/m.py"}, {.name = "top.py"}, LINK("now", "v2"),
                         LINK("b.py", "top.py"), LINK("b", "top.py/"),
                         LINK("gone.py", "now/gone.py"), LINK("slash.py", "b.py/"),
                         LINK("slashes.py", "b.py//."), LINK("part.py", "b.py/x"),
                         LINK("up.py", "b.py/.."), LINK("p/__init__.py", "../now/none.py"),
                         LINK("far", "now/../now/none"), LINK("deep", "far/x"), LINK("both", "b"),
                         LINK("v2/out", "../now/../../x"), LINK("chain", "slash.py/x"))));
    CHECK_WRONG("gone.py", LINK_DANGLES, "gone.py", "now/gone.py");
    CHECK_WRONG("slash.py", LINK_DANGLES, "slash.py", "b.py/");
    CHECK_WRONG("slashes.py", LINK_DANGLES, "slashes.py", "b.py//.");
    CHECK_WRONG("part.py", LINK_DANGLES, "part.py", "b.py/x");
    CHECK_WRONG("up.py", LINK_DANGLES, "up.py", "b.py/..");
    CHECK_WRONG("p/__init__.py", LINK_DANGLES, "p/__init__.py", "../now/none.py");
    CHECK_WRONG("now/out", LINK_LEAVES, "v2/out", "../now/../../x");
    CHECK_WRONG("far/more", LINK_DANGLES, "far", "now/../now/none");
    /* Whose text is wrong, of several. */
    CHECK_WRONG("both", LINK_DANGLES, "b", "top.py/");
    CHECK_WRONG("deep", LINK_DANGLES, "deep", "far/x");
    CHECK_WRONG("chain", LINK_DANGLES, "chain", "slash.py/x");
    CHECK_LEADS("now/none.py", NULL);
    CHECK_LEADS("b.py/x", NULL);
}

/* Forty links lead on, the forty-first does not; each part of a path may take as many. */
TEST(test_link__hops)
{
    struct zip_builder builder = {0};
    FIXTURE fixture = {0};
    char name[20], text[20];

    zip_add(&builder, &(struct zip_member){.name = "d/m.py"});
    for (unsigned i = 0; i <= ZI_LINK_HOPS_MAX; i++) {
        snprintf(name, sizeof name, "l%u", i);
        snprintf(text, sizeof text, i ? "l%u" : "d", i - 1);
        zip_add(&builder, &(struct zip_member){.name = name,
                                               .data = {text, strlen(text)},
                                               .central.external = ZIP_SET(LINK_MODE)});
    }
    zip_add(&builder, &(struct zip_member)LINK("d/again", "../l10"));
    TRY(fixture_open(t, &fixture, zip_finish(&builder, ZIP_ENDS(.zip64 = false))));
    CHECK_LEADS("l39/m.py", "d/m.py");
    CHECK_LEADS("l39/again/again/m.py", "d/m.py");
    CHECK_WRONG("l40/m.py", LINK_LOOPS, "l40", "l39");
}

TEST(test_link__length_of_the_text)
{
    FIXTURE fixture = {0};
    char text[ZI_LINK_TEXT_NBYTES_MAX + 1];
    uint32_t node;

    memset(text, '/', sizeof text);
    memcpy(text, "d", 1);
    memcpy(text + ZI_LINK_TEXT_NBYTES_MAX - 1, "mm", 2);
    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "d/m"}, {.name = "d/mm"},
                         {.name = "long",
                          .data = {text, ZI_LINK_TEXT_NBYTES_MAX},
                          .method = 8,
                          .central.external = ZIP_SET(LINK_MODE)},
                         {.name = "longer",
                          .data = {text, ZI_LINK_TEXT_NBYTES_MAX + 1},
                          .central.external = ZIP_SET(LINK_MODE)})));
    CHECK_LEADS("long", "d/m");
    unsigned reads = fixture.links.read_count;
    FAILS(resolve(t, &fixture, "longer", &node), LINK_TEXT);
    CHECK_EQUAL(fixture.links.read_count, reads);
    CHECK_EQUAL(t->err.target_nbytes, 0);
}

/* A link's own error; that of another member is none of ours. */
TEST(test_link__damaged_text)
{
    FIXTURE fixture = {0};
    uint32_t node;

    TRY(fixture_open(t, &fixture,
                     ZIP({.name = "top.py"},
                         {.name = "bad",
                          .data = ZIP_TEXT("top.py"),
                          .central = {.external = ZIP_SET(LINK_MODE), .crc = ZIP_SET(1)}})));
    FAILS(resolve(t, &fixture, "bad", &node), MEMBER_CRC);
    CHECK_EQUAL(node, zi_archive_find(fixture.archive, "bad", 3));
}
