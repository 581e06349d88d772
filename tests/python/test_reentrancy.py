"""What Python code that runs in the middle of our C code may do: finalizers, audit hooks, the garbage collector."""

import copy
import errno
import gc
import importlib
import os
import pickle
import sys
import types
import zipimport

import support
from support import AuditTestCase, ZipTestCase, native_only, ours_only, stats_delta


class Forbidden(AuditTestCase):
    """An audit hook does not let an archive be opened: it is as unreadable as one that the system does not let be opened."""

    def setUp(self):
        super().setUp()
        self.bad, self.good = self.make({"tr_bad.py": "x = 1"}), self.make({"tr_good.py": "x = 1"})

    def forbid(self, error):
        def hook(path):
            if path == self.bad:
                raise error
        self.call_on_open(hook, once=False)

    def test_constructor(self):
        self.forbid(PermissionError(errno.EACCES, "not allowed"))
        self.assertZipError(f"can't open Zip file: {self.bad!r}", zipimport.zipimporter, self.bad, path=self.bad)

    def test_error_without_a_number(self):
        self.forbid(OSError("not allowed"))
        self.assertZipError(f"can't open Zip file: {self.bad!r}", zipimport.zipimporter, self.bad, path=self.bad)

    def test_others_import(self):
        self.forbid(PermissionError(errno.EACCES, "not allowed"))
        sys.path[:0] = [self.bad, self.good]
        self.assertModule("tr_good", x=1)
        self.assertRaises(ModuleNotFoundError, self.import_module, "tr_bad")

    def test_others_import_after_it_changed(self):
        sys.path[:0] = [self.bad, self.good]
        self.assertIsNotNone(importlib.util.find_spec("tr_bad"))
        self.remake({"tr_bad.py": "x = 22"}, os.path.basename(self.bad))
        self.forbid(PermissionError(errno.EACCES, "not allowed"))
        importlib.invalidate_caches()
        self.assertModule("tr_good", x=1)
        self.assertRaises(ModuleNotFoundError, self.import_module, "tr_bad")

    def test_data(self):
        importer = zipimport.zipimporter(self.bad)
        self.forbid(PermissionError(errno.EACCES, "not allowed"))
        self.assertRaises(PermissionError, importer.get_data, "tr_bad.py")

    def test_other_exceptions_are_not_the_archive_s(self):
        self.forbid(RuntimeError("not allowed"))
        self.assertRaises(RuntimeError, zipimport.zipimporter, self.bad)


@ours_only("stock does not look again")
class Restless(AuditTestCase):
    """Whoever opens the archive finds another one than was there before."""

    REWRITES = 20

    def setUp(self):
        super().setUp()
        self.compile_anew()
        self.importer = self.make_importer({"m.py": "x = 1"})
        self.left = self.REWRITES
        self.rewriting = False
        self.call_on_open(self.rewrite, once=False)

    def rewrite(self, path):
        if self.left > 0 and not self.rewriting:
            self.rewriting = True  # it opens the archive too
            self.left -= 1
            self.remake({"first.txt": "." * 9 * self.left, "m.py": "x = 1"}, os.path.basename(path))
            self.rewriting = False

    def assertGivesUp(self, function, *args):
        with stats_delta() as delta:
            self.assertRaises(zipimport.ZipImportError, function, *args)
        self.assertEqual(delta.retries, 1)
        self.assertGreater(self.left, 0)

    def test_looked_at_again_once(self):
        self.compile_anew()
        self.assertGivesUp(self.importer.get_code, "m")
        self.assertGivesUp(self.importer.get_source, "m")
        self.assertGivesUp(self.importer.get_data, "m.py")

    def test_read_when_it_has_come_to_rest(self):
        self.assertGivesUp(self.importer.get_data, "m.py")
        self.left = 0
        self.assertEqual(self.importer.get_data("m.py"), b"x = 1")


