"""Archives with relative paths, in programs that change their folder.

A record belongs to the absolute path at the moment the importer is made, as a FileFinder does; what users see keeps the spelling.
"""

import copy
import importlib
import os
import pickle
import pkgutil
import sys
import zipimport

import support
from support import ZipTestCase, difference, native_only, ours_only, stats_delta


class RelativeTestCase(ZipTestCase):
    """Two folders, job1 and job2, with an app.zip each, in which `who` is the folder's number."""

    NAMES = ("tl_job", "tl_later", "tl_pkg", "tl_pkg.sub")
    OTHERS = ("tl_pkg.later", "tl_space", "tl_space.one", "tl_space.later")

    def setUp(self):
        super().setUp()
        self.addCleanup(os.chdir, os.getcwd())
        self.addCleanup(self.forget)
        for number in (1, 2):
            os.mkdir(self.path(f"job{number}"))
            source = f"who = {number}"
            self.make({"a.txt": "moves what is behind it" * number, "tl_job.py": source, "tl_later.py": source, "tl_pkg/__init__.py": source, "tl_pkg/sub.py": source,
                       "tl_pkg/later.py": source, "tl_space/one.py": source, "tl_space/later.py": source},
                      f"job{number}/app.zip")

    def forget(self):
        """Relative paths are in no folder that the test case could clean up by."""
        for name in self.NAMES + self.OTHERS:
            sys.modules.pop(name, None)
        for path in [path for path in sys.path_importer_cache if not path.startswith("/")]:
            del sys.path_importer_cache[path]
        for key in [key for key in zipimport._zip_directory_cache if not key.startswith("/")]:
            zipimport._zip_directory_cache.pop(key, None)

    def enter(self, number):
        os.chdir(self.path(f"job{number}"))

    def who(self, name="tl_job"):
        return self.import_module(name).who

    def table(self, importer):
        return importer._get_files() if hasattr(importer, "_get_files") else importer._files

    def asked(self, importer, name="tl_job"):
        """What an importer has for a module, without the import system and its caches."""
        namespace = {}
        exec(importer.get_code(name), namespace)
        return namespace["who"]


