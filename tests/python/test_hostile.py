"""Archives made to break an importer: nothing but ZipImportError, no wrong data, no harm to imports of others.

FULL_HOSTILE=1 in the environment tries every value of every byte; otherwise a sample of them.
"""

import contextlib
import os
import sys
import time
import zipimport
import zlib

import support
from support import (BEFORE_3_13, BEFORE_3_14_10, IN_PYODIDE, SINCE_3_13, ZipTestCase, difference, make_pyc, make_unopenable,
                     native_only, ours_only, unreadable)
from zipbuild import DEFLATED, Entry, MAX16, MAX32, build, end_record, zip64_extra

FULL = bool(os.environ.get("FULL_HOSTILE"))
CONTENT = {"m.py": b"x = 'right'\n", "p/__init__.py": b"y = 'also right'\n" * 3, "d.txt": b"data " * 20}


# What an archive may take, per MB and at least: a bound on hangs, far from what any does take. Emscripten has no CPU time.
SECONDS = 10 if IN_PYODIDE else 1
taken = []   # the seconds that each archive took


def tearDownModule():
    if taken:
        print(f"hostile archives: {len(taken)}, the slowest took {max(taken):.3f} s")


class HostileTestCase(ZipTestCase):
    @contextlib.contextmanager
    def timed(self, nbytes):
        """A block that an archive of this size must not make hang."""
        start = time.process_time()
        yield
        taken.append(time.process_time() - start)
        if support.ours:
            self.assertLess(taken[-1], SECONDS * max(1, nbytes / 10**6), "seconds")

    def place(self, data):
        """Writes these bytes to a path of which nothing is remembered."""
        path = self.path("hostile.zip")
        with open(path, "wb") as file:
            file.write(data)
        zipimport._zip_directory_cache.pop(path, None)
        return path

    def open_bytes(self, data):
        path = self.place(data)
        with self.timed(len(data)):
            return zipimport.zipimporter(path)

    def make_importer(self, members=(), **knobs):
        return self.open_bytes(build(members, **knobs))

    def assertHarmless(self, data, allowed=None):
        """Opening and reading everything gives right data or ZipImportError, and nothing else.

        allowed: contents that a member may rightly have; None for those of CONTENT.
        """
        path = self.place(data)
        with self.timed(len(data)):
            self.read_everything(path, set(CONTENT.values()) if allowed is None else allowed)

    def read_everything(self, path, allowed):
        try:
            importer = zipimport.zipimporter(path)
            names = list(zipimport._zip_directory_cache[importer.archive])
        except zipimport.ZipImportError as error:
            self.assertIn(path, str(error))
            return
        for name in names:
            try:
                self.assertIn(importer.get_data(name), allowed | {b""})
            except zipimport.ZipImportError:
                pass
        for name in ("m", "p", "zz"):
            importer.find_spec(name)
            try:
                importer.get_code(name)
            except zipimport.ZipImportError:
                pass


def truncated(data):
    for size in range(len(data)):
        yield size, data[:size]


def without_beginning(data):
    for size in range(1, len(data)):
        yield size, data[size:]


def with_changed_byte(data):
    for place, old in enumerate(data):
        for value in sorted(range(256) if FULL else {0, 0xFF, old ^ 1, old ^ 0x80, (old + 1) & 0xFF}):
            if value != old:
                yield place, data[:place] + bytes([value]) + data[place + 1:]


def with_two_bytes_set(data):
    for place in range(len(data) - 1):
        yield place, data[:place] + b"\xff\xff" + data[place + 2:]


def with_byte_removed_or_doubled(data):
    for place in range(len(data)):
        yield place, data[:place] + data[place + 1:]
        yield place, data[:place] + data[place:place + 1] + data[place:]


