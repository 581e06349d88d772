/* Writes the fuzzers' first inputs: write_seeds TARGET DIRECTORY. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../c/zipbuild.h"

static const char *target;
static const char *directory;

static void put(FILE *file, const void *bytes, size_t nbytes)
{
    if (fwrite(bytes, 1, nbytes, file) != nbytes) {
        perror(directory);
        exit(1);
    }
}

static FILE *create(const char *name)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");

    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

/* For the registry's fuzzer: the archive turns into another one at some call. */
static void write_pairs(const char *name, const struct zip_built *zip)
{
    struct zip_built other = ZIP({.name = "p/m.py", .data = ZIP_TEXT("y = 2\n"), .method = 8});

    for (unsigned call = 0; call < 24; call += 3) {
        const uint8_t prefix[] = {(uint8_t)zip->nbytes,
                                  (uint8_t)(zip->nbytes >> 8),
                                  (uint8_t)call,
                                  call & 1,
                                  0x10,
                                  0x32,
                                  0x54,
                                  0x06};
        char numbered[100];
        snprintf(numbered, sizeof numbered, "%s-%u", name, call);
        FILE *file = create(numbered);
        put(file, prefix, sizeof prefix);
        put(file, zip->bytes, zip->nbytes);
        put(file, other.bytes, other.nbytes);
        fclose(file);
    }
    zip_free(&other);
}

static void seed(const char *name, struct zip_built zip)
{
    if (strcmp(target, "registry") == 0) {
        write_pairs(name, &zip);
    } else {
        FILE *file = create(name);
        put(file, zip.bytes, zip.nbytes);
        fclose(file);
    }
    zip_free(&zip);
}

#define SOURCE ZIP_TEXT("x = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\n")

#define LINK(path, text)                                                                           \
    {                                                                                              \
        .name = path, .data = ZIP_TEXT(text), .central.external = ZIP_SET(0120777u << 16)          \
    }

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: write_seeds TARGET DIRECTORY\n", stderr);
        return 2;
    }
    target = argv[1];
    directory = argv[2];

    seed("empty", zip_of(ZIP_ENDS(.zip64 = false), NULL, 0));
    seed("stored", ZIP({.name = "m.py", .data = SOURCE}));
    seed("deflated", ZIP({.name = "p/m.py", .data = SOURCE, .method = 8}));
    seed("described", ZIP({.name = "m.py", .data = SOURCE, .method = 8, .flags = 8}));
    seed("package", ZIP({.name = "p/"}, {.name = "p/__init__.py"}, {.name = "p/q/r/m.py"},
                        {.name = "p/q/r/n.py", .data = SOURCE}, {.name = "p/q/r/n.py"}));
    seed("names", ZIP({.name = "caf\xc3\xa9", .flags = 0x800}, {.name = "caf\x82"},
                      {.name = "../a//b"}, {.name = "/"}, {.name = ""}));
    seed("shown",
         ZIP({.name = "p\\m.py", .central.made_by = ZIP_SET(20)},
             {.name = "p\\", .central.made_by = ZIP_SET(20)}, {.name = "caf\xc3\xa9.py"},
             {.name = "./p/m.py", .data = SOURCE}, {.name = "/p/m.py"}, {.name = "p/n.py"}));
    seed("links", ZIP({.name = "d/m.py", .data = SOURCE}, LINK("l", "d/"), LINK("l/n.py", "m.py"),
                      LINK("d/up.py", "../l/./m.py"), LINK("o", "../x"), LINK("a", "/d/m.py"),
                      LINK("r", "r2"), LINK("r2", "r/m.py")));
    seed("zip64", zip_of(ZIP_ENDS(.zip64 = true, .saturated = true,
                                  .end64.extensible = ZIP_TEXT("extensible")),
                         ZIP_MEMBERS({.name = "m.py", .data = SOURCE, .zip64 = true})));
    seed("extras", ZIP({.name = "m\xff",
                        .data = SOURCE,
                        .central = {.extra = ZIP_TEXT("UT\5\0\1\1\2\3\4"
                                                      "up\6\0\1\xba\xa8\x7e\x9fm"),
                                    .comment = ZIP_TEXT("comment")}}));
    seed("around", zip_of(ZIP_ENDS(.prepended = ZIP_TEXT("#!/bin/sh\n"),
                                   .end.comment = ZIP_TEXT("PK\5\6"), .trailing = ZIP_TEXT("\n")),
                          ZIP_MEMBERS({.name = "m.py", .data = SOURCE})));
    seed("refused", ZIP({.name = "a", .flags = 1}, {.name = "b", .method = 93},
                        {.name = "c", .data = SOURCE, .central.crc = ZIP_SET(1)}));
    /* A pack of what fuzz_pack.c has for sources. */
    seed("pack", ZIP({.name = "m.pyc",
                      .data = ZIP_TEXT(
                          "\053\016\015\012\001\000\000\000\166\241\133\107\005\000\000\000code")},
                     {.name = "p/__init__.pyc",
                      .data = ZIP_TEXT(
                          "\053\016\015\012\001\000\000\000\000\000\000\000\000\000\000\000code")},
                     {.name = "p/m.pyc",
                      .data = ZIP_TEXT(
                          "\053\016\015\012\001\000\000\000\314\360\122\336\005\000\000\000code"),
                      .method = 8}));
    return 0;
}