class Folders(RelativeTestCase):
    @difference("relative-archive")
    def test_each_folder_its_own(self):
        for path in ("app.zip", "./app.zip"):
            sys.path.insert(0, path)
            for number in (1, 2, 1):
                self.enter(number)
                sys.path_importer_cache.clear()
                with self.subTest(path, number=number):
                    self.assertEqual([self.who(name) for name in self.NAMES], [number] * 4)

    @difference("relative-archive")
    def test_a_package_has_its_own_modules(self):
        """Whichever folder the program has gone to since, and though the importers of packages are kept."""
        sys.path.insert(0, "app.zip")
        for number in (1, 2, 1):
            self.enter(number)
            sys.path_importer_cache.pop("app.zip", None)
            with self.subTest(number=number):
                for name in self.NAMES + self.OTHERS:
                    sys.modules.pop(name, None)
                self.assertEqual([self.who("tl_pkg"), self.who("tl_pkg.sub"), self.who("tl_space.one")], [number] * 3)
                for elsewhere in ("/", self.path(f"job{3 - number}")):
                    os.chdir(elsewhere)
                    for name in ("tl_pkg.later", "tl_space.later"):
                        sys.modules.pop(name, None)
                        self.assertEqual(importlib.import_module(name).who, number)

    def test_data_beside_a_package(self):
        """As jinja2's PackageLoader asks for it."""
        self.enter(1)
        sys.path.insert(0, "app.zip")
        package = importlib.import_module("tl_pkg")
        for folder in (package.__path__[0], "app.zip/tl_pkg", "tl_pkg"):
            self.assertEqual(package.__loader__.get_data(f"{folder}/later.py"), b"who = 1")

    @difference("relative-archive")
    def test_told_by_invalidate_caches(self):
        """Since 3.12 importlib then drops the importers of relative paths, as it does those of folders."""
        sys.path.insert(0, "app.zip")
        for number in (1, 2):
            self.enter(number)
            importlib.invalidate_caches()
            for path in ("app.zip", "app.zip/tl_pkg") if sys.version_info < (3, 12) else ():
                sys.path_importer_cache.pop(path, None)
            self.assertEqual([self.who(name) for name in self.NAMES], [number] * 4)
            os.chdir("/")
            self.assertEqual(self.who("tl_later"), number)

    @difference("relative-archive")
    def test_stays_with_the_folder_in_which_it_was_made(self):
        self.enter(1)
        importer = zipimport.zipimporter("app.zip")
        for elsewhere in ("/", self.path("job2")):
            os.chdir(elsewhere)
            self.assertEqual(self.asked(importer), 1)
            self.assertEqual(importer.get_data("tl_job.py"), b"who = 1")
            importer.invalidate_caches()
            self.assertEqual(self.asked(importer, "tl_later"), 1)

    @difference("relative-archive")
    def test_two_importers_of_two_folders(self):
        importers = []
        for number in (1, 2):
            self.enter(number)
            importers.append(zipimport.zipimporter("app.zip"))
        self.assertEqual([self.asked(importer) for importer in importers], [1, 2])
        importers[0].invalidate_caches()
        self.assertEqual([self.asked(importer) for importer in importers], [1, 2])

    @difference("relative-archive")
    def test_made_again(self):
        self.enter(1)
        importer = zipimport.zipimporter("app.zip")
        self.enter(2)
        importer.__init__(importer.archive)
        self.assertEqual(self.asked(importer), 2)

    def test_spelling_is_kept(self):
        self.enter(1)
        for path in ("app.zip", "./app.zip", "../job1/app.zip"):
            with self.subTest(path):
                importer = zipimport.zipimporter(path)
                self.assertEqual(importer.archive, path)
                self.assertEqual(importer.get_filename("tl_job"), path + "/tl_job.py")
                self.assertEqual(importer.get_code("tl_job").co_filename, path + "/tl_job.py")
                spec = importer.find_spec("tl_pkg")
                self.assertEqual(spec.origin, path + "/tl_pkg/__init__.py")
                self.assertEqual(self.table(importer)["tl_job.py"][0], path + "/tl_job.py")
                self.assertEqual(importer.get_data(path + "/tl_job.py"), b"who = 1")
                self.assertIn(path, repr(importer))
                self.assertZipError("can't find module", importer.get_code, "tl_nobody", name="tl_nobody")
        self.write(b"text" * 10, "job1/bad.zip")
        self.assertZipError("not a Zip file: 'bad.zip'", zipimport.zipimporter, "bad.zip", path="bad.zip")
        self.assertZipError("not a Zip file", zipimport.zipimporter, "nobody.zip", path="")

    @difference("relative-archive")
    def test_a_package_is_searched_where_it_was_found(self):
        self.enter(1)
        folder = os.getcwd()
        for path, where in (("app.zip", "app.zip"), ("./app.zip", "app.zip"), ("../job1/app.zip", "../job1/app.zip")):
            importer = zipimport.zipimporter(path)
            for name in ("tl_pkg", "tl_space"):
                self.assertEqual(list(importer.find_spec(name).submodule_search_locations), [f"{folder}/{where}/{name}"])


