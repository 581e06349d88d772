"""Bytecode in archives: which pyc is accepted (PEP 552), what its refusal falls through to, and the texts."""

import marshal
import sys
import time
import types
import zipimport
import zlib

from support import (ZipTestCase, check_hash_based_pycs, difference, dos_mtime, make_pyc, native_only, ours_only,
                     stats_delta, time_zone)
from zipbuild import Entry, MAX32, extra_field, u32

SOURCE = "where = 'source'\n"
BYTECODE = "where = 'pyc'"
UNCHECKED, CHECKED = 1, 3


def pyc(**knobs):
    """A pyc that says "pyc" and matches SOURCE unless a knob says otherwise."""
    body = marshal.dumps(compile(BYTECODE, "compiled-elsewhere.py", "exec", dont_inherit=True))
    return make_pyc(SOURCE, **{"body": body, **knobs})


class BytecodeTestCase(ZipTestCase):
    def importer(self, bytecode, source=SOURCE, **knobs):
        members = [Entry("m.pyc", bytecode)]
        if source is not None:
            members.append(Entry("m.py", source, **knobs))
        return self.make_importer(members)

    def where(self, importer):
        """Which candidate get_code uses; get_filename must name the same."""
        namespace = {}
        exec(importer.get_code("m"), namespace)
        suffix = {"pyc": ".pyc", "source": ".py"}[namespace["where"]]
        self.assertEqual(importer.get_filename("m"), f"{importer.archive}/m{suffix}")
        self.assertEqual(importer.find_spec("m").origin, f"{importer.archive}/m{suffix}")
        return namespace["where"]

    def assertUsed(self, bytecode, source=SOURCE, **knobs):
        self.assertEqual(self.where(self.importer(bytecode, source, **knobs)), "pyc")

    def assertStale(self, bytecode, source=SOURCE, **knobs):
        self.assertEqual(self.where(self.importer(bytecode, source, **knobs)), "source")


class TimeStamp(BytecodeTestCase):
    def test_match(self):
        self.assertUsed(pyc())

    def test_one_second_is_allowed(self):
        self.assertUsed(pyc(mtime=dos_mtime() - 1))
        self.assertUsed(pyc(mtime=dos_mtime() + 1))

    def test_two_seconds_are_not(self):
        self.assertStale(pyc(mtime=dos_mtime() - 2))
        self.assertStale(pyc(mtime=dos_mtime() + 2))

    def test_zero_and_largest(self):
        self.assertStale(pyc(mtime=0))
        self.assertStale(pyc(mtime=MAX32))

    def test_size(self):
        self.assertStale(pyc(size=len(SOURCE) + 1))
        self.assertStale(pyc(size=0))

    def test_size_is_the_directory_s_not_the_packed_one(self):
        self.assertUsed(pyc(), method=8)

    def test_without_source_any_stamp_will_do(self):
        self.assertUsed(pyc(mtime=12345, size=1), source=None)

    def test_flag_2_alone_is_a_time_stamp(self):
        self.assertUsed(pyc(flags=2))
        self.assertStale(pyc(flags=2, mtime=0))

    def test_dos_date_of_no_calendar(self):
        for date in (0, 0xFFFF):
            with self.subTest(date):
                self.assertStale(pyc(), dos_date=date)

    def test_dos_time_of_no_clock(self):
        self.assertStale(pyc(), dos_time=0xFFFF)

    def test_month_and_day_overflow_as_in_mktime(self):
        stamp = int(time.mktime((2020, 14, 31, 12, 30, 20, -1, -1, -1)))
        self.assertUsed(pyc(mtime=stamp), dos_date=(40 << 9) | (14 << 5) | 31)

    def test_summer_and_winter(self):
        for month in (1, 7):
            stamp = dos_mtime((2021, month, 10, 1, 2, 4))
            self.assertUsed(pyc(mtime=stamp), dos_date=(41 << 9) | (month << 5) | 10, dos_time=(1 << 11) | (2 << 5) | 2)

    def test_after_2038(self):
        stamp = dos_mtime((2060, 1, 1, 0, 0, 0))
        self.assertUsed(pyc(mtime=stamp), dos_date=(80 << 9) | (1 << 5) | 1, dos_time=0)

    def test_stale_package(self):
        importer = self.make_importer({"p/__init__.pyc": pyc(mtime=0), "p/__init__.py": SOURCE})
        self.assertEqual(importer.get_filename("p"), importer.archive + "/p/__init__.py")

    @native_only("its clock has no time zone to change")
    def test_native_local_time_zone_decides(self):
        for zone in ("UTC", "EST5EDT", "<+0545>-5:45"):
            with self.subTest(zone), time_zone(zone):
                self.assertUsed(pyc())
                self.assertStale(pyc(mtime=dos_mtime() + 3600))

    @native_only("its clock has no time zone to change")
    def test_native_zone_change_is_noticed(self):
        with time_zone("UTC"):
            importer = self.importer(pyc())
            self.assertEqual(self.where(importer), "pyc")
        with time_zone("EST5EDT"):
            self.assertEqual(self.where(importer), "source")

    @native_only("its clock has no time zone to change")
    @difference("pyc-time-zone")
    def test_native_extended_timestamp_is_zone_free(self):
        """python/cpython#141431: an Info-ZIP timestamp holds the very UTC seconds that the pyc holds."""
        with time_zone("UTC"):
            stamp = dos_mtime()
        extra = extra_field(0x5455, b"\1" + u32(stamp))
        for zone in ("EST5EDT", "<+0545>-5:45"):
            with self.subTest(zone), time_zone(zone):
                self.assertUsed(pyc(mtime=stamp), extra=extra)


