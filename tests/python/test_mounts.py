"""Modules in a mounted archive: found and loaded like those of the same archive unpacked, without its files being touched.

The files of a mount are Pyodide's, made by JavaScript; here there are none, so that whoever looked for one would fail.
"""

import importlib
import importlib.machinery
import importlib.util
import inspect
import os
import pickle
import sys
import unittest.mock
import zipfile

import support
from packstore import FolderStore
from support import ZipTestCase, make_pyc, native_only, ours_only
from zipbuild import Entry

SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]
MEMBERS = {
    "plain.py": "value = 'plain'\n",
    "package/__init__.py": "from . import inner\n",
    "package/inner.py": "value = 'inner'\n",
    "package/data.txt": "data",
    "portion/inside.py": "value = 'portion'\n",
    "both/__init__.py": "value = 'package'\n",
    "both.py": "value = 'module'\n",
    "named/x.py": "",
    "named.py": "value = 'a module stands before a namespace'\n",
    "compiled.pyc": make_pyc("value = 'pyc'\n"),
    "order.py": "value = 'py'\n",
    "order.pyc": make_pyc("value = 'pyc'\n"),
    f"library{SUFFIX}": "no library",
    "library.py": "value = 'an extension stands before a source'\n",
    "foreign.cpython-399-other.so": "",
    "bad.pyc": b"no bytecode",
    "umläut.py": "value = 'ü'\n",
    "latin.py": b"# coding: latin-1\nvalue = '\xfc'\n",
}
NAMES = ("plain", "package", "package.inner", "portion", "portion.inside", "both", "named", "compiled", "order", "library",
         "foreign", "bad", "umläut", "latin", "missing", "plain.missing", "package.missing", "package/inner", "", "..")


class MountTestCase(ZipTestCase):
    def mount(self, members=MEMBERS, **knobs):
        """The path at which the archive is mounted, first on sys.path, and what _mount() returned."""
        archive, path = self.make(members, **knobs), self.path("mounted")
        answer = support.ours._mount(path, archive)
        self.addCleanup(support.ours._unmount, answer[0])
        sys.path.insert(0, path)
        return path, answer

    def unpack(self, members=MEMBERS):
        path = self.path("unpacked")
        with zipfile.ZipFile(self.make(members)) as archive:
            archive.extractall(path)
        return path


@ours_only("mounts")
class Finding(MountTestCase):
    def describe(self, root, name):
        """What a folder's finder says of a module; `name` is looked for below its parent."""
        folder = os.path.join(root, *name.split(".")[:-1])
        try:
            finder = importlib.machinery.PathFinder._path_importer_cache(folder)
        except ImportError:
            finder = None
        spec = finder and finder.find_spec(name)
        if spec is None:
            return None
        loader = spec.loader
        stock = [each.__name__ for each in type(loader).__mro__ if each.__module__ == "_frozen_importlib_external"]
        described = (spec.name, spec.origin, spec.has_location, spec.cached, spec.submodule_search_locations, spec.loader_state,
                     stock, loader and (loader.name, loader.path, loader.is_package(name)))
        return repr(described).replace(root, "ROOT")

    def test_specs_are_those_of_the_archive_unpacked(self):
        mounted, unpacked = self.mount()[0], self.unpack()
        for name in NAMES:
            with self.subTest(name):
                self.assertEqual(self.describe(mounted, name), self.describe(unpacked, name))
        self.assertFalse(os.path.exists(mounted))

    def test_finders_are_file_finders_of_folders_in_the_mount_alone(self):
        mounted, _ = self.mount()
        for folder in (mounted, f"{mounted}/package", f"{mounted}/portion"):
            finder = support.ours._mount_hook(folder)
            self.assertIsInstance(finder, importlib.machinery.FileFinder)
            self.assertEqual(finder.path, folder)
        for other in (f"{mounted}x", f"{mounted}/", f"{mounted}/plain.py", f"{mounted}/missing", self.folder, "", "/", b"/", None,
                      f"{mounted}/../mounted", "\udcff", f"{mounted}/\udcff", f"{mounted}//package"):
            with self.subTest(other), self.assertRaises(ImportError):
                support.ours._mount_hook(other)

    def test_unsafe_names_are_not_found(self):
        mounted, _ = self.mount([Entry("../up.py", "x"), Entry("/absolute.py", "x"), Entry("fine.py", "x"), Entry("both", ""),
                                 Entry("both/m.py", "x")])
        self.assertEqual([self.describe(mounted, name) is None for name in ("up", "absolute", "both", "fine")],
                         [True, True, True, False])

    def test_hits_and_misses_are_counted(self):
        mounted, _ = self.mount()
        finder = support.ours._mount_hook(mounted)
        with support.stats_delta() as delta:
            finder.find_spec("plain")
            finder.find_spec("missing")
            importlib.invalidate_caches()
            finder.find_spec("missing")
        self.assertEqual((delta.hits, delta.misses, delta.reads, delta.stats, delta.invalidations), (1, 2, 0, 0, 0))


