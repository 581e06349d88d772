"""The archive changes while modules are being imported from it: look once more, retry, and then a clear error.

Nobody invalidates here: it is the bytes met at the old places that tell. The old index is never applied to the new bytes.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
import zipimport

from support import (ZipTestCase, difference, directory_reads, make_pyc, make_unopenable, native_only, ours_only, stats_delta,
                     unreadable)
from zipbuild import DEFLATED, Entry, build

# What a caller can expect when there is nothing to read any more: an import fails, get_data is an OSError or an import error.
CLEAR = (ImportError, OSError)
pyc_of_no_use = make_pyc("x = 0", flags=4)
during = contextlib.ExitStack()   # what a module that is being imported enters, for its test to leave


class ChangedTestCase(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make_on_path({"tc_first.py": "x = 1", "tc_second.py": "x = 2", "tc_third.py": "x = 3"})
        self.assertModule("tc_first", x=1)
        self.importer = sys.path_importer_cache[self.archive]


class Replaced(ChangedTestCase):
    MOVED = {"a_new_first_member.txt": "moves everything behind it" * 9, "tc_first.py": "x = 11", "tc_second.py": "x = 22"}

    @difference("changed-archive-reread")
    def test_rewritten_in_place(self):
        self.remake(self.MOVED)
        self.assertModule("tc_second", x=22)

    @difference("changed-archive-reread")
    def test_replaced_by_rename(self):
        self.make(self.MOVED, "new.zip")
        os.replace(self.path("new.zip"), self.archive)
        self.assertModule("tc_second", x=22)

    def test_member_that_is_gone(self):
        self.remake(self.MOVED)
        self.assertRaises(ImportError, self.import_module, "tc_third")

    @difference("changed-archive-reread")
    def test_data(self):
        self.remake(self.MOVED)
        self.assertEqual(self.importer.get_data("tc_second.py"), b"x = 22")

    @difference("changed-archive-reread")
    def test_source(self):
        self.remake(self.MOVED)
        self.assertEqual(self.importer.get_source("tc_second"), "x = 22")

    @difference("changed-archive-reread")
    def test_new_member_at_the_old_place(self):
        """Another member's header and data, where the directory in hand has tc_second's."""
        self.remake({"tc_first.py": "x = 1", "tc_other2.py": "x = 9", "tc_second.py": "x = 2"})
        self.assertModule("tc_second", x=2)

    def test_same_place_same_name_other_content(self):
        """Only the CRC-32 tells."""
        self.remake({"tc_first.py": "x = 1", "tc_second.py": "x = 7", "tc_third.py": "x = 3"})
        self.assertModule("tc_second", x=7)

    @difference("changed-archive-reread")
    def test_the_directory_is_read_once(self):
        self.compile_anew()  # a pack has a directory too
        self.remake({"tc_first.py": "x = 1", "tc_second.py": "x = 7", "tc_third.py": "x = 3"})
        with directory_reads() as count:
            self.assertModule("tc_second", x=7)
        self.assertEqual(count, [1])

    @difference("changed-archive-reread")
    def test_equal_bytes_of_another_member(self):
        """Also where the archive's local headers are known to say other things than the directory."""
        for number, odd in enumerate(({}, {"local_size": 0})):
            with self.subTest(**odd):
                importer = self.make_importer([Entry("tc_a.txt", "same", **odd)], name=f"same{number}.zip")
                self.assertEqual([importer.get_data("tc_a.txt") for _ in range(2)], [b"same"] * 2)
                self.make([Entry("tc_b.txt", "same", **odd)], f"same{number}.zip", age=9)
                self.assertRaises(OSError, importer.get_data, "tc_a.txt")
                self.assertEqual(importer.get_data("tc_b.txt"), b"same")

    @difference("changed-archive-reread")
    def test_module_became_a_package(self):
        self.remake({"moved.txt": "." * 99, "tc_second/__init__.py": "x = 5"})
        self.assertRaisesRegex(zipimport.ZipImportError, "'tc_second' has changed in its archive: import it again", self.import_module, "tc_second")
        self.assertNotIn("tc_second", sys.modules)
        module = self.assertModule("tc_second", x=5)
        self.assertEqual(list(module.__path__), [f"{self.archive}/tc_second"])

    @difference("changed-archive-reread")
    def test_relative_imports_are_never_of_the_wrong_package(self):
        archive = self.make_on_path({"tc_a/__init__.py": "", "tc_a/job.py": "x = 1", "tc_a/part.py": "w = 'tc_a.part'"})
        self.import_module("tc_a.part")
        package = {"tc_a/__init__.py": "", "tc_a/job/__init__.py": "from .part import w", "tc_a/job/part.py": "w = 'tc_a.job.part'", "tc_a/part.py": "w = 'tc_a.part'"}
        self.remake(package, os.path.basename(archive))
        self.assertRaises(zipimport.ZipImportError, self.import_module, "tc_a.job")
        self.assertModule("tc_a.job", w="tc_a.job.part")
        self.remake({"tc_a/__init__.py": "", "tc_a/job.py": "from .part import w", "tc_a/part.py": "w = 'tc_a.part'"}, os.path.basename(archive))
        del sys.modules["tc_a.job"]
        self.assertRaises(zipimport.ZipImportError, self.import_module, "tc_a.job")
        self.assertModule("tc_a.job", w="tc_a.part")

    @difference("changed-archive-reread")
    def test_bytecode(self):
        archive = self.make({"tc_code.pyc": make_pyc("x = 1"), "other": "o"})
        importer = zipimport.zipimporter(archive)
        self.make({"first": "f" * 99, "tc_code.pyc": make_pyc("x = 'new'")}, os.path.basename(archive), age=9)
        namespace = {}
        exec(importer.get_code("tc_code"), namespace)
        self.assertEqual(namespace["x"], "new")

    @ours_only("counters")
    def test_looked_at_once_and_only_once(self):
        self.remake(self.MOVED)
        with stats_delta() as delta:
            self.importer.get_data("tc_second.py")
        self.assertEqual((delta.retries, delta.parses), (1, 1))
        with stats_delta() as delta:
            self.importer.get_data("tc_second.py")
        self.assertEqual((delta.retries, delta.parses, delta.opens), (0, 0, 1))

    @ours_only("counters")
    def test_damaged_for_good_is_retried_once(self):
        importer = self.make_importer([Entry("d.txt", "data", crc=1)])
        for _ in range(2):
            with stats_delta() as delta:
                self.assertRaises(zipimport.ZipImportError, importer.get_data, "d.txt")
            self.assertLessEqual((delta.retries, delta.parses), (1, 0))

    @ours_only("counters")
    def test_damaged_for_good_is_read_once(self):
        """The look after the first reading finds what was there before: nothing that a second reading could help."""
        importer = self.make_importer([Entry("d.txt", "data" * 9, method=DEFLATED, crc=1),
                                       Entry("d.py", "x = 1" * 9, method=DEFLATED, crc=1)])
        for read, name in ((importer.get_data, "d.txt"), (importer.get_source, "d"), (importer.get_code, "d")):
            with stats_delta() as delta:
                self.assertRaises(zipimport.ZipImportError, read, name)
            self.assertEqual(delta.inflates, 1)

    def test_error_names_the_archive(self):
        self.write(b"this is no archive any more, only text that stands where one was, " * 9, "a.zip")
        with self.assertRaises(CLEAR) as caught:
            self.importer.get_data("tc_second.py")
        self.assertIn(self.archive, str(caught.exception))


