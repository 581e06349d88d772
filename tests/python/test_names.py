"""Names as unzip shows them: found as shown and as stored, listed as shown."""

import importlib.resources
import pkgutil
import zipfile
import zipimport

from support import ZipTestCase, difference
from zipbuild import DEFLATED, Entry, unicode_path_extra

FAT, UNIX, NTFS, OSX = 0, 3, 11, 19


def made_on(host, name, data="", **knobs):
    """An entry whose name's bytes stand there unflagged."""
    name = name.encode() if isinstance(name, str) else name
    return Entry(name, data, version_made=host << 8 | 20, **knobs)


class NamesTestCase(ZipTestCase):
    def table(self, members):
        """The names of entries in the mapping's value."""
        path = self.make(members)
        zipimport.zipimporter(path)
        return sorted(name for name, value in zipimport._zip_directory_cache[path].items() if value is not None)

    def assertFound(self, members, name, *paths):
        """The module imports, x is 1, and each path gives its source."""
        archive = self.make_on_path(members)
        module = self.assertModule(name, x=1)
        for path in paths:
            self.assertEqual(module.__loader__.get_data(f"{archive}/{path}"), b"x = 1", path)
        return module


class Unflagged(NamesTestCase):
    """UTF-8 without its flag: macOS' Archive Utility, and zip where the locale is C."""

    @difference("names-as-shown")
    def test_made_on_unix_or_os_x(self):
        for host in UNIX, OSX:
            for name in "é", "日本", "\U0001d4b3":
                with self.subTest(name, host=host):
                    self.assertFound([made_on(host, f"{name}.py", "x = 1")], name, f"{name}.py")

    @difference("names-as-shown")
    def test_packages(self):
        members = [made_on(OSX, "日本/__init__.py", "from . import 語"), made_on(OSX, "日本/語.py", "x = 1")]
        archive = self.make_on_path(members)
        self.assertModule("日本.語", x=1, __file__=f"{archive}/日本/語.py")

    def test_as_stored(self):
        stored = "é".encode().decode("cp437")
        importer = self.make_importer([made_on(UNIX, "é.py", "x = 1"), made_on(UNIX, "d/é.txt", "data")])
        self.assertEqual(importer.get_data(f"{stored}.py"), b"x = 1")
        self.assertEqual(importer.get_data(f"{importer.archive}/d/{stored}.txt"), b"data")

    def test_other_hosts_names_stay_cp437(self):
        for host in FAT, NTFS:
            self.assertEqual(self.table([made_on(host, "é.py")]), ["├⌐.py"])

    def test_what_is_not_utf8_stays_cp437(self):
        self.assertEqual(self.table([made_on(UNIX, b"\x82.py")]), ["é.py"])

    @difference("names-as-shown")
    def test_table(self):
        self.assertEqual(self.table([made_on(UNIX, "é.py"), made_on(UNIX, b"\x82a.py"), made_on(UNIX, "a.py")]), ["a.py", "é.py", "éa.py"])


class Backslashes(NamesTestCase):
    """PowerShell's Compress-Archive and .NET before 4.6.1."""

    MEMBERS = {"pkg\\__init__.py": "", "pkg\\mod.py": "x = 1", "pkg\\sub\\__init__.py": "", "pkg\\sub\\deep.py": "x = 1", "pkg\\data.txt": "data"}

    def members(self, host=FAT):
        return [made_on(host, name, data, method=DEFLATED) for name, data in self.MEMBERS.items()]

    @difference("names-as-shown")
    def test_packages(self):
        self.assertFound(self.members(), "pkg.mod", "pkg/mod.py", "pkg\\mod.py")
        module = self.assertFound(self.members(), "pkg.sub.deep")
        self.assertTrue(module.__file__.endswith("/pkg/sub/deep.py"))

    @difference("names-as-shown")
    def test_pkgutil_lists_them(self):
        archive = self.make_on_path(self.members())
        self.assertEqual([(each.name, each.ispkg) for each in pkgutil.iter_modules([archive])], [("pkg", True)])
        package = self.import_module("pkg")
        self.assertEqual([each.name for each in pkgutil.iter_modules(package.__path__)], ["mod", "sub"])

    @difference("names-as-shown")
    def test_folders(self):
        archive = self.make([made_on(FAT, "space\\"), made_on(FAT, "space\\mod.py", "x = 1")])
        spec = zipimport.zipimporter(archive).find_spec("space")
        self.assertEqual(list(spec.submodule_search_locations), [f"{archive}/space"])

    def test_as_stored(self):
        importer = self.make_importer(self.members())
        self.assertEqual(importer.get_data("pkg\\data.txt"), b"data")
        self.assertEqual(importer.get_code("pkg\\mod").co_filename, f"{importer.archive}/pkg\\mod.py")

    def test_elsewhere_they_are_part_of_a_name(self):
        for host in UNIX, NTFS, OSX:
            self.assertEqual(self.table(self.members(host)), sorted(self.MEMBERS))

    def test_beside_a_slash_they_are_part_of_a_name(self):
        self.assertEqual(self.table([made_on(FAT, "a/b\\c.py")]), ["a/b\\c.py"])


