"""Defects that CPython's tracker knows and that are an importer's to fix: each fails on stock, on the versions named, and
passes on ours. Other files test the same ground in detail; here each report is told as its reporter met it."""

import importlib
import os
import pkgutil
import sys
import warnings
import zipimport

from support import (BEFORE_3_13, BEFORE_3_14, BEFORE_3_14_10, BEFORE_3_15_1, SINCE_3_13, ZipTestCase, compilations, count,
                     difference, directory_reads, dos_mtime, make_pyc, native_only, time_zone)
from zipbuild import Entry, build, extra_field, u32, unicode_path_extra, zip64_extra


class Reported(ZipTestCase):
    @difference("unchanged-archive-not-reread")
    def test_gh_103200_invalidation_rereads_every_archive(self):
        self.compile_anew()
        archives = [self.make({f"tu_many{n}.py": "x = 1"}) for n in range(5)]
        sys.path[:0] = archives
        for archive in archives:
            pkgutil.get_importer(archive)
        with directory_reads() as reads:
            importlib.invalidate_caches()
            self.assertModule("tu_many4", x=1)
        self.assertEqual(reads, [0])

    @difference("invalidation-reaches-all", BEFORE_3_13)
    def test_gh_103208_review_two_importers_one_told(self):
        archive = self.make({"m.py": ""})
        one, two = zipimport.zipimporter(archive), zipimport.zipimporter(archive)
        self.remake({"n.py": ""})
        one.invalidate_caches()
        self.assertIsNotNone(two.find_spec("n"))

    @difference("implicit-directories", BEFORE_3_14)
    def test_gh_59110_namespace_package_without_directory_entries(self):
        self.make_on_path({"tu_ns/inner/m.py": "x = 1"})
        self.assertModule("tu_ns.inner.m", x=1)

    @difference("find-spec-compiles-nothing", BEFORE_3_15_1)
    def test_gh_141276_source_compiled_twice(self):
        self.compile_anew()
        self.make_on_path({"tu_once.py": "x = 1"})
        with compilations() as compiled:
            self.import_module("tu_once")
        self.assertEqual(compiled, [1])

    @difference("syntax-warning-once", BEFORE_3_15_1)
    def test_gh_141276_warning_shown_twice(self):
        self.compile_anew()
        self.make_on_path({"tu_warning.py": "x = '' is ''\n"})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.import_module("tu_warning")
        self.assertEqual(len(caught), 1)

    @difference("pkgutil-after-invalidation", SINCE_3_13)
    def test_gh_121342_pkgutil_after_invalidation(self):
        archive = self.make_on_path({"tu_listed.py": ""})
        pkgutil.get_importer(archive)
        importlib.invalidate_caches()
        self.assertIn("tu_listed", [info.name for info in pkgutil.iter_modules()])

    @native_only("its clock has no time zone to change")
    @difference("pyc-time-zone")
    def test_native_gh_141431_bytecode_goes_stale_in_another_time_zone(self):
        with time_zone("UTC"):
            stamp = dos_mtime()
        source = "x = 'source'"
        members = [Entry("m.pyc", make_pyc(source, mtime=stamp)),
                   Entry("m.py", source, extra=extra_field(0x5455, b"\1" + u32(stamp)))]
        with time_zone("EST5EDT"):
            self.assertTrue(self.make_importer(members).get_filename("m").endswith(".pyc"))

    @difference("changed-archive-reread")
    def test_gh_63281_archive_replaced_under_a_running_process(self):
        self.make_on_path({"tu_before.py": "x = 1", "tu_after.py": "x = 1"})
        self.assertModule("tu_before", x=1)
        self.remake({"new.txt": "pushes everything back", "tu_before.py": "x = 2", "tu_after.py": "x = 2"})
        self.assertModule("tu_after", x=2)

    @difference("invalid-utf8-name", BEFORE_3_14_10)
    def test_gh_153679_invalid_utf8_name_breaks_every_import(self):
        bad = self.write(build([Entry(b"caf\xe9.py", flags=0x800)]))
        sys.path[:0] = [bad, self.make({"tu_innocent.py": "x = 1"})]
        self.assertModule("tu_innocent", x=1)

    @difference("pyc-co-filename")
    def test_bpo_18307_bytecode_keeps_the_builder_s_path(self):
        source = "def f(): pass"
        archive = self.make_on_path({"tu_moved.pyc": make_pyc(source, "/build/tu_moved.py", flags=1), "tu_moved.py": source})
        module = self.import_module("tu_moved")
        self.assertEqual(module.f.__code__.co_filename, archive + "/tu_moved.py")

    @difference("get-source-decodes")
    def test_pep_263_get_source_ignores_the_encoding_cookie(self):
        text = "# coding: latin-1\nx = 'é'\n"
        self.assertEqual(self.make_importer({"m.py": text.encode("latin-1")}).get_source("m"), text)


