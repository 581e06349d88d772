"""The three events of a cache, by counters: access while valid, invalidation, access after it."""

import importlib
import os
import pkgutil
import string
import sys
import time
import unittest
import zipimport

import support
from support import (AN_HOUR, BEFORE_3_13, SINCE_3_13, STAMPS_PROVE, ZipTestCase, difference, directory_reads, make_pyc, ours_only,
                     settle, stats_delta)
from zipbuild import build

SYSTEM_CALLS = ("opens", "reads", "read_bytes", "stats")
NOTHING = dict.fromkeys((*SYSTEM_CALLS, "parses", "allocations", "compiles", "inflates", "revalidations", "retries"), 0)


class OtherArchive(ZipTestCase):
    def test_archive_attribute_was_changed_before_the_invalidation(self):
        """The importer remembers the record of the archive that it saw last: that is not the one to invalidate."""
        first, second = self.make({"m.py": "x = 1"}), self.make({"m.py": "x = 2"})
        importer, other = zipimport.zipimporter(first), zipimport.zipimporter(second)
        other.find_spec("m")
        importer.find_spec("m")
        importer.archive = second
        self.make({"n.py": "x = 3"}, os.path.basename(second), age=9)
        importer.invalidate_caches()
        self.assertIsNotNone(importer.find_spec("n"))
        self.assertIsNone(importer.find_spec("m"))


