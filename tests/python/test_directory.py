"""Reading the central directory: which archives open, what their members are called, and the text of every refusal."""

import zipimport

from support import (BEFORE_3_13, BEFORE_3_14, BEFORE_3_14_10, SINCE_3_13, SINCE_3_14, VERSION, ZipTestCase, difference,
                     long, ours_only, since)
from zipbuild import (DOS_DATE, DOS_TIME, Entry, MAX16, MAX32, UTF8_FLAG, build, deflate, extra_field, unicode_path_extra,
                      zip64_extra)


class DirectoryTestCase(ZipTestCase):
    def names(self, members=(), **knobs):
        """The archive's member names, implicit directories left out."""
        archive = self.make(members, **knobs)
        zipimport.zipimporter(archive)
        return [name for name, value in zipimport._zip_directory_cache[archive].items() if value is not None]

    def assertImports(self, members=None, **knobs):
        """An archive with m.py in it opens, and m's source can be read."""
        members = {"m.py": "x = 1"} if members is None else members
        self.assertEqual(self.make_importer(members, **knobs).get_source("m"), "x = 1")


class Entries(DirectoryTestCase):
    def test_fields(self):
        data = b"x = 1\n" * 9
        archive = self.make([Entry("first", b"12345"), Entry("p/m.py", data, method=8)])
        zipimport.zipimporter(archive)
        entry = zipimport._zip_directory_cache[archive]["p/m.py"]
        crc = Entry("x", data).central["crc"]
        self.assertEqual(entry, (archive + "/p/m.py", 8, len(deflate(data)), len(data), 30 + 5 + 5, DOS_TIME, DOS_DATE, crc))

    def test_offset_includes_prepended_bytes(self):
        archive = self.make({"m.py": ""}, prepended=b"#!/bin/sh\n")
        zipimport.zipimporter(archive)
        self.assertEqual(zipimport._zip_directory_cache[archive]["m.py"][4], 10)

    def test_offsets_that_count_from_the_file_start(self):
        archive = self.make({"m.py": "x = 1"}, prepended=b"#!/bin/sh\n", offset_base=10)
        self.assertEqual(zipimport.zipimporter(archive).get_source("m"), "x = 1")
        self.assertEqual(zipimport._zip_directory_cache[archive]["m.py"][4], 10)

    def test_order_is_the_directory_s(self):
        self.assertEqual(self.names({"b.py": "", "a.py": "", "c/": "", "c/d.py": ""}), ["b.py", "a.py", "c/", "c/d.py"])

    def test_duplicate_names_last_wins(self):
        importer = self.make_importer([Entry("m.py", "x = 1"), Entry("m.py", "x = 2")])
        self.assertEqual(importer.get_source("m"), "x = 2")

    def test_duplicate_name_keeps_its_first_place(self):
        entries = [Entry("m.py", "x = 1"), Entry("n.py", ""), Entry("m.py", "x = 2")]
        self.assertEqual(self.names(entries), ["m.py", "n.py"])

    def test_entry_comments_and_extra_fields_are_passed_over(self):
        entry = Entry("m.py", "x = 1", comment=b"a comment", central_extra=extra_field(0x5455, b"\1" + b"\0" * 4))
        self.assertImports([entry, Entry("n.py")])

    def test_local_extra_may_differ_from_central(self):
        self.assertImports([Entry("m.py", "x = 1", local_extra=extra_field(0x7875, b"\1" * 11))])

    def test_malformed_extra_without_zip64_is_passed_over(self):
        self.assertImports([Entry("m.py", "x = 1", extra=b"\1")])
        self.assertImports([Entry("m.py", "x = 1", extra=extra_field(1, b"")[:3])])

    def test_version_needed_disk_numbers_and_attributes_are_ignored(self):
        entry = Entry("m.py", "x = 1", version_needed=999, version_made=999, disk=7, attributes=MAX32)
        self.assertImports([entry], disk=3, directory_disk=4)

    def test_total_entries_field_is_ignored(self):
        self.assertImports(entries_total=77)

    def test_gap_before_the_directory(self):
        self.assertImports(before_directory=b"padding" * 9)

    def test_members_need_not_be_in_directory_order(self):
        first = Entry("m.py", "x = 1")
        second = Entry("n.py", "y = 2", offset=0, central_only=True, local_name=b"m.py")
        self.assertEqual(self.names([first, second]), ["m.py", "n.py"])

    def test_empty_archive(self):
        self.assertEqual(self.names(), [])

    def test_many_entries(self):
        self.assertEqual(len(self.names({f"m{i}.py": "" for i in range(3000)})), 3000)

    @long
    def test_65535_entries(self):
        self.assertEqual(len(self.names({f"m{i}.py": "" for i in range(65535)})), 65535)

    @long
    @difference("many-entries-without-zip64", SINCE_3_13)
    def test_more_than_65535_entries_without_zip64(self):
        self.assertEqual(len(self.names({f"m{i}.py": "" for i in range(65537)})), 65537)

    @long
    @difference("many-entries-without-zip64", SINCE_3_13)
    def test_65536_entries_without_zip64(self):
        self.assertEqual(len(self.names({f"m{i}.py": "" for i in range(65536)})), 65536)