@support.long
@ours_only("stock lets EOFError, UnicodeDecodeError, zlib.error and damaged data through")
class Mutations(HostileTestCase):
    def archives(self):
        yield "stored", build(CONTENT)
        yield "deflated", build(CONTENT, method=DEFLATED)
        yield "zip64", build(CONTENT, zip64=True)
        yield "odd", build([Entry(name, data, descriptor=True, comment=b"c") for name, data in CONTENT.items()],
                           comment=b"comment", prepended=b"#!x\n")

    def assertAllHarmless(self, damage):
        for kind, data in self.archives():
            for place, damaged in damage(data):
                with self.subTest(kind, place=place):
                    self.assertHarmless(damaged)

    def test_truncated_at_every_byte(self):
        self.assertAllHarmless(truncated)

    def test_beginning_cut_off_at_every_byte(self):
        self.assertAllHarmless(without_beginning)

    def test_every_byte_changed(self):
        """CRC-32 finds every change of one byte in data; one in a name only makes another name."""
        self.assertAllHarmless(with_changed_byte)

    def test_every_two_bytes_set(self):
        self.assertAllHarmless(with_two_bytes_set)

    def test_every_byte_removed_or_doubled(self):
        self.assertAllHarmless(with_byte_removed_or_doubled)

    def test_there_are_thousands_of_them(self):
        damages = truncated, without_beginning, with_changed_byte, with_two_bytes_set, with_byte_removed_or_doubled
        every = {hash(damaged) for damage in damages for _, data in self.archives() for _, damaged in damage(data)}
        self.assertGreaterEqual(len(every), 2000)


class Names(HostileTestCase):
    ODD = ["..", ".", "/", "//", "../m.py", "/m.py", "/etc/passwd", "a/../../m.py", "C:\\m.py", "C:/m.py", "m.py\0.txt", "\0",
           "", " ", "m.py/", "m.py/m.py", "a" * 65535, "\n\r\t", "con", "a//b", "\u202em.py", "~/m.py", "\\\\host\\share"]

    def test_all_at_once(self):
        importer = self.make_importer([Entry("m.py", "x = 1")] + [Entry(name, b"odd") for name in self.ODD])
        self.assertEqual(importer.get_source("m"), "x = 1")
        for name in self.ODD:
            with self.subTest(name[:20]):
                self.assertEqual(importer.get_data(name), b"odd")

    def test_one_by_one(self):
        for name in self.ODD:
            with self.subTest(name[:20]):
                self.assertEqual(self.make_importer([Entry(name, b"odd"), Entry("n.py", "x = 1")]).get_source("n"), "x = 1")

    def test_unsafe_names_import_as_in_stock(self):
        importer = self.make_importer([Entry("../up.py", "x = 1"), Entry("/abs.py", "x = 2")])
        self.assertIsNone(importer.find_spec("up"))
        self.assertEqual(importer.get_source("/abs"), "x = 2")

    def test_names_do_not_reach_outside(self):
        with open(self.path("secret.py"), "w", encoding="utf-8") as file:
            file.write("x = 'outside'")
        importer = self.make_importer({"m.py": ""})
        for name in ("../secret", "../secret.py", self.path("secret.py"), "/../secret.py"):
            self.assertIsNone(importer.find_spec(name))
            self.assertRaises(OSError, importer.get_data, name)

    def test_file_that_is_also_a_directory(self):
        importer = self.make_importer({"a": "file", "a/": "", "a/b.py": "x = 1", "a/b.py/c.py": "x = 2", "b.py/": ""})
        self.assertEqual((importer.get_data("a"), importer.get_data("a/b.py"), importer.get_data("a/b.py/c.py")),
                         (b"file", b"x = 1", b"x = 2"))
        self.assertIsNotNone(importer.find_spec("a"))

    def test_directory_named_like_a_module(self):
        importer = self.make_importer({"m.py/": "", "m.py/x": "1"})
        self.assertIsNone(importer.find_spec("m"))

    def test_package_whose_init_is_a_directory(self):
        importer = self.make_importer({"p/__init__.py/": "", "p/__init__.py/x": ""})
        spec = importer.find_spec("p")
        self.assertTrue(spec is None or spec.loader is None)

    def test_duplicates_of_file_and_directory(self):
        entries = [Entry("a/", b"1"), Entry("a/", b"2"), Entry("a", b"3"), Entry("a", b"4")]
        importer = self.make_importer(entries)
        self.assertEqual((importer.get_data("a/"), importer.get_data("a")), (b"2", b"4"))

    def test_10000_equal_names(self):
        importer = self.make_importer([Entry("m.py", b"x = %d" % n) for n in range(10000)])
        self.assertEqual(importer.get_source("m"), "x = 9999")

    @ours_only("stock 3.14 takes quadratic time and memory")
    def test_100000_directory_levels_over_several_names(self):
        entries = [Entry(f"{n}/" + "d/" * 32000 + "m", b"") for n in range(4)]
        importer = self.make_importer([*entries, Entry("n.py", "x = 1")])
        self.assertEqual(importer.get_source("n"), "x = 1")
        self.assertEqual(importer.get_data("3/" + "d/" * 32000 + "m"), b"")


