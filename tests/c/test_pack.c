#include <stdio.h>
#include <string.h>

#include "../../src/base/cursor.h"
#include "../../src/cache/pack.h"
#include "../../src/cache/pyc.h"
#include "harness.h"

#define MAGIC 0x0a0d0e2bu
#define OTHER_MAGIC 0x0a0d0dcbu

/* An archive of sources in memory, and the path of a pack of it. */
struct fixture {
    struct zi_source source;
    struct zi_archive *archive;
    struct zi_pack_file file;
    bool opened;
};

static void fixture_release(struct fixture *fixture)
{
    zi_archive_unref(fixture->archive);
    if (fixture->opened)
        zi_pack_file_release(&fixture->file);
}

#define FIXTURE CLEANUP(fixture_release) struct fixture

static enum zi_status open_archive(struct test *t, struct fixture *fixture, struct zip_built zip)
{
    fixture->source = test_zip_source(t, zip);
    return zi_archive_open(&fixture->archive, &fixture->source, &t->err);
}

static enum zi_status open_file(struct test *t, struct fixture *fixture)
{
    enum zi_status status = zi_pack_file_open(&fixture->file, &t->host, t->path, &t->err);

    fixture->opened = status == ZI_OK;
    return status;
}

#define SOURCES                                                                                    \
    ZIP({.name = "p/"}, {.name = "p/__init__.py", .data = ZIP_TEXT("x = 1")},                      \
        {.name = "p/m.py", .data = ZIP_TEXT("y = 22")}, {.name = "p/data.txt"},                    \
        {.name = "q/n.py", .data = ZIP_TEXT("y = 22")}, {.name = "p/old.pyc"}, {.name = "p/m.pt"})

static struct zi_entry entry_of(const struct fixture *fixture, const char *name)
{
    struct zi_entry entry = {0};
    uint32_t node = zi_archive_find(fixture->archive, name, strlen(name));

    if (node != ZI_INDEX_NONE)
        zi_archive_entry(fixture->archive, node, &entry);
    return entry;
}

/* A pyc for the source with anything in its fields, and "code" behind them. */
struct pyc {
    uint8_t bytes[ZI_PYC_HEADER_NBYTES + 4];
};

static struct pyc make_pyc(uint32_t magic, uint32_t flags, uint32_t crc, uint32_t nbytes)
{
    struct pyc pyc;

    zi_put32(pyc.bytes, 0, magic);
    zi_put32(pyc.bytes, 4, flags);
    zi_put32(pyc.bytes, 8, crc);
    zi_put32(pyc.bytes, 12, nbytes);
    memcpy(pyc.bytes + 16, "code", 4);
    return pyc;
}

/* Reads the code of p/m.py from a pack; what is found is freed. */
static enum zi_status find(struct test *t, struct fixture *fixture, enum zi_pack_finding *ret)
{
    struct zi_entry source = entry_of(fixture, "p/m.py");
    struct zi_pack_member member;
    enum zi_status status = zi_pack_file_read(&fixture->file, &source, MAGIC, &member, &t->err);

    *ret = member.finding;
    if (status == ZI_OK && member.finding == ZI_PACK_FOUND &&
        (member.pyc.nbytes != 20 || memcmp(member.pyc.bytes + 16, "code", 4) != 0))
        test_fail(t, __FILE__, __LINE__, "other bytes than were written are found");
    if ((member.pyc.bytes != NULL) != (member.finding == ZI_PACK_FOUND))
        test_fail(t, __FILE__, __LINE__,
                  "bytes are set where something is found, and nowhere else");
    zi_pack_member_release(&member);
    return status;
}

/* A pack with one member p/m.pyc of these bytes. */
#define CHECK_FINDS(EXPECTED, ...)                                                                 \
    do {                                                                                           \
        FIXTURE fixture_ = {0};                                                                    \
        enum zi_pack_finding finding_;                                                             \
        TRY(open_archive(t, &fixture_, SOURCES));                                                  \
        test_write_zip(t, ZIP({.name = "p/m.pyc", __VA_ARGS__}));                                  \
        TRY(open_file(t, &fixture_));                                                              \
        TRY(find(t, &fixture_, &finding_));                                                        \
        CHECK_EQUAL(finding_, EXPECTED);                                                           \
    } while (0)