class Names(DirectoryTestCase):
    def test_utf8_with_the_flag(self):
        self.assertEqual(self.names({"é☃.py": ""}), ["é☃.py"])
        self.assertImportsNonAscii({"é.py": "x = 1"}, "é")

    def assertImportsNonAscii(self, members, name):
        self.assertEqual(self.make_importer(members).get_source(name), "x = 1")

    def test_utf8_without_the_flag_is_cp437(self):
        self.assertEqual(self.names([Entry("é.py".encode())]), ["├⌐.py"])

    def test_every_cp437_byte(self):
        high = bytes(range(128, 256))
        self.assertEqual(self.names([Entry(high + b".py", "x = 1")]), [high.decode("cp437") + ".py"])

    def test_cp437_member_reads(self):
        self.assertImportsNonAscii([Entry(b"\x82.py", "x = 1")], "é")

    def test_ascii_with_the_flag(self):
        self.assertEqual(self.names([Entry(b"m.py", flags=UTF8_FLAG)]), ["m.py"])

    def test_flag_is_read_from_the_central_header(self):
        entry = Entry("é.py".encode(), "x = 1", central_flags=UTF8_FLAG, local_flags=0)
        self.assertImportsNonAscii([entry], "é")

    def test_non_bmp_name(self):
        self.assertEqual(self.names({"\U0001f40d.py": ""}), ["\U0001f40d.py"])

    def test_names_are_not_changed(self):
        odd = ["../up.py", "a//../b.py", "C:/d.py", "nu\0ll.py", "new\nline.py", " ", "."]
        self.assertEqual(self.names([Entry(name) for name in odd]), odd)

    def test_empty_name(self):
        self.assertEqual(self.names([Entry(""), Entry("m.py")]), ["", "m.py"])

    def test_longest_name(self):
        name = "n" * 65532 + ".py"
        self.assertEqual(self.names([Entry(name, "x = 1")]), [name])

    def test_surrogates_in_utf8_are_refused(self):
        self.assertNameError(b"\xed\xa0\x80.py")

    def assertNameError(self, name):
        data = build([Entry(name, flags=UTF8_FLAG)])
        with self.assertRaises((UnicodeDecodeError, zipimport.ZipImportError)):
            zipimport.zipimporter(self.write(data))

    @difference("invalid-utf8-name", BEFORE_3_14_10)
    def test_invalid_utf8_is_an_import_error_that_keeps_its_cause(self):
        for name in (b"\xff.py", b"\xed\xa0\x80.py", b"caf\xe9", b"\xc3", b"\xc0\xaf", b"\xf5\x80\x80\x80"):
            with self.subTest(name):
                path = self.write(build([Entry(name, flags=UTF8_FLAG)]))
                with self.assertRaises(zipimport.ZipImportError) as caught:
                    zipimport.zipimporter(path)
                self.assertIsInstance(caught.exception.__cause__, UnicodeDecodeError)
                self.assertEqual(caught.exception.path, path)

    @difference("unicode-path-extra")
    def test_unicode_path_extra_names_the_member(self):
        raw = "caf\N{LATIN SMALL LETTER E WITH ACUTE}.py".encode("latin-1")
        entry = Entry(raw, "x = 1", extra=unicode_path_extra(raw, "café.py"))
        self.assertImportsNonAscii([entry], "café")

    @difference("unicode-path-extra")
    def test_unicode_path_extra_beside_an_ascii_stand_in(self):
        entry = Entry(b"caf?.py", "x = 1", extra=unicode_path_extra(b"caf?.py", "café.py"))
        self.assertImportsNonAscii([entry], "café")

    def test_unicode_path_extra_of_another_name_is_ignored(self):
        entry = Entry(b"caf?.py", extra=unicode_path_extra(b"other", "café.py"))
        self.assertEqual(self.names([entry]), ["caf?.py"])

    def test_unicode_path_extra_of_unknown_version_is_ignored(self):
        entry = Entry(b"caf?.py", extra=unicode_path_extra(b"caf?.py", "café.py", version=2))
        self.assertEqual(self.names([entry]), ["caf?.py"])

    def test_truncated_unicode_path_extra_is_ignored(self):
        for payload in (b"", b"\1", b"\1\0\0\0"):
            self.assertEqual(self.names([Entry(b"caf?.py", extra=extra_field(0x7075, payload))]), ["caf?.py"])

    def test_two_archives_of_equal_names_are_apart(self):
        one = self.make_importer({"m.py": "x = 1"})
        two = self.make_importer({"m.py": "x = 2"})
        self.assertEqual((one.get_source("m"), two.get_source("m")), ("x = 1", "x = 2"))


