"""find_spec, get_filename, is_package: what is found, what the spec says, and what is read and compiled for it."""

import importlib
import importlib.machinery
import importlib.util
import sys
import traceback
import warnings
import zipimport

from support import (BEFORE_3_13, BEFORE_3_14, BEFORE_3_15_1, ZipTestCase, compilations, difference, make_pyc, member_reads,
                     ours_only, stats_delta)
from zipbuild import Entry

SOURCE = "x = 1\n"


class Found(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make({"m.py": SOURCE, "p/__init__.py": SOURCE, "p/s.py": SOURCE, "p/q/__init__.py": SOURCE,
                                  "b.pyc": make_pyc(SOURCE), "bp/__init__.pyc": make_pyc(SOURCE), "d/": "", "p/e/": "",
                                  "data.txt": "x", "both.py": SOURCE, "both/__init__.py": SOURCE})
        self.importer = zipimport.zipimporter(self.archive)

    def assertSpec(self, name, origin, package=False, importer=None):
        """The spec has, attribute by attribute, what the import system itself gives a loader's module at this place."""
        importer = importer or self.importer
        path = f"{self.archive}/{origin}"
        places = [path.rpartition("/")[0]] if package else None
        spec = importer.find_spec(name)
        like = importlib.util.spec_from_file_location(name, path, loader=importer, submodule_search_locations=places)
        self.assertIs(type(spec), importlib.machinery.ModuleSpec)
        self.assertEqual(spec.cached, like.cached)
        self.assertEqual(vars(spec), vars(like))
        self.assertIs(spec.has_location, True)

    def test_module(self):
        self.assertSpec("m", "m.py")

    def test_package(self):
        self.assertSpec("p", "p/__init__.py", package=True)

    def test_bytecode_module(self):
        self.assertSpec("b", "b.pyc")

    def test_bytecode_package(self):
        self.assertSpec("bp", "bp/__init__.pyc", package=True)

    def test_submodule(self):
        self.assertSpec("p.s", "p/s.py", importer=zipimport.zipimporter(self.archive + "/p"))

    def test_subpackage(self):
        self.assertSpec("p.q", "p/q/__init__.py", package=True, importer=zipimport.zipimporter(self.archive + "/p"))

    def test_only_the_last_part_of_the_name_counts(self):
        spec = zipimport.zipimporter(self.archive + "/p").find_spec("any.thing.s")
        self.assertEqual((spec.name, spec.origin), ("any.thing.s", self.archive + "/p/s.py"))

    def test_target_argument(self):
        self.assertEqual(self.importer.find_spec("m", None), self.importer.find_spec("m"))
        self.assertIsNotNone(self.importer.find_spec(fullname="m", target=sys))

    def test_arguments_that_do_not_fit(self):
        for args, names in (((), {}), (("m", None, None), {}), (("m",), {"fullname": "m"}), (("m",), {"path": None}), ((), {"target": None})):
            with self.subTest(args=args, names=names):
                self.assertRaises(TypeError, self.importer.find_spec, *args, **names)
        for method in ("get_code", "get_data", "get_filename", "get_source", "is_package"):
            with self.subTest(method):
                self.assertRaises(TypeError, getattr(self.importer, method))
                self.assertRaises(TypeError, getattr(self.importer, method), "m", "m")
                self.assertRaises(TypeError, getattr(self.importer, method), "m", of="m")
        self.assertRaises(TypeError, self.importer.invalidate_caches, 1)

    def test_package_before_module(self):
        self.assertEqual(self.importer.get_filename("both"), self.archive + "/both/__init__.py")
        self.assertIs(self.importer.is_package("both"), True)

    def test_missing(self):
        for name in ("nope", "data", "m.py", "", "p.nope", "m.", "é", "\ud800", "nu\0ll"):
            with self.subTest(name):
                self.assertIsNone(self.importer.find_spec(name))

    @difference("argument-types")
    def test_name_that_is_no_str(self):
        for method in ("find_spec", "get_code", "get_source", "is_package", "get_filename"):
            for name in (None, 5, b"m"):
                with self.subTest(method=method, name=name), self.assertRaisesRegex(TypeError, "expected str, not <class"):
                    getattr(self.importer, method)(name)

    def test_name_with_a_slash(self):
        self.assertEqual(self.importer.find_spec("p/s").origin, self.archive + "/p/s.py")

    def test_name_with_dots_after_the_last(self):
        self.assertIsNotNone(self.importer.find_spec("..m"))

    def test_namespace_portion(self):
        spec = self.importer.find_spec("d")
        self.assertEqual((spec.name, spec.loader, spec.origin, spec.has_location, spec.cached),
                         ("d", None, None, False, None))
        self.assertEqual(list(spec.submodule_search_locations), [self.archive + "/d"])
        self.assertIs(type(spec.submodule_search_locations), list)

    def test_namespace_portion_in_a_package(self):
        spec = zipimport.zipimporter(self.archive + "/p").find_spec("p.e")
        self.assertEqual(list(spec.submodule_search_locations), [self.archive + "/p/e"])

    @difference("implicit-directories", BEFORE_3_14)
    def test_implicit_namespace_portion(self):
        importer = self.make_importer({"n/m.py": SOURCE})
        self.assertEqual(importer.find_spec("n").submodule_search_locations, [importer.archive + "/n"])

    def test_name_must_be_a_string(self):
        for function in (self.importer.find_spec, self.importer.get_code, self.importer.is_package, self.importer.get_source,
                         self.importer.get_filename):
            with self.subTest(function.__name__):
                self.assertRaises((AttributeError, TypeError), function, 3)
                self.assertRaises((AttributeError, TypeError), function, None)

    def test_is_package(self):
        answers = {name: self.importer.is_package(name) for name in ("m", "p", "b", "bp")}
        self.assertEqual(answers, {"m": False, "p": True, "b": False, "bp": True})

    def test_get_filename(self):
        self.assertEqual(self.importer.get_filename("m"), self.archive + "/m.py")
        self.assertEqual(self.importer.get_filename("bp"), self.archive + "/bp/__init__.pyc")

    def test_missing_module_in_the_other_methods(self):
        for method in ("get_code", "get_filename", "get_source", "is_package"):
            for name in ("zz", "d", "a.zz"):
                with self.subTest(method, name=name):
                    error = self.assertZipError(f"can't find module {name!r}", getattr(self.importer, method), name, name=name)
                    self.assertEqual(str(error), f"can't find module {name!r}")

    def test_writable_prefix_is_used(self):
        self.importer.prefix = "p/"
        self.assertEqual(self.importer.find_spec("s").origin, self.archive + "/p/s.py")

    @difference("archive-attribute", BEFORE_3_13)
    def test_another_archive_is_read(self):
        self.importer.archive = self.make({"n.py": SOURCE})
        self.assertEqual(self.importer.get_data("n.py"), SOURCE.encode())


class Cost(ZipTestCase):
    """python/cpython#141276: stock compiles, or unmarshals, the module only to learn its file name."""

    def setUp(self):
        super().setUp()
        self.importer = self.make_importer({"m.py": SOURCE, "p/__init__.py": SOURCE, "b.pyc": make_pyc(SOURCE)})

    @difference("find-spec-compiles-nothing", BEFORE_3_15_1)
    def test_find_spec_compiles_nothing(self):
        with compilations() as count:
            self.importer.find_spec("m"), self.importer.find_spec("p"), self.importer.get_filename("m")
        self.assertEqual(count, [0])

    @difference("find-spec-compiles-nothing", BEFORE_3_15_1)
    def test_find_spec_reads_no_source(self):
        with member_reads() as count:
            self.importer.find_spec("m"), self.importer.find_spec("p"), self.importer.is_package("m")
        self.assertEqual(count, [0])

    @difference("find-spec-compiles-nothing", BEFORE_3_15_1)
    def test_import_compiles_once(self):
        self.compile_anew()
        self.make_on_path({"tf_once.py": SOURCE})
        with compilations() as count:
            self.import_module("tf_once")
        self.assertEqual(count, [1])

    @ours_only("counters")
    def test_find_spec_of_a_source_makes_no_system_call(self):
        with stats_delta() as delta:
            self.importer.find_spec("m")
        self.assertEqual((delta.opens, delta.reads, delta.stats, delta.inflates), (0, 0, 0, 0))

    @ours_only("counters")
    def test_find_spec_of_bytecode_unmarshals_nothing(self):
        with stats_delta() as delta:
            self.importer.find_spec("b")
        self.assertEqual((delta.unmarshals, delta.opens), (0, 1))

    @ours_only("counters")
    def test_import_of_bytecode_unmarshals_once(self):
        self.make_on_path({"tf_bytecode.pyc": make_pyc(SOURCE)})
        with stats_delta() as delta:
            self.import_module("tf_bytecode")
        self.assertEqual((delta.unmarshals, delta.compiles), (1, 0))

    @ours_only("counters")
    def test_a_miss_costs_nothing(self):
        with stats_delta() as delta:
            self.importer.find_spec("nope")
        self.assertEqual((delta.opens, delta.reads, delta.stats, delta.allocations, delta.misses), (0, 0, 0, 0, 1))

    @difference("syntax-warning-once", BEFORE_3_15_1)
    def test_syntax_warning_once(self):
        self.compile_anew()
        self.make_on_path({"tf_warning.py": "x = 1 is 1\n"})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.import_module("tf_warning")
        self.assertEqual([warning.category for warning in caught], [SyntaxWarning])
        self.assertTrue(caught[0].filename.endswith("/tf_warning.py"))


class BrokenSource(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make_on_path({"tf_broken.py": "x = (\n", "tf_latin.py": b"x = '\xe9'\n", "tf_null.py": b"x\0"})
        self.importer = zipimport.zipimporter(self.archive)

    @difference("syntax-error-at-execution", BEFORE_3_15_1)
    def test_find_spec_finds_it(self):
        self.assertEqual(self.importer.find_spec("tf_broken").origin, self.archive + "/tf_broken.py")

    @difference("syntax-error-at-execution", BEFORE_3_15_1)
    def test_get_filename_names_it(self):
        self.assertEqual(self.importer.get_filename("tf_broken"), self.archive + "/tf_broken.py")

    def test_get_code_raises(self):
        self.assertRaises(SyntaxError, self.importer.get_code, "tf_broken")

    def test_import_raises(self):
        for name in ("tf_broken", "tf_latin", "tf_null"):
            with self.subTest(name):
                self.assertRaises((SyntaxError, ValueError), self.import_module, name)
                self.assertNotIn(name, sys.modules)

    def test_error_names_file_line_and_text(self):
        with self.assertRaises(SyntaxError) as caught:
            self.import_module("tf_broken")
        self.assertEqual((caught.exception.filename, caught.exception.lineno), (self.archive + "/tf_broken.py", 1))

    @difference("syntax-error-at-execution")
    def test_traceback_shows_no_import_machinery(self):
        try:
            import tf_broken
        except SyntaxError as error:
            files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        self.assertEqual(files, [__file__])

    def test_runtime_error_shows_no_import_machinery(self):
        self.make_on_path({"tf_fails.py": "def f():\n    1 / 0\nf()\n"})
        try:
            import tf_fails
        except ZeroDivisionError as error:
            files = [frame.filename.rpartition("/")[2] for frame in traceback.extract_tb(error.__traceback__)]
        self.assertEqual(files, [__file__.rpartition("/")[2], "tf_fails.py", "tf_fails.py"])

    def test_failed_import_can_be_repeated(self):
        self.assertRaises(SyntaxError, self.import_module, "tf_broken")
        self.assertRaises(SyntaxError, self.import_module, "tf_broken")


class DamagedMember(ZipTestCase):
    def test_import_error_of_a_candidate_leaves_the_origin_unknown(self):
        importer = self.make_importer({"m.pyc": make_pyc(SOURCE, magic=b"\0\0\r\n")})
        spec = importer.find_spec("m")
        self.assertEqual((spec.name, spec.loader, spec.origin), ("m", importer, "<unknown>"))

    def test_its_import_raises(self):
        self.make_on_path({"tf_magic.pyc": make_pyc(SOURCE, magic=b"\0\0\r\n")})
        with self.assertRaisesRegex(zipimport.ZipImportError, "^module load failed: bad magic number in 'tf_magic'"):
            self.import_module("tf_magic")

    @difference("find-spec-compiles-nothing")
    def test_damaged_source_is_found_and_fails_when_read(self):
        importer = self.make_importer([Entry("m.py", SOURCE, method=8, raw=b"\xff" * 9)])
        self.assertEqual(importer.find_spec("m").origin, importer.archive + "/m.py")
        self.assertRaises(zipimport.ZipImportError, importer.get_code, "m")


class Modules(ZipTestCase):
    """What an imported module looks like."""

    def test_attributes_of_a_module(self):
        archive = self.make_on_path({"tf_module.py": "'''Doc.'''\nx = 1\n"})
        module = self.assertModule("tf_module", x=1, __doc__="Doc.", __name__="tf_module", __package__="",
                                   __file__=archive + "/tf_module.py")
        self.assertIs(module.__loader__, module.__spec__.loader)
        self.assertIs(type(module.__loader__), zipimport.zipimporter)
        self.assertFalse(hasattr(module, "__path__"))

    def test_attributes_of_a_package(self):
        archive = self.make_on_path({"tf_package/__init__.py": "from . import s", "tf_package/s.py": "x = __name__"})
        package = self.assertModule("tf_package", __package__="tf_package", __path__=[archive + "/tf_package"])
        self.assertEqual(package.s.x, "tf_package.s")
        self.assertEqual(package.s.__loader__.prefix, "tf_package/")

    def test_cached_attribute_is_the_spec_s(self):
        self.make_on_path({"tf_cached.py": ""})
        module = self.import_module("tf_cached")
        self.assertEqual(getattr(module, "__cached__", None) or module.__spec__.cached, module.__spec__.cached)

    def test_co_filename_is_the_file(self):
        archive = self.make_on_path({"tf_code.py": "def f(): pass\n"})
        self.assertEqual(self.import_module("tf_code").f.__code__.co_filename, archive + "/tf_code.py")

    def test_reload(self):
        self.make_on_path({"tf_reload.py": "x = 1\n"})
        module = self.import_module("tf_reload")
        module.x = 2
        self.assertIs(importlib.reload(module), module)
        self.assertEqual(module.x, 1)

    def test_deleted_module_is_imported_again(self):
        self.make_on_path({"tf_again.py": "x = []\n"})
        first = self.import_module("tf_again")
        self.assertIsNot(self.import_module("tf_again"), first)

    def test_lazy_loader(self):
        self.make_on_path({"tf_lazy.py": "x = 1\n"})
        spec = importlib.util.find_spec("tf_lazy")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.assertEqual(module.x, 1)

    def test_namespace_package_over_two_archives(self):
        self.make_on_path({"tf_ns/": "", "tf_ns/one.py": "x = 1"})
        self.make_on_path({"tf_ns/": "", "tf_ns/two.py": "x = 2"})
        self.assertModule("tf_ns.one", x=1)
        self.assertModule("tf_ns.two", x=2)

    def test_module_from_a_subdirectory_on_sys_path(self):
        archive = self.make({"sub/tf_subdirectory.py": "x = 1"})
        sys.path.insert(0, archive + "/sub")
        self.assertModule("tf_subdirectory", x=1, __file__=archive + "/sub/tf_subdirectory.py")

    def test_circular_imports(self):
        self.make_on_path({"tf_c1.py": "import tf_c2\nx = 1", "tf_c2.py": "import tf_c1\ny = 2"})
        self.assertModule("tf_c1", x=1)

    def test_dunder_main(self):
        archive = self.make({"__main__.py": "x = __name__"})
        self.assertEqual(zipimport.zipimporter(archive).get_filename("__main__"), archive + "/__main__.py")