class Claims(HostileTestCase):
    def test_4_gib_member_in_a_small_file(self):
        entry = Entry("big", b"small", central_size=MAX32 - 1, central_compressed_size=MAX32 - 1)
        importer = self.make_importer([entry, Entry("n.py", "x = 1")])
        self.assertEqual(importer.get_source("n"), "x = 1")

    @difference("member-errors")
    def test_reading_it(self):
        entry = Entry("big", b"small", central_size=MAX32 - 1, central_compressed_size=MAX32 - 1)
        self.assertRaises(zipimport.ZipImportError, self.make_importer([entry]).get_data, "big")

    @difference("size-checked")
    def test_exabytes_by_zip64(self):
        entry = Entry("big", b"small", local_extra=b"", central_extra=zip64_extra(2**62, 2**62), central_size=MAX32,
                      central_compressed_size=MAX32)
        self.assertRaises(zipimport.ZipImportError, self.read, entry)

    @difference("member-errors")
    def test_huge_claims_of_every_number(self):
        for values in ((2**64 - 1, 2**64 - 1), (2**63, 5), (5, 2**63), (2**32, 2**32)):
            entry = Entry("big", b"small", local_extra=b"", central_extra=zip64_extra(*values), central_size=MAX32,
                          central_compressed_size=MAX32)
            with self.subTest(values):
                self.assertRaises(zipimport.ZipImportError, self.read, entry)

    def read(self, entry):
        return self.make_importer([entry]).get_data("big")

    @support.long
    @difference("size-checked")
    def test_bomb_is_not_inflated_past_the_directory_s_size(self):
        bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
        raw = bomb.compress(b"\0" * 10**8) + bomb.flush()
        self.assertRaises(zipimport.ZipImportError, self.read, Entry("big", b"", method=DEFLATED, raw=raw, size=1000))

    def large(self):
        """A member that claims to be just over the limit, and is not."""
        bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
        return Entry("big", b"", method=DEFLATED, raw=bomb.compress(b"\0" * 10**7) + bomb.flush(), size=2**30 + 1)

    @difference("member-limit")
    def test_member_over_the_limit_is_refused(self):
        with self.assertRaisesRegex(zipimport.ZipImportError, r"larger than the limit: .*found 1073741825, expected at most 1073741824"):
            self.read(self.large())

    @ours_only("stock has no limit")
    def test_limit_can_be_raised(self):
        """Then it is the data that is found to be too short for the claim."""
        support.ours.install(max_member_bytes=2**40)
        self.addCleanup(support.ours.install, max_member_bytes=2**30)
        with self.assertRaisesRegex(zipimport.ZipImportError, "member claims a size its data cannot hold"):
            self.read(self.large())
        support.ours.install(max_member_bytes=9)
        self.assertRaisesRegex(zipimport.ZipImportError, "larger than the limit", self.read, Entry("big", b"ten bytes."))
        self.assertEqual(self.read(Entry("big", b"nine byte")), b"nine byte")

    def test_overlapping_members(self):
        """Two names for one member's bytes: what quine bombs are made of; each is read on its own."""
        entries = [Entry("m.py", b"x = 1"), Entry("n.py", b"x = 1", offset=0, central_only=True)]
        importer = self.make_importer(entries)
        self.assertEqual(importer.get_source("m"), "x = 1")

    def test_65535_byte_extra_and_comment(self):
        entry = Entry("m.py", "x = 1", central_extra=b"\0" * MAX16, comment=b"\0" * MAX16)
        self.assertEqual(self.make_importer([entry]).get_source("m"), "x = 1")

    @difference("entry-count-checked", BEFORE_3_13)
    def test_count_of_entries_without_entries(self):
        for knobs in ({"entries_on_disk": MAX16}, {"zip64": dict(entries_on_disk=2**64 - 1, entries_total=2**64 - 1)}):
            with self.subTest(knobs):
                self.assertRaises(zipimport.ZipImportError, self.open_bytes, build({}, **knobs))

    def test_many_end_signatures(self):
        """Search for the end record stays linear."""
        data = b"PK\5\6" * 16000
        self.assertRaises(zipimport.ZipImportError, self.open_bytes, data)
        self.assertRaises(zipimport.ZipImportError, self.open_bytes, build({"m.py": ""})[:-22] + b"PK\5\6\0\0" * 10000)