class Hash(BytecodeTestCase):
    WRONG = b"no match"

    def test_unchecked_is_taken_at_its_word(self):
        self.assertUsed(pyc(flags=UNCHECKED))
        self.assertUsed(pyc(flags=UNCHECKED, source_hash=self.WRONG))

    def test_checked(self):
        self.assertUsed(pyc(flags=CHECKED))
        self.assertStale(pyc(flags=CHECKED, source_hash=self.WRONG))

    def test_dates_do_not_matter(self):
        self.assertUsed(pyc(flags=CHECKED), dos_date=0)

    def test_without_source(self):
        self.assertUsed(pyc(flags=CHECKED, source_hash=self.WRONG), source=None)
        self.assertUsed(pyc(flags=UNCHECKED, source_hash=self.WRONG), source=None)

    def test_deflated_source(self):
        self.assertUsed(pyc(flags=CHECKED), method=8)

    def test_never(self):
        with check_hash_based_pycs("never"):
            self.assertUsed(pyc(flags=CHECKED, source_hash=self.WRONG))
            self.assertUsed(pyc(flags=UNCHECKED, source_hash=self.WRONG))

    def test_always(self):
        with check_hash_based_pycs("always"):
            self.assertStale(pyc(flags=CHECKED, source_hash=self.WRONG))
            self.assertStale(pyc(flags=UNCHECKED, source_hash=self.WRONG))
            self.assertUsed(pyc(flags=UNCHECKED))

    def test_setting_is_read_each_time(self):
        importer = self.importer(pyc(flags=CHECKED, source_hash=self.WRONG))
        self.assertEqual(self.where(importer), "source")
        with check_hash_based_pycs("never"):
            self.assertEqual(self.where(importer), "pyc")

    def test_hash_is_of_the_bytes_as_they_are(self):
        source = "where = 'source'\r\n"
        body = marshal.dumps(compile(BYTECODE, "x", "exec"))
        self.assertUsed(make_pyc(source, flags=CHECKED, body=body), source=source)

    def test_package(self):
        importer = self.make_importer({"p/__init__.pyc": pyc(flags=CHECKED, source_hash=self.WRONG),
                                       "p/__init__.py": SOURCE})
        self.assertEqual(importer.get_filename("p"), importer.archive + "/p/__init__.py")


