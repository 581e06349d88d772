"""get_data, and what the standard library reads through or beside it: pkgutil, resources, metadata."""

import importlib.metadata
import importlib.resources
import os
import pkgutil
import sys
import zipimport

from support import BEFORE_3_14, ZipTestCase, before, difference, since
from zipbuild import Entry

MEMBERS = {"td_package/__init__.py": "x = 1", "td_package/data.txt": "data\n", "td_package/sub/more.bin": b"\0\xff",
           "td_module.py": "", "top.txt": "top", "explicit/": ""}


class GetData(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make(MEMBERS)
        self.importer = zipimport.zipimporter(self.archive)

    def test_full_path(self):
        self.assertEqual(self.importer.get_data(self.archive + "/top.txt"), b"top")

    def test_relative_to_the_archive(self):
        self.assertEqual(self.importer.get_data("td_package/sub/more.bin"), b"\0\xff")

    def test_not_relative_to_the_prefix(self):
        importer = zipimport.zipimporter(self.archive + "/td_package")
        self.assertEqual(importer.get_data("top.txt"), b"top")
        self.assertRaises(OSError, importer.get_data, "data.txt")

    def test_any_member(self):
        self.assertEqual(self.importer.get_data("td_package/__init__.py"), b"x = 1")

    def test_type(self):
        self.assertIs(type(self.importer.get_data("top.txt")), bytes)

    def test_explicit_directory(self):
        self.assertEqual(self.importer.get_data("explicit/"), b"")

    @difference("implicit-directories", BEFORE_3_14)
    def test_implicit_directory(self):
        self.assertEqual(self.importer.get_data("td_package/"), b"")
        self.assertEqual(self.importer.get_data(self.archive + "/td_package/sub/"), b"")

    def test_missing(self):
        for path in ("nope", self.archive + "/nope"):
            with self.assertRaises(OSError) as caught:
                self.importer.get_data(path)
            error = caught.exception
            self.assertEqual((error.errno, error.strerror, error.filename), (0, "", "nope"))
            self.assertEqual(str(error), "[Errno 0] : 'nope'")
            self.assertIs(type(error), OSError)

    def test_missing_variants(self):
        for path in ("", "/top.txt", "top.txt/", "explicit", self.archive, self.archive + "/",
                     self.archive + "//top.txt", "nu\0ll", "\ud800"):
            with self.subTest(path):
                self.assertRaises(OSError, self.importer.get_data, path)

    @difference("get-data-steps")
    def test_parts_that_are_steps(self):
        """As pallets/jinja joins the paths of its templates (#1467)."""
        for path in "./top.txt", "td_package/../top.txt", "td_package/./sub/../../top.txt", "td_package/sub//../../top.txt":
            self.assertEqual(self.importer.get_data(path), b"top", path)
            self.assertEqual(self.importer.get_data(f"{self.archive}/{path}"), b"top", path)

    def test_steps_that_lead_nowhere(self):
        for path in ("../top.txt", "td_package/../../top.txt", "nope/../top.txt", "top.txt/../top.txt", "top.txt/.", ".", "..",
                     "td_package/..", "td_package/../", "td_package/.", f"../{os.path.basename(self.archive)}/top.txt"):
            with self.subTest(path):
                self.assertRaises(OSError, self.importer.get_data, path)
                self.assertRaises(OSError, self.importer.get_data, f"{self.archive}/{path}")

    def test_a_literal_name_comes_first(self):
        importer = self.make_importer([Entry("a/../b", b"literal"), Entry("a/c"), Entry("b", b"other")])
        self.assertEqual(importer.get_data("a/../b"), b"literal")

    def test_path_of_another_archive(self):
        other = self.make({"top.txt": "other"})
        self.assertRaises(OSError, self.importer.get_data, other + "/top.txt")

    def test_not_a_string(self):
        self.assertRaises((TypeError, AttributeError), self.importer.get_data, b"top.txt")
        self.assertRaises((TypeError, AttributeError), self.importer.get_data, 3)

    def test_bytes_message(self):
        with self.assertRaises(TypeError) as caught:
            self.importer.get_data(b"top.txt")
        self.assertEqual(str(caught.exception), "startswith first arg must be bytes or a tuple of bytes, not str")

    def test_str_subclass(self):
        self.assertEqual(self.importer.get_data(type("S", (str,), {})("top.txt")), b"top")

    def test_keyword(self):
        self.assertEqual(self.importer.get_data(pathname="top.txt"), b"top")

    def test_each_call_reads_anew_or_the_same_bytes(self):
        self.assertEqual(self.importer.get_data("top.txt"), self.importer.get_data("top.txt"))

    def test_non_ascii_member(self):
        importer = self.make_importer({"été.txt": "x"})
        self.assertEqual(importer.get_data(importer.archive + "/été.txt"), b"x")

    def test_odd_member_names(self):
        importer = self.make_importer([Entry("../up"), Entry("/abs", b"1"), Entry("a\\b", b"2"), Entry("nu\0ll", b"3")])
        self.assertEqual([importer.get_data(name) for name in ("../up", "/abs", "a\\b", "nu\0ll")], [b"", b"1", b"2", b"3"])
        self.assertEqual(importer.get_data(importer.archive + "//abs"), b"1")


class ResourceReader(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.importer = self.make_importer(MEMBERS)

    def test_package(self):
        from importlib.readers import ZipReader
        reader = self.importer.get_resource_reader("td_package")
        self.assertIs(type(reader), ZipReader)
        with reader.open_resource("data.txt") as file:
            self.assertEqual(file.read(), b"data\n")

    @before(3, 12)
    def test_module_until_3_11(self):
        self.assertIsNone(self.importer.get_resource_reader("td_module"))
        self.assertIsNone(self.importer.get_resource_reader("zz"))

    @since(3, 12)
    def test_module_since_3_12(self):
        self.assertEqual(type(self.importer.get_resource_reader("td_module")).__name__, "ZipReader")
        self.assertZipError("can't find module 'zz'", self.importer.get_resource_reader, "zz", name="zz")

    def test_prefixed_importer(self):
        importer = zipimport.zipimporter(self.make({"a/b/__init__.py": "", "a/b/data.txt": "deep"}) + "/a")
        reader = importer.get_resource_reader("a.b")
        self.assertEqual(reader.files().joinpath("data.txt").read_text(), "deep")


class StandardLibrary(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make_on_path({**MEMBERS, "td_dist-1.5.dist-info/METADATA": "Name: td-dist\nVersion: 1.5\n",
                                          "td_dist-1.5.dist-info/RECORD": ""})

    def test_pkgutil_get_data(self):
        self.assertEqual(pkgutil.get_data("td_package", "data.txt"), b"data\n")
        self.assertEqual(pkgutil.get_data("td_package", "sub/more.bin"), b"\0\xff")
        self.assertRaises(OSError, pkgutil.get_data, "td_package", "nope")

    def test_resources_files(self):
        package = self.import_module("td_package")
        self.assertEqual(importlib.resources.files(package).joinpath("data.txt").read_text(), "data\n")
        names = sorted(item.name for item in importlib.resources.files("td_package").iterdir())
        self.assertEqual(names, ["__init__.py", "data.txt", "sub"])

    def test_resources_as_file(self):
        self.import_module("td_package")
        with importlib.resources.as_file(importlib.resources.files("td_package") / "sub" / "more.bin") as path:
            self.assertEqual(path.read_bytes(), b"\0\xff")

    def test_resources_functions(self):
        self.import_module("td_package")
        self.assertEqual(importlib.resources.files("td_package").joinpath("sub/more.bin").read_bytes(), b"\0\xff")
        self.assertTrue(importlib.resources.files("td_package").joinpath("data.txt").is_file())
        self.assertFalse(importlib.resources.files("td_package").joinpath("nope").exists())

    def test_metadata(self):
        self.assertEqual(importlib.metadata.version("td-dist"), "1.5")
        self.assertIn("td-dist", {item.metadata["Name"] for item in importlib.metadata.distributions(path=[self.archive])})

    def test_loader_get_data_by_file(self):
        package = self.import_module("td_package")
        path = os.path.join(os.path.dirname(package.__file__), "data.txt")
        self.assertEqual(package.__loader__.get_data(path), b"data\n")
        self.assertEqual(sys.modules["td_package"].__spec__.loader.get_data(path), b"data\n")