class Beginnings(NamesTestCase):
    """`bsdtar -cf a.zip .`, and names that begin at the root."""

    @difference("names-as-shown")
    def test_found(self):
        for start in "./", "/", "//", "././", ".//":
            for host in FAT, UNIX:
                with self.subTest(start, host=host):
                    members = [made_on(host, "./"), made_on(host, f"{start}tn_p/"), made_on(host, f"{start}tn_p/__init__.py", "x = 1")]
                    self.assertFound(members, "tn_p", "tn_p/__init__.py", f"{start}tn_p/__init__.py")

    @difference("names-as-shown")
    def test_table(self):
        self.assertEqual(self.table([made_on(UNIX, "./"), made_on(UNIX, "./p/"), made_on(UNIX, "./p/m.py")]), ["./", "p/", "p/m.py"])

    def test_names_that_stay(self):
        odd = ["../up.py", "/../up.py", "./a/../m.py", "/", "./", ".", "..", "a/.", "a//../m.py", ".m.py", "C:/m.py"]
        self.assertEqual(self.table([made_on(UNIX, name) for name in odd]), sorted(odd))
        odd = ["..\\up.py", ".\\a\\..\\m.py"]
        self.assertEqual(self.table([made_on(FAT, name) for name in odd]), sorted(odd))

    def test_nothing_leads_out(self):
        importer = self.make_importer([made_on(UNIX, "../tn_up.py", "x = 1"), made_on(UNIX, "p/../../tn_up.py", "x = 1")])
        self.assertIsNone(importer.find_spec("tn_up"))


class Middles(NamesTestCase):
    """zipfile.writestr(), jszip and fflate keep what programs put together with a slash too many."""

    @difference("names-as-shown")
    def test_found(self):
        for middle in "//", "/./", "///", "/.//":
            for host in FAT, UNIX:
                with self.subTest(middle, host=host):
                    members = [made_on(host, f"tn_p{middle}__init__.py", "x = 1"), made_on(host, f"tn_p{middle}q{middle}m.py", "x = 1"), made_on(host, f"tn_d{middle}")]
                    self.assertFound(members, "tn_p", "tn_p/__init__.py", f"tn_p{middle}__init__.py")
                    self.assertModule("tn_p.q.m", x=1)
                    self.assertEqual(self.table(members), ["tn_d/", "tn_p/__init__.py", "tn_p/q/m.py"])

    @difference("names-as-shown")
    def test_pkgutil_lists_them(self):
        archive = self.make([made_on(UNIX, "tn_p//__init__.py"), made_on(UNIX, "tn_p//m.py")])
        zipimport.zipimporter(archive)
        self.assertEqual([each.name for each in pkgutil.iter_modules([f"{archive}/tn_p"])], ["m"])

    def test_a_stored_spelling_beats_it(self):
        for names in ("tn_p/m.py", "tn_p//m.py"), ("tn_p//m.py", "tn_p/m.py"):
            importer = self.make_importer([made_on(UNIX, name, f"name = {name!r}") for name in names])
            for name in names:
                self.assertEqual(importer.get_data(name), f"name = {name!r}".encode())


class TwoOfAName(NamesTestCase):
    def both_orders(self, *members):
        return members, members[::-1]

    def test_a_stored_spelling_beats_a_shown_one(self):
        stored = made_on(UNIX, "tn_a/m.py", "x = 'stored'")
        for other in made_on(UNIX, "./tn_a/m.py", "x = 2"), made_on(UNIX, "/tn_a/m.py", "x = 2"), made_on(FAT, "tn_a\\m.py", "x = 2"):
            for members in self.both_orders(stored, other):
                importer = self.make_importer(members)
                self.assertEqual(importer.get_data("tn_a/m.py"), b"x = 'stored'")
                self.assertEqual(importer.get_data(other.central["name"].decode()), b"x = 2")

    @difference("names-as-shown")
    def test_of_several_shown_ones_the_last_counts(self):
        importer = self.make_importer([made_on(UNIX, "./m.py", "x = 1"), made_on(UNIX, "/m.py", "x = 2")])
        self.assertEqual(importer.get_source("m"), "x = 2")
        self.assertEqual([importer.get_data("./m.py"), importer.get_data("/m.py")], [b"x = 1", b"x = 2"])

    @difference("unicode-path-extra")
    def test_the_header_s_name_beside_a_unicode_path(self):
        raw = b"caf#U00e9.py"
        entry = Entry(raw, "x = 1", extra=unicode_path_extra(raw, "café.py"))
        self.assertFound([entry], "café", "café.py", "caf#U00e9.py")


class Resources(NamesTestCase):
    @difference("resources-by-stored-names")
    def test_are_found_by_the_names_that_zipfile_reads(self):
        archive = self.make_on_path([made_on(FAT, "tn_pkg\\__init__.py", "x = 1"), made_on(FAT, "tn_pkg\\data.txt", "data")])
        self.assertModule("tn_pkg", x=1)
        self.assertEqual(importlib.resources.files("tn_pkg").joinpath("data.txt").is_file(), False)
        with zipfile.ZipFile(archive) as file:
            self.assertEqual(file.read("tn_pkg\\data.txt"), b"data")