class ImplicitDirectories(DirectoryTestCase):
    def directories(self, *names):
        archive = self.make([Entry(name) for name in names])
        zipimport.zipimporter(archive)
        return sorted(name for name, value in zipimport._zip_directory_cache[archive].items() if value is None)

    def assertShown(self, names, directories):
        """In the mapping's values, as in stock, since 3.14; older code may not expect what is no tuple there."""
        self.assertEqual(self.directories(*names), directories if VERSION >= (3, 14) else [])

    def test_every_ancestor(self):
        self.assertShown(["a/b/c.py", "a/d.py"], ["a/", "a/b/"])

    def test_explicit_directories_stay_entries(self):
        self.assertEqual(self.directories("a/", "a/b.py"), [])

    def test_of_odd_names(self):
        self.assertShown(["../b.py"], ["../"])
        self.assertShown(["../a//b.py"], ["../", "../a//"])

    @difference("implicit-directories", BEFORE_3_14)
    def test_namespace_package_without_directory_entry(self):
        self.make_on_path({"nsp_one/sub/m.py": "x = 1"})
        self.assertModule("nsp_one.sub.m", x=1)

    @difference("implicit-directories", BEFORE_3_14)
    def test_data_of_implicit_directory_is_empty(self):
        self.assertEqual(self.make_importer({"a/b.txt": "b"}).get_data("a/"), b"")

    @ours_only("stock 3.14 wants a gigabyte and minutes for it")
    def test_32767_nested_directories_in_one_name(self):
        archive = self.make({"d/" * 32766 + "m": "", "n.py": "x = 1"})
        self.assertEqual(zipimport.zipimporter(archive).get_source("n"), "x = 1")

    @difference("deep-implicit-directories", ((3, 14), (3, 15)))
    def test_directories_deeper_than_1000_are_not_shown(self):
        self.assertLessEqual(len(self.directories("d/" * 1200 + "m.py")), 1000)

    @since(3, 14)
    def test_100_nested_directories_are_shown(self):
        self.assertEqual(len(self.directories("d/" * 100 + "m.py")), 100)

    @since(3, 14)
    @difference("deep-implicit-directories", SINCE_3_14)
    def test_directories_out_of_proportion_are_not_shown(self):
        """Their names take 250,000 bytes, and the archive's directory 1,100."""
        self.assertEqual(self.directories("d/" * 500 + "m.py"), [])

    def test_member_below_1000_directories_reads(self):
        self.assertEqual(self.make_importer({"d/" * 1200 + "m.py": "x = 1"}).get_data("d/" * 1200 + "m.py"), b"x = 1")

    def test_member_and_directory_of_one_name(self):
        importer = self.make_importer({"m": "file", "m/n.py": "x = 1", "m.py": "x = 2"})
        self.assertEqual((importer.get_data("m"), importer.get_source("m")), (b"file", "x = 2"))