class OneBadArchive(HostileTestCase):
    """One bad archive on sys.path never breaks imports of what is elsewhere (python/cpython#153679)."""

    def assertOthersImport(self, bad):
        good = self.make({"th_good.py": "x = 1"})
        path = self.write(bad)
        sys.path[:0] = [path, good]
        self.assertModule("th_good", x=1)
        self.assertRaises(ModuleNotFoundError, self.import_module, "th_nowhere")

    def test_text(self):
        self.assertOthersImport(b"text that is no archive" * 9)

    def test_empty(self):
        self.assertOthersImport(b"")

    @difference("truncated-directory")
    def test_truncated_directory(self):
        """The last entry's fixed part alone is longer than what is left of the file."""
        self.assertOthersImport(b"PK\1\2" + b"\0" * 16 + end_record(1, 20, 0))

    @difference("invalid-utf8-name", BEFORE_3_14_10)
    def test_name_that_is_not_utf8(self):
        self.assertOthersImport(build([Entry(b"\xff.py", flags=0x800)]))

    @difference("zip64-missing-values", SINCE_3_13)
    def test_zip64_extra_without_values(self):
        self.assertOthersImport(build([Entry("m.py", "x", central_extra=zip64_extra(), local_extra=b"", central_size=MAX32)]))

    @difference("member-errors")
    def test_damaged_module_is_skipped_by_name_only(self):
        bad = build([Entry("th_bad.py", b"x = 1", method=DEFLATED, raw=b"\xff" * 9)])
        sys.path[:0] = [self.write(bad), self.make({"th_good.py": "x = 1"})]
        self.assertModule("th_good", x=1)
        self.assertRaises(ImportError, self.import_module, "th_bad")

    def test_every_truncation_of_an_archive(self):
        data = build({"th_m.py": "x = 1", "th_p/__init__.py": ""})
        good = self.make({"th_good.py": "x = 1"})
        sys.path.insert(0, good)
        for size in range(0, len(data), 7):
            sys.path.insert(0, self.write(data[:size], f"cut{size}.zip"))
        self.assertModule("th_good", x=1)

    @native_only("it has one user, who may do everything")
    def test_native_unreadable(self):
        path = self.make({"th_bad.py": ""})
        sys.path[:0] = [path, self.make({"th_good.py": "x = 1"})]
        with unreadable(path):
            self.assertRaises(PermissionError, open, path)
            self.assertZipError(f"can't open Zip file: {path!r}", zipimport.zipimporter, path, path=path)
            self.assertModule("th_good", x=1)
            self.assertRaises(ModuleNotFoundError, self.import_module, "th_bad")

    def test_that_cannot_be_opened(self):
        path = self.make({"th_bad.py": ""})
        make_unopenable(path)
        sys.path[:0] = [path, self.make({"th_good.py": "x = 1"})]
        self.assertModule("th_good", x=1)
        self.assertRaises(ModuleNotFoundError, self.import_module, "th_bad")


class PathEntries(HostileTestCase):
    @native_only("it has no pipes to open")
    def test_native_pipe_is_no_archive(self):
        path = self.path("pipe")
        os.mkfifo(path)
        self.assertZipError("not a Zip file", zipimport.zipimporter, path, path=path)

    def test_device_is_no_archive(self):
        self.assertZipError("not a Zip file", zipimport.zipimporter, "/dev/null", path="/dev/null")

    def test_link_to_itself(self):
        path = self.path("loop")
        os.symlink(path, path)
        self.assertRaises(zipimport.ZipImportError, zipimport.zipimporter, path)

    def test_dangling_link(self):
        os.symlink(self.path("nothing"), self.path("link"))
        self.assertRaises(zipimport.ZipImportError, zipimport.zipimporter, self.path("link"))


class Bytecode(HostileTestCase):
    """Damage to bytecode stops at the header and the CRC-32; what both allow is unmarshalled on trust."""

    @difference("crc-checked")
    def test_changed_byte_is_never_unmarshalled(self):
        pyc = make_pyc("x = 1")
        data = build([Entry("m.pyc", pyc)])
        start = data.index(pyc)
        for place in range(start + 16, start + len(pyc), 1 if FULL else 5):
            changed = data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1:]
            with self.subTest(place - start):
                self.assertRaises(zipimport.ZipImportError, self.open_bytes(changed).get_code, "m")

    def test_header_alone(self):
        importer = self.open_bytes(build([Entry("m.pyc", make_pyc("")[:16])]))
        self.assertRaises(EOFError, importer.get_code, "m")
