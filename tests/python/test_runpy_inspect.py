"""Running and looking at code from archives: runpy, inspect, tracebacks, linecache, warnings."""

import importlib.util
import inspect
import io
import linecache
import runpy
import sys
import traceback
import unittest
import warnings

from support import ZipTestCase, make_pyc

SOURCE = '''"""Doc."""

def f(x):
    """F's doc."""
    return 1 / x

class C:
    def method(self):
        return self
'''


class Runpy(ZipTestCase):
    def run_path(self, members, place="", **knobs):
        self.archive = self.make(members, **knobs)
        return runpy.run_path(self.archive + place)

    def test_archive(self):
        names = self.run_path({"__main__.py": "x = __name__, __file__, __package__, __spec__.name"})
        self.assertEqual(names["x"], ("<run_path>", self.archive + "/__main__.py", "", "__main__"))

    def test_archive_with_other_modules(self):
        names = self.run_path({"__main__.py": "from tr_helper import x", "tr_helper.py": "x = 1"})
        self.assertEqual(names["x"], 1)

    def test_bytecode(self):
        self.assertEqual(self.run_path({"__main__.pyc": make_pyc("x = 1")})["x"], 1)

    def test_script_with_an_archive_behind_it(self):
        self.assertEqual(self.run_path({"__main__.py": "x = 1"}, prepended=b"#!/usr/bin/env python3\n")["x"], 1)

    def test_subdirectory(self):
        self.assertEqual(self.run_path({"app/__main__.py": "x = 1"}, "/app")["x"], 1)

    def test_archive_without_main(self):
        with self.assertRaisesRegex(ImportError, "can't find '__main__' module in"):
            self.run_path({"m.py": ""})

    def test_run_module(self):
        self.make_on_path({"tr_package/__init__.py": "", "tr_package/__main__.py": "x = __package__"})
        self.assertEqual(runpy.run_module("tr_package")["x"], "tr_package")

    def test_run_module_from_bytecode(self):
        self.make_on_path({"tr_bytecode.pyc": make_pyc("x = __name__")})
        self.assertEqual(runpy.run_module("tr_bytecode", run_name="other")["x"], "other")


class Inspect(ZipTestCase):
    def setUp(self):
        super().setUp()
        linecache.clearcache()
        self.archive = self.make_on_path({"tr_module.py": SOURCE}, method=8)
        self.module = self.import_module("tr_module")

    def test_getsource(self):
        self.assertEqual(inspect.getsource(self.module), SOURCE)
        self.assertEqual(inspect.getsource(self.module.f), "".join(SOURCE.splitlines(True)[2:5]))
        self.assertTrue(inspect.getsource(self.module.C).startswith("class C:"))

    def test_getsourcefile_and_getfile(self):
        self.assertEqual(inspect.getfile(self.module), self.archive + "/tr_module.py")
        self.assertEqual(inspect.getsourcefile(self.module.f), self.archive + "/tr_module.py")

    def test_getmodule(self):
        self.assertIs(inspect.getmodule(self.module.f), self.module)

    def test_getsourcelines(self):
        self.assertEqual(inspect.getsourcelines(self.module.f)[1], 3)

    def test_traceback_shows_the_source_line(self):
        try:
            self.module.f(0)
        except ZeroDivisionError:
            text = traceback.format_exc()
        self.assertIn(f'File "{self.archive}/tr_module.py", line 5, in f', text)
        self.assertIn("return 1 / x", text)

    def test_traceback_after_the_archive_was_invalidated(self):
        self.module.__loader__.invalidate_caches()
        self.test_traceback_shows_the_source_line()

    def test_linecache(self):
        line = linecache.getline(self.module.__file__, 3, self.module.__dict__)
        self.assertEqual(line, "def f(x):\n")

    def test_linecache_lazycache(self):
        linecache.clearcache()
        self.assertTrue(linecache.lazycache(self.module.__file__, self.module.__dict__))
        self.assertEqual(linecache.getline(self.module.__file__, 3), "def f(x):\n")

    @unittest.skipUnless(hasattr(linecache, "_read_from_archive"), "from 3.14.9 and 3.15.1 on")
    def test_linecache_asks_the_importer(self):
        """By the file's path alone: through the entry of sys.path_importer_cache for its archive, or a folder in it."""
        self.make_on_path({"tr_package/__init__.py": "one\n", "tr_package/below/m.py": "two = 2\n"}, "b.zip")
        importlib.util.find_spec("tr_package")
        with self.assertRaises(NameError):
            self.import_module("tr_package")
        del sys.modules["tr_module"], self.module
        self.assertEqual(linecache.getline(self.archive + "/tr_module.py", 3), "def f(x):\n")
        self.assertEqual(linecache.getline(self.path("b.zip") + "/tr_package/__init__.py", 1), "one\n")
        self.assertEqual(linecache.getline(self.path("b.zip") + "/tr_package/below/m.py", 1), "two = 2\n")
        self.assertEqual(linecache.getline(self.archive + "/nothing.py", 1), "")

    def test_import_warning_at_top_level(self):
        archive = self.make_on_path({"tr_top.py": "import warnings\nwarnings.warn('top')\n"})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.import_module("tr_top")
        self.assertEqual([(w.filename, w.lineno) for w in caught], [(archive + "/tr_top.py", 2)])

    def test_traceback_of_a_failing_import_shows_the_line(self):
        self.make_on_path({"tr_fails.py": "x = 1\nraise KeyError('from the module')\n"})
        out = io.StringIO()
        try:
            self.import_module("tr_fails")
        except KeyError:
            traceback.print_exc(file=out)
        self.assertIn("raise KeyError('from the module')", out.getvalue())

    def test_doc_and_signature(self):
        self.assertEqual((self.module.__doc__, inspect.getdoc(self.module.f)), ("Doc.", "F's doc."))
        self.assertEqual(str(inspect.signature(self.module.f)), "(x)")