class Damaged(BytecodeTestCase):
    def test_bad_magic_falls_through(self):
        self.assertStale(pyc(magic=b"\0\0\r\n"))
        self.assertStale(pyc(magic=b"abcd"))

    def test_unknown_flags_fall_through(self):
        self.assertStale(pyc(flags=4))
        self.assertStale(pyc(flags=MAX32))

    def assertLoadFails(self, text, bytecode):
        importer = self.importer(bytecode, source=None)
        error = self.assertZipError(f"module load failed: {text}", importer.get_code, "m", name="m")
        self.assertEqual(str(error), f"module load failed: {text}")
        self.assertIs(type(error.__cause__), ImportError)
        self.assertEqual(str(error.__cause__), text)
        self.assertEqual((error.__cause__.name, error.__cause__.path), ("m", "m.pyc"))

    def test_bad_magic_alone(self):
        self.assertLoadFails(r"bad magic number in 'm': b'\x00\x00\r\n'", pyc(magic=b"\0\0\r\n"))

    def test_unknown_flags_alone(self):
        self.assertLoadFails("invalid flags 4 in 'm'", pyc(flags=4))

    def test_no_magic_at_all(self):
        self.assertLoadFails("bad magic number in 'm': b''", b"")

    @difference("short-pyc-header")
    def test_short_header_gives_way_to_the_source(self):
        """As a file that is cut in its header does in a directory."""
        for size in (4, 8, 15):
            with self.subTest(size):
                importer = self.importer(pyc()[:size])
                self.assertEqual(importer.find_spec("m").origin, importer.archive + "/m.py")
                self.assertEqual(importer.get_filename("m"), importer.archive + "/m.py")
                self.assertEqual(self.where(importer), "source")

    def test_short_header_alone_is_an_eof_error(self):
        for size in (4, 8, 15):
            with self.subTest(size):
                importer = self.importer(pyc()[:size], source=None)
                with self.assertRaises(EOFError) as caught:
                    importer.get_code("m")
                self.assertEqual(str(caught.exception), "reached EOF while reading pyc header of 'm'")

    def test_stale_package_falls_through_to_a_module(self):
        importer = self.make_importer({"m/__init__.pyc": pyc(magic=b"abcd"), "m.py": SOURCE})
        self.assertEqual(importer.get_filename("m"), importer.archive + "/m.py")

    def test_stale_pyc_alone_is_never_stale(self):
        self.assertUsed(pyc(mtime=0), source=None)

    def test_error_of_an_earlier_candidate_is_the_one_told(self):
        importer = self.make_importer({"m/__init__.pyc": pyc(flags=4), "m.pyc": pyc(flags=8)})
        self.assertZipError("module load failed: invalid flags 8 in 'm'", importer.get_code, "m", name="m")

    def test_marshal_errors_are_raw(self):
        for body, error in ((b"", EOFError), (b"\xff", ValueError), (b"c\0", EOFError)):
            with self.subTest(body):
                self.assertRaises(error, self.importer(pyc(body=body)).get_code, "m")

    def test_not_a_code_object(self):
        importer = self.importer(pyc(body=marshal.dumps([1, 2])))
        with self.assertRaises(TypeError) as caught:
            importer.get_code("m")
        self.assertEqual(str(caught.exception), f"compiled module {importer.archive + '/m.pyc'!r} is not a code object")

    def test_bytes_after_the_code_are_ignored(self):
        self.assertUsed(pyc() + b"trailing")

    @difference("find-spec-compiles-nothing")
    def test_find_spec_does_not_unmarshal(self):
        importer = self.importer(pyc(body=b"\xff"))
        self.assertEqual(importer.find_spec("m").origin, importer.archive + "/m.pyc")

    @difference("crc-checked")
    def test_pyc_of_wrong_crc_is_never_executed(self):
        data = pyc()
        importer = self.make_importer([Entry("m.pyc", data, crc=zlib.crc32(data) ^ 1)])
        self.assertRaises(zipimport.ZipImportError, importer.get_code, "m")

    @difference("crc-checked")
    def test_pyc_of_wrong_crc_does_not_fall_through(self):
        importer = self.make_importer([Entry("m.pyc", pyc(), crc=1), Entry("m.py", SOURCE)])
        self.assertRaises(zipimport.ZipImportError, importer.get_code, "m")