class OneChoice(ZipTestCase):
    """What a spec says is of one archive: the one that was met while the module was looked for."""

    OLD = {"tc_one.pyc": make_pyc("x = 1", flags=1)}
    PACKAGE = {"tc_one/__init__.pyc": make_pyc("x = 2", flags=1), "tc_one/sub.pyc": make_pyc("y = 1", flags=1)}
    GONE = {"other.pyc": make_pyc("x = 1", flags=1)}

    def importer_of_old(self):
        importer = zipimport.zipimporter(self.make(self.OLD))
        importer.find_spec("tc_one")
        zipimport._zip_directory_cache[importer.archive]  # known, not only noticed
        return importer

    @difference("changed-archive-reread")
    def test_module_became_a_package(self):
        importer = self.importer_of_old()
        self.remake(self.PACKAGE)
        spec = importer.find_spec("tc_one")
        self.assertEqual((spec.origin, spec.submodule_search_locations),
                         (importer.archive + "/tc_one/__init__.pyc", [importer.archive + "/tc_one"]))

    @difference("changed-archive-reread")
    def test_package_became_a_module(self):
        importer = zipimport.zipimporter(self.make(self.PACKAGE))
        importer.find_spec("tc_one")
        self.remake(self.OLD)
        spec = importer.find_spec("tc_one")
        self.assertEqual((spec.origin, spec.submodule_search_locations), (importer.archive + "/tc_one.pyc", None))

    @difference("changed-archive-reread")
    def test_module_became_a_folder(self):
        importer = self.importer_of_old()
        self.remake({"tc_one/": "", "tc_one/sub.py": "y = 1"})
        spec = importer.find_spec("tc_one")
        self.assertEqual((spec.origin, list(spec.submodule_search_locations)), (None, [importer.archive + "/tc_one"]))

    @difference("changed-archive-reread")
    def test_module_is_gone(self):
        importer = self.importer_of_old()
        self.remake(self.GONE)
        self.assertIsNone(importer.find_spec("tc_one"))

    @difference("changed-archive-reread")
    def test_archive_is_gone(self):
        importer = self.importer_of_old()
        os.remove(importer.archive)
        self.write(b"no archive", "a.zip")
        self.assertIsNone(importer.find_spec("tc_one"))

    @difference("changed-archive-reread")
    def test_asked_of_a_subclass(self):
        """One that has no get_filename() of its own, and one that has."""
        class Plain(zipimport.zipimporter):
            pass

        class Naming(zipimport.zipimporter):
            def get_filename(self, fullname):
                return super().get_filename(fullname)

        for kind in Plain, Naming:
            for old, new, expected in ((self.OLD, self.PACKAGE, ("/tc_one/__init__.pyc", ["/tc_one"])), (self.PACKAGE, self.OLD, ("/tc_one.pyc", None)),
                                       (self.OLD, self.GONE, None)):
                importer = kind(self.make(old))
                importer.find_spec("tc_one")
                self.remake(new, os.path.basename(importer.archive))
                spec = importer.find_spec("tc_one")
                if expected is None:
                    self.assertIsNone(spec)
                    continue
                origin, folders = expected
                self.assertEqual((spec.origin, spec.submodule_search_locations),
                                 (importer.archive + origin, folders and [importer.archive + folder for folder in folders]))

    @difference("changed-archive-reread")
    def test_the_next_entry_serves_when_the_archive_vanished(self):
        os.mkdir(self.path("folder"))
        self.write(b"x = 'folder'", "folder/tc_one.py")
        for vanish in os.remove, self.replace_by_a_folder:
            archive = self.make_on_path(self.OLD)
            sys.path.insert(1, self.path("folder"))
            importlib.util.find_spec("tc_one")
            vanish(archive)
            self.assertModule("tc_one", x="folder")

    def replace_by_a_folder(self, path):
        os.remove(path)
        os.mkdir(path)

    @difference("changed-archive-reread")
    def test_the_next_entry_of_sys_path_serves(self):
        self.make_on_path({"tc_one.py": "x = 'next'"}, "next.zip")
        self.make_on_path(self.OLD)
        importlib.util.find_spec("tc_one")
        self.remake(self.GONE)
        self.assertModule("tc_one", x="next")

    @difference("changed-archive-reread")
    def test_questions_to_an_archive_that_changed(self):
        """Each is asked of an importer that remembers another archive, and finds bytes that are not its own."""
        new = {"tc_one/__init__.pyc": make_pyc("x = 2", flags=1), "tc_one/__init__.py": "x = 2 # new"}
        for ask, answer in ((lambda importer: importer.get_filename("tc_one"), "{}/tc_one/__init__.pyc"),
                            (lambda importer: importer.get_source("tc_one"), "x = 2 # new"),
                            (lambda importer: importer.get_data("tc_one/__init__.py"), b"x = 2 # new")):
            old = {"tc_one/__init__.py": "x = 'old old old'", "tc_one/__init__.pyc": pyc_of_no_use}
            importer = zipimport.zipimporter(self.make(old, "a.zip"))
            importer.get_filename("tc_one")
            self.remake(new)
            expected = answer.format(importer.archive) if isinstance(answer, str) else answer
            self.assertEqual(ask(importer), expected)


