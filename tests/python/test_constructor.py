"""zipimporter(path): which paths are archives, what becomes the prefix, and the texts of the refusals."""

import os
import pathlib
import zipimport

from support import ZipTestCase, native_only
from zipbuild import build


class Accepted(ZipTestCase):
    def assertSplit(self, path, archive, prefix):
        importer = zipimport.zipimporter(path)
        self.assertEqual((importer.archive, importer.prefix), (archive, prefix))

    def setUp(self):
        super().setUp()
        self.archive = self.make({"m.py": "x = 1", "p/__init__.py": ""})

    def test_archive_itself(self):
        self.assertSplit(self.archive, self.archive, "")

    def test_keyword_argument(self):
        self.assertEqual(zipimport.zipimporter(path=self.archive).archive, self.archive)

    def test_subdirectory(self):
        self.assertSplit(self.archive + "/p", self.archive, "p/")

    def test_prefix_need_not_exist(self):
        self.assertSplit(self.archive + "/nope/deeper", self.archive, "nope/deeper/")

    def test_slashes_are_dropped(self):
        self.assertSplit(self.archive + "/p//", self.archive, "p/")
        self.assertSplit(self.archive + "/p///q", self.archive, "p/q/")

    @native_only("its file system finds a file also by its name and a slash")
    def test_native_slashes_after_the_archive_are_dropped(self):
        self.assertSplit(self.archive + "//p//", self.archive, "p/")
        self.assertSplit(self.archive + "/", self.archive, "")

    def test_dot_is_kept_in_the_prefix(self):
        self.assertSplit(self.archive + "/p/./q", self.archive, "p/./q/")

    @native_only("its file system resolves .. without looking at what is before it")
    def test_native_dots_after_the_archive_are_kept(self):
        self.assertSplit(self.archive + "/./p/../q", self.archive, "./p/../q/")

    def test_null_in_the_prefix(self):
        self.assertSplit(self.archive + "/p\0q", self.archive, "p\0q/")

    def test_prefix_longer_than_a_path_may_be(self):
        self.assertSplit(self.archive + "/" + "x" * 5000, self.archive, "x" * 5000 + "/")

    def test_name_without_zip_suffix(self):
        self.assertSplit(self.make({"m.py": ""}, "whatever"), self.path("whatever"), "")

    def test_relative_path_stays_relative(self):
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.folder)
        self.addCleanup(zipimport._zip_directory_cache.pop, "a.zip", None)
        self.addCleanup(zipimport._zip_directory_cache.pop, "./a.zip", None)
        self.assertSplit("a.zip", "a.zip", "")
        self.assertSplit("./a.zip/p", "./a.zip", "p/")
        self.assertEqual(zipimport.zipimporter("a.zip").get_filename("m"), "a.zip/m.py")

    def test_symbolic_link_is_not_resolved(self):
        link = self.path("link.zip")
        os.symlink(self.archive, link)
        self.assertSplit(link, link, "")

    def test_dots_before_the_archive_are_kept(self):
        dotted = self.folder + "/./a.zip"
        self.assertSplit(dotted, dotted, "")

    def test_non_ascii_path(self):
        path = self.make({"m.py": "x = 1"}, "été ☃.zip")
        self.assertEqual(zipimport.zipimporter(path).get_filename("m"), path + "/m.py")

    def test_surrogate_escaped_path(self):
        path = os.path.join(self.folder, "\udcff.zip")
        try:
            os.rename(self.archive, path)
        except (OSError, UnicodeEncodeError) as error:
            self.skipTest(f"this file system has no such names: {error}")
        self.assertEqual(zipimport.zipimporter(path).get_filename("m"), path + "/m.py")

    def test_str_subclass(self):
        self.assertSplit(type("S", (str,), {})(self.archive), self.archive, "")

    def test_init_again_moves_the_importer(self):
        other = self.make({"n.py": ""})
        importer = zipimport.zipimporter(self.archive)
        importer.__init__(other + "/p")
        self.assertEqual((importer.archive, importer.prefix), (other, "p/"))
        self.assertIsNone(importer.find_spec("m"))

    def test_failed_init_again_leaves_the_importer(self):
        importer = zipimport.zipimporter(self.archive)
        self.assertRaises(zipimport.ZipImportError, importer.__init__, self.folder)
        self.assertIsNotNone(importer.find_spec("m"))

    def test_each_call_makes_a_new_object(self):
        self.assertIsNot(zipimport.zipimporter(self.archive), zipimport.zipimporter(self.archive))

    def test_empty_archive(self):
        self.assertIsNone(self.make_importer().find_spec("m"))


class Refused(ZipTestCase):
    def test_not_a_string(self):
        for value in (b"a.zip", pathlib.Path("a.zip"), None, 3):
            with self.subTest(value), self.assertRaises(TypeError) as caught:
                zipimport.zipimporter(value)
            self.assertEqual(str(caught.exception), f"expected str, not {type(value)!r}")

    def test_argument_count(self):
        self.assertRaises(TypeError, zipimport.zipimporter)
        self.assertRaises(TypeError, zipimport.zipimporter, "a", "b")
        self.assertRaises(TypeError, zipimport.zipimporter, archive="a")

    def assertRefused(self, argument, text, path):
        error = self.assertZipError(text, zipimport.zipimporter, argument, path=path)
        self.assertEqual(str(error), text)

    def test_empty(self):
        self.assertRefused("", "archive path is empty", "")

    def test_folder(self):
        self.assertRefused(self.folder, "not a Zip file", self.folder)

    def test_missing_file_stops_at_its_folder(self):
        self.assertRefused(self.path("no/such.zip"), "not a Zip file", self.folder)

    def test_root(self):
        self.assertRefused("/", "not a Zip file", "/")

    def test_relative_name_that_does_not_exist(self):
        self.assertRefused("no-such-file.zip", "not a Zip file", "")

    def test_null_before_anything_that_exists(self):
        self.assertRefused("\0.zip", "not a Zip file", "")

    def test_lone_surrogate_that_is_no_byte(self):
        self.assertRefused("\ud800.zip", "not a Zip file", "")

    def test_text_file(self):
        path = self.write(b"just text, long enough to hold an end record")
        self.assertZipError(f"not a Zip file: {path!r}", zipimport.zipimporter, path, path=path)

    def test_directory_is_read_by_the_constructor(self):
        self.assertDirectoryError("corrupt Zip file", build({"m.py": ""})[:-1])
