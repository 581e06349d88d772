"""Members compressed with zstd: what becomes of damage, and of _zstd itself, which is imported only when it is needed.

Before 3.14 there is no _zstd: there a copy of the extension that takes itself to be in 3.14 meets a stub in its place.
"""

import importlib
import importlib.machinery
import importlib.util
import random
import sys
import tracemalloc
import unittest
import zipimport

import support
import zstdstub
from support import IN_PYODIDE, ZipTestCase, difference, native_only, ours_only, stats_delta
from zipbuild import ZSTD, Entry

try:
    import _zstd
except ImportError:
    _zstd = None

DATA = b"".join(b"line %d\n" % n for n in range(500))


def compress(data):
    if not _zstd:
        return zstdstub.compress(data)
    return _zstd.ZstdCompressor().compress(data, _zstd.ZstdCompressor.FLUSH_FRAME)


@unittest.skipUnless(_zstd, "this Python has no _zstd")
class Real(ZipTestCase):
    @difference("zstd", ((3, 14),))
    def test_data(self):
        self.assertEqual(self.read(compress(DATA)), DATA)

    def read(self, raw):
        return self.make_importer([Entry("d.txt", DATA, method=ZSTD, raw=raw)]).get_data("d.txt")

    @difference("zstd", ((3, 14),))
    def test_several_frames(self):
        self.assertEqual(self.read(compress(DATA[:100]) + compress(DATA[100:])), DATA)

    @difference("zstd", ((3, 14),))
    def test_module(self):
        source = b"x = 1\n" * 99
        self.make_on_path([Entry("tz_module.py", source, method=ZSTD, raw=compress(source))])
        self.assertModule("tz_module", x=1)

    @difference("zstd", ((3, 14),))
    def test_damaged(self):
        for damaged in (compress(DATA)[:-9], b"", b"not zstd at all"):
            with self.subTest(damaged[:4]):
                self.assertRaises(zipimport.ZipImportError, self.read, damaged)


@unittest.skipIf(_zstd, "this Python has _zstd")
class Missing(ZipTestCase):
    @difference("unsupported-method")
    def test_is_refused_when_read(self):
        importer = self.make_importer([Entry("d.txt", DATA, method=ZSTD, raw=b"(\xb5/\xfd"), Entry("other.txt", b"1")])
        self.assertRaisesRegex(zipimport.ZipImportError, "unsupported compression method 93", importer.get_data, "d.txt")
        self.assertEqual(importer.get_data("other.txt"), b"1")


class ZstdFinder:
    """Finds a _zstd, or fails to, and counts how often it was asked for one."""

    def __init__(self):
        self.asked, self.error, self.module = 0, None, zstdstub.make()

    def find_spec(self, name, path=None, target=None):
        if name != "_zstd":
            return None
        self.asked += 1
        if self.error:
            raise self.error
        return self.module and importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec):
        return self.module

    def exec_module(self, module):
        pass


@ours_only("stock imports _zstd with the first member that needs it too, from 3.15 on")
class ZstdTestCase(ZipTestCase):
    def setUp(self):
        super().setUp()
        if not (_zstd and IN_PYODIDE):
            self.use_a_copy()

    def use_a_copy(self):
        """Puts a copy of the extension, which has not met _zstd, in the place of ours."""
        if IN_PYODIDE:
            self.skipTest("not in Pyodide: a side module is initialized once")
        spec = importlib.util.spec_from_file_location("pyodide_zipimport", support.ours.__file__)
        support.ours.uninstall()
        self.addCleanup(support.ours.install)
        copy = importlib.util.module_from_spec(spec)
        real, sys.hexversion = sys.hexversion, max(sys.hexversion, 0x030E00F0)
        try:
            spec.loader.exec_module(copy)
        finally:
            sys.hexversion = real
        copy.install()
        self.addCleanup(copy.uninstall)
        real, support.ours = support.ours, copy
        self.addCleanup(setattr, support, "ours", real)
        self.finder = ZstdFinder()
        sys.meta_path.insert(0, self.finder)
        self.addCleanup(sys.meta_path.remove, self.finder)
        self.forget_zstd()

    def forget_zstd(self):
        real = sys.modules.pop("_zstd", None)
        self.addCleanup(sys.modules.pop, "_zstd", None)
        self.addCleanup(lambda: real and sys.modules.update(_zstd=real))

    def make_zstd(self, members, name=None):
        """An archive of zstd members."""
        return self.make(self.entries(members), name)

    def entries(self, members, **knobs):
        return [Entry(name, data, method=ZSTD, raw=compress(data), **knobs) for name, data in members.items()]

    def assertRefused(self, function, *args):
        with self.assertRaises(zipimport.ZipImportError) as caught:
            function(*args)
        self.assertEqual(str(caught.exception), "can't decompress data; zstd not available")
        return caught.exception.__cause__


class Memory(ZstdTestCase):
    def test_reading_leaves_nothing_behind(self):
        data = random.Random(1).randbytes(50_000)
        importer = zipimport.zipimporter(self.make_zstd({"d.bin": data}))
        self.assertEqual(importer.get_data("d.bin"), data)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for _ in range(20):
            importer.get_data("d.bin")
        self.assertLess(tracemalloc.get_traced_memory()[0], 5 * len(data))