TEST(test_pack__findings)
{
    FIXTURE fixture = {0};
    TRY(open_archive(t, &fixture, SOURCES));
    uint32_t crc = entry_of(&fixture, "p/m.py").crc;
    struct pyc right = make_pyc(MAGIC, 1, crc, 6);
    struct pyc magic = make_pyc(OTHER_MAGIC, 1, crc, 6);
    struct pyc other = make_pyc(MAGIC, 1, crc ^ 1, 6);
    struct pyc longer = make_pyc(MAGIC, 1, crc, 7);
    struct pyc checked = make_pyc(MAGIC, 3, crc, 6);
    struct pyc stamped = make_pyc(MAGIC, 0, crc, 6);

    CHECK_FINDS(ZI_PACK_FOUND, .data = {right.bytes, sizeof right.bytes});
    CHECK_FINDS(ZI_PACK_FOUND, .data = {right.bytes, sizeof right.bytes}, .method = 8);
    CHECK_FINDS(ZI_PACK_FOUND, .data = {right.bytes, sizeof right.bytes},
                .local.extra = ZIP_TEXT("\xfe\xca\1\0x"));
    CHECK_FINDS(ZI_PACK_FOUND, .data = {right.bytes, sizeof right.bytes}, .zip64 = true);
    CHECK_FINDS(ZI_PACK_OTHER_MAGIC, .data = {magic.bytes, sizeof magic.bytes});
    CHECK_FINDS(ZI_PACK_OTHER_SOURCE, .data = {other.bytes, sizeof other.bytes});
    CHECK_FINDS(ZI_PACK_OTHER_SOURCE, .data = {longer.bytes, sizeof longer.bytes});
    CHECK_FINDS(ZI_PACK_DAMAGED, .data = {checked.bytes, sizeof checked.bytes});
    CHECK_FINDS(ZI_PACK_DAMAGED, .data = {stamped.bytes, sizeof stamped.bytes});
    CHECK_FINDS(ZI_PACK_DAMAGED, .data = {right.bytes, 15});
    CHECK_FINDS(ZI_PACK_OTHER_MAGIC, .data = {right.bytes, 3});
    CHECK_FINDS(ZI_PACK_OTHER_MAGIC, .data = {NULL, 0});
    CHECK_FINDS(ZI_PACK_DAMAGED, .data = {right.bytes, sizeof right.bytes},
                .central.crc = ZIP_SET(1));
    CHECK_FINDS(ZI_PACK_DAMAGED, .data = {right.bytes, sizeof right.bytes}, .flags = 1);
    CHECK_FINDS(ZI_PACK_DAMAGED, .data = {right.bytes, sizeof right.bytes}, .method = 12);
    CHECK_FINDS(ZI_PACK_DAMAGED, .data = {right.bytes, sizeof right.bytes},
                .local.signature = ZIP_SET(1));
}

TEST(test_pack__one_member_is_one_read)
{
    FIXTURE fixture = {0};
    enum zi_pack_finding finding;

    TRY(open_archive(t, &fixture, SOURCES));
    struct pyc right = make_pyc(MAGIC, 1, entry_of(&fixture, "p/m.py").crc, 6);
    test_write_zip(t, ZIP({.name = "p/m.pyc", .data = {right.bytes, sizeof right.bytes}}));
    TRY(open_file(t, &fixture));
    uint64_t reads = t->host.count.reads;
    TRY(find(t, &fixture, &finding));
    CHECK_EQUAL(finding, ZI_PACK_FOUND);
    CHECK_EQUAL(t->host.count.reads, reads + 1);
}

TEST(test_pack__absent)
{
    FIXTURE fixture = {0};
    enum zi_pack_finding finding;

    TRY(open_archive(t, &fixture, SOURCES));
    test_write_zip(t, ZIP({.name = "m.pyc"}, {.name = "p/m.py"}, {.name = "p/m.pyc/x"}));
    TRY(open_file(t, &fixture));
    TRY(find(t, &fixture, &finding));
    CHECK_EQUAL(finding, ZI_PACK_ABSENT);
}

/* A pack's names are as the sources are stored; what unzip makes of them is another source's. */
TEST(test_pack__shown_under_the_name)
{
    FIXTURE fixture = {0};
    enum zi_pack_finding finding;

    TRY(open_archive(t, &fixture, SOURCES));
    struct pyc pyc = make_pyc(MAGIC, 1, entry_of(&fixture, "p/m.py").crc, 6);
    test_write_zip(t, ZIP({.name = "p\\m.pyc",
                           .data = {pyc.bytes, sizeof pyc.bytes},
                           .central.made_by = ZIP_SET(20)}));
    TRY(open_file(t, &fixture));
    CHECK(zi_archive_find(fixture.file.archive, "p/m.pyc", 7) != ZI_INDEX_NONE);
    TRY(find(t, &fixture, &finding));
    CHECK_EQUAL(finding, ZI_PACK_ABSENT);
}