class Gone(ChangedTestCase):
    def assertImportFails(self, name="tc_second"):
        with self.assertRaises(CLEAR) as caught:
            self.import_module(name)
        self.assertNotIn(name, sys.modules)
        return caught.exception

    def assertOthersImport(self):
        self.make_on_path({"tc_elsewhere.py": "x = 5"})
        self.assertModule("tc_elsewhere", x=5)

    def test_deleted(self):
        os.remove(self.archive)
        self.assertImportFails()
        self.assertOthersImport()

    @difference("member-errors")
    def test_truncated_to_nothing(self):
        self.write(b"", "a.zip")
        error = self.assertDamaged()
        self.assertIn(self.archive, str(error))

    def assertDamaged(self):
        with self.assertRaises((*CLEAR, EOFError)) as caught:
            self.import_module("tc_second")
        self.assertOthersImport()
        return caught.exception

    def test_truncated_in_the_middle(self):
        with open(self.archive, "r+b") as file:
            file.truncate(60)
        self.assertDamaged()

    def test_truncated_at_every_byte(self):
        data = build({"tc_first.py": "x = 1", "tc_second.py": "x = 2"})
        path = self.path("cut.zip")
        for size in range(0, len(data), 3):
            with open(path, "wb") as file:
                file.write(data)
            zipimport._zip_directory_cache.pop(path, None)
            importer = zipimport.zipimporter(path)
            with open(path, "r+b") as file:
                file.truncate(size)
            with self.subTest(size):
                try:
                    self.assertEqual(importer.get_data("tc_second.py"), b"x = 2")
                except (*CLEAR, EOFError):
                    pass

    def test_replaced_by_a_directory(self):
        os.remove(self.archive)
        os.mkdir(self.archive)
        self.assertImportFails()
        self.assertOthersImport()

    @native_only("it has one user, who may do everything")
    def test_native_made_unreadable(self):
        self.make_on_path({"tc_elsewhere.py": "x = 5"})
        with unreadable(self.archive):
            self.assertRaises(PermissionError, open, self.archive)
            self.assertImportFails()
            self.assertModule("tc_elsewhere", x=5)
        self.importer.invalidate_caches()
        self.assertEqual(self.importer.get_source("tc_second"), "x = 2")

    def test_made_unopenable(self):
        data = build({"tc_second.py": "x = 8"})
        make_unopenable(self.archive)
        self.assertImportFails()
        self.assertOthersImport()
        os.remove(self.archive)
        self.write(data, "a.zip")
        self.importer.invalidate_caches()
        self.assertModule("tc_second", x=8)

    def test_back_after_deletion(self):
        os.remove(self.archive)
        self.assertImportFails()
        self.remake({"tc_second.py": "x = 8"})
        self.importer.invalidate_caches()
        self.assertModule("tc_second", x=8)

    def test_imported_modules_keep_working(self):
        module = sys.modules["tc_first"]
        os.remove(self.archive)
        self.assertEqual(module.x, 1)


