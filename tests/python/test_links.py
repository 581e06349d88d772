"""Symbolic links in an archive: followed inside it, never run, never out of it."""

import importlib.resources
import os
import pkgutil
import stat
import sys
import zipimport

import support
from support import ZipTestCase, check_hash_based_pycs, difference, make_pyc, ours_only
from zipbuild import DEFLATED, Entry

UNIX, OSX = 3, 19


def link(name, text, host=UNIX, **knobs):
    return Entry(name, text, version_made=host << 8 | 30, attributes=(stat.S_IFLNK | 0o777) << 16, **knobs)


class LinksTestCase(ZipTestCase):
    def assertWrong(self, name, *texts):
        """Importing the module is a ZipImportError with these texts, and so is everything that would give out its code."""
        with self.assertRaises(zipimport.ZipImportError) as caught:
            self.import_module(name)
        self.assertIs(type(caught.exception), zipimport.ZipImportError)
        for text in texts:
            self.assertIn(repr(text), str(caught.exception))
        self.assertNotIn(name, sys.modules)
        return caught.exception


@ours_only("stock follows no links")
class Lost(LinksTestCase, support.AuditTestCase):
    def test_archive_that_is_gone_when_a_link_is_looked_at_again(self):
        importer = self.make_importer([link("a.py", "tl_top.py", local_name=b"b.py"), Entry("tl_top.py", "x = 1")])
        opened = []

        def forbid_second(path):
            opened.append(path)
            if len(opened) == 2:
                raise zipimport.ZipImportError("not now")

        self.call_on_open(forbid_second, once=False)
        self.assertRaisesRegex(zipimport.ZipImportError, "not now", importer.find_spec, "a")
        self.assertEqual(len(opened), 2)
        self.assertIsNotNone(importer.find_spec("a"))