TEST(test_pack__long_names)
{
    FIXTURE fixture = {0};
    char name[400];
    struct zi_pack_member member;

    memset(name, 'n', sizeof name);
    memcpy(name + sizeof name - 4, ".py", 4);
    TRY(open_archive(t, &fixture, ZIP({.name = name})));
    test_write_zip(t, ZIP({.name = "m.pyc"}));
    TRY(open_file(t, &fixture));
    struct zi_entry source = entry_of(&fixture, name);
    TRY(zi_pack_file_read(&fixture.file, &source, MAGIC, &member, &t->err));
    CHECK_EQUAL(member.finding, ZI_PACK_ABSENT);
}

TEST(test_pack__not_an_archive)
{
    struct zi_pack_file file;

    test_write_file(t, t->path, "no pack at all, though long enough for an end record", 52);
    FAILS(zi_pack_file_open(&file, &t->host, t->path, &t->err), NOT_A_ZIP);
    zi_pack_file_release(&file);
}

TEST(test_pack__names)
{
    FIXTURE fixture = {0};
    struct zi_pack_identity identity = {.magic = MAGIC, .optimization = 2, .debug_ranges = true};
    char name[ZI_PACK_NAME_NBYTES], other[ZI_PACK_NAME_NBYTES];

    TRY(open_archive(t, &fixture, SOURCES));
    zi_pack_name(name, &identity, fixture.archive);
    CHECK(strncmp(name, "z1-p3627-o2-r1-", 15) == 0);
    CHECK(strstr(name + 15, "-") != NULL);
    identity.debug_ranges = false;
    identity.build = "0123abcd";
    zi_pack_name(other, &identity, fixture.archive);
    CHECK(strncmp(other, "z1-p3627-o2-r0-b0123abcd-", 25) == 0);
    CHECK(strcmp(name + 15, other + 25) == 0);
    zi_pack_path_name(name, &identity, "/a.zip", 6);
    CHECK(strcmp(name, "z1-p3627-o2-r0-b0123abcd-at-1edbdce4-6") == 0);
}

/* Every number as long as it can be. */
TEST(test_pack__longest_name)
{
    char build[ZI_PACK_BUILD_NBYTES_MAX + 1], name[ZI_PACK_NAME_NBYTES];
    struct zi_pack_identity identity = {UINT32_MAX, UINT32_MAX, true, build};

    memset(build, 'b', sizeof build - 1);
    build[sizeof build - 1] = '\0';
    zi_pack_path_name(name, &identity, "", 0);
    /* Beside what this has: 19 more digits of the length, 7 of the CRC-32, a NUL. */
    CHECK(strlen(name) + 19 + 7 + 1 <= sizeof name);
}

/* Writes a pack of what is marshalled as "code" for p/m.py, and opens it. */
static enum zi_status write_pack(struct test *t, struct fixture *fixture, const char *name)
{
    struct zi_pack_writer writer;
    struct zi_written written;
    uint32_t node = zi_archive_find(fixture->archive, name, strlen(name));
    enum zi_status status = zi_pack_writer_open(&writer, &t->host, t->path, fixture->archive, MAGIC,
                                                &t->err);

    if (status != ZI_OK)
        return status;
    status = zi_pack_writer_add(&writer, node, "code", 4, &t->err);
    if (status == ZI_OK)
        status = zi_pack_writer_finish(&writer, &written, &t->err);
    zi_pack_writer_release(&writer);
    return status;
}

TEST(test_pack__what_is_written_is_found)
{
    FIXTURE fixture = {0};
    enum zi_pack_finding finding;

    TRY(open_archive(t, &fixture, SOURCES));
    TRY(write_pack(t, &fixture, "p/m.py"));
    TRY(open_file(t, &fixture));
    CHECK_EQUAL(fixture.file.archive->entry_count, 1);
    TRY(find(t, &fixture, &finding));
    CHECK_EQUAL(finding, ZI_PACK_FOUND);
}

static void release_writer(struct zi_pack_writer *writer)
{
    if (writer->archive)
        zi_pack_writer_release(writer);
}