class DuringImport(ZipTestCase):
    """The module that is being imported changes the archive that it comes from."""

    def run_change(self, change, **knobs):
        members = {"td_changes/__init__.py": f"import os\npath = {self.path()!r}\n{change}\nfrom . import late\nx = late.x\n",
                   "td_changes/late.py": "x = 1"}
        self.make_on_path(members, **knobs)
        return members

    @difference("changed-archive-reread")
    def test_rewritten(self):
        new = build({"first.txt": "f" * 500, "td_changes/__init__.py": "", "td_changes/late.py": "x = 2"})
        self.run_change(f"with open(path, 'wb') as f: f.write({new!r})")
        self.assertModule("td_changes", x=2)

    def test_deleted(self):
        self.run_change("os.remove(path)")
        self.assertRaises(CLEAR, self.import_module, "td_changes")
        self.assertNotIn("td_changes", sys.modules)

    @difference("changed-archive-reread")
    def test_replaced_by_rename(self):
        self.write(build({"first.txt": "f" * 500, "td_changes/__init__.py": "", "td_changes/late.py": "x = 2"}), "new.zip")
        self.run_change(f"os.replace({self.path('new.zip')!r}, path)")
        self.assertModule("td_changes", x=2)

    def assertImportFails(self):
        """Nothing is left of the package, and what is elsewhere can be imported; returns the error's text."""
        self.make_on_path({"td_elsewhere.py": "x = 5"}, "elsewhere.zip")
        with self.assertRaises(CLEAR) as caught:
            self.import_module("td_changes")
        self.assertEqual([name for name in sys.modules if name.startswith("td_changes")], [])
        self.assertModule("td_elsewhere", x=5)
        return str(caught.exception)

    @difference("member-errors")
    def test_truncated_in_place(self):
        self.run_change("with open(path, 'r+b') as f: f.truncate(40)")
        self.assertIn(self.path(), self.assertImportFails())

    @difference("member-errors")
    def test_truncated_to_nothing(self):
        self.run_change("with open(path, 'wb'): pass")
        self.assertIn(self.path(), self.assertImportFails())

    def test_made_unopenable(self):
        members = self.run_change("os.remove(path); os.symlink(path, path)")
        self.assertImportFails()
        os.remove(self.path())
        self.make({**members, "td_changes/__init__.py": "from .late import x"}, "a.zip")
        importlib.invalidate_caches()
        self.assertModule("td_changes", x=1)

    @native_only("it has one user, who may do everything")
    def test_native_made_unreadable(self):
        self.run_change("import support, test_changes\ntest_changes.during.enter_context(support.unreadable(path))")
        with during:
            self.assertIn(self.path(), self.assertImportFails())

    def test_invalidated(self):
        self.run_change("import importlib; importlib.invalidate_caches()\n__loader__.invalidate_caches()")
        self.assertModule("td_changes", x=1)

    def test_dropped_from_the_mapping(self):
        self.run_change("import zipimport; zipimport._zip_directory_cache.clear()")
        self.assertModule("td_changes", x=1)