@ours_only("mounts")
class Loading(MountTestCase):
    def test_modules_are_those_of_the_archive_unpacked(self):
        def load(root, name):
            spec = importlib.machinery.PathFinder.find_spec(name, [os.path.join(root, *name.split(".")[:-1])])
            module = importlib.util.module_from_spec(spec)
            module.__package__ = ""
            spec.loader.exec_module(module)
            loader = spec.loader
            code = loader.get_code(name)
            return repr([module.value, module.__file__, code and code.co_filename, loader.get_source(name), loader.get_filename(name),
                         loader.get_data(loader.path)]).replace(root, "ROOT")

        mounted, unpacked = self.mount()[0], self.unpack()
        for name in ("plain", "package.inner", "portion.inside", "both", "named", "compiled", "order", "umläut", "latin"):
            with self.subTest(name):
                self.assertEqual(load(mounted, name), load(unpacked, name))
        self.assertFalse(os.path.exists(mounted))

    def test_imports_and_tracebacks(self):
        mounted, _ = self.mount({**MEMBERS, "failing.py": "def fail():\n    raise ValueError\n"})
        package = importlib.import_module("package")
        self.assertEqual((package.inner.value, package.__path__), ("inner", [f"{mounted}/package"]))
        self.assertIn("raise ValueError", inspect.getsource(importlib.import_module("failing").fail))
        self.assertRaisesRegex(ImportError, "bad magic number", importlib.import_module, "bad")
        self.assertEqual(importlib.import_module("compiled").__spec__.origin, f"{mounted}/compiled.pyc")

    def test_a_loader_loads_its_own_module_alone(self):
        self.mount()
        loader = importlib.util.find_spec("plain").loader
        self.assertRaisesRegex(ImportError, "cannot handle", loader.get_code, "other")
        self.assertRaises(OSError, loader.get_data, f"{loader.path}x")
        self.assertEqual(pickle.loads(pickle.dumps(loader.path)), loader.path)

    def test_a_damaged_member_is_an_import_error(self):
        self.mount([Entry("m.py", "value = 1\n", crc=7)])
        self.assertRaisesRegex(ImportError, "bad CRC-32", importlib.import_module, "m")

    def test_a_syntax_error_names_the_file(self):
        mounted, _ = self.mount({"m.py": "value = (\n"})
        with self.assertRaises(SyntaxError) as caught:
            importlib.import_module("m")
        self.assertEqual(caught.exception.filename, f"{mounted}/m.py")

    def test_trace_has_a_record_for_each_module(self):
        self.compile_anew()
        support.ours.set_tracing(True)  # before the first mount makes the classes, when this test runs alone
        self.addCleanup(support.ours.set_tracing, False)
        mounted, _ = self.mount()
        importlib.import_module("package")
        records = [(each["name"], each["archive"], each["origin"], each["bytes"]) for each in support.ours.trace()]
        self.assertEqual(records, [("package.inner", mounted, "compiled", len(MEMBERS["package/inner.py"])),
                                   ("package", mounted, "compiled", len(MEMBERS["package/__init__.py"]))])
        support.ours.set_tracing(False)
        self.assertNotIn("exec_module", vars(type(sys.modules["package"].__loader__)))
        importlib.import_module("plain")
        self.assertEqual(len(support.ours.trace()), 2)

    def test_code_compiled_once_comes_from_packs(self):
        self.compile_anew()
        store = FolderStore(self.path("store"))
        store.use()
        self.addCleanup(support.ours._use_store, None, "")
        mounted, (pointer, *_) = self.mount()
        with support.stats_delta() as delta:
            importlib.import_module("plain")
        self.assertEqual((delta.compiles, delta.pack_hits), (1, 0))
        store.write()
        support.ours._forget_packs()
        del sys.modules["plain"]
        with support.stats_delta() as delta:
            module = importlib.import_module("plain")
        self.assertEqual((module.value, delta.compiles, delta.pack_hits), ("plain", 0, 1))
        self.assertEqual(module.__loader__.get_code("plain").co_filename, f"{mounted}/plain.py")