@ours_only("the C code is ours")
class ReentrancyTestCase(AuditTestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(support.ours.install)

    def import_some(self, count=3):
        """Imports modules from archives of their own, which makes importers and loaders to exchange."""
        for i in range(count):
            self.make_on_path({f"reentered_{i}.py": "x = 1"})
            self.import_module(f"reentered_{i}")


class Finalizers(ReentrancyTestCase):
    def test_archive_whose_finalizer_uses_the_importer(self):
        one, other = self.make({"m.py": "x = 1"}), self.make({"m.py": "x = 2"})
        importer = zipimport.zipimporter(one)
        calls = []

        class Path(str):
            def __del__(self):
                calls.append(importer.find_spec("m").name)

        zipimport.zipimporter(other)  # whose record then keeps this str as its name
        before = sys.getrefcount(other)
        for _ in range(20):
            importer.archive = Path(one)
            importer.find_spec("m")
            importer.archive = other
            importer.find_spec("m")
        importer.archive = one
        importer.find_spec("m")
        self.assertEqual(calls, ["m"] * 20)
        self.assertLessEqual(sys.getrefcount(other), before)

    def test_table_whose_finalizer_uses_the_importer(self):
        one, other = self.make({"m.py": "x = 1"}), self.make({"m.py": "x = 2"})
        importer = zipimport.zipimporter(one)

        class Member:
            def __del__(self):
                importer.archive = one
                importer.find_spec("m")

        zipimport._zip_directory_cache[one]["evil"] = Member()
        os.unlink(one)
        support.ours.invalidate(one)
        importer.find_spec("m")
        importer.archive = other
        importer.find_spec("m")
        importer.archive = other
        self.assertEqual(importer.get_data("m.py"), b"x = 2")


class GivingBack(ReentrancyTestCase):
    def test_loaders_removed_meanwhile(self):
        self.import_some()
        sys.path_importer_cache.clear()

        def remove(path):
            for i in range(3):
                vars(sys.modules[f"reentered_{i}"]).update(__loader__=None, __spec__=None)

        self.call_on_open(remove)
        support.ours.uninstall()
        self.assertIs(zipimport.zipimporter, support.STOCK_TYPE)

    def test_importer_cache_replaced_meanwhile(self):
        self.import_some()
        real = sys.path_importer_cache
        self.addCleanup(setattr, sys, "path_importer_cache", real)
        sys.path_importer_cache = dict(real)
        self.call_on_open(lambda path: setattr(sys, "path_importer_cache", {}))
        support.ours.uninstall()
        self.assertIs(zipimport.zipimporter, support.STOCK_TYPE)

    def test_archive_that_is_no_str(self):
        importer = zipimport.zipimporter(self.make({"p/m.py": "x = 1"}) + "/p")
        importer.archive = b"\xe7\0\0\0" * 300  # would be an endless str, were it taken for one
        sys.path_importer_cache["no str"] = importer
        support.ours.uninstall()
        self.assertIs(sys.path_importer_cache["no str"].archive, importer.archive)

    @native_only("in Pyodide the standard library is an archive, and pinned already")
    def test_path_that_leaves_the_list_while_it_is_looked_up(self):
        class Path(str):
            def __hash__(self):
                sys.path[:] = [each for each in sys.path if type(each) is not Path]
                return 5

            def __eq__(self, other):
                return NotImplemented

        class Key(str):
            __eq__ = Path.__eq__

            def __hash__(self):
                return 5

        support.ours.uninstall()
        sys.path_importer_cache[Key("key")] = None
        sys.path.insert(0, Path(self.path("python%d%d.zip" % sys.version_info[:2])))
        support.ours.install()
        self.assertIs(zipimport.zipimporter, support.ours.zipimporter)

    def test_from_within(self):
        self.import_some()
        errors = []

        def again(path):
            for function in (support.ours.install, support.ours.uninstall):
                try:
                    function()
                except RuntimeError as error:
                    errors.append(str(error))

        self.call_on_open(again)
        support.ours.uninstall()
        self.assertEqual(len(errors), 2)
        self.assertIs(zipimport.zipimporter, support.STOCK_TYPE)

    def test_interrupted(self):
        self.import_some()

        def interrupt(path):
            raise KeyboardInterrupt

        self.call_on_open(interrupt)
        self.assertRaises(KeyboardInterrupt, support.ours.uninstall)
        self.assertIs(zipimport.zipimporter, support.ours.zipimporter)
        self.assertFalse([each for each in sys.path_importer_cache.values() if type(each) is support.STOCK_TYPE])

    def test_survivor_is_pickled_as_stock(self):
        importer = self.make_importer({"p/m.py": "x = 1"})
        inner = zipimport.zipimporter(importer.archive + "/p")
        support.ours.uninstall()
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            clone = pickle.loads(pickle.dumps(inner, protocol))
            self.assertIs(type(clone), support.STOCK_TYPE)
            self.assertEqual((clone.archive, clone.prefix), (inner.archive, inner.prefix))

    def test_slots_of_a_subclass_are_copied(self):
        class Sub(zipimport.zipimporter):
            __slots__ = ("extra",)

        importer = Sub(self.make({"m.py": "x = 1"}))
        importer.extra = 5
        self.assertEqual(copy.copy(importer).extra, 5)


class Collected(ReentrancyTestCase):
    @native_only("a side module is initialized once")
    def test_native_module_and_importers_collected_together(self):
        path = self.make({"m.py": "x = 1"})
        spec = importlib.util.spec_from_file_location("pyodide_zipimport", support.ours.__file__)
        support.ours.uninstall()
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        importers = []
        for _ in range(20):
            importer = module.zipimporter(path)
            importer.find_spec("m")
            importer.self = importer
            importer.all = importers
            importers.append(importer)
        del module, importers, importer
        gc.collect()
        gc.collect()

    def test_another_copy_is_refused_while_installed(self):
        state = types.SimpleNamespace(module=sys.modules.pop("pyodide_zipimport"))
        self.addCleanup(sys.modules.__setitem__, "pyodide_zipimport", state.module)
        spec = importlib.util.spec_from_file_location("pyodide_zipimport", state.module.__file__)
        with self.assertRaisesRegex(ImportError, "uninstall"):
            spec.loader.exec_module(importlib.util.module_from_spec(spec))


class Memory(ReentrancyTestCase):
    def test_forgotten_archives_are_let_go(self):
        before = support.ours.stats()["archives"]
        for i in range(20):
            path = self.make({"m.py": f"x = {i}"})
            importer = zipimport.zipimporter(path)
            importer.invalidate_caches()
            del importer
            os.unlink(path)
        self.make_importer({"m.py": ""})
        self.assertLessEqual(support.ours.stats()["archives"], before + 2)

    def test_deeply_nested_names_do_not_swell_the_table(self):
        path = self.make({f"{i}/" + "a/" * 900 + "m.py": "" for i in range(20)})
        zipimport.zipimporter(path)
        table = zipimport._zip_directory_cache[path]
        self.assertLess(sum(map(len, table)), 64 * os.path.getsize(path) + 40000)


class Arguments(ReentrancyTestCase):
    def test_limits_out_of_range(self):
        for value in (-1, 2**64 + 5, 1.5, "1"):
            self.assertRaises((OverflowError, TypeError), support.ours.install, max_member_bytes=value)

    def test_unpinning_drops_what_was_assigned_before_the_missed_invalidation(self):
        importer = self.make_importer({"m.py": ""})
        support.ours.pin(importer.archive)
        zipimport._zip_directory_cache[importer.archive] = "mine"
        importer.invalidate_caches()
        self.assertEqual(zipimport._zip_directory_cache.get(importer.archive), "mine")
        support.ours.unpin(importer.archive)
        self.assertIsNone(zipimport._zip_directory_cache.get(importer.archive))

    def test_pinned_path_that_never_was_has_no_table(self):
        support.ours.pin("/never/there.zip")
        self.addCleanup(support.ours.unpin, "/never/there.zip")
        with self.assertRaises(KeyError):
            zipimport._zip_directory_cache["/never/there.zip"]

    def test_invalidating_an_unknown_path_makes_no_record(self):
        before = support.ours.stats()["allocations"]
        support.ours.invalidate("/never/there.zip")
        self.assertEqual(support.ours.stats()["allocations"], before)
        self.assertRaises(TypeError, support.ours.invalidate, 3)


class Fifo(ReentrancyTestCase):
    @native_only("Emscripten has no FIFOs")
    def test_native_fifo_in_an_archives_place_does_not_block(self):
        importer = self.make_importer({"m.py": ""})
        os.unlink(importer.archive)
        os.mkfifo(importer.archive)
        importer.invalidate_caches()
        self.assertIsNone(importer.find_spec("m"))