TEST(test_pack__wants)
{
    FIXTURE fixture = {0};
    CLEANUP(release_writer) struct zi_pack_writer writer = {0};
    static const char *const names[] = {"p/",     "q/",     "p/data.txt", "p/old.pyc",
                                        "p/m.pt", "p/m.py", "q/n.py"};
    static const bool wanted[] = {false, false, false, false, false, true, true};

    TRY(open_archive(t, &fixture, SOURCES));
    TRY(zi_pack_writer_open(&writer, &t->host, t->path, fixture.archive, MAGIC, &t->err));
    CHECK(!zi_pack_writer_wants(&writer, ZI_INDEX_ROOT));
    for (size_t i = 0; i < 7; i++) {
        uint32_t node = zi_archive_find(fixture.archive, names[i], strlen(names[i]));
        CHECK_EQUAL(zi_pack_writer_wants(&writer, node), wanted[i]);
    }
    uint32_t node = zi_archive_find(fixture.archive, "q/n.py", 6);
    TRY(zi_pack_writer_add(&writer, node, "code", 4, &t->err));
    CHECK(!zi_pack_writer_wants(&writer, node));
    CHECK(zi_pack_writer_wants(&writer, zi_archive_find(fixture.archive, "p/m.py", 6)));
}

/* The bytecode of a name this long could not be written. */
TEST(test_pack__longest_source)
{
    FIXTURE fixture = {0};
    CLEANUP(release_writer) struct zi_pack_writer writer = {0};
    char name[65536];

    memset(name, 'n', sizeof name);
    memcpy(name + 65532, ".py", 4);
    TRY(open_archive(t, &fixture, ZIP({.name = name}, {.name = name + 1})));
    TRY(zi_pack_writer_open(&writer, &t->host, t->path, fixture.archive, MAGIC, &t->err));
    CHECK(!zi_pack_writer_wants(&writer, zi_archive_find(fixture.archive, name, 65535)));
    CHECK(zi_pack_writer_wants(&writer, zi_archive_find(fixture.archive, name + 1, 65534)));
}

/* Copies everything that the pack at t->path has for these sources into another; counts it. */
static enum zi_status copy_all(struct test *t, struct fixture *fixture, uint32_t *count_ret)
{
    CLEANUP(release_writer) struct zi_pack_writer writer = {0};
    struct zi_written written = {0};
    char path[100];
    enum zi_status status;

    snprintf(path, sizeof path, "%s/copy.zip", t->directory);
    status = zi_pack_writer_open(&writer, &t->host, path, fixture->archive, MAGIC, &t->err);
    for (uint32_t node = 0; status == ZI_OK && node < fixture->archive->index.node_count; node++)
        if (zi_pack_writer_wants(&writer, node))
            status = zi_pack_writer_copy(&writer, node, &fixture->file, &t->err);
    if (status == ZI_OK)
        status = zi_pack_writer_finish(&writer, &written, &t->err);
    *count_ret = written.entry_count;
    return status;
}

TEST(test_pack__copies_what_fits)
{
    FIXTURE fixture = {0};
    uint32_t count = 0;

    TRY(open_archive(t, &fixture, SOURCES));
    TRY(write_pack(t, &fixture, "p/m.py"));
    TRY(open_file(t, &fixture));
    TRY(copy_all(t, &fixture, &count));
    CHECK_EQUAL(count, 1);
}

TEST(test_pack__copies_nothing_of_other_sources)
{
    FIXTURE fixture = {0}, other = {0};
    uint32_t count = 7;

    TRY(open_archive(t, &fixture, SOURCES));
    TRY(write_pack(t, &fixture, "p/m.py"));
    TRY(open_archive(t, &other,
                     ZIP({.name = "p/m.py", .data = ZIP_TEXT("y = 23")},
                         {.name = "m.py", .data = ZIP_TEXT("y = 22")})));
    TRY(open_file(t, &other));
    TRY(copy_all(t, &other, &count));
    CHECK_EQUAL(count, 0);
}

/* Whatever is wrong with a pack, what is found is what was written. */
SWEEP(test_pack__damaged_anywhere)
{
    FIXTURE fixture = {0};
    uint8_t sound[400], damaged[400];
    FILE *file;
    size_t nbytes;

    TRY(open_archive(t, &fixture, SOURCES));
    TRY(write_pack(t, &fixture, "p/m.py"));
    file = fopen(t->path, "rb");
    nbytes = fread(sound, 1, sizeof sound, file);
    fclose(file);
    CHECK(nbytes > 100 && nbytes < sizeof sound);
    for (size_t at = 0; at < 2 * nbytes; at++) {
        struct fixture reading = {.archive = fixture.archive};
        enum zi_pack_finding finding;
        bool cut = at >= nbytes;

        memcpy(damaged, sound, nbytes);
        if (!cut)
            damaged[at] ^= 0x55;
        test_write_file(t, t->path, damaged, cut ? at - nbytes : nbytes);
        if (open_file(t, &reading) != ZI_OK) {
            zi_pack_file_release(&reading.file);
            continue;
        }
        enum zi_status status = find(t, &reading, &finding);
        zi_pack_file_release(&reading.file);
        CHECK_EQUAL(status, ZI_OK);
    }
}