class Visible(ZipTestCase):
    """What any user of either importer can see."""

    def setUp(self):
        super().setUp()
        self.archive = self.make({"m.py": "x = 1", "p/__init__.py": "", "p/s.py": ""})
        self.importer = zipimport.zipimporter(self.archive)

    def assertSees(self, *names, importer=None):
        importer = importer or self.importer
        self.assertEqual([name for name in ("m", "n", "o") if importer.find_spec(name)], list(names))

    def test_change_is_not_seen_before_invalidation(self):
        self.remake({"n.py": "x = 1"})
        self.assertIsNone(self.importer.find_spec("n"))

    def test_change_is_seen_after_it(self):
        self.remake({"m.py": "", "n.py": ""})
        self.importer.invalidate_caches()
        self.assertSees("m", "n")

    def test_by_importlib(self):
        sys.path.insert(0, self.archive)
        self.assertModule("m", x=1)
        self.remake({"m.py": "x = 2", "n.py": "y = 3"})
        importlib.invalidate_caches()
        self.assertModule("n", y=3)
        self.assertModule("m", x=2)

    @difference("invalidation-reaches-all", BEFORE_3_13)
    def test_two_importers_one_told(self):
        other = zipimport.zipimporter(self.archive + "/p")
        other.prefix = ""
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        self.assertSees("n", importer=other)

    @difference("invalidation-reaches-all", BEFORE_3_13)
    def test_told_by_another_and_archive_gone(self):
        other = zipimport.zipimporter(self.archive)
        os.remove(self.archive)
        self.importer.invalidate_caches()
        self.assertSees(importer=other)

    def test_deleted_archive_finds_nothing_after_invalidation(self):
        os.remove(self.archive)
        self.importer.invalidate_caches()
        self.assertSees()
        self.assertZipError("can't find module 'm'", self.importer.get_code, "m", name="m")

    def test_damaged_archive_finds_nothing_after_invalidation(self):
        self.write(b"no archive", "a.zip")
        self.importer.invalidate_caches()
        self.assertSees()

    @difference("lazy-invalidation", BEFORE_3_13)
    def test_deleted_and_made_again(self):
        os.remove(self.archive)
        self.importer.invalidate_caches()
        self.remake({"n.py": ""})
        self.assertSees("n")

    def test_deleted_then_made_again_and_told_again(self):
        os.remove(self.archive)
        self.importer.invalidate_caches()
        self.assertSees()
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        self.assertSees("n")

    def test_replaced_by_rename(self):
        self.make({"n.py": ""}, "new.zip")
        os.replace(self.path("new.zip"), self.archive)
        self.importer.invalidate_caches()
        self.assertSees("n")

    def test_replaced_by_rename_with_the_same_size_and_time(self):
        stat = os.stat(self.archive)
        self.make({"n.py": "x = 1", "p/__init__.py": "", "p/s.py": ""}, "new.zip")
        os.utime(self.path("new.zip"), ns=(stat.st_mtime_ns, stat.st_mtime_ns))
        os.replace(self.path("new.zip"), self.archive)
        self.importer.invalidate_caches()
        self.assertSees("n")

    def test_rewritten_at_the_same_size_within_one_millisecond(self):
        """The stamp cannot tell: size, inode and very likely mtime are the same. Many times, to meet the same tick."""
        path = self.path("racy.zip")
        versions = [build({name + ".py": ""}) for name in ("m", "n", "o")]
        self.assertEqual(len({len(version) for version in versions}), 1)
        self.write(versions[0], "racy.zip", age=None)
        importer = zipimport.zipimporter(path)
        for round_ in range(60):
            name, version = list(zip(("m", "n", "o"), versions))[round_ % 3]
            with open(path, "r+b") as file:
                file.write(version)
            importer.invalidate_caches()
            self.assertSees(name, importer=importer)

    def test_rewritten_at_the_same_size_with_the_mtime_of_now(self):
        """As above, with the file system's clock held still by hand."""
        path = self.path("held.zip")
        now = time.time_ns()
        for name in ("m", "n", "o", "m"):
            with open(path, "wb") as file:
                file.write(build({name + ".py": ""}))
            os.utime(path, ns=(now, now))
            importer = zipimport.zipimporter(path)
            importer.invalidate_caches()
            self.assertSees(name, importer=importer)

    def rewrite(self, path, members, mtime_ns):
        """Writes other bytes of the same size in place, and sets the time back, as cp -p, rsync -t, tar -x and touch -r do."""
        with open(path, "r+b") as file:
            file.write(build(members))
        os.utime(path, ns=(mtime_ns, mtime_ns))

    def test_rewritten_with_its_old_mtime(self):
        path = settle(self.make({"m.py": ""}, "back.zip"))
        importer = zipimport.zipimporter(path)
        self.assertSees("m", importer=importer)
        self.rewrite(path, {"n.py": ""}, os.stat(path).st_mtime_ns)
        importer.invalidate_caches()
        self.assertSees("n", importer=importer)

    def test_rewritten_with_its_old_mtime_again_and_again(self):
        """Faster than the clock of the file system ticks."""
        path = self.make({"m.py": ""}, "back.zip")
        mtime_ns = os.stat(path).st_mtime_ns
        importer = zipimport.zipimporter(path)
        for round_ in range(60):
            name = ("n", "o", "m")[round_ % 3]
            self.rewrite(path, {name + ".py": ""}, mtime_ns)
            importer.invalidate_caches()
            self.assertSees(name, importer=importer)

    def test_rewritten_with_the_mtime_of_its_ctime(self):
        """One that a file system which has no ctime of its own would take for it."""
        path = settle(self.make({"m.py": ""}, "same.zip", age=None))
        mtime_ns = os.stat(path).st_ctime_ns
        os.utime(path, ns=(mtime_ns, mtime_ns))
        settle(path)
        importer = zipimport.zipimporter(path)
        self.rewrite(path, {"n.py": ""}, mtime_ns)
        importer.invalidate_caches()
        self.assertSees("n", importer=importer)

    def test_mtime_in_the_future_proves_nothing(self):
        path = self.write(build({"m.py": ""}), "future.zip", age=-AN_HOUR)
        stamp = os.stat(path).st_mtime_ns
        importer = zipimport.zipimporter(path)
        with open(path, "r+b") as file:
            file.write(build({"n.py": ""}))
        os.utime(path, ns=(stamp, stamp))
        importer.invalidate_caches()
        self.assertSees("n", importer=importer)

    def test_constructor_finds_a_new_archive_at_once(self):
        path = self.path("new.zip")
        self.assertRaises(zipimport.ZipImportError, zipimport.zipimporter, path)
        self.make({"n.py": ""}, "new.zip")
        self.assertSees("n", importer=zipimport.zipimporter(path))

    def test_constructor_finds_a_repaired_archive_at_once(self):
        path = self.write(b"no archive at all, just text", "bad.zip")
        self.assertRaises(zipimport.ZipImportError, zipimport.zipimporter, path)
        self.make({"n.py": ""}, "bad.zip")
        self.assertSees("n", importer=zipimport.zipimporter(path))

    def test_missing_on_sys_path_then_there(self):
        path = self.path("later.zip")
        sys.path.insert(0, path)
        self.assertRaises(ModuleNotFoundError, self.import_module, "ti_later")
        self.make({"ti_later.py": "x = 1"}, "later.zip")
        importlib.invalidate_caches()
        self.assertModule("ti_later", x=1)

    @difference("unchanged-archive-not-reread")
    def test_unchanged_archive_is_not_read_again(self):
        with directory_reads() as count:
            for _ in range(20):
                self.importer.invalidate_caches()
                self.assertSees("m")
        self.assertEqual(count, [0])

    @difference("unchanged-archive-not-reread")
    def test_the_reported_case(self):
        """python/cpython#103200: two archives, an invalidation before each of twenty imports, no directory read."""
        self.compile_anew()
        sys.path[:0] = archives = [self.make({f"ti_{part}{n}.py": f"x = {n}" for n in range(20)}, f"{part}.zip")
                                   for part in ("py4j", "pyspark")]
        for archive in archives:
            pkgutil.get_importer(archive)
        with directory_reads() as count:
            for n in range(20):
                importlib.invalidate_caches()
                self.assertModule(f"ti_py4j{n}", x=n)
                self.assertModule(f"ti_pyspark{n}", x=n)
        self.assertEqual(count, [0])

    @difference("vanished-archive-one-stat", SINCE_3_13)
    def test_vanished_archive_is_not_opened(self):
        with directory_reads_attempted() as count:
            os.remove(self.archive)
            self.importer.invalidate_caches()
            for _ in range(3):
                self.assertSees()
        self.assertLessEqual(count[0], 1)

    @difference("absent-archive-found-again", BEFORE_3_13)
    def test_missing_for_a_moment(self):
        os.remove(self.archive)
        self.importer.invalidate_caches()
        self.assertSees()
        self.remake({"n.py": ""})
        self.assertSees("n")

    @difference("absent-archive-found-again", BEFORE_3_13)
    def test_half_written_at_the_look(self):
        data = build({"n.py": "x = 1\n" * 100})
        for nbytes in (0, len(data) // 2, len(data) - 1):
            self.write(data[:nbytes], "a.zip")
            self.importer.invalidate_caches()
            self.assertSees()
        self.write(data, "a.zip")
        self.assertSees("n")

    @difference("absent-archive-found-again", BEFORE_3_13)
    def test_half_written_at_the_same_size_and_time(self):
        """As a download does that makes the file as long as it will be, and sets its time: stat cannot tell."""
        data = build({"n.py": "x = 1\n" * 100})
        for written in (bytes(len(data)), data):
            with open(self.archive, "r+b") as file:
                file.write(written)
                file.truncate()
            os.utime(self.archive, ns=(10**18, 10**18))
            if written != data:
                self.importer.invalidate_caches()
                self.assertSees()
        self.assertSees("n")

    @difference("absent-archive-found-again", BEFORE_3_13)
    def test_missing_for_a_moment_during_an_import(self):
        sys.path.insert(0, self.archive)
        self.assertModule("m", x=1)
        os.remove(self.archive)
        importlib.invalidate_caches()
        self.assertRaises(ModuleNotFoundError, self.import_module, "p.s")
        self.remake({"ti_again.py": "x = 3"})
        self.assertModule("ti_again", x=3)

    def test_pkgutil_after_the_archive_changed(self):
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        self.importer.find_spec("n")
        self.assertEqual([name for name, _ in pkgutil.iter_importer_modules(self.importer)], ["n"])

    def test_returns_nothing(self):
        self.assertIsNone(self.importer.invalidate_caches())


class Reloaded(ZipTestCase):
    """importlib.reload() after a rewrite, without an invalidation."""

    def setUp(self):
        super().setUp()
        self.archive = self.make_on_path({"tr_m.py": "x = 'old'", "tr_p/__init__.py": "x = 'old'", "tr_p/s.py": "x = 'old'"})
        self.modules = [self.import_module(name) for name in ("tr_m", "tr_p", "tr_p.s")]

    def reloaded(self):
        return [importlib.reload(module).x for module in self.modules]

    @difference("reload-looks")
    def test_other_layout(self):
        self.remake({"a.txt": "moves all others", "tr_m.py": "x = 7", "tr_p/__init__.py": "x = 8 * 8", "tr_p/s.py": "x = 9"})
        self.assertEqual(self.reloaded(), [7, 64, 9])

    def test_same_layout(self):
        self.remake({"tr_m.py": "x = 'new'", "tr_p/__init__.py": "x = 'new'", "tr_p/s.py": "x = 'new'"})
        self.assertEqual(self.reloaded(), ["new"] * 3)

    def test_same_layout_with_its_old_mtime(self):
        mtime_ns = os.stat(self.archive).st_mtime_ns
        self.remake({"tr_m.py": "x = 'new'", "tr_p/__init__.py": "x = 'new'", "tr_p/s.py": "x = 'new'"})
        os.utime(self.archive, ns=(mtime_ns, mtime_ns))
        self.assertEqual(self.reloaded(), ["new"] * 3)

    @difference("reload-looks")
    def test_became_bytecode(self):
        self.remake({"tr_m.pyc": make_pyc("x = 7", flags=1)})
        self.assertEqual(importlib.reload(self.modules[0]).x, 7)

    @difference("reload-looks")
    def test_gone(self):
        self.remake({"n.py": ""})
        self.assertRaises(ModuleNotFoundError, importlib.reload, self.modules[0])

    @ours_only("pins")
    def test_pinned(self):
        support.ours.pin(self.archive)
        self.addCleanup(support.ours.unpin, self.archive)
        self.remake({"tr_m.py": "x = 'quite new'", "tr_p/__init__.py": "x = 'new'", "tr_p/s.py": "x = 'new'"})
        self.assertEqual(self.reloaded(), ["quite new", "new", "new"])

    @ours_only("counters")
    def test_costs_one_stat(self):
        self.compile_anew()  # a module that was compiled before costs another
        settle(self.archive)
        importlib.reload(self.modules[0])
        with stats_delta() as delta:
            importlib.reload(self.modules[0])
        self.assertEqual((delta.stats, delta.parses), (1 if STAMPS_PROVE else 2, 0))
        self.assertEqual(delta.revalidations, 1)
        with stats_delta() as delta:
            self.import_module("tr_p.s")
        self.assertEqual((delta.stats, delta.revalidations), (0, 0))


def directory_reads_attempted():
    return support.count("_read_directory", "opens")


@ours_only("counters")
class Counted(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = settle(self.make({"m.py": "x = 1", "p/__init__.py": "", "p/s.py": "", "d/": ""}))
        self.importer = zipimport.zipimporter(self.archive)
        self.importer.find_spec("m")

    def assertOneLook(self, delta):
        """One archive was looked at once, and had not changed: by its stamp, or where that is no proof by its bytes."""
        self.assertEqual((delta.opens, delta.stats), (0, 1) if STAMPS_PROVE else (1, 2))
        if STAMPS_PROVE:
            self.assertEqual((delta.reads, delta.read_bytes, delta.allocations), (0, 0, 0))
        self.assertEqual((delta.parses, delta.revalidations), (0, 1))

    def assertOneComparison(self, delta):
        """One archive's bytes were compared, whatever its stamp said, and had not changed."""
        self.assertEqual((delta.opens, delta.stats, delta.parses, delta.revalidations), (1, 1, 0, 1))

    def assertGrew(self, delta, **expected):
        expected = {**NOTHING, **expected}
        self.assertEqual({key: delta[key] for key in expected}, expected)

    def use(self):
        """What an importer answers from its directory alone."""
        self.importer.find_spec("m"), self.importer.find_spec("zz"), self.importer.is_package("p")
        self.importer.find_spec("d"), self.importer.get_filename("p")

    def test_access_while_valid_does_nothing(self):
        with stats_delta() as delta:
            self.use()
        self.assertGrew(delta)

    def test_invalidation_does_nothing(self):
        with stats_delta() as delta:
            self.importer.invalidate_caches()
        self.assertGrew(delta, invalidations=1)

    def test_invalidation_of_many_archives_and_importers_does_nothing(self):
        importers = [zipimport.zipimporter(self.make({"m.py": ""}, f"many{n}.zip")) for n in range(60)]
        importers += [zipimport.zipimporter(self.archive + "/p") for _ in range(200)]
        with stats_delta() as delta:
            for importer in importers:
                importer.invalidate_caches()
            importlib.invalidate_caches()
            support.ours.invalidate()
        self.assertGrew(delta)

    def test_access_after_it_is_one_stat(self):
        self.importer.invalidate_caches()
        with stats_delta() as delta:
            self.use()
        self.assertOneLook(delta)

    def test_one_look_for_all_importers_of_an_archive(self):
        others = [zipimport.zipimporter(self.archive + "/p") for _ in range(20)]
        importlib.invalidate_caches()
        self.importer.invalidate_caches()
        with stats_delta() as delta:
            for importer in others:
                importer.find_spec("s")
            self.use()
        self.assertOneLook(delta)

    def test_many_invalidations_are_one(self):
        for _ in range(50):
            self.importer.invalidate_caches()
        with stats_delta() as delta:
            self.use()
        self.assertOneLook(delta)

    def test_changed_archive_is_parsed_once(self):
        self.remake({"m.py": "x = 2"})
        self.importer.invalidate_caches()
        with stats_delta() as delta:
            self.importer.find_spec("m"), self.importer.find_spec("m")
        self.assertEqual((delta.parses, delta.opens, delta.revalidations), (1, 1, 0))

    def test_only_the_changed_one_is_parsed(self):
        others = [zipimport.zipimporter(self.make({"m.py": ""}, f"other{n}.zip")) for n in range(10)]
        self.remake({"n.py": ""})
        support.ours.invalidate()
        with stats_delta() as delta:
            for importer in (self.importer, *others):
                importer.find_spec("n")
        self.assertEqual((delta.parses, delta.revalidations, delta.stats), (1, 10, 11))

    def test_touched_archive_is_compared_not_parsed(self):
        os.utime(self.archive, (1, 1))
        settle(self.archive)
        self.importer.invalidate_caches()
        with stats_delta() as delta:
            self.use()
        self.assertEqual((delta.parses, delta.revalidations, delta.opens), (0, 1, 1))
        self.importer.invalidate_caches()
        with stats_delta() as delta:
            self.use()
        self.assertOneLook(delta)

    def test_racy_archive_is_compared_not_parsed(self):
        importer = zipimport.zipimporter(self.make({"m.py": ""}, age=None))
        importer.invalidate_caches()
        with stats_delta() as delta:
            importer.find_spec("m")
        self.assertEqual((delta.parses, delta.revalidations, delta.opens), (0, 1, 1))

    def test_explicit_invalidation_compares_bytes(self):
        for invalidate in (lambda: support.ours.invalidate(self.archive), support.ours.invalidate):
            invalidate()
            self.importer.invalidate_caches()  # which asks for less
            with stats_delta() as delta:
                self.use()
            self.assertOneComparison(delta)

    def test_constructor_of_a_known_archive_reads_nothing(self):
        with stats_delta() as delta:
            zipimport.zipimporter(self.archive)
        self.assertEqual((delta.opens, delta.reads, delta.parses), (0, 0, 0))

    def test_import_opens_the_archive_once(self):
        self.compile_anew()
        archive = self.make_on_path({"ti_once.py": "x = 1"}, method=8)
        pkgutil.get_importer(archive)
        with stats_delta() as delta:
            self.import_module("ti_once")
        self.assertEqual((delta.opens, delta.parses, delta.inflates, delta.compiles), (1, 0, 1, 1))

    def test_a_miss_in_a_vanished_archive_costs_one_stat(self):
        os.remove(self.archive)
        for invalidate in (self.importer.invalidate_caches, lambda: None):
            invalidate()
            for _ in range(3):
                with stats_delta() as delta:
                    self.assertIsNone(self.importer.find_spec("m"))
                self.assertGrew(delta, stats=1)

    def test_a_miss_in_a_damaged_archive_costs_one_stat(self):
        settle(self.write(b"no archive, but text", "a.zip"))
        self.importer.invalidate_caches()
        self.assertIsNone(self.importer.find_spec("m"))
        for _ in range(3):
            with stats_delta() as delta:
                self.assertIsNone(self.importer.find_spec("m"))
            self.assertEqual((delta.opens, delta.stats), (0, 1) if STAMPS_PROVE else (1, 2))

    def test_dropping_from_the_mapping_is_an_invalidation(self):
        for drop in (lambda: zipimport._zip_directory_cache.pop(self.archive), zipimport._zip_directory_cache.clear):
            self.use()
            drop()
            with stats_delta() as delta:
                self.use()
            self.assertOneComparison(delta)

    def test_archives_and_entries(self):
        with stats_delta() as delta:
            importer = zipimport.zipimporter(self.make({"m.py": "", "n.py": ""}))
        self.assertEqual((delta.archives, delta.entries), (1, 2))
        self.assertGreater(delta.index_bytes, 0)
        self.assertGreater(delta.directory_bytes, 2 * 46)
        self.assertIsNotNone(importer)

    def test_stats_are_integers_of_the_documented_names(self):
        names = ("opens reads read_bytes stats parses revalidations retries allocations compiles unmarshals inflates hits "
                 "misses invalidations archives entries index_bytes directory_bytes")
        stats = support.ours.stats()
        self.assertEqual(set(names.split()) - set(stats), set())
        self.assertEqual({type(value) for value in stats.values()}, {int})


@ours_only("stock has no pins")
class Pins(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make({"m.py": ""})
        self.addCleanup(support.ours.unpin, self.archive)

    def sees(self, importer=None):
        importer = importer or self.importer
        return [name for name in ("m", "n") if importer.find_spec(name)]

    def start(self):
        self.importer = zipimport.zipimporter(self.archive)
        self.importer.find_spec("m")

    def test_implicit_invalidation_passes_by(self):
        self.start()
        support.ours.pin(self.archive)
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        importlib.invalidate_caches()
        with stats_delta() as delta:
            self.assertEqual(self.sees(), ["m"])
        self.assertEqual([delta[key] for key in SYSTEM_CALLS], [0, 0, 0, 0])

    def test_unpin_applies_what_was_missed(self):
        self.start()
        support.ours.pin(self.archive)
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        support.ours.unpin(self.archive)
        self.assertEqual(self.sees(), ["n"])

    def test_unpin_alone_invalidates_nothing(self):
        self.start()
        support.ours.pin(self.archive)
        self.remake({"n.py": ""})
        support.ours.unpin(self.archive)
        self.assertEqual(self.sees(), ["m"])

    def test_pinned_before_first_use(self):
        support.ours.pin(self.archive)
        self.start()
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        self.assertEqual(self.sees(), ["m"])

    def test_pinned_before_it_exists(self):
        path = self.path("later.zip")
        support.ours.pin(path)
        self.addCleanup(support.ours.unpin, path)
        self.make({"m.py": ""}, "later.zip")
        importer = zipimport.zipimporter(path)
        self.assertEqual(self.sees(importer), ["m"])
        self.make({"n.py": ""}, "later.zip", age=5)
        importer.invalidate_caches()
        self.assertEqual(self.sees(importer), ["m"])

    def test_explicit_invalidation_works_and_leaves_the_pin(self):
        self.start()
        support.ours.pin(self.archive)
        self.remake({"n.py": ""})
        support.ours.invalidate(self.archive)
        self.assertEqual(self.sees(), ["n"])
        self.remake({"m.py": ""})
        self.importer.invalidate_caches()
        self.assertEqual(self.sees(), ["n"])

    def test_explicit_invalidation_of_everything(self):
        self.start()
        support.ours.pin(self.archive)
        self.remake({"n.py": ""})
        support.ours.invalidate()
        self.assertEqual(self.sees(), ["n"])

    def test_explicit_invalidation_of_another_archive(self):
        self.start()
        self.remake({"n.py": ""})
        support.ours.invalidate(self.path("other.zip"))
        self.assertEqual(self.sees(), ["m"])

    def test_twice_is_once(self):
        self.start()
        support.ours.pin(self.archive)
        support.ours.pin(self.archive)
        support.ours.unpin(self.archive)
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        self.assertEqual(self.sees(), ["n"])

    def test_unpin_of_what_is_not_pinned(self):
        support.ours.unpin(self.path("nobody.zip"))

    def test_path_must_be_a_string(self):
        for function in (support.ours.pin, support.ours.unpin, support.ours.invalidate):
            self.assertRaises(TypeError, function, 3)
            self.assertRaises(TypeError, function, b"a.zip")
        self.assertRaises(TypeError, support.ours.pin)

    def test_path_has_no_null_character(self):
        for function in (support.ours.pin, support.ours.unpin, support.ours.invalidate):
            with self.assertRaisesRegex(ValueError, "embedded null character"):
                function(self.archive + "\0")

    @unittest.skipUnless(support.IN_PYODIDE, "only Pyodide's standard library is an archive")
    def test_standard_library_is_pinned(self):
        library = string.__loader__
        library.find_spec("no_such_module")  # other tests may have cleared the mapping
        importlib.invalidate_caches()
        with stats_delta() as delta:
            library.find_spec("no_such_module")
        self.assertEqual([delta[key] for key in SYSTEM_CALLS], [0, 0, 0, 0])


@ours_only("stock has no such switch")
class Switch(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make({"m.py": ""})
        self.importer = zipimport.zipimporter(self.archive)
        self.importer.find_spec("m")
        self.addCleanup(support.ours.implicit_invalidation, True)

    def test_off(self):
        support.ours.implicit_invalidation(False)
        self.remake({"n.py": ""})
        importlib.invalidate_caches()
        self.importer.invalidate_caches()
        self.assertIsNone(self.importer.find_spec("n"))

    def test_explicit_invalidation_still_works(self):
        support.ours.implicit_invalidation(False)
        self.remake({"n.py": ""})
        support.ours.invalidate(self.archive)
        self.assertIsNotNone(self.importer.find_spec("n"))

    def test_on_again(self):
        support.ours.implicit_invalidation(False)
        support.ours.implicit_invalidation(True)
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        self.assertIsNotNone(self.importer.find_spec("n"))

    def test_option_of_install(self):
        support.ours.uninstall()
        support.ours.install(implicit_invalidation=False)
        importer = zipimport.zipimporter(self.archive)
        self.remake({"n.py": ""})
        importer.invalidate_caches()
        self.assertIsNone(importer.find_spec("n"))
        support.ours.uninstall()
        support.ours.install()