class Keys(RelativeTestCase):
    """The directory cache."""

    def keys(self):
        return [key for key in zipimport._zip_directory_cache if key.endswith("app.zip")]

    def test_are_spelled_as_given(self):
        self.enter(1)
        zipimport.zipimporter("app.zip")
        self.assertEqual(self.keys(), ["app.zip"])
        self.assertEqual(zipimport._zip_directory_cache["app.zip"]["tl_job.py"][0], "app.zip/tl_job.py")
        self.assertNotIn(self.path("job1/app.zip"), zipimport._zip_directory_cache)

    def test_every_spelling_is_a_key(self):
        self.enter(1)
        paths = ["app.zip", self.path("job1/app.zip"), "./app.zip"]
        for path in paths:
            zipimport.zipimporter(path)
        self.assertEqual(self.keys(), paths)
        for path in paths:
            self.assertEqual(zipimport._zip_directory_cache[path]["tl_job.py"][0], path + "/tl_job.py")

    def test_tables_are_the_importers(self):
        self.enter(1)
        for path in ("app.zip", self.path("job1/app.zip")):
            importer = zipimport.zipimporter(path)
            self.assertIs(zipimport._zip_directory_cache[path], self.table(importer))

    def test_pkgutil(self):
        self.enter(1)
        importer = zipimport.zipimporter("app.zip")
        self.assertEqual([name for name, _ in pkgutil.iter_importer_modules(importer)], ["tl_job", "tl_later", "tl_pkg"])

    @difference("relative-archive")
    def test_relative_one_means_the_importer_made_last(self):
        self.make({"tl_other.py": ""}, "job2/app.zip")
        for number, names in ((1, 8), (2, 1), (1, 8)):
            self.enter(number)
            zipimport.zipimporter("app.zip")
            os.chdir("/")
            files = [name for name, value in zipimport._zip_directory_cache["app.zip"].items() if value and not name.endswith("/")]
            self.assertEqual(len(files), names)
            self.assertEqual(self.keys(), ["app.zip"])

    @ours_only("two archives with one relative path")
    def test_dropping_invalidates_the_one_it_means(self):
        importers = []
        for number in (1, 2):
            self.enter(number)
            importers.append(zipimport.zipimporter("app.zip"))
        del zipimport._zip_directory_cache["app.zip"]
        self.assertEqual(self.keys(), [])
        for importer, opens in zip(importers, (0, 1)):
            with stats_delta() as delta:
                importer.find_spec("tl_job")
            self.assertEqual((delta.opens, delta.parses), (opens, 0))

    @ours_only("two archives with one relative path")
    def test_the_other_importer_keeps_its_table(self):
        self.enter(1)
        first = zipimport.zipimporter("app.zip")
        self.enter(2)
        zipimport.zipimporter("app.zip")
        self.assertEqual(self.table(first)["tl_job.py"][0], "app.zip/tl_job.py")
        self.assertIs(self.table(first), self.table(first))
        self.assertIsNot(self.table(first), zipimport._zip_directory_cache["app.zip"])