class EndRecord(DirectoryTestCase):
    def test_archive_comment(self):
        self.assertImports(comment=b"hello")

    def test_longest_comment(self):
        self.assertImports(comment=b"c" * MAX16)

    def test_comment_length_is_not_checked(self):
        self.assertImports(comment_length=99)

    @difference("comment-with-end-signature")
    def test_comment_that_contains_the_end_signature(self):
        self.assertImports(comment=b"see PK\5\6 there")

    @difference("comment-with-end-signature")
    def test_comment_that_contains_a_whole_end_record(self):
        self.assertImports(comment=build({}) + b"tail")

    @difference("comment-with-end-signature")
    def test_comment_that_ends_in_an_end_record(self):
        self.assertImports(comment=b"head" + build({}))

    def test_comment_that_contains_other_signatures(self):
        self.assertImports(comment=b"PK\1\2 PK\3\4")

    def test_comment_that_contains_the_zip64_signatures(self):
        self.assertImports(comment=b"PK\6\6" + b"\0" * 60 + b"PK\6\7" + b"\0" * 30)

    def test_bytes_after_the_archive(self):
        self.assertImports(trailing=b"\0" * 40)
        self.assertImports(trailing=b"\0" * 60000)

    def test_too_many_bytes_after_the_archive(self):
        self.assertDirectoryError("not a Zip file", build({"m.py": ""}, trailing=b"\0" * 70000))

    def test_bytes_before_the_archive(self):
        self.assertImports(prepended=b"#!/usr/bin/env python3\n")
        self.assertImports(prepended=b"\0" * 200000)

    def test_an_archive_before_the_archive(self):
        self.assertImports(prepended=build({"m.py": "x = 3"}))

    @difference("short-file", BEFORE_3_13)
    def test_short_files(self):
        for size in (0, 1, 4, 21):
            with self.subTest(size):
                self.assertDirectoryError("not a Zip file", b"\0" * size)

    def test_cut_end_record(self):
        self.assertDirectoryError("corrupt Zip file", build({"m.py": ""})[:-1])

    def test_directory_size_larger_than_the_file(self):
        self.assertDirectoryError("bad central directory size", build({"m.py": ""}, directory_size=MAX32))

    def test_directory_offset_larger_than_the_file(self):
        self.assertDirectoryError("bad central directory offset", build({"m.py": ""}, directory_offset=MAX32))

    def test_size_and_offset_do_not_fit_together(self):
        data = build({"m.py": ""})
        self.assertDirectoryError("bad central directory size or offset", build({"m.py": ""}, directory_offset=len(data) - 22))

    def test_local_offset_behind_the_directory(self):
        self.assertDirectoryError("bad local header offset", build([Entry("m.py", offset=100)]))

    @difference("directory-error-place")
    def test_message_names_entry_offset_and_values(self):
        path = self.write(build([Entry("m.py", offset=100)]))
        with self.assertRaises(zipimport.ZipImportError) as caught:
            zipimport.zipimporter(path)
        self.assertIn("(entry 'm.py', at offset 34, found 100, expected at most 34)", str(caught.exception))

    def test_message_names_the_archive_by_repr(self):
        path = self.write(b"no archive, but long enough for one", "it's.zip")
        self.assertZipError(f'not a Zip file: "{path}"', zipimport.zipimporter, path, path=path)

    def test_not_readable_directory(self):
        self.assertDirectoryError("not a Zip file", b"x" * 1000)


class EntryCount(DirectoryTestCase):
    def mismatch(self, found, claimed, **knobs):
        error = self.assertDirectoryErrorFor(build({f"m{i}.py": "" for i in range(found)}, entries_on_disk=claimed, **knobs))
        self.assertIn(f"mismatched num_entries: {found} should be {claimed} in", str(error))

    def assertDirectoryErrorFor(self, data):
        path = self.write(data)
        with self.assertRaises(zipimport.ZipImportError) as caught:
            zipimport.zipimporter(path)
        self.assertEqual(caught.exception.path, path)
        return caught.exception

    @difference("entry-count-checked", BEFORE_3_13)
    def test_too_few(self):
        self.mismatch(2, 3)

    @difference("entry-count-checked", BEFORE_3_13)
    def test_too_many(self):
        self.mismatch(3, 2)

    @difference("entry-count-checked", BEFORE_3_13)
    def test_claim_of_none(self):
        self.mismatch(1, 0)

    @difference("entry-count-checked", BEFORE_3_13)
    def test_directory_with_a_foreign_signature(self):
        self.assertDirectoryErrorFor(build([Entry("m.py"), Entry("n.py", central_signature=b"PK\1\3")]))

    @difference("truncated-directory")
    def test_directory_cut_in_an_entry(self):
        data = build({"m.py": "", "n.py": ""}, signature=b"PK\5\6")
        directory = data.index(b"PK\1\2")
        for size in (46 + 4 + 3, 46 + 4 + 20, 45, 3):
            with self.subTest(size):
                self.assertDirectoryErrorFor(data[:directory] + data[directory:directory + size]
                                             + b"PK\5\6" + data[-18:-10] + size.to_bytes(4, "little") + data[-6:])


    @difference("entry-past-directory")
    def test_last_entry_that_runs_into_the_end_record(self):
        """By 4 bytes: stock takes the end record's signature for the entry's comment, and what is left for no entry."""
        data = build({"m.py": "x = 1"})
        length = data.index(b"PK\1\2") + 32
        data = data[:length] + b"\4\0" + data[length + 2:]
        error = self.assertDirectoryErrorFor(data)
        self.assertIn("central directory entry runs past the directory's end", str(error))