@ours_only("mounts")
class Mounting(MountTestCase):
    def test_unmounted_it_is_gone_and_modules_stay(self):
        mounted, (pointer, *_) = self.mount()
        plain = importlib.import_module("plain")
        loader, finder = plain.__loader__, sys.path_importer_cache[mounted]
        support.ours._unmount(pointer)
        support.ours._unmount(pointer)
        self.assertIsNone(finder.find_spec("plain"))
        self.assertRaises(OSError, loader.get_data, loader.path)
        self.assertRaises(OSError, loader.get_code, "plain")
        self.assertRaises(ImportError, support.ours._mount_hook, mounted)
        self.assertEqual(plain.value, "plain")

    def test_the_newest_mount_of_a_path_is_found(self):
        mounted, (first, *_) = self.mount()
        _, (second, *_) = self.mount({"plain.py": "value = 'second'\n"})
        self.assertEqual(importlib.import_module("plain").value, "second")
        self.assertIsNone(importlib.util.find_spec("order"))
        support.ours._unmount(second)
        self.assertEqual(self.import_module("plain").value, "plain")

    def test_the_hook_is_there_while_there_are_mounts(self):
        hook = support.ours._mount_hook
        before = list(sys.path_hooks)
        archive = self.make(MEMBERS)
        first, *_ = support.ours._mount("/mounted", archive)
        second, *_ = support.ours._mount("/other", archive)
        self.assertEqual(sys.path_hooks, [hook, *before])
        support.ours._unmount(first)
        support.ours._unmount(first)
        self.assertEqual(sys.path_hooks, [hook, *before])
        support.ours._unmount(second)
        self.assertEqual(sys.path_hooks, before)

    def test_a_hook_that_the_program_put_first_stays_first(self):
        def program(path):
            raise ImportError(path)

        before = list(sys.path_hooks)
        sys.path_hooks.insert(0, program)
        self.addCleanup(sys.path_hooks.remove, program)
        pointer, *_ = support.ours._mount("/mounted", self.make(MEMBERS))
        self.assertEqual(sys.path_hooks, [program, support.ours._mount_hook, *before])
        support.ours._unmount(pointer)

    def test_what_was_known_of_the_path_is_looked_for_anew(self):
        class Path(str):
            pass

        below, others = ["/mounted", "/mounted/p", Path("/mounted/q")], ["/mounted.d", "/", "x", 1]
        archive = self.make(MEMBERS)
        for change in (lambda: support.ours._mount("/mounted", archive)[0], lambda: support.ours._unmount(pointer)):
            for key in below + others:
                sys.path_importer_cache[key] = None
                self.addCleanup(sys.path_importer_cache.pop, key, None)
            pointer = change()
            self.assertEqual([key for key in below + others if key in sys.path_importer_cache], others)

    def test_without_a_list_of_hooks_nothing_is_found_and_nothing_fails(self):
        archive = self.make(MEMBERS)
        for name, value in (("path_hooks", ()), ("path_importer_cache", None)):
            with self.subTest(name), unittest.mock.patch.object(sys, name, value):
                pointer, *_ = support.ours._mount("/mounted", archive)
                support.ours._unmount(pointer)

    def test_keys_tell_archives_apart(self):
        archive = self.make(MEMBERS)
        pointer, *key = support.ours._mount("/mounted", archive)
        self.addCleanup(support.ours._unmount, pointer)
        self.assertEqual(tuple(key), support.ours._archive_key(archive))
        self.assertNotEqual(support.ours._archive_key(self.make({"a.py": ""})), tuple(key))

    def test_what_cannot_be_mounted(self):
        archive = self.make(MEMBERS)
        for path in ("", "/", "relative", "/end/", "\udcff"):
            with self.subTest(path), self.assertRaises(ValueError):
                support.ours._mount(path, archive)
        self.assertRaises(TypeError, support.ours._mount, b"/mounted", archive)
        self.assertRaises(TypeError, support.ours._unmount, "x")
        self.assertRaises(TypeError, support.ours._archive_key, None)
        for path in (self.write(bytes(99)), self.path("none.zip")):
            self.assertRaises(support.ours.ZipImportError, support.ours._mount, "/mounted", path)
            self.assertRaises(support.ours.ZipImportError, support.ours._archive_key, path)