@ours_only("what only ours has")
class OursAlone(RelativeTestCase):
    def test_spellings_share_a_record(self):
        self.enter(1)
        with stats_delta() as delta:
            for path in ("app.zip", "./app.zip", self.path("job1/app.zip"), "app.zip/tl_pkg"):
                zipimport.zipimporter(path)
        self.assertEqual((delta.parses, delta.archives), (1, 1))

    def test_pin_and_unpin_resolve_at_the_call(self):
        self.enter(1)
        importer = zipimport.zipimporter("app.zip")
        self.addCleanup(support.ours.unpin, self.path("job1/app.zip"))
        support.ours.pin("./app.zip")
        self.make({"tl_new.py": ""}, "job1/app.zip")
        self.enter(2)
        support.ours.unpin("app.zip")
        importer.invalidate_caches()
        self.assertIsNone(importer.find_spec("tl_new"))
        self.enter(1)
        support.ours.unpin("app.zip")
        self.assertIsNotNone(importer.find_spec("tl_new"))

    def test_invalidate_resolves_at_the_call(self):
        self.enter(1)
        importer = zipimport.zipimporter("app.zip")
        self.make({"tl_new.py": ""}, "job1/app.zip")
        self.enter(2)
        support.ours.invalidate("app.zip")
        self.assertIsNone(importer.find_spec("tl_new"))
        self.enter(1)
        support.ours.invalidate("app.zip")
        self.assertIsNotNone(importer.find_spec("tl_new"))

    def test_invalidate_drops_what_was_assigned_to_any_spelling(self):
        self.enter(1)
        paths = ("app.zip", self.path("job1/app.zip"))
        importers = [zipimport.zipimporter(path) for path in paths]
        for path in paths:
            zipimport._zip_directory_cache[path] = {"assigned": None}
        support.ours.invalidate("./app.zip")
        for path in paths:
            self.assertNotIn("assigned", zipimport._zip_directory_cache[path])
        self.assertEqual(len(importers), 2)  # as long as there are importers, keys can be loaded

    def test_what_no_constructor_made_is_decided_by_the_first_use(self):
        self.enter(1)
        importer = zipimport.zipimporter("app.zip")
        for clone in (copy.copy, lambda importer: pickle.loads(pickle.dumps(importer))):
            cloned = clone(importer)
            self.enter(2)
            self.assertEqual(self.asked(cloned), 2)
            self.enter(1)
            self.assertEqual(self.asked(cloned), 2)

    def test_another_archive_attribute_is_decided_by_the_first_use(self):
        importer = zipimport.zipimporter(self.path("job1/app.zip"))
        importer.archive = "app.zip"
        self.enter(2)
        self.assertEqual(self.asked(importer), 2)
        os.chdir("/")
        self.assertEqual(self.asked(importer), 2)

    def test_install_decides_for_stock_s_importers(self):
        support.ours.uninstall()
        self.addCleanup(support.ours.install)
        self.enter(1)
        sys.path.insert(0, "app.zip")
        self.who()
        support.ours.install()
        os.chdir("/")
        self.assertEqual(self.who("tl_later"), 1)

    def test_install_takes_over_importers_without_a_usable_archive(self):
        support.ours.uninstall()
        self.addCleanup(support.ours.install)
        archive = self.make_on_path({"tl_some.py": ""})
        pkgutil.get_importer(archive)
        for value in (3, "nul\0", "\udc80\ud800"):
            sys.path_importer_cache[archive].archive = value
            support.ours.install()
            self.assertEqual(sys.path_importer_cache[archive].archive, value)
            support.ours.uninstall()
        del sys.path_importer_cache[archive].archive
        support.ours.install()
        self.assertRaises(AttributeError, sys.path_importer_cache[archive].find_spec, "tl_some")
        del sys.path_importer_cache[archive]


class DeletedFolder(RelativeTestCase):
    """Pyodide refuses to delete the current folder."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("gone"))

    def enter_a_deleted_folder(self):
        os.chdir(self.path("gone"))
        os.rmdir(self.path("gone"))

    @native_only("the current folder cannot be deleted")
    def test_native_constructor(self):
        self.enter_a_deleted_folder()
        self.assertZipError("not a Zip file", zipimport.zipimporter, "app.zip", path="")

    @native_only("the current folder cannot be deleted")
    def test_native_imports_from_elsewhere(self):
        self.make_on_path({"tl_there.py": "x = 1"})
        sys.path.insert(0, "app.zip")
        self.enter_a_deleted_folder()
        self.assertModule("tl_there", x=1)
        self.assertRaises(ModuleNotFoundError, self.import_module, "tl_job")

    @native_only("the current folder cannot be deleted")
    @ours_only("decided by the first use")
    def test_native_what_was_not_decided_is_absent_until_there_is_a_folder(self):
        self.enter(1)
        importer = copy.copy(zipimport.zipimporter("app.zip"))
        self.enter_a_deleted_folder()
        for _ in range(2):
            self.assertIsNone(importer.find_spec("tl_job"))
            importer.invalidate_caches()
        self.enter(1)
        self.assertEqual(self.asked(importer), 1)

    @native_only("the current folder cannot be deleted")
    @ours_only("stock has no pins")
    def test_native_pins(self):
        self.enter_a_deleted_folder()
        self.assertRaises(FileNotFoundError, support.ours.pin, "app.zip")
        self.assertRaises(FileNotFoundError, support.ours.unpin, "app.zip")
        support.ours.invalidate("app.zip")
        support.ours.pin(self.path("job1/app.zip"))
        support.ours.unpin(self.path("job1/app.zip"))