class FoundWhileReading(ZipTestCase):
    """Defects without a report, found by reading stock's source and running it."""

    @difference("zip64-extra-followed-by-another", SINCE_3_13)
    def test_zip64_extra_before_another_extra_refuses_the_archive(self):
        extra = zip64_extra(5) + extra_field(0x5455, b"\1\0\0\0\0")
        entry = Entry("m.py", "x = 1", local_extra=b"", central_extra=extra, central_size=0xFFFFFFFF)
        self.assertEqual(self.make_importer([entry]).get_source("m"), "x = 1")

    @difference("zip64-entry-comment", SINCE_3_13)
    def test_zip64_extra_and_an_entry_comment_refuse_the_archive(self):
        entry = Entry("m.py", "x = 1", local_extra=b"", central_extra=zip64_extra(5), comment=b"hello", central_size=0xFFFFFFFF)
        self.assertEqual(self.make_importer([entry]).get_source("m"), "x = 1")

    @difference("many-entries-without-zip64", SINCE_3_13)
    def test_65536_entries_refuse_the_archive(self):
        entries = [Entry("m.py", "x = 1")] + [Entry(f"{n}", central_only=True, offset=0) for n in range(65535)]
        self.assertEqual(self.make_importer(entries).get_source("m"), "x = 1")

    @difference("comment-with-end-signature")
    def test_signature_in_the_comment_hides_the_directory(self):
        self.assertEqual(self.make_importer({"m.py": "x = 1"}, comment=b"about PK\5\6").get_source("m"), "x = 1")

    @difference("unicode-path-extra")
    def test_info_zip_s_unicode_names_are_not_read(self):
        raw = "é.py".encode("cp1252")
        entry = Entry(raw, "x = 1", extra=unicode_path_extra(raw, "é.py"))
        self.assertEqual(self.make_importer([entry]).get_source("é"), "x = 1")

    @difference("truncated-directory")
    def test_truncated_directory_raises_eof_error(self):
        data = b"PK\1\2" + b"\0" * 16 + build({})[:12] + (20).to_bytes(4, "little") + b"\0" * 6
        self.assertRaises(zipimport.ZipImportError, zipimport.zipimporter, self.write(data))

    @difference("crc-checked")
    def test_damaged_module_is_executed(self):
        self.make_on_path([Entry("tu_damaged.py", "x = 1", raw=b"x = 7")])
        self.assertRaises(ImportError, self.import_module, "tu_damaged")

    @difference("vanished-archive-one-stat", SINCE_3_13)
    def test_vanished_archive_is_opened_at_every_lookup(self):
        importer = self.make_importer({"m.py": ""})
        os.remove(importer.archive)
        importer.invalidate_caches()
        with count("_read_directory", "opens") as opened:
            self.assertIsNone(importer.find_spec("m"))
            self.assertIsNone(importer.find_spec("n"))
        self.assertLessEqual(opened[0], 1)

    @difference("syntax-error-at-execution")
    def test_syntax_error_shows_the_importer_s_frames(self):
        self.make_on_path({"tu_broken.py": "x ="})
        try:
            import tu_broken
        except SyntaxError as error:
            self.assertIsNone(error.__traceback__.tb_next)

    @difference("encrypted-member")
    def test_encrypted_source_is_compiled_as_it_stands(self):
        importer = self.make_importer([Entry("m.py", "x = 1", flags=1)])
        with self.assertRaisesRegex(zipimport.ZipImportError, "encrypted"):
            importer.get_code("m")