@ours_only("mounts")
class Sharing(MountTestCase):
    def share(self, *archives):
        """A shared folder of these archives, the first on sys.path; what _mount() returned of each."""
        path = self.path("site-packages")
        os.makedirs(path)
        self.pointer = support.ours._share(path)
        answers = []
        for members in archives:
            answers.append(support.ours._mount(path, self.make(members)))
            self.addCleanup(support.ours._unmount, answers[-1][0])
        sys.path.insert(0, path)
        return path, answers

    def test_archives_lie_over_one_another(self):
        self.share(
            {"a.py": "value = 1\n", "p/__init__.py": "", "p/one.py": "value = 1\n", "p/both.py": "value = 1\n"},
            {"b.py": "value = 2\n", "p/two.py": "value = 2\n", "p/both.py": "value = 2\n"},
        )
        found = {name: importlib.import_module(name).value for name in ("a", "b", "p.one", "p.two", "p.both")}
        self.assertEqual(found, {"a": 1, "b": 2, "p.one": 1, "p.two": 2, "p.both": 2})
        self.assertIsNone(importlib.util.find_spec("p.missing"))
        self.assertIsNone(importlib.util.find_spec("missing"))

    def test_a_namespace_over_several(self):
        path, _ = self.share({"n/one.py": "", "n/q/x.py": ""}, {"n/two.py": "", "n/q/__init__.py": ""})
        for name in ("n.one", "n.two", "n.q.x"):
            importlib.import_module(name)
        self.assertEqual(list(sys.modules["n"].__path__), [f"{path}/n"])
        self.assertEqual(sys.modules["n.q"].__file__, f"{path}/n/q/__init__.py")

    def test_a_folder_of_more_archives_than_are_looked_at_at_once(self):
        path, _ = self.share(*({f"n/m{i}.py": f"value = {i}\n"} for i in range(20)))
        os.makedirs(f"{path}/n")  # FileFinder looks there
        for i in (0, 3, 19):
            support.write_file(f"{path}/n/m{i}.py", b"")
        for i in (0, 3, 19):
            self.assertEqual(importlib.import_module(f"n.m{i}").value, i)
        self.assertIsNone(importlib.util.find_spec("n.missing"))

    def test_what_leaves_leaves_the_others(self):
        _, answers = self.share({"a.py": "value = 1\n", "b.py": ""}, {"a.py": "value = 2\n", "c.py": ""})
        self.assertEqual(importlib.import_module("a").value, 2)
        support.ours._unmount(answers[1][0])
        self.assertIsNone(importlib.util.find_spec("c"))
        self.assertEqual(self.import_module("a").value, 1)

    def test_a_mount_and_a_shared_folder_are_two_things(self):
        path, _ = self.share({"a.py": ""})
        self.assertEqual(support.ours._share(path), self.pointer)
        mounted, _ = self.mount({"a.py": ""})
        self.assertRaises(ValueError, support.ours._share, mounted)
        self.assertRaises(ValueError, support.ours._share, "relative")
        self.assertRaises(TypeError, support.ours._share, None)

    @native_only("the bridge is asked by ctypes; the tests of packages ask it there")
    def test_a_name_that_others_have_is_looked_for_in_the_folder(self):
        path, _ = self.share({"a.py": "value = 1\n", "b.py": "value = 1\n"})
        self.assertIsNone(importlib.util.find_spec("c"))
        for name in ("a", "c"):
            os.makedirs(f"{path}/{name}")
            support.write_file(f"{path}/{name}/__init__.py", b"value = 2")
        self.assertIsNone(importlib.util.find_spec("c"))
        self.note("c")
        self.note("a")
        importlib.invalidate_caches()
        found = {name: importlib.import_module(name).value for name in "abc"}
        self.assertEqual(found, {"a": 2, "b": 1, "c": 2})

    def note(self, name):
        import ctypes

        bridge = ctypes.CDLL(support.ours.__file__)
        bridge.zi_bridge_area.restype = ctypes.c_void_p
        area = bridge.zi_bridge_area()
        ctypes.memmove(area + 28, name.encode(), len(name))
        ctypes.c_uint32.from_address(area + 24).value = len(name)
        bridge.zi_bridge_note.argtypes = [ctypes.c_void_p]
        bridge.zi_bridge_note(self.pointer)


