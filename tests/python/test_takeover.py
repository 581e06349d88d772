"""install() and uninstall(): what is taken over, what is left alone, and that giving back leaves no trace."""

import array
import contextlib
import gc
import importlib
import os
import sys
import threading
import types
import warnings
import zipimport

import support
from support import ZipTestCase, importer_places, native_only, ours_only, session_state


# The interpreter's own, which keeps the names of attributes that were looked up.
clear_type_cache = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache


@contextlib.contextmanager
def uninstalled():
    """A block in a session without our importer."""
    support.ours.uninstall()
    try:
        yield
    finally:
        support.ours.install()


@ours_only("there is nothing to install")
class TakeoverTestCase(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(support.ours.install)

    def import_pkgutil(self):
        """pkgutil as it is when it is imported now, until the test ends."""
        real = sys.modules.pop("pkgutil", None)
        self.addCleanup(lambda: real and sys.modules.update(pkgutil=real))
        return importlib.import_module("pkgutil")


class Install(TakeoverTestCase):
    def test_module_attributes(self):
        self.assertIs(zipimport.zipimporter, support.ours.zipimporter)
        self.assertIs(zipimport.ZipImportError, support.ours.ZipImportError)
        self.assertIsNot(zipimport.zipimporter, support.STOCK_TYPE)
        self.assertIsNot(zipimport._zip_directory_cache, support.STOCK_CACHE)

    def test_module_stays_the_frozen_one(self):
        module = zipimport
        with uninstalled():
            self.assertIs(importlib.import_module("zipimport"), module)
        self.assertEqual(zipimport.__spec__.origin, "frozen")

    def test_path_hook_stands_where_stock_s_stood(self):
        marker = lambda path: (_ for _ in ()).throw(ImportError())
        with uninstalled():
            sys.path_hooks.insert(0, marker)
            self.addCleanup(sys.path_hooks.remove, marker)
            length = len(sys.path_hooks)
        self.assertIs(sys.path_hooks[1], zipimport.zipimporter)
        self.assertNotIn(support.STOCK_TYPE, sys.path_hooks)
        self.assertEqual(len(sys.path_hooks), length)

    def test_no_stock_importer_is_left_in_place(self):
        left = {place for place, value in importer_places().items() if type(value) is support.STOCK_TYPE}
        self.assertEqual(left, set())

    def test_twice_is_once(self):
        hooks, cache, cls = sys.path_hooks[:], zipimport._zip_directory_cache, zipimport.zipimporter
        support.ours.install()
        self.assertEqual(sys.path_hooks, hooks)
        self.assertIs(zipimport._zip_directory_cache, cache)
        self.assertIs(zipimport.zipimporter, cls)

    def test_install_again_has_the_same_class(self):
        cls = zipimport.zipimporter
        with uninstalled():
            pass
        self.assertIs(zipimport.zipimporter, cls)

    def test_unknown_option(self):
        self.assertRaises(TypeError, support.ours.install, nosuch=1)

    def test_result_can_be_awaited(self):
        async def use():
            return await support.ours.install()
        coroutine = use()
        with contextlib.closing(coroutine), self.assertRaises(StopIteration):
            coroutine.send(None)


class Mapping(TakeoverTestCase):
    """Importers are exchanged one for one, by identity, wherever the interpreter holds them."""

    def test_path_importer_cache(self):
        with uninstalled():
            archive = self.make_on_path({"tk_cached.py": "", "tk_p/__init__.py": "", "tk_p/s.py": ""})
            importlib.import_module("tk_p.s")
            before = dict(sys.path_importer_cache)
            self.assertIs(type(before[archive]), support.STOCK_TYPE)
        after = sys.path_importer_cache
        for path in (archive, archive + "/tk_p"):
            self.assertIs(type(after[path]), zipimport.zipimporter)
            self.assertEqual((after[path].archive, after[path].prefix), (before[path].archive, before[path].prefix))
        self.assertEqual(set(after), set(before))

    def test_loaders_of_imported_modules(self):
        with uninstalled():
            self.make_on_path({"tk_loaded.py": "x = 1"})
            module = self.import_module("tk_loaded")
            self.assertIs(type(module.__loader__), support.STOCK_TYPE)
        self.assertIs(type(module.__loader__), zipimport.zipimporter)
        self.assertIs(module.__loader__, module.__spec__.loader)
        self.assertEqual(module.__loader__.get_source("tk_loaded"), "x = 1")

    def test_one_importer_stays_one(self):
        with uninstalled():
            archive = self.make_on_path({"tk_one.py": "", "tk_two.py": ""})
            one, two = self.import_module("tk_one"), self.import_module("tk_two")
            self.assertIs(one.__loader__, two.__loader__)
        self.assertIs(one.__loader__, two.__loader__)
        self.assertIs(one.__loader__, sys.path_importer_cache[archive])

    def test_two_importers_stay_two(self):
        with uninstalled():
            archive = self.make_on_path({"tk_apart.py": ""})
            module = self.import_module("tk_apart")
            module.__loader__ = support.STOCK_TYPE(archive)
        self.assertIsNot(module.__loader__, module.__spec__.loader)
        self.assertIs(type(module.__loader__), zipimport.zipimporter)

    def test_mapped_back(self):
        archive = self.make_on_path({"tk_back.py": ""})
        module = self.import_module("tk_back")
        with uninstalled():
            self.assertIs(type(module.__loader__), support.STOCK_TYPE)
            self.assertIs(module.__loader__, module.__spec__.loader)
            self.assertIs(module.__loader__, sys.path_importer_cache[archive])

    def test_added_attributes_travel(self):
        with uninstalled():
            self.make_on_path({"tk_attributes.py": ""})
            module = self.import_module("tk_attributes")
            module.__loader__.note = "kept"
        self.assertEqual(module.__loader__.note, "kept")

    def test_subclass_instances_are_left_alone(self):
        with uninstalled():
            archive = self.make_on_path({"tk_subclass.py": "x = 1"})
            subclass = type("Sub", (support.STOCK_TYPE,), {})
            importer = sys.path_importer_cache[archive] = subclass(archive)
            module = self.import_module("tk_subclass")
        self.assertIs(sys.path_importer_cache[archive], importer)
        self.assertIs(module.__loader__, importer)
        self.assertEqual(importer.get_source("tk_subclass"), "x = 1")

    def test_subclass_instances_of_ours_are_left_alone(self):
        archive = self.make({"m.py": ""})
        importer = sys.path_importer_cache[archive] = type("Sub", (zipimport.zipimporter,), {})(archive)
        with uninstalled():
            self.assertIs(sys.path_importer_cache[archive], importer)

    def test_foreign_values_are_left_alone(self):
        foreign = object()
        for key, value in ((self.path("foreign"), foreign), (self.path("none"), None)):
            sys.path_importer_cache[key] = value
            with uninstalled():
                self.assertIs(sys.path_importer_cache[key], value)
            self.assertIs(sys.path_importer_cache[key], value)

    def test_odd_modules_are_left_alone(self):
        class Hostile(types.ModuleType):
            def __getattribute__(self, name):
                raise RuntimeError(name)
        odd = {"tk_none": None, "tk_int": 5, "tk_hostile": Hostile("tk_hostile"), "tk_bare": types.ModuleType("tk_bare")}
        sys.modules.update(odd)
        self.addCleanup(lambda: [sys.modules.pop(name, None) for name in odd])
        with uninstalled():
            pass
        self.assertEqual({name: sys.modules[name] is value for name, value in odd.items()}, dict.fromkeys(odd, True))

    def test_archive_that_is_gone_is_mapped_all_the_same(self):

        archive = self.make_on_path({"tk_gone.py": ""})
        module = self.import_module("tk_gone")
        os.remove(archive)
        with uninstalled():
            self.assertNotIsInstance(module.__loader__, support.ours.zipimporter)
            self.assertEqual((module.__loader__.archive, module.__loader__.prefix), (archive, ""))
        self.assertIs(type(module.__loader__), zipimport.zipimporter)


class GiveBack(TakeoverTestCase):
    def test_state_is_that_of_a_session_that_never_installed(self):
        with uninstalled():
            first = session_state()
            self.assertIs(first["type"], support.STOCK_TYPE)
            self.assertIs(first["cache"], support.STOCK_CACHE)
            self.assertEqual(first["names"], sorted(first["names"]))
            self.assertEqual({kind for kind, _, _ in first["places"].values()}, {support.STOCK_TYPE} if first["places"] else set())
        with uninstalled():
            second = session_state()
        for key, value in first.items():
            with self.subTest(key):
                self.assertEqual(second[key], value)

    def test_state_is_that_before_the_first_install(self):
        """But for what was imported since, and for importers that tests dropped from sys.path_importer_cache."""
        before = support.SESSION
        with uninstalled():
            after = session_state()
        for key in ("type", "cache", "hooks", "names", "functions", "meta_path"):
            with self.subTest(key):
                self.assertEqual(after[key], before[key])
        self.assertIs(after["cache"], before["cache"])
        self.assertLessEqual(set(before["modules"]), set(after["modules"]))
        others = {place: after["places"].get(place) for place, value in before["places"].items()
                  if after["places"].get(place) != value}
        self.assertEqual([(place, value) for place, value in others.items() if place[0] != "cache" or value], [])

    def test_no_attribute_of_zipimport_is_ours(self):
        with uninstalled():
            ours = [name for name, value in vars(zipimport).items()
                    if (getattr(value, "__module__", None) or "").startswith("pyodide_zipimport")]
        self.assertEqual(ours, [])

    def test_twice_is_once(self):
        with uninstalled():
            support.ours.uninstall()
            self.assertIs(zipimport.zipimporter, support.STOCK_TYPE)

    def test_stock_imports_again(self):
        with uninstalled():
            self.make_on_path({"tk_stock.py": "x = 1"})
            self.assertModule("tk_stock", x=1)
            self.assertIs(type(sys.modules["tk_stock"].__loader__), support.STOCK_TYPE)

    def test_stock_does_not_see_an_old_directory(self):
        archive = self.make({"m.py": ""})
        zipimport.zipimporter(archive)
        self.remake({"n.py": ""})
        with uninstalled():
            self.assertIsNotNone(zipimport.zipimporter(archive).find_spec("n"))

    def test_ours_does_not_see_an_old_directory(self):
        with uninstalled():
            archive = self.make({"m.py": ""})
            zipimport.zipimporter(archive)
            self.remake({"n.py": ""})
        self.assertIsNotNone(zipimport.zipimporter(archive).find_spec("n"))

    def test_our_surviving_instance_keeps_working(self):
        archive = self.make({"m.py": "x = 1"})
        importer = zipimport.zipimporter(archive)
        with uninstalled():
            self.assertEqual(importer.get_source("m"), "x = 1")
            self.remake({"n.py": "y = 2"})
            importer.invalidate_caches()
            self.assertEqual(importer.get_source("n"), "y = 2")
            self.assertIsNone(importer.find_spec("m"))

    def test_our_class_makes_instances_while_uninstalled(self):
        cls, archive = zipimport.zipimporter, self.make({"m.py": "x = 1"})
        with uninstalled():
            self.assertEqual(cls(archive).get_source("m"), "x = 1")

    def test_stock_s_surviving_instance_keeps_working(self):
        with uninstalled():
            archive = self.make({"m.py": "x = 1"})
            importer = zipimport.zipimporter(archive)
        self.assertEqual(importer.get_source("m"), "x = 1")
        self.assertEqual(importer.get_filename("m"), archive + "/m.py")
        module = importlib.util.module_from_spec(importer.find_spec("m"))
        importer.exec_module(module)
        self.assertEqual((module.x, module.__file__, module.__loader__), (1, archive + "/m.py", importer))
        self.remake({"n.py": "y = 2"})
        importer.invalidate_caches()
        self.assertEqual(importer.get_source("n"), "y = 2")
        self.assertIsNone(importer.find_spec("m"))

    def test_stock_s_surviving_class_makes_instances(self):
        archive = self.make({"m.py": "x = 1"})
        stock = support.STOCK_TYPE(archive)
        self.assertEqual(stock.get_source("m"), "x = 1")
        self.assertEqual(zipimport.zipimporter(archive).get_source("m"), "x = 1")

    def test_pkgutil_that_was_imported_meanwhile(self):
        archive = self.make({"m.py": "", "p/__init__.py": ""})
        pkgutil, ours = self.import_pkgutil(), zipimport.zipimporter(archive)
        listed = lambda: [info.name for info in pkgutil.iter_modules([archive])]
        self.assertEqual(listed(), ["m", "p"])
        for _ in range(2):
            with uninstalled():
                self.assertIs(pkgutil.zipimporter, support.STOCK_TYPE)
                self.assertEqual(listed(), ["m", "p"])
                stock = zipimport.zipimporter(archive)
                for importer in (ours, stock):
                    self.assertEqual([name for name, _ in pkgutil.iter_importer_modules(importer)], ["m", "p"])
            self.assertEqual(listed(), ["m", "p"])
            self.assertEqual([name for name, _ in pkgutil.iter_importer_modules(stock)], ["m", "p"])

    def test_pkgutil_that_is_odd_is_left_alone(self):
        real = self.import_pkgutil()
        bare = types.ModuleType("pkgutil")
        bare.zipimporter = zipimport.zipimporter
        for odd in (None, 5, types.ModuleType("pkgutil"), bare):
            sys.modules["pkgutil"] = odd
            with uninstalled():
                pass
        sys.modules["pkgutil"] = real
        self.assertIs(bare.zipimporter, support.ours.zipimporter)

    def test_pkgutil_that_cannot_be_told(self):
        pkgutil = self.import_pkgutil()
        generic, pkgutil.iter_importer_modules = pkgutil.iter_importer_modules, None
        self.assertRaises(AttributeError, support.ours.uninstall)
        self.assertIs(zipimport.zipimporter, support.ours.zipimporter)
        pkgutil.iter_importer_modules = generic
        with uninstalled():
            self.assertIs(pkgutil.zipimporter, support.STOCK_TYPE)

    def test_foreign_class_in_zipimport_is_not_overwritten_silently(self):
        """Somebody else who replaced zipimporter after us keeps the last word at sys.path_hooks."""
        other = type("zipimporter", (zipimport.zipimporter,), {})
        sys.path_hooks[0] = other
        try:
            with uninstalled():
                self.assertIn(other, sys.path_hooks)
        finally:
            sys.path_hooks[:] = [hook for hook in sys.path_hooks if hook is not other]
            support.ours.uninstall()
            if support.STOCK_TYPE not in sys.path_hooks:
                sys.path_hooks.insert(0, support.STOCK_TYPE)
            support.ours.install()


class FromInside(TakeoverTestCase):
    """Called by a module in the middle of its own import."""

    def test_uninstall_and_install(self):
        self.make_on_path({"tk_inside.py": "import pyodide_zipimport as z\nz.uninstall()\nimport tk_other\nz.install()\n"
                                           "from tk_other import x",
                           "tk_other.py": "x = 1\nloader = type(__loader__)"})
        module = self.assertModule("tk_inside", x=1)
        self.assertIs(sys.modules["tk_other"].loader, support.STOCK_TYPE)
        self.assertIs(type(module.__loader__), zipimport.zipimporter)
        self.assertIs(module.__loader__, module.__spec__.loader)

    def test_install_from_a_module_that_stock_imports(self):
        with uninstalled():
            self.make_on_path({"tk_installs.py": "import pyodide_zipimport\npyodide_zipimport.install()\nfrom tk_sub import x",
                               "tk_sub/__init__.py": "x = type(__loader__)"})
            module = self.import_module("tk_installs")
            self.assertIs(module.x, support.ours.zipimporter)
            self.assertIs(type(module.__loader__), support.ours.zipimporter)

    def test_uninstall_and_failure(self):
        self.make_on_path({"tk_fails.py": "import pyodide_zipimport\npyodide_zipimport.uninstall()\n1 / 0"})
        self.assertRaises(ZeroDivisionError, self.import_module, "tk_fails")
        self.assertNotIn("tk_fails", sys.modules)
        self.assertIs(zipimport.zipimporter, support.STOCK_TYPE)

    def test_invalidation_from_a_warning_hook(self):

        self.make_on_path({"tk_warns.py": "x = 1 is 1\n"})
        real = warnings.showwarning
        self.addCleanup(setattr, warnings, "showwarning", real)

        def hook(*args, **kwargs):
            zipimport._zip_directory_cache.clear()
            support.ours.invalidate()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = hook
            self.assertModule("tk_warns", x=True)

    @native_only("it has no threads")
    def test_native_install_and_uninstall_from_a_second_thread(self):
        archive = self.make_on_path({f"tk_thread{n}.py": "x = 1" for n in range(40)})
        failures = []

        def toggle():
            try:
                for _ in range(20):
                    support.ours.uninstall()
                    support.ours.install()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=toggle)
        thread.start()
        for n in range(40):
            self.assertModule(f"tk_thread{n}", x=1, __file__=f"{archive}/tk_thread{n}.py")
        thread.join()
        self.assertEqual(failures, [])
        self.assertIs(sys.path_hooks[0], zipimport.zipimporter)