class Followed(LinksTestCase):
    @difference("symbolic-links")
    def test_file(self):
        for host in UNIX, OSX:
            for method in None, DEFLATED:
                archive = self.make_on_path([Entry("tl_top.py", "x = 1"), link("tl_alias.py", "tl_top.py", host, method=method)])
                module = self.assertModule("tl_alias", x=1, __file__=f"{archive}/tl_alias.py")
                self.assertEqual(module.__spec__.origin, module.__file__)

    @difference("symbolic-links")
    def test_data_by_the_name_as_stored(self):
        importer = self.make_importer([Entry("m.py", "x = 1"), link("/one.py", "m.py"), link("./two.py", "m.py"), link("a//three.py", "m.py"), Entry("a//m.py", "x = 1")])
        for name in "/one.py", "one.py", "./two.py", "two.py", "a//three.py":
            self.assertEqual(importer.get_data(name), b"x = 1")
            self.assertEqual(importer.get_data(f"{importer.archive}/{name}"), b"x = 1")

    @difference("symbolic-links")
    def test_chain(self):
        self.make_on_path([Entry("d/tl_top.py", "x = 1"), link("a.py", "d/b.py"), link("d/b.py", "../l/tl_top.py"), link("l", "./d/")])
        self.assertModule("a", x=1)

    @difference("symbolic-links")
    def test_directory(self):
        archive = self.make_on_path([Entry("real/__init__.py", "y = 2"), Entry("real/mod.py", "x = 1"), link("tl_linked", "real")])
        module = self.assertModule("tl_linked.mod", x=1, __file__=f"{archive}/tl_linked/mod.py")
        package = sys.modules["tl_linked"]
        self.assertEqual((package.y, list(package.__path__)), (2, [f"{archive}/tl_linked"]))
        self.assertEqual(module.__loader__.prefix, "tl_linked/")

    @difference("symbolic-links")
    def test_directory_without_init(self):
        archive = self.make_on_path([Entry("real/mod.py", "x = 1"), link("tl_space", "real")])
        self.assertModule("tl_space.mod", x=1)
        self.assertEqual(list(sys.modules["tl_space"].__path__), [f"{archive}/tl_space"])

    @difference("symbolic-links")
    def test_archive_path_through_a_link(self):
        archive = self.make([Entry("real/tl_mod.py", "x = 1"), link("lib", "real")])
        sys.path.insert(0, f"{archive}/lib")
        self.assertModule("tl_mod", x=1, __file__=f"{archive}/lib/tl_mod.py")

    @difference("symbolic-links")
    def test_init_that_is_a_link(self):
        self.make_on_path([Entry("shared.py", "x = 1"), link("tl_p/__init__.py", "../shared.py"), Entry("tl_p/m.py", "x = 2")])
        self.assertModule("tl_p", x=1)
        self.assertModule("tl_p.m", x=2)

    @difference("symbolic-links")
    def test_every_method_agrees(self):
        archive = self.make([Entry("real/__init__.py", "x = 1"), Entry("top.py", "def f():\n    return 1"), link("p", "real"), link("m.py", "top.py")])
        importer = zipimport.zipimporter(archive)
        self.assertEqual([importer.is_package("p"), importer.is_package("m")], [True, False])
        self.assertEqual(importer.get_filename("p"), f"{archive}/p/__init__.py")
        self.assertEqual(importer.get_source("m"), "def f():\n    return 1")
        spec = importer.find_spec("p")
        self.assertEqual((spec.origin, list(spec.submodule_search_locations)), (f"{archive}/p/__init__.py", [f"{archive}/p"]))
        code = importer.get_code("m")
        self.assertEqual([code.co_filename] + [each.co_filename for each in code.co_consts if hasattr(each, "co_filename")], [f"{archive}/m.py"] * 2)
        self.assertEqual(importer.get_data(f"{archive}/p/__init__.py"), b"x = 1")

    @difference("symbolic-links")
    def test_data(self):
        importer = self.make_importer([Entry("d/data.txt", "data"), link("l.txt", "d/data.txt"), link("l", "d")])
        for path in "l.txt", "l/data.txt", "l/../l/./data.txt", f"{importer.archive}/l/data.txt":
            self.assertEqual(importer.get_data(path), b"data")
        self.assertEqual(importer.get_data("l/"), b"")
        for path in "l", "l/none.txt", "l.txt/", "l.txt/x", "/l.txt", "", ".":
            self.assertRaises(OSError, importer.get_data, path)

    @difference("symbolic-links")
    def test_bytecode(self):
        pyc = make_pyc("x = 1")
        self.make_on_path([Entry("cache/real.pyc", pyc), link("tl_code.pyc", "cache/real.pyc")])
        self.assertModule("tl_code", x=1)

    @difference("symbolic-links")
    def test_bytecode_beside_a_source(self):
        """Judged by the source's own size and time, not by the link's."""
        source = "x = 'source'"
        pyc = make_pyc(source, body=make_pyc("x = 'pyc'")[16:])
        self.make_on_path([Entry("real.pyc", pyc), Entry("real.py", source), link("tl_both.pyc", "real.pyc"), link("tl_both.py", "real.py")])
        self.assertModule("tl_both", x="pyc")
        hashed = make_pyc(source, flags=3)
        self.make_on_path([Entry("real.pyc", hashed), Entry("real.py", "x = 'other'"), link("tl_hash.pyc", "real.pyc"), link("tl_hash.py", "real.py")])
        with check_hash_based_pycs("default"):
            self.assertModule("tl_hash", x="other")

    def test_real_names_come_first(self):
        self.make_on_path([Entry("tl_d/m.py", "x = 1"), link("tl_d", "other"), Entry("other/m.py", "x = 2"), Entry("other/__init__.py", "")])
        importer = zipimport.zipimporter(sys.path[0])
        self.assertEqual(importer.get_data("tl_d/m.py"), b"x = 1")

    def test_links_by_another_system_are_files(self):
        for host in 0, 10, 11:
            importer = self.make_importer([link("m.py", "x = 1", host)])
            self.assertEqual(importer.get_source("m"), "x = 1")

    def test_pkgutil_lists_what_the_archive_lists(self):
        archive = self.make([Entry("real/__init__.py"), Entry("real/m.py"), link("tl_linked", "real"), link("tl_alias.py", "real/m.py")])
        zipimport.zipimporter(archive)
        self.assertEqual([each.name for each in pkgutil.iter_modules([archive])], ["real", "tl_alias"])

    @difference("resources-through-links")
    def test_resources(self):
        self.make_on_path([Entry("real/__init__.py", "x = 1"), Entry("real/data.txt", "data"), link("tl_linked", "real")])
        self.assertModule("tl_linked", x=1)
        self.assertEqual(importlib.resources.files("tl_linked").joinpath("data.txt").is_file(), False)