@ours_only("mounts")
@native_only("the bridge is asked by ctypes; the test of the file system asks it there")
class Changes(MountTestCase):
    WITHIN, GONE = 1, 2

    def setUp(self):
        import ctypes

        super().setUp()
        self.bridge = ctypes.CDLL(support.ours.__file__)
        self.bridge.zi_bridge_change.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32]
        self.bridge.zi_bridge_first.argtypes = self.bridge.zi_bridge_next.argtypes = [ctypes.c_void_p, ctypes.c_uint32]

    def test_a_changed_directory_is_a_folder(self):
        mounted, (pointer, *_) = self.mount({"a.py": "", "p/__init__.py": "", "p/b.py": "", "p/q/c.py": ""})
        directory = self.bridge.zi_bridge_first(pointer, 0)  # p/, the last one
        find = importlib.machinery.PathFinder.find_spec
        loader = find("b", [f"{mounted}/p"]).loader
        self.bridge.zi_bridge_change(pointer, directory, self.WITHIN)
        self.assertIsNotNone(find("a", [mounted]))
        self.assertIsNone(find("p", [mounted]))  # the folder is not there
        self.assertIsNone(find("b", [f"{mounted}/p"]))
        self.assertIsNotNone(find("c", [f"{mounted}/p/q"]))
        self.assertIsNotNone(loader.get_code("b"))  # the file itself is as it was
        self.bridge.zi_bridge_change(pointer, self.bridge.zi_bridge_first(pointer, directory) - 1, self.GONE)
        self.assertRaises(OSError, loader.get_code, "b")
        os.makedirs(f"{mounted}/p")
        support.write_file(f"{mounted}/p/__init__.py", b"")
        support.write_file(f"{mounted}/p/own.py", b"value = 'own'")
        sys.path_importer_cache.clear()
        self.assertEqual(importlib.import_module("p.own").value, "own")
        self.assertIs(type(sys.modules["p.own"].__loader__), importlib.machinery.SourceFileLoader)
        self.assertIs(type(sys.modules["p"].__loader__), type(loader))
        self.bridge.zi_bridge_change(pointer, directory, self.GONE)
        self.assertIsNone(find("c", [f"{mounted}/p/q"]))

    def test_numbers_that_mean_nothing_are_borne(self):
        _, (pointer, *_) = self.mount({"a.py": ""})
        for node in (2, 99, 2**31, 2**32 - 1):
            self.bridge.zi_bridge_change(pointer, node, self.GONE)
            self.assertEqual(self.bridge.zi_bridge_first(pointer, node), -1)
        self.assertIsNotNone(importlib.util.find_spec("a"))