class Rounds(TakeoverTestCase):
    def test_ten_rounds_leave_nothing(self):
        """install, import, uninstall, import, install again: no growth of objects or of the references that we hold."""
        self.make_on_path({"tk_round.py": "x = []", "tk_roundp/__init__.py": "", "tk_roundp/s.py": ""})

        def one_round():
            for _ in range(2):
                for name in ("tk_round", "tk_roundp", "tk_roundp.s"):
                    self.import_module(name)
                support.ours.uninstall()
                for name in ("tk_round", "tk_roundp", "tk_roundp.s"):
                    self.import_module(name)
                support.ours.install()

        watched = (support.STOCK_TYPE, zipimport.zipimporter, support.ours, zipimport, support.STOCK_CACHE, sys.path_hooks,
                   zipimport.ZipImportError)
        for _ in range(3):
            one_round()
        gc.collect()
        references, objects = [sys.getrefcount(item) for item in watched], len(gc.get_objects())
        rounds = 10
        blocks = array.array("q", bytes(8 * rounds))   # which makes no objects that stay
        for number in range(rounds):
            one_round()
            gc.collect()
            clear_type_cache()
            blocks[number] = sys.getallocatedblocks()
        self.assertEqual([sys.getrefcount(item) for item in watched], references)
        self.assertLess(abs(len(gc.get_objects()) - objects), 20)
        self.assertLess(blocks[-1] - blocks[0], rounds - 1, f"a block a round: {blocks}")

    def test_records_do_not_pile_up(self):
        start = support.ours.stats()["archives"]
        for number in range(5):
            archive = self.make({"m.py": ""}, f"pile{number}.zip")
            zipimport.zipimporter(archive)
            zipimport._zip_directory_cache.pop(archive)
        gc.collect()
        self.assertLessEqual(support.ours.stats()["archives"], start + 5)
