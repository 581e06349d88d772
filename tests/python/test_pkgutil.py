"""pkgutil over archives: listing modules, walking packages, finding importers."""

import importlib
import os
import pkgutil
import sys
import zipimport

import support
from support import SINCE_3_13, ZipTestCase, difference, make_pyc

MEMBERS = {"tp_module.py": "", "tp_code.pyc": make_pyc(""), "tp_package/__init__.py": "", "tp_package/s.py": "",
           "tp_package/sub/__init__.py": "", "tp_package/sub/deep.py": "", "tp_package/data.txt": "", "nopackage/x.py": "",
           "readme.txt": "", "tp_code_package/__init__.pyc": make_pyc("")}


class Listing(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make_on_path(MEMBERS)

    def names(self, *places, prefix=""):
        return sorted((info.name, info.ispkg) for info in pkgutil.iter_modules(places, prefix))

    TOP = [("tp_code", False), ("tp_code_package", True), ("tp_module", False), ("tp_package", True)]

    def test_iter_modules(self):
        self.assertEqual(self.names(self.archive), self.TOP)

    def test_iter_modules_of_a_package(self):
        self.assertEqual(self.names(self.archive + "/tp_package"), [("s", False), ("sub", True)])

    def test_prefix(self):
        self.assertEqual(self.names(self.archive + "/tp_package/sub", prefix="a."), [("a.deep", False)])

    def test_iter_importer_modules(self):
        importer = zipimport.zipimporter(self.archive)
        self.assertEqual(sorted(pkgutil.iter_importer_modules(importer, "p.")), [("p." + n, p) for n, p in self.TOP])

    def test_iter_zipimport_modules(self):
        importer = zipimport.zipimporter(self.archive + "/tp_package")
        self.assertEqual(sorted(pkgutil.iter_zipimport_modules(importer)), [("s", False), ("sub", True)])

    def test_subclass_of_zipimporter(self):
        subclass = type("Sub", (zipimport.zipimporter,), {})
        self.assertEqual(sorted(pkgutil.iter_importer_modules(subclass(self.archive), "")), self.TOP)

    def test_module_finder_of_the_info(self):
        finders = {info.module_finder for info in pkgutil.iter_modules([self.archive])}
        self.assertEqual([type(finder) for finder in finders], [zipimport.zipimporter])

    def test_walk_packages(self):
        names = sorted(info.name for info in pkgutil.walk_packages([self.archive]) if info.name.startswith("tp_package"))
        self.assertEqual(names, ["tp_package", "tp_package.s", "tp_package.sub", "tp_package.sub.deep"])

    @difference("registered-while-installed")
    def test_stock_s_importer_and_a_pkgutil_that_came_after_install(self):
        sys.modules.pop("pkgutil")
        self.addCleanup(sys.modules.__setitem__, "pkgutil", pkgutil)
        later = importlib.import_module("pkgutil")
        self.assertEqual(list(later.iter_importer_modules(support.STOCK_TYPE(self.archive), "")), [])

    def test_get_importer(self):
        importer = pkgutil.get_importer(self.archive)
        self.assertIs(type(importer), zipimport.zipimporter)
        self.assertIs(pkgutil.get_importer(self.archive), importer)
        self.assertIs(sys.path_importer_cache[self.archive], importer)

    def test_resolve_name(self):
        module = pkgutil.resolve_name("tp_package.sub.deep")
        self.assertEqual(module.__name__, "tp_package.sub.deep")

    def test_empty_archive(self):
        self.assertEqual(self.names(self.make()), [])

    def test_importer_without_the_archive(self):
        """The directory that was read is listed, although the file is gone."""
        importer = zipimport.zipimporter(self.archive)

        os.remove(self.archive)
        self.assertEqual(sorted(pkgutil.iter_importer_modules(importer)), self.TOP)


class AfterInvalidation(Listing):
    """Everything above once more, with every cache invalidated first (python/cpython#121342)."""

    test_importer_without_the_archive = None

    def setUp(self):
        super().setUp()
        pkgutil.get_importer(self.archive)
        pkgutil.get_importer(self.archive + "/tp_package")
        importlib.invalidate_caches()

    @difference("pkgutil-after-invalidation", SINCE_3_13)
    def test_iter_modules(self):
        super().test_iter_modules()

    @difference("pkgutil-after-invalidation", SINCE_3_13)
    def test_iter_modules_of_a_package(self):
        super().test_iter_modules_of_a_package()

    @difference("pkgutil-after-invalidation", SINCE_3_13)
    def test_walk_packages(self):
        super().test_walk_packages()

    @difference("pkgutil-after-invalidation", SINCE_3_13)
    def test_module_finder_of_the_info(self):
        super().test_module_finder_of_the_info()

    @difference("pkgutil-after-invalidation", SINCE_3_13)
    def test_importer_told_itself(self):
        importer = zipimport.zipimporter(self.archive)
        importer.invalidate_caches()
        self.assertEqual(sorted(pkgutil.iter_importer_modules(importer)), self.TOP)

    @difference("pkgutil-after-invalidation", SINCE_3_13)
    def test_new_member_is_listed(self):
        importer = pkgutil.get_importer(self.archive)
        self.remake({**MEMBERS, "tp_new.py": ""})
        importer.invalidate_caches()
        self.assertIn(("tp_new", False), list(pkgutil.iter_importer_modules(importer)))

    @difference("pkgutil-vanished-archive")
    def test_vanished_archive_lists_nothing(self):

        importer = pkgutil.get_importer(self.archive)
        os.remove(self.archive)
        importer.invalidate_caches()
        self.assertEqual(list(pkgutil.iter_importer_modules(importer)), [])
