#include <stdio.h>
#include <string.h>

#include "../../src/zip/name.h"
#include "harness.h"

/* At the end of readable memory. */
static const uint8_t *guarded_text(struct test *t, const char *text, size_t nbytes)
{
    return memcpy(test_guarded(t, nbytes), text, nbytes);
}

TEST(test_name__ascii_at_every_length_and_place)
{
    uint8_t *end = test_guarded(t, 40) + 40;

    for (size_t nbytes = 0; nbytes <= 40; nbytes++) {
        uint8_t *name = end - nbytes;
        memset(name, 0x7f, nbytes);
        CHECK(zi_name_is_ascii(name, nbytes));
        for (size_t at = 0; at < nbytes; at++) {
            name[at] = 0x80;
            CHECK(!zi_name_is_ascii(name, nbytes));
            name[at] = 0;
        }
    }
}

TEST(test_name__well_formed_utf8)
{
    static const char *const names[] = {
        "",
        "plain",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xe1\x80\x80",
        "\xec\xbf\xbf",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf1\x80\x80\x80",
        "\xf3\xbf\xbf\xbf",
        "\xf4\x8f\xbf\xbf",
        "caf\xc3\xa9/\xe6\x97\xa5\xf0\x9f\x90\x8d.py",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t nbytes = strlen(names[i]);
        CHECK(zi_name_is_utf8(guarded_text(t, names[i], nbytes), nbytes));
    }
}

TEST(test_name__malformed_utf8)
{
    static const char *const names[] = {
        "\x80",             /* continuation without lead */
        "\xbf",             /* the last of them */
        "\xc0\x80",         /* overlong NUL */
        "\xc1\xbf",         /* overlong DEL */
        "\xe0\x9f\xbf",     /* overlong in three bytes */
        "\xf0\x8f\xbf\xbf", /* overlong in four */
        "\xed\xa0\x80",     /* surrogate */
        "\xed\xbf\xbf",     /* the last of them */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf5\x80\x80\x80", /* no lead byte */
        "\xff",             /* neither */
        "\xc3",             /* cut off */
        "\xe6\x97",
        "\xf0\x9f\x90",
        "\xc3(", /* continuation missing */
        "\xe6(\x97",
        "\xe6\x97(",
        "\xf0\x9f\x90(",
        "\xf0\x9f(\x8d",
        "\xe6\x97\xc0",
        "caf\xc3\xa9/\xe9", /* after a good one */
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t nbytes = strlen(names[i]);
        CHECK(!zi_name_is_utf8(guarded_text(t, names[i], nbytes), nbytes));
    }
}

TEST(test_name__cp437_lower_half_is_ascii)
{
    uint8_t name[128];
    uint8_t decoded[128];

    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (uint8_t)i;
    CHECK_EQUAL(zi_name_from_cp437(name, sizeof name, decoded), sizeof name);
    CHECK(memcmp(decoded, name, sizeof name) == 0);
}

/* The whole upper half, as Python's codec decodes it. */
TEST(test_name__cp437_upper_half)
{
    static const char expected[] =
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
        "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xc2\xa0";
    uint8_t name[128];

    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (uint8_t)(0x80 + i);
    uint8_t *decoded = test_guarded(t, zi_name_cp437_max_nbytes(sizeof name));
    CHECK_EQUAL(zi_name_from_cp437(name, sizeof name, decoded), sizeof expected - 1);
    CHECK(memcmp(decoded, expected, sizeof expected - 1) == 0);
    CHECK(zi_name_is_utf8(decoded, sizeof expected - 1));
}

TEST(test_name__cp437_needs_no_more_than_its_bound)
{
    uint8_t *decoded = test_guarded(t, zi_name_cp437_max_nbytes(7));

    CHECK_EQUAL(zi_name_from_cp437((const uint8_t *)"\xb0\xb1\xb2\xb3\xb4\xb5\xb6", 7, decoded),
                zi_name_cp437_max_nbytes(7));
}

static struct zi_name guarded_name(struct test *t, const char *text)
{
    return (struct zi_name){guarded_text(t, text, strlen(text)), strlen(text)};
}