class Imported(BytecodeTestCase):
    def test_module(self):
        archive = self.make_on_path({"tb_module.pyc": make_pyc("x = 1")})
        self.assertModule("tb_module", x=1, __file__=archive + "/tb_module.pyc")

    def test_package(self):
        archive = self.make_on_path({"tb_package/__init__.pyc": make_pyc("from .s import x"),
                                     "tb_package/s.pyc": make_pyc("x = 2")})
        self.assertModule("tb_package", x=2, __path__=[archive + "/tb_package"])

    def test_deflated(self):
        self.make_on_path({"tb_deflated.pyc": make_pyc("x = 1")}, method=8)
        self.assertModule("tb_deflated", x=1)

    def file_names(self, members, name="m"):
        """The co_filename of every code object of a module."""
        importer = self.make_importer(members)
        code, names = importer.get_code(name), set()
        while code is not None:
            names.add(code.co_filename)
            code = next((const for const in code.co_consts if isinstance(const, types.CodeType)), None)
        return importer.archive, names

    @difference("pyc-co-filename")
    def test_co_filename_is_the_source_s_path(self):
        """bpo-18307: stock leaves the path at which the pyc was compiled."""
        text = "def f():\n    return lambda: 1"
        for member in ("m", "m/__init__"):
            with self.subTest(member):
                pyc = make_pyc(text, "/build/machine/m.py", flags=1)
                archive, names = self.file_names({member + ".pyc": pyc, member + ".py": text})
                self.assertEqual(names, {f"{archive}/{member}.py"})

    def test_co_filename_without_a_source_is_what_was_compiled(self):
        """As from a directory: SourcelessFileLoader leaves it, too."""
        text = "def f():\n    return lambda: 1"
        for members in ({"m.pyc": make_pyc(text, "/build/machine/m.py")},
                        {"m/__init__.pyc": make_pyc(text, "/build/machine/m.py"), "m.py": "another module's source"}):
            self.assertEqual(self.file_names(members)[1], {"/build/machine/m.py"})

    @ours_only("counters")
    def test_bytecode_is_read_once(self):
        """One open for an import: find_spec keeps what it judged for the get_code that follows."""
        for index, (method, beside) in enumerate([(0, {}), (8, {}), (0, {"tb_once2.py": "x = 3"})]):
            name = f"tb_once{index}"
            self.make_on_path({name + ".pyc": make_pyc("x = 3", flags=1), **beside, "other.py": ""}, f"once{index}.zip", method=method)
            self.import_module_and_forget("other")
            with self.subTest(name), stats_delta() as delta:
                self.assertModule(name, x=3)
            self.assertEqual(delta.opens, 1)
            self.assertLessEqual(delta.reads, 2)

    def import_module_and_forget(self, name):
        self.import_module(name)
        del sys.modules[name]

    @ours_only("counters")
    def test_large_bytecode_is_judged_by_its_header(self):
        importer = self.make_importer({"m.pyc": make_pyc("x = 3", flags=1) + bytes(70_000)})
        with stats_delta() as delta:
            importer.find_spec("m")
        self.assertEqual(delta.opens, 1)
        self.assertLess(delta.read_bytes, 8192)
        self.assertEqual(importer.get_code("m").co_consts[0], 3)

    @difference("changed-archive-reread")
    def test_large_bytecode_of_another_archive_is_noticed_by_its_header(self):
        large = make_pyc("x = 3", flags=1) + bytes(70_000)
        importer = self.make_importer({"m.pyc": large})
        self.make({"n.pyc": large}, "a.zip", age=9)
        self.assertIsNone(importer.find_spec("m"))
        self.assertIsNotNone(importer.find_spec("n"))

    @ours_only("counters")
    def test_bytecode_that_was_read_is_not_used_after_an_invalidation(self):
        archive = self.make({"m.pyc": make_pyc("x = 'old'", flags=1)})
        importer = zipimport.zipimporter(archive)
        importer.find_spec("m")
        self.make({"m.pyc": make_pyc("x = 'new'", flags=1)}, "a.zip", age=9)
        importer.invalidate_caches()
        self.assertEqual(importer.get_code("m").co_consts[0], "new")

    @ours_only("counters")
    def test_bytecode_that_was_read_is_used_once_and_by_its_own_member(self):
        importer = self.make_importer({"m.pyc": make_pyc("x = 1", flags=1), "n.pyc": make_pyc("x = 2", flags=1)})
        importer.find_spec("m")
        self.assertEqual(importer.get_code("n").co_consts[0], 2)
        with stats_delta() as delta:
            self.assertEqual([importer.get_code("m").co_consts[0] for _ in range(2)], [1, 1])
        self.assertEqual(delta.opens, 1)

    def test_checked_hash_is_judged_each_time(self):
        source = b"x = 1"
        pyc = make_pyc(source.decode(), flags=3)
        archive = self.make({"m.pyc": pyc, "m.py": source})
        importer = zipimport.zipimporter(archive)
        self.assertEqual(importer.find_spec("m").origin, archive + "/m.pyc")
        with check_hash_based_pycs("always"):
            self.assertEqual(importer.get_filename("m"), archive + "/m.pyc")

    def test_pycache_in_an_archive_is_not_looked_at(self):
        cached = "__pycache__/m." + sys.implementation.cache_tag + ".pyc"
        importer = self.make_importer({"m.py": SOURCE, cached: pyc()})
        self.assertEqual(self.where(importer), "source")

    def test_pyo_and_extension_modules_are_not_found(self):
        importer = self.make_importer({"m.pyo": pyc(), "e.so": b"\x7fELF", "e.abi3.so": b"\x7fELF"})
        self.assertIsNone(importer.find_spec("m"))
        self.assertIsNone(importer.find_spec("e"))

    def test_pyc_search_order(self):
        names = ("m/__init__.pyc", "m/__init__.py", "m.pyc", "m.py")
        for index, name in enumerate(names):
            members = {key: make_pyc("x = 1") if key.endswith("c") else "x = 1" for key in names[index:]}
            importer = self.make_importer(members)
            with self.subTest(name):
                self.assertEqual(importer.get_filename("m"), f"{importer.archive}/{name}")