class Zip64(DirectoryTestCase):
    """ZIP64 archives; stock reads them from 3.13 on, with the defects marked as differences."""

    @difference("zip64", BEFORE_3_13)
    def test_end_record(self):
        self.assertImports(zip64=True)

    @difference("zip64", BEFORE_3_13)
    def test_behind_prepended_bytes(self):
        self.assertImports(zip64=True, prepended=b"#!/bin/sh\n")

    @difference("zip64", BEFORE_3_13)
    def test_before_trailing_bytes_and_comment(self):
        self.assertImports(zip64=True, comment=b"hello", trailing=b"\0" * 9)

    @long
    @difference("zip64", BEFORE_3_13)
    def test_more_than_65535_entries(self):
        self.assertEqual(len(self.names({f"m{i}.py": "" for i in range(65537)}, zip64=True)), 65537)

    @difference("zip64", BEFORE_3_13)
    def test_end_record_may_repeat_true_values(self):
        fields = dict(entries_on_disk=1, entries_total=1, directory_size=50, directory_offset=39)
        self.assertImports(zip64=True, **fields)

    @difference("zip64-extensible-data")
    def test_extensible_data_in_the_end_record(self):
        self.assertImports(zip64=dict(extensible=b"\xfe\xca" + b"\4\0\0\0" + b"data"))

    @difference("zip64-contradiction")
    def test_end_record_that_contradicts_it(self):
        for contradiction in (dict(entries_on_disk=2), dict(directory_size=49), dict(directory_offset=38)):
            fields = dict(entries_on_disk=1, directory_size=50, directory_offset=39) | contradiction
            with self.subTest(contradiction):
                self.assertRefused("ZIP64 end record contradicts the end record", build({"m.py": "x = 1"}, zip64=True, **fields))

    def assertRefused(self, text, data):
        path = self.write(data)
        self.assertZipError(f"{text}: {path!r}", zipimport.zipimporter, path, path=path)

    @difference("zip64-damaged-record", SINCE_3_13)
    def test_wrong_size_of_the_record(self):
        for size in (0, 43, 45, 2**64 - 1):
            with self.subTest(size):
                self.assertRefused("bad central directory size", build({"m.py": "x = 1"}, zip64=dict(record_size=size)))

    @difference("zip64-damaged-record", SINCE_3_13)
    def test_wrong_signature_of_the_locator(self):
        self.assertRefused("bad central directory size", build({"m.py": "x = 1"}, zip64=dict(locator_signature=b"PK\6\x08")))

    @difference("zip64", BEFORE_3_13)
    def test_other_fields_are_ignored(self):
        """The record lies where it must, so that nobody needs the locator's offset; disks are not looked at."""
        for zip64 in (dict(locator_offset=7), dict(locator_disk=3), dict(disks=9), dict(disk=2, directory_disk=2), dict(entries_total=9)):
            with self.subTest(zip64):
                self.assertImports(zip64=zip64)

    def test_wrong_signature_of_the_record(self):
        self.assertRefused("bad central directory size", build({"m.py": "x = 1"}, zip64=dict(signature=b"PK\6\x05")))

    @difference("zip64", BEFORE_3_13)
    def test_wrong_entry_count(self):
        path = self.write(build({"m.py": ""}, zip64=dict(entries_on_disk=2, entries_total=2)))
        with self.assertRaisesRegex(zipimport.ZipImportError, "mismatched num_entries: 1 should be 2 in"):
            zipimport.zipimporter(path)

    def test_huge_directory_size(self):
        data = build({"m.py": ""}, zip64=dict(directory_size=2**63))
        self.assertDirectoryError("bad central directory size", data)

    @difference("zip64", BEFORE_3_13)
    def test_huge_directory_offset(self):
        self.assertDirectoryError("bad central directory offset", build({"m.py": ""}, zip64=dict(directory_offset=2**64 - 1)))

    def entry(self, values, *, more=b"", comment=b"", **knobs):
        """m.py whose sizes and offset stand in a ZIP64 extra field, as the knobs say."""
        return Entry("m.py", "x = 1", local_extra=b"", central_extra=zip64_extra(*values) + more, comment=comment, **knobs)

    @difference("zip64", BEFORE_3_13)
    def test_sizes_in_the_extra_field(self):
        self.assertImports([self.entry((5, 5), central_size=MAX32, central_compressed_size=MAX32)])

    def test_size_only(self):
        self.assertImports([self.entry((5,), central_size=MAX32)])

    @difference("zip64", BEFORE_3_13)
    def test_compressed_size_only(self):
        self.assertImports([self.entry((5,), central_compressed_size=MAX32)])

    @difference("zip64", BEFORE_3_13)
    def test_offset_only(self):
        self.assertImports([self.entry((0,), offset=MAX32)])

    @difference("zip64", BEFORE_3_13)
    def test_all_three(self):
        self.assertImports([self.entry((5, 5, 0), central_size=MAX32, central_compressed_size=MAX32, offset=MAX32)])

    def test_another_extra_before_it(self):
        knobs = dict(central_size=MAX32, comment=b"")
        entry = Entry("m.py", "x = 1", central_extra=extra_field(0x7875, b"abc") + zip64_extra(5), local_extra=b"", **knobs)
        self.assertImports([entry])

    @difference("zip64-extra-followed-by-another", SINCE_3_13)
    def test_another_extra_after_it(self):
        self.assertImports([self.entry((5,), more=extra_field(0x5455, b"\1\0\0\0\0"), central_size=MAX32)])

    @difference("zip64-entry-comment", SINCE_3_13)
    def test_entry_comment(self):
        self.assertImports([self.entry((5,), comment=b"abc", central_size=MAX32)])

    @difference("zip64-missing-values")
    def test_fewer_values_than_fields(self):
        entry = self.entry((5,), central_size=MAX32, central_compressed_size=MAX32)
        self.assertDirectoryError("can't read header extra", build([entry]))

    @difference("zip64", BEFORE_3_13)
    def test_malformed_extra(self):
        for extra in (b"\1\0\x08", b"\1\0\x08\0\0\0", b"\1\0\3\0abc"):
            with self.subTest(extra):
                entry = Entry("m.py", "x = 1", local_extra=b"", central_extra=extra, central_size=MAX32)
                self.assertDirectoryError("can't read header extra", build([entry]))

    def test_extra_is_ignored_where_no_field_asks_for_it(self):
        self.assertImports([self.entry((9, 9, 9))])

    def test_offset_behind_the_directory(self):
        self.assertDirectoryError("bad local header offset", build([self.entry((2**40,), offset=MAX32)]))

    @difference("zip64", BEFORE_3_13)
    def test_local_header_with_zip64_sizes(self):
        entry = Entry("m.py", "x = 1", extra=zip64_extra(5, 5), size=MAX32, compressed_size=MAX32)
        self.assertImports([entry])


class Bootstrapping(ZipTestCase):
    @difference("verbose-messages")
    def test_says_nothing_of_directories_with_v(self):
        said = []
        real = zipimport._bootstrap._verbose_message
        self.addCleanup(setattr, zipimport._bootstrap, "_verbose_message", real)
        zipimport._bootstrap._verbose_message = lambda message, *args, **options: said.append(message)
        self.make_importer({"m.py": ""})
        self.assertEqual([message for message in said if message.startswith("zipimport: found")], [])

    @difference("read-directory-patching")
    def test_replacing_read_directory_changes_nothing(self):
        real = zipimport._read_directory
        self.addCleanup(setattr, zipimport, "_read_directory", real)
        zipimport._read_directory = None
        self.assertIsNotNone(self.make_importer({"m.py": ""}).find_spec("m"))