TEST(test_name__drops_what_a_path_may_begin_with)
{
    static const char *const names[][2] = {
        {"./a", "a"},        {"/a", "a"},      {"//a", "a"},    {"./././a/b", "a/b"},
        {".//./a", "a"},     {"./..a", "..a"}, {"/a..", "a.."}, {"/.a", ".a"},
        {"/a/./b", "a/./b"}, {"./a/", "a/"},   {"/...", "..."}, {"/a/...", "a/..."},
    };
    static const char *const kept[] = {"",   "a",    "a/b",  ".",   "./",     "/",     "/./",
                                       "//", ".a/b", "../a", "/..", "./../a", "/a/..", "./a/../b"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct zi_name name = guarded_name(t, names[i][0]);
        CHECK(zi_name_drop_start(&name));
        CHECK_EQUAL(name.nbytes, strlen(names[i][1]));
        CHECK(memcmp(name.bytes, names[i][1], name.nbytes) == 0);
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct zi_name name = guarded_name(t, kept[i]), before = name;
        CHECK(!zi_name_drop_start(&name));
        CHECK(name.bytes == before.bytes && name.nbytes == before.nbytes);
    }
}

TEST(test_name__drops_parts_that_lead_nowhere)
{
    static const char *const names[][2] = {
        {"a//b", "a/b"},
        {"a/./b", "a/b"},
        {"a///b", "a/b"},
        {"a/././b", "a/b"},
        {"a//", "a/"},
        {"a/./", "a/"},
        {"a/.//b/./c", "a/b/c"},
        {"a//.", "a/."},
        {"//", ""},
        {"/./", ""},
        {"..a//b..", "..a/b.."},
        {"folder/.hidden//file.py", "folder/.hidden/file.py"},
        {"seven77//x", "seven77/x"},
        {"eight888//x", "eight888/x"},
        {"seven77/./x", "seven77/x"},
        {"eight888/./x", "eight888/x"},
        {"a_long_folder/and_another/m//", "a_long_folder/and_another/m/"},
        {"a_long_folder/and_another_/m/./", "a_long_folder/and_another_/m/"},
    };
    static const char *const kept[] = {"",
                                       "a",
                                       "a/b",
                                       ".",
                                       "..",
                                       "/",
                                       "a/",
                                       "a/.",
                                       "a/.b",
                                       "a/..b",
                                       "a./b",
                                       "a/..",
                                       "a/../b",
                                       "a/.b/.c/.d/.e/.f/.g/.h",
                                       "a_long_folder/.x/y"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct zi_name name = guarded_name(t, names[i][0]);
        uint8_t *dropped = test_guarded(t, name.nbytes);
        CHECK(zi_name_has_idle_parts(&name));
        CHECK_EQUAL(zi_name_drop_idle_parts(&name, dropped), strlen(names[i][1]));
        CHECK(memcmp(dropped, names[i][1], strlen(names[i][1])) == 0);
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct zi_name name = guarded_name(t, kept[i]);
        CHECK(!zi_name_has_idle_parts(&name));
    }
}

TEST(test_name__backslashes)
{
    static const char *const with[] = {"a\\b", "\\", "a\\"};
    static const char *const without[] = {"", "a", "a/b", "a/b\\c", "a\\b/"};

    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        struct zi_name name = guarded_name(t, with[i]);
        CHECK(zi_name_has_backslashes(&name));
    }
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        struct zi_name name = guarded_name(t, without[i]);
        CHECK(!zi_name_has_backslashes(&name));
    }
}

TEST(test_name__parent_parts)
{
    static const char *const with[] = {"..", "../a", "a/..", "a/../b", "/..", "..//", "a//.."};
    static const char *const without[] = {"", ".", "...", "a..", "..a", "a/..b/c", "/", "./a/b.."};

    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        struct zi_name name = guarded_name(t, with[i]);
        CHECK(zi_name_has_parent_part(&name));
    }
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        struct zi_name name = guarded_name(t, without[i]);
        CHECK(!zi_name_has_parent_part(&name));
    }
}