class Damaged(ZstdTestCase):
    RAW = compress(DATA)

    def damaged(self, raw):
        return zipimport.zipimporter(self.make([Entry("d.txt", DATA, method=ZSTD, raw=raw)]))

    def test_error(self):
        importer = self.damaged(b"not zstd at all")
        self.assertZipError(f"could not decompress zstd data: {importer.archive!r} (entry 'd.txt', at offset 0", importer.get_data, "d.txt",
                            path=importer.archive)

    def test_what_follows_the_frame(self):
        importer = self.damaged(self.RAW + b"no frame")
        self.assertRaises(zipimport.ZipImportError, importer.get_data, "d.txt")

    def test_is_looked_at_again_once(self):
        """As other damage is: the archive may have changed."""
        for raw in (b"not zstd at all", self.RAW[:-9], b""):
            importer = self.damaged(raw)
            importer.invalidate_caches()
            with self.subTest(raw[:4]), stats_delta() as delta:
                self.assertRaises(zipimport.ZipImportError, importer.get_data, "d.txt")
            self.assertEqual((delta.retries, delta.parses), (1, 0))

    def test_archive_that_changed(self):
        """Behind a shorter frame lies what is none; it takes a data descriptor to get as far as unpacking it."""
        importer = self.damaged(self.RAW)
        self.assertEqual(importer.get_data("d.txt"), DATA)
        self.remake(self.entries({"d.txt": DATA[:100]}, descriptor=True))
        with stats_delta() as delta:
            self.assertEqual(importer.get_data("d.txt"), DATA[:100])
        self.assertEqual((delta.retries, delta.parses), (1, 1))


@native_only("a side module is initialized once, and has met _zstd before")
class Imported(ZstdTestCase):
    def test_native_not_before_a_member_needs_it(self):
        self.make_on_path([Entry("tz_plain.py", "x = 1"), *self.entries({"tz_packed.py": b"x = 2", "other.txt": b"3"})], "a.zip")
        self.assertModule("tz_plain", x=1)
        importer = sys.path_importer_cache[self.path()]
        self.assertIsNotNone(importer.find_spec("tz_packed"))
        importer.invalidate_caches()
        self.assertEqual(list(zipimport._zip_directory_cache[self.path()]), ["tz_plain.py", "tz_packed.py", "other.txt"])
        self.assertEqual((self.finder.asked, "_zstd" in sys.modules), (0, False))
        self.assertModule("tz_packed", x=2)
        self.assertEqual(importer.get_data("other.txt"), b"3")
        self.assertEqual(self.finder.asked, 1)

    def test_native_archive_with_a_zstd_of_its_own(self):
        """Which is compressed with zstd, so that nothing can read it: no recursion, and one clear error."""
        self.finder.module = None
        archive = self.make_zstd({"_zstd.py": b"x = 1", "tz_packed.py": b"x = 2"})
        self.make_on_path({"tz_elsewhere.py": "x = 3"})
        sys.path.insert(0, archive)
        importer = zipimport.zipimporter(archive)
        for function, args in ((importer.get_data, ("tz_packed.py",)), (self.import_module, ("tz_packed",))):
            cause = self.assertRefused(function, *args)
            self.assertIs(type(cause), zipimport.ZipImportError)
            self.assertIn("unsupported compression method 93", str(cause))
        self.assertRaisesRegex(zipimport.ZipImportError, "zstd not available", self.import_module, "_zstd")
        self.assertModule("tz_elsewhere", x=3)
        sys.path.remove(archive)
        self.finder.module = zstdstub.make()
        self.assertEqual(importer.get_data("tz_packed.py"), b"x = 2")

    def test_native_missing_or_odd(self):
        importer = zipimport.zipimporter(self.make_zstd({"d.txt": DATA}))
        self.finder.module = None
        self.assertIsInstance(self.assertRefused(importer.get_data, "d.txt"), ModuleNotFoundError)
        self.finder.error = ValueError()
        self.assertIs(self.assertRefused(importer.get_data, "d.txt"), self.finder.error)
        self.finder.error = None
        for name in ("ZstdError", "ZstdDecompressor"):
            self.finder.module = zstdstub.make()
            delattr(self.finder.module, name)
            sys.modules.pop("_zstd", None)
            self.assertIsInstance(self.assertRefused(importer.get_data, "d.txt"), AttributeError)
        self.finder.module = zstdstub.make()
        sys.modules.pop("_zstd")
        self.assertEqual(importer.get_data("d.txt"), DATA)

    def test_native_no_memory_and_interrupts_are_no_refusals(self):
        importer = zipimport.zipimporter(self.make_zstd({"d.txt": DATA}))
        for error in (MemoryError, KeyboardInterrupt):
            self.finder.error = error()
            self.assertRaises(error, importer.get_data, "d.txt")
        self.finder.error = None
        errors = [MemoryError(), KeyboardInterrupt(), ValueError()]

        class Decompressor(zstdstub.ZstdDecompressor):
            def decompress(self, *args):
                raise errors[0]

        self.finder.module = zstdstub.make(ZstdDecompressor=Decompressor)
        while errors:
            with stats_delta() as delta:
                self.assertRaises(type(errors[0]), importer.get_data, "d.txt")
            self.assertEqual(delta.retries, 0)
            del errors[0]