class Wrong(LinksTestCase):
    RAN = "import sys; sys.tl_ran = True"

    def tearDown(self):
        self.assertFalse(hasattr(sys, "tl_ran"), "the text of a link was executed")
        super().tearDown()

    @difference("symbolic-links")
    def test_every_kind(self):
        texts = {
            "tl_out": "../../etc/passwd", "tl_sly": "d/../../d/m.py", "tl_absolute": "/d/m.py", "tl_dangling": "none.py", "tl_loop": "tl_loop.py",
            "tl_file": "d/m.py/x", "tl_slash": "d/m.py/", "tl_code": self.RAN, "tl_nul": "d/m.py\0",
        }
        self.make_on_path([Entry("d/m.py", "x = 1"), *(link(f"{name}.py", text) for name, text in texts.items())])
        for name, text in texts.items():
            with self.subTest(name):
                error = self.assertWrong(name, f"{name}.py", text)
                self.assertEqual(error.path, sys.path[0])
                importer = zipimport.zipimporter(sys.path[0])
                for function in importer.get_code, importer.get_source:
                    self.assertRaises(zipimport.ZipImportError, function, name)
                self.assertRaises(zipimport.ZipImportError, importer.get_data, f"{name}.py")
                self.assertIsNotNone(importer.find_spec(name))

    @difference("symbolic-links")
    def test_directories(self):
        self.make_on_path([link("tl_up", ".."), link("tl_gone", "none"), link("tl_ring", "tl_ring2"), link("tl_ring2", "tl_ring/x")])
        self.assertWrong("tl_up", "tl_up", "..")
        self.assertWrong("tl_gone", "tl_gone", "none")
        self.assertWrong("tl_ring", "tl_ring", "tl_ring2")
        sys.path[0] += "/tl_up"
        self.assertWrong("tl_m", "tl_up", "..")

    @difference("symbolic-links")
    def test_a_wrong_link_through_a_right_one(self):
        """It is the first that leads nowhere: neither an empty module nor another file's code."""
        for name, file, text, *others in (
            ("tl_gone", "tl_gone.py", "current/tl_gone.py", link("current", "v2")),
            ("tl_slash", "tl_slash.py", "b.py/", link("b.py", "c.py")),
            ("tl_part", "tl_part.py", "b/tl_part.py", link("b", "c.py")),
            ("tl_package", "tl_package/__init__.py", "../current/__init__.py", link("current", "v2")),
        ):
            with self.subTest(name):
                archive = self.make_on_path([link(file, text), *others, Entry("v2/other.py", self.RAN), Entry("c.py", self.RAN)], f"{name}.zip")
                self.assertWrong(name, file, text)
                importer = zipimport.zipimporter(archive)
                for function in importer.get_code, importer.get_source:
                    self.assertRaises(zipimport.ZipImportError, function, name)
                self.assertRaises(zipimport.ZipImportError, importer.get_data, file)

    @difference("symbolic-links")
    def test_too_long(self):
        self.make_on_path([link("tl_long.py", "./" * 2050 + "m.py"), Entry("m.py", "x = 1")])
        self.assertWrong("tl_long", "tl_long.py")

    @difference("symbolic-links")
    def test_bytecode(self):
        for text in self.RAN, "none.pyc", make_pyc(self.RAN):
            self.make_on_path([link("tl_pyc.pyc", text)])
            self.assertWrong("tl_pyc", "tl_pyc.pyc")

    @difference("symbolic-links")
    def test_a_wrong_link_gives_way_to_what_lies_beside_it(self):
        self.make_on_path([link("tl_a.pyc", "none"), Entry("tl_a.py", "x = 1"), link("tl_b.py", "none"), Entry("tl_b.pyc", make_pyc("x = 2"))])
        self.assertModule("tl_a", x=1)
        self.assertModule("tl_b", x=2)
        self.assertIsNone(zipimport.zipimporter(sys.path[0]).get_source("tl_b"))

    @difference("symbolic-links")
    def test_a_wrong_folder_gives_way_to_a_module_beside_it(self):
        for text in "none", "tl_a", "/abs", "..":
            self.make_on_path([link("tl_a", text), Entry("tl_a.py", "x = 1"), Entry("tl_p/sub.py", ""), link("tl_p/__init__.py", text), Entry("tl_p.py", "x = 2")])
            self.assertModule("tl_a", x=1)
            self.assertModule("tl_p", x=2)

    @difference("symbolic-links")
    def test_what_is_not_there_behind_a_right_link(self):
        importer = self.make_importer([Entry("real/m.py", "x = 1"), link("l", "real"), link("f.py", "real/m.py"), link("d.py", "real")])
        for name in "l.none", "f.py", "none":
            self.assertIsNone(zipimport.zipimporter(f"{importer.archive}/l").find_spec(name))
        self.assertIsNone(importer.find_spec("d"), "a directory is no source")

    @difference("symbolic-links")
    def test_damaged_text(self):
        importer = self.make_importer([Entry("m.py", "x = 1"), link("a.py", "m.py", crc=1), link("b.py", "m.py", method=99)])
        for name in "a", "b":
            self.assertIsNotNone(importer.find_spec(name))
            self.assertRaises(zipimport.ZipImportError, importer.get_code, name)
        self.assertEqual(importer.get_source("m"), "x = 1")


class Changed(LinksTestCase):
    @difference("symbolic-links")
    def test_archive_changes_under_a_link(self):
        """The text is read by a stale directory: the archive is looked at again, and its links followed."""
        first = [Entry("one.py", "x = 1"), link("tl_m.py", "one.py"), link("tl_p", "d1"), Entry("d1/__init__.py", "x = 1")]
        second = [Entry("two.py", "x = 22"), Entry("d2/__init__.py", "x = 22"), link("tl_m.py", "two.py"), link("tl_p", "d2")]
        archive = self.make_on_path(first, "changing.zip")
        importer = zipimport.zipimporter(archive)
        self.assertEqual(importer.get_source("tl_m"), "x = 1")
        self.make(second, "changing.zip", age=9)
        for name in "tl_m", "tl_p":
            self.assertModule(name, x=22)
        self.assertEqual(importer.get_data("tl_p/__init__.py"), b"x = 22")

    @difference("symbolic-links")
    def test_links_come_with_another_archive(self):
        archive = self.make_on_path([Entry("pad", "p" * 99), Entry("tl_m.py", "x = 1")], "coming.zip")
        importer = zipimport.zipimporter(archive)
        self.make([Entry("real/target.py", "x = 22"), link("tl_m.py", "l/target.py"), link("l", "real")], "coming.zip", age=9)
        self.assertEqual(importer.get_source("tl_m"), "x = 22")
        self.assertModule("tl_m", x=22)

    @difference("symbolic-links")
    def test_links_go_with_it(self):
        archive = self.make_on_path([Entry("real.py", "x = 1"), link("tl_m.py", "real.py")], "going.zip")
        importer = zipimport.zipimporter(archive)
        self.make([Entry("tl_m.py", "x = 333333"), Entry("real.py", "x = 4")], "going.zip", age=9)
        self.assertEqual(importer.get_source("tl_m"), "x = 333333")
        os.remove(archive)
        self.make([Entry("real.py", "x = 1"), link("tl_m.py", "real.py")], "going.zip", age=5)
        self.assertEqual(importer.get_source("tl_m"), "x = 1")

    @ours_only("stock follows no links")
    def test_the_next_entry_serves_when_the_archive_vanished(self):
        archive = self.make([Entry("real/tl_there.py", "x = 1"), link("lib", "real")])
        os.mkdir(self.path("folder"))
        self.write(b"x = 'folder'", "folder/tl_other.py")
        sys.path[:0] = [f"{archive}/lib", self.path("folder")]
        self.assertModule("tl_there", x=1)
        os.remove(archive)
        self.assertModule("tl_other", x="folder")


@ours_only("counters and packs")
class Cost(LinksTestCase):
    def test_one_link_is_read_once_for_all_candidates(self):
        importer = self.make_importer([Entry("real/m.py", "x = 1"), link("l", "real")])
        with support.stats_delta() as delta:
            self.assertIsNotNone(zipimport.zipimporter(f"{importer.archive}/l").find_spec("m"))
        self.assertEqual((delta.opens, delta.reads), (1, 1))

    def test_nothing_is_read_where_no_link_is_on_the_way(self):
        importer = self.make_importer([Entry("p/m.py", "x = 1"), link("l", "p")])
        with support.stats_delta() as delta:
            self.assertIsNotNone(importer.find_spec("p"))
            self.assertIsNone(importer.find_spec("none"))
        self.assertEqual(delta.opens, 0)

    def test_packs_keep_the_target_s_code_for_both(self):
        from packstore import FolderStore

        store = FolderStore(self.path("store"))
        store.use()
        self.addCleanup(store.leave)
        archive = self.make([Entry("top.py", "def f(): pass\nx = 1"), Entry("other.py", "def f(): pass\nx = 2"), link("alias.py", "top.py"),
                             link("none.py", "nowhere.py")])
        for expected in 2, 0:  # compiled, then kept
            importer = zipimport.zipimporter(archive)
            with support.stats_delta() as delta:
                for name, source in ("alias", "top"), ("top", "top"), ("other", "other"):
                    code = importer.get_code(name)
                    names = {code.co_filename} | {each.co_filename for each in code.co_consts if hasattr(each, "co_filename")}
                    self.assertEqual(names, {f"{archive}/{name}.py"})
                    namespace = {}
                    exec(code, namespace)
                    self.assertEqual(namespace["x"], {"top": 1, "other": 2}[source])
                self.assertRaises(zipimport.ZipImportError, importer.get_code, "none")
            self.assertEqual(delta.compiles, expected)
            store.write()
            store.use()
