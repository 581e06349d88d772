"""Bytecode packs: what is compiled is not compiled again, and nothing that is kept can do harm."""

import errno
import functools
import gc
import importlib
import inspect
import linecache
import marshal
import os
import posix
import runpy
import stat
import subprocess
import sys
import traceback
import types
import unittest
import warnings
import weakref
import zipfile
import zipimport
import zlib

import support
import zipbuild
from packstore import FolderStore
from support import AuditTestCase, ZipTestCase, check_hash_based_pycs, difference, make_pyc, native_only, ours_only, stats_delta

MEMBERS = {
    "m.py": "value = 1\ndef fail():\n    raise ValueError('m')\n",
    "p/__init__.py": "from . import q\n",
    "p/q.py": "value = 'q'\nclass Class:\n    def method(self):\n        return (lambda: [1 / 0 for _ in 'a'])\n",
    "unused.py": "value = 'unused'\n",
}
NAMES = "m", "p", "p.q", "unused"


class PackTestCase(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.store = FolderStore(self.path("store"))
        self.store.use()
        self.addCleanup(self.store.leave)

    def codes(self, path, *names):
        """The code of modules, from importers that nobody has used before."""
        found = {}
        for name in names:
            folder, _, _ = name.rpartition(".")
            found[name] = zipimport.zipimporter(os.path.join(path, folder.replace(".", "/")) if folder else path).get_code(name)
        return found

    def keep(self, members=MEMBERS, *names, name="a.zip"):
        """An archive of which these modules, by default all, were compiled and kept by another process."""
        path = self.make(members, name)
        self.codes(path, *(names or NAMES))
        self.store.write()
        self.store.use()
        return path

    def packs(self):
        return [self.store.path(name) for name in sorted(os.listdir(self.store.folder)) if name.endswith(".zip")]

    def only_pack(self):
        [pack] = self.packs()
        return pack

    def rewrite_pack(self, change):
        """Makes another pack of the only one: change(name, data) gives each member's data, or None for none."""
        with zipfile.ZipFile(self.only_pack()) as pack:
            members = {name: change(name, pack.read(name)) for name in pack.namelist()}
        with open(self.only_pack(), "wb") as file:
            file.write(zipbuild.build({name: data for name, data in members.items() if data is not None}))

    def assertValue(self, path, value, name="m", **counters):
        """The module has this value, and getting its code adds this to the counters."""
        with stats_delta() as delta:
            code = self.codes(path, name)[name]
        self.assertEqual({key: delta[key] for key in counters}, counters)
        namespace = {}
        exec(code, namespace)
        self.assertEqual(namespace["value"], value)


@ours_only("packs")
class Kept(PackTestCase):
    def test_a_second_run_compiles_nothing_and_inflates_nothing(self):
        path = self.make(MEMBERS)
        with stats_delta() as first:
            self.codes(path, *NAMES)
        self.assertEqual((first.compiles, first.pack_hits, first.pack_misses), (4, 0, 4))
        self.store.write()
        self.store.use()
        with stats_delta() as second:
            self.codes(path, *NAMES)
        self.assertEqual((second.compiles, second.inflates, second.pack_hits, second.pack_misses), (0, 0, 4, 0))

    def test_without_a_store_nothing_is_kept(self):
        support.ours._use_store(None, "")
        path = self.make(MEMBERS)
        with stats_delta() as delta:
            self.codes(path, "m")
            self.codes(path, "m")
        self.assertEqual((delta.compiles, delta.pack_hits, delta.pack_misses), (2, 0, 0))
        self.assertEqual(support.ours._queued_packs(), [])

    def test_within_a_process_nothing_is_compiled_twice_either(self):
        path = self.make(MEMBERS)
        first = self.codes(path, "m")["m"]
        with stats_delta() as delta:
            self.assertEqual(self.codes(path, "m")["m"], first)
        self.assertEqual((delta.compiles, delta.pack_hits), (0, 1))

    def test_nor_for_the_archive_at_another_path(self):
        first = self.codes(self.make(MEMBERS, "a.zip"), "p.q")["p.q"]
        other = self.make(MEMBERS, "b.zip")
        with stats_delta() as delta:
            second = self.codes(other, "p.q")["p.q"]
        self.assertEqual(delta.compiles, 0)
        self.assertEqual(self.filenames(second), {f"{other}/p/q.py"})
        self.assertEqual(self.filenames(first), {self.path("a.zip") + "/p/q.py"}, "what is in use stays as it was")

    def filenames(self, code):
        return {code.co_filename}.union(*(self.filenames(each) for each in code.co_consts if isinstance(each, types.CodeType)))

    def test_co_filename_is_that_of_the_path(self):
        self.keep()
        other = self.make(MEMBERS, "else.zip")
        with stats_delta() as delta:
            code = self.codes(other, "p.q")["p.q"]
        self.assertEqual(delta.compiles, 0)
        self.assertEqual(self.filenames(code), {f"{other}/p/q.py"})

    def test_a_changed_member_is_compiled_and_nothing_else(self):
        self.keep()
        path = self.remake({**MEMBERS, "m.py": "value = 2\n"})
        support.ours.invalidate(path)
        with stats_delta() as delta:
            self.codes(path, *NAMES)
        self.assertEqual((delta.compiles, delta.pack_hits, delta.pack_other_source), (1, 3, 1))
        self.store.write()
        self.store.use()
        self.assertValue(path, 2, compiles=0, pack_hits=1)

    def test_nor_anything_else_at_other_paths_that_the_archive_was_used_from(self):
        self.keep()
        others = [self.make(MEMBERS, name) for name in ("b.zip", "c.zip")]
        for other in others:
            self.codes(other, *NAMES)
        self.store.write()
        self.store.use()
        for i, other in enumerate(others):
            self.remake({**MEMBERS, "m.py": f"value = 'changed {i}'\n"}, os.path.basename(other))
            support.ours.invalidate(other)
            with stats_delta() as delta:
                self.codes(other, *NAMES)
            self.assertEqual((delta.compiles, delta.pack_hits), (1, 3))

    # Archives of other tests' folders with equal members have the same pack: these have it for themselves.
    ALONE = {**MEMBERS, "unused.py": "value = 'used in two tests'\n"}

    def test_what_is_queued_serves_the_archive_that_it_became(self):
        path = self.make(self.ALONE, "a.zip")
        self.codes(path, *NAMES)
        self.remake({**self.ALONE, "m.py": "value = 2\n"})
        support.ours.invalidate(path)
        with stats_delta() as delta:
            self.codes(path, *NAMES)
        self.assertEqual((delta.compiles, delta.pack_hits), (1, 3))
        self.assertEqual([count for _, _, count in support.ours._queued_packs()], [4], "the old archive's are not kept")

    def test_also_when_the_record_of_the_path_went_meanwhile(self):
        members = {**self.ALONE, "other.py": ""}
        path = self.make(members, "a.zip")
        self.codes(path, *NAMES)
        self.remake({**members, "m.py": "value = 2\n"})
        support.ours.invalidate(path)
        self.codes(self.make({"x.py": ""}, "b.zip"), "x")  # a new record: those that nobody uses go
        with stats_delta() as delta:
            self.codes(path, *NAMES)
        self.assertEqual((delta.compiles, delta.pack_hits), (1, 3))

    # Two sources with one CRC-32.
    SHORT, LONG = b"value = 1\n", b"value = 2  # aabIvTJu"

    def test_what_is_queued_serves_no_source_of_another_size(self):
        self.assertEqual(zlib.crc32(self.SHORT), zlib.crc32(self.LONG))
        for before, now, value in ((self.SHORT, self.LONG, 2), (self.LONG, self.SHORT, 1)):
            path = self.make({"m.py": before, "for this test alone": ""}, "a.zip")
            support.ours.invalidate(path)
            self.codes(path, "m")
            self.remake({"m.py": now, "for this test alone": ""})
            support.ours.invalidate(path)
            self.assertValue(path, value, compiles=1, pack_hits=0)

    def test_what_is_kept_serves_no_source_of_another_size(self):
        self.keep({"m.py": self.SHORT}, "m")
        path = self.remake({"m.py": self.LONG})
        support.ours.invalidate(path)
        self.assertValue(path, 2, compiles=1, pack_hits=0, pack_other_source=1)

    def test_archives_with_equal_names_do_not_mix(self):
        self.keep()
        other = self.make({**MEMBERS, "m.py": "value = 2\n"}, "b.zip")
        self.assertValue(other, 2, compiles=1, pack_hits=0, pack_other_source=0)

    def test_a_record_that_nobody_holds_is_written_too(self):
        path = self.make(MEMBERS)
        self.codes(path, "m")
        os.remove(path)
        support.ours.invalidate(path)
        self.make(MEMBERS, "another.zip")
        [pack] = self.store.write()
        self.assertEqual(zipfile.ZipFile(pack).namelist(), ["m.pyc"])

    def test_the_store_is_told_once_until_it_asks(self):
        path = self.make(MEMBERS)
        self.codes(path, "m", "p")
        self.assertEqual(self.store.changes, 1)
        self.store.write()
        self.codes(path, "unused")
        self.assertEqual(self.store.changes, 2)

    def test_many_modules(self):
        names = [f"m{i}" for i in range(400)]
        path = self.keep({f"{name}.py": f"value = '{name}'\n" for name in names}, *names)
        support.settle(path)
        for name in names[::37]:
            self.assertValue(path, name, name, compiles=0)
        with stats_delta() as delta:
            self.codes(path, "m399")
        self.assertEqual((delta.opens, delta.reads), (0, 1))

    def test_names_of_any_kind(self):
        long = "n" * 300
        path = self.keep({"café.py": "value = 'café'\n", f"{long}.py": "value = 'long'\n"}, "café", long)
        self.assertValue(path, "café", "café", compiles=0)
        self.assertValue(path, "long", long, compiles=0)

    def test_names_longer_than_a_pack_can_hold_are_compiled(self):
        name = "n" * (65535 - 3)
        path = self.make({f"{name}.py": "value = 1\n", "m.py": "value = 2\n"})
        self.codes(path, name, "m")
        [pack] = self.store.write()
        self.assertEqual(zipfile.ZipFile(pack).namelist(), ["m.pyc"])
        self.store.use()
        self.assertValue(path, 1, name, compiles=1)


@ours_only("packs")
class Indistinguishable(PackTestCase):
    MEMBERS = {**MEMBERS, "w.py": "import warnings\ndef tell():\n    warnings.warn('told')\n\ntell()\n"}
    NAMES = *NAMES, "w"

    def watch(self, path):
        """Imports the modules, and returns what a coverage tool sees of that and what they warn of."""
        events = []

        def trace(frame, event, argument):
            if frame.f_code.co_filename.startswith(path):
                events.append((event, frame.f_code.co_filename, frame.f_lineno))
            return trace

        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            others = sys.gettrace()
            sys.settrace(trace)
            try:
                for name in self.NAMES:
                    importlib.import_module(name)
            finally:
                sys.settrace(others)
        self.assertIn(("line", f"{path}/p/__init__.py", 1), events)
        self.assertEqual([(str(each.message), each.filename, each.lineno) for each in told], [("told", f"{path}/w.py", 3)])
        return events

    def describe(self, path):
        """All that tells how modules were loaded."""
        sys.path.insert(0, path)
        for name in self.NAMES:
            sys.modules.pop(name, None)
        linecache.clearcache()
        answer = self.watch(path)
        for name in self.NAMES:
            module = sys.modules[name]
            spec = module.__spec__
            code = spec.loader.get_code(name)
            answer.append((
                module.__name__, module.__file__, getattr(module, "__cached__", None), module.__package__, type(module.__loader__),
                spec.origin, spec.cached, spec.loader_state, spec.has_location, spec.submodule_search_locations,
                code, code.co_firstlineno, list(code.co_positions()), inspect.getsource(module), module.__doc__,
            ))
        for function in sys.modules["m"].fail, sys.modules["p.q"].Class().method():
            try:
                function()
            except (ValueError, ZeroDivisionError) as error:
                answer.append(traceback.format_exception(error)[1:])
        return answer

    def test_modules_code_and_tracebacks(self):
        path = self.make(self.MEMBERS)
        compiled = self.describe(path)
        self.store.write()
        self.store.use()
        with stats_delta() as delta:
            kept = self.describe(path)
        self.assertEqual(delta.compiles, 0)
        self.assertEqual(kept, compiled)

    def test_runpy(self):
        path = self.keep({"m.py": "value = __name__, __file__\n"}, "m")
        sys.path.insert(0, path)
        with stats_delta() as delta:
            self.assertEqual(runpy.run_module("m")["value"], ("m", f"{path}/m.py"))
        self.assertEqual(delta.compiles, 0)

    def test_a_valid_pyc_in_the_archive_comes_first(self):
        path = self.keep()
        source = MEMBERS["m.py"]
        pyc = make_pyc(source, body=marshal.dumps(compile("value = 'pyc'", "m.py", "exec")))
        self.remake({**MEMBERS, "m.pyc": pyc})
        support.ours.invalidate(path)
        self.assertValue(path, "pyc", compiles=0, pack_hits=0)


class Harmless(PackTestCase):
    @ours_only("packs")
    def test_every_byte_changed_and_every_end_cut(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        pack = self.only_pack()
        with open(pack, "rb") as file:
            sound = file.read()
        counted = "pack_damaged", "pack_other_magic", "pack_other_source", "packs_refused"
        for at in range(2 * len(sound)):
            data = bytearray(sound)
            if at < len(sound):
                data[at] ^= 0x21
            else:
                del data[at - len(sound):]
            with open(pack, "wb") as file:
                file.write(data)
            self.store.use()
            with stats_delta() as delta:
                code = self.codes(path, "m")["m"]
            namespace = {}
            exec(code, namespace)
            self.assertEqual(namespace["value"], 1, at)
            self.assertEqual(delta.compiles + delta.pack_hits, 1, at)
            if delta.compiles:
                # A name that is another one is no damage: nothing of that name is there.
                self.assertTrue(any(delta[name] for name in counted) or sound[at:at + 1] in b"m.pyc", at)

    @ours_only("packs")
    def test_another_interpreters_are_counted_and_replaced(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        self.rewrite_pack(lambda name, data: b"\0\0\r\n" + data[4:])
        self.assertValue(path, 1, compiles=1, pack_other_magic=1)
        self.store.write()
        self.store.use()
        self.assertValue(path, 1, compiles=0, pack_hits=1)

    @ours_only("packs")
    def test_what_is_not_marshalled_code_is_not_executed(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        for body in b"", b"garbage", marshal.dumps(None), marshal.dumps("value = 2"), b"\xe3" + b"\xff" * 40:
            self.rewrite_pack(lambda name, data: data[:16] + body)
            self.store.use()
            self.assertValue(path, 1, compiles=1, pack_damaged=1, pack_hits=0)

    @ours_only("packs")
    @unittest.skipIf(sys.maxsize > 2**32, "4 GiB fit into this address space")
    def test_a_claim_beyond_the_address_space_is_refused_whatever_the_limit(self):
        support.ours.install(max_member_bytes=2**33)
        self.addCleanup(support.ours.install)
        self.addCleanup(support.ours.uninstall)
        path = self.keep({"m.py": "value = 1\n"}, "m")
        compressor = zlib.compressobj(0, zlib.DEFLATED, -15)
        packed = compressor.compress(bytes(4_300_000)) + compressor.flush()  # deflate could make 4 GiB of so many bytes
        for size in 2**31 - 1, 2**32 - 20, 2**32 - 2, 2**32 - 1:
            for method in zipbuild.DEFLATED, zipbuild.STORED:
                knobs = {} if method else {"compressed_size": size}
                with open(self.only_pack(), "wb") as file:
                    file.write(zipbuild.build([zipbuild.Entry("m.pyc", b"", raw=packed, method=method, size=size, **knobs)]))
                self.store.use()
                neighbours = [bytearray(b"A" * 1000) for _ in range(3000)][::2]
                self.assertValue(path, 1, compiles=1, pack_damaged=1)
                self.assertEqual(set(map(bytes, neighbours)), {b"A" * 1000})

    @ours_only("packs")
    def test_time_stamps_are_not_taken(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        self.rewrite_pack(lambda name, data: make_pyc("value = 1\n", body=marshal.dumps(compile("value = 2", "m.py", "exec"))))
        self.assertValue(path, 1, compiles=1, pack_damaged=1)

    @ours_only("packs")
    def test_a_store_that_misbehaves_is_shown_and_passed_over(self):
        path = self.make(MEMBERS)

        class Store:
            def __init__(self, answer):
                self.answer = answer

            def load(self, name, path_name):
                if isinstance(self.answer, type):
                    raise self.answer("load")
                return self.answer

            changed = None

        for answer in ValueError, OSError, None, (), [], [self.path("missing.zip")], [path], [self.folder]:
            support.ours._use_store(Store(answer), "test")
            shown = []
            self.hook, sys.unraisablehook = sys.unraisablehook, shown.append
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self.assertValue(path, 1, compiles=1)
            finally:
                sys.unraisablehook = self.hook
            self.assertEqual(len(shown), 2 if isinstance(answer, type) else 1, answer)
        for answer in 1, [1]:
            support.ours._use_store(Store(answer), "test")
            with self.assertRaises((TypeError, ValueError)):
                self.codes(path, "m")
        for answer in MemoryError, KeyboardInterrupt:
            support.ours._use_store(Store(answer), "test")
            with self.assertRaises(answer):
                self.codes(path, "m")

    @ours_only("packs")
    def test_a_store_that_imports_or_goes_while_it_is_asked(self):
        path = self.make(MEMBERS)
        test = self

        class Importing:
            def load(self, name, path_name):
                test.codes(path, "unused")
                return []

            def changed(self):
                pass

        class Leaving(Importing):
            def load(self, name, path_name):
                support.ours._use_store(None, "")
                return []

        support.ours._use_store(Importing(), "test")
        self.assertValue(path, 1, compiles=2)
        support.ours._use_store(Leaving(), "test")
        self.assertValue(path, 1, compiles=1)

    @ours_only("packs")
    def test_a_store_that_was_asked_is_let_go_of(self):
        count = sys.getrefcount(self.store)
        self.assertValue(self.make(MEMBERS), 1, compiles=1)
        support.ours._use_store(None, "")
        self.assertEqual(sys.getrefcount(self.store), count - 1)

    @ours_only("packs")
    def test_another_store_while_one_is_put_in_place(self):
        class Environment(dict):
            def get(self, *args):
                posix.environ = real
                support.ours._use_store(None, "")
                return b""

        real = posix.environ
        self.addCleanup(setattr, posix, "environ", real)
        count = sys.getrefcount(self.store)
        posix.environ = Environment(real)
        support.ours._use_store(FolderStore(self.path("other")), "test")
        self.assertEqual(sys.getrefcount(self.store), count - 1)

    @ours_only("packs")
    def test_finalizer_that_forgets_while_packs_are_counted(self):
        class Cycle:
            def __init__(self):
                self.cycle = self

            def __del__(self):
                support.ours._forget_packs()

        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        for threshold in range(1, 20):
            for name in "abc":
                path = self.make({f"{name}.py": "value = 1\n"}, name + ".zip")
                self.codes(path, name)
                os.remove(path)  # so that nothing but its queue keeps what was compiled
                support.ours.invalidate(path)
            zipimport.zipimporter(self.make(MEMBERS, "other.zip"))
            gc.collect()
            Cycle()
            gc.set_threshold(threshold, 1000, 1000)
            queued = support.ours._queued_packs()
            gc.set_threshold(0)
            for name, path_name, count in queued:
                self.assertTrue(name and path_name and count)
            del queued
        gc.collect()  # the last finalizer would forget what another test keeps

    @ours_only("packs")
    def test_weak_reference_that_changes_archives_while_a_queue_is_taken_over(self):
        importers = {name: self.make_importer({"unused.py": ""}, name=name) for name in ("one.zip", "two.zip")}

        def become(name, members):
            support.ours.invalidate(self.remake(members, name))
            return importers[name].get_code

        def change(reference):
            calls.append(True)
            become("one.zip", {"other.py": "1"})("other")
            become("two.zip", {"other.py": "2"})("other")

        calls = []
        get_code = become("one.zip", {"m.py": "0", "n.py": "1"})
        get_code("m")
        get_code("n")
        code = become("two.zip", {"m.py": "0", "new.py": "2"})("m")
        reference = weakref.ref(code, change)
        del code
        self.assertEqual(calls, [], "the queue holds it")
        get_code = become("one.zip", {"m.py": "0", "new.py": "2"})
        self.assertRaises(zipimport.ZipImportError, get_code, "new")
        self.assertEqual(calls, [True])
        del reference

    @ours_only("packs")
    def test_a_link_of_the_text_that_a_source_had(self):
        path = self.make({"m.py": "nowhere"})
        self.codes(path, "m")
        link = zipbuild.Entry("m.py", "nowhere", version_made=3 << 8, attributes=(stat.S_IFLNK | 0o777) << 16)
        self.remake([link], os.path.basename(path))
        support.ours.invalidate(path)
        self.assertRaisesRegex(zipimport.ZipImportError, "leads nowhere", self.codes, path, "m")

    @difference("pack-judged-by-crc")
    def test_check_hash_based_pycs_is_not_for_packs(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        with check_hash_based_pycs("always"), support.compilations() as compiled:
            self.codes(path, "m")
        self.assertEqual(compiled, [0])

    @difference("pack-warns-once")
    def test_a_syntax_warning_is_not_repeated(self):
        path = self.keep({"m.py": "value = 1 is 1\n"}, "m")
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            self.codes(path, "m")
        self.assertEqual(shown, [])

    @difference("pack-reads-no-source")
    def test_a_source_that_is_damaged(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        with open(path, "r+b") as file:
            file.seek(file.read().index(b"value"))
            file.write(b"!!!!!")
        self.assertValue(path, 1)


class Rewritten(PackTestCase):
    """An archive becomes another one and nobody says so, while its modules are kept or queued."""

    @difference("changed-archive-reread")
    def test_its_new_code_runs(self):
        for value, new in (2, {"m.py": "value = 2\n"}), (3, {"before.txt": "moves it", "m.py": "value = 3\n"}):
            for written in True, False:
                with self.subTest(value, written=written):
                    path = self.make({"m.py": "value = 1\n"}, "a.zip")
                    zipimport._zip_directory_cache.pop(path, None)
                    importer = zipimport.zipimporter(path)
                    self.assertEqual(self.value(importer), 1)
                    if written:
                        self.store.write()
                        self.store.use()
                        self.assertEqual(self.value(importer), 1)
                    self.remake(new)
                    self.assertEqual(self.value(importer), value)

    @difference("changed-archive-reread")
    def test_a_module_that_became_a_package(self):
        importer = zipimport.zipimporter(self.make({"m.py": "value = 1\n"}, "a.zip"))
        self.assertEqual(self.value(importer), 1)
        self.remake({"m/__init__.py": "value = 2\n"})
        self.assertRaisesRegex(zipimport.ZipImportError, "import it again", importer.get_code, "m")
        self.assertEqual(self.value(importer), 2)

    def value(self, importer, name="m"):
        namespace = {}
        exec(importer.get_code(name), namespace)
        return namespace["value"]

    def test_within_a_tick(self):
        """The size stays, often the ctime does too, and the mtime where that is not all there is to go by."""
        path = self.make({"m.py": "value = 0\n"})
        importer = zipimport.zipimporter(path)
        mtime_ns = os.stat(path).st_mtime_ns
        for value in range(10):
            data = zipbuild.build({"m.py": f"value = {value}\n"})
            self.assertIsNotNone(importer.get_code("m"))
            with open(path, "r+b") as file:
                file.write(data)
            if support.STAMPS_PROVE:
                os.utime(path, ns=(mtime_ns, mtime_ns))
            self.assertEqual(self.value(importer), value)

    def test_its_modules_are_of_one_version(self):
        def members(version):
            return {"tk_p/__init__.py": "", "tk_p/core.py": f"value = {version}\n", "tk_p/user.py": f"version = {version}\n"}

        self.make_on_path(members(1))
        self.assertModule("tk_p.core", value=1)
        self.remake(members(2))
        del sys.modules["tk_p"], sys.modules["tk_p.core"]
        self.assertModule("tk_p.core", value=2)
        self.assertModule("tk_p.user", version=2)

    def test_main(self):
        for value in 1, 2:
            self.assertEqual(runpy.run_path(self.make({"__main__.py": f"value = {value}\n"}, "a.zip", age=value))["value"], value)

    def test_gone(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        importer = zipimport.zipimporter(path)
        self.assertEqual(self.value(importer), 1)
        os.remove(path)
        self.assertRaises((ImportError, OSError), importer.get_code, "m")
        self.make({"m.py": "value = 1\n"}, "a.zip")
        self.assertEqual(self.value(zipimport.zipimporter(path)), 1)

    @ours_only("pins")
    def test_a_pinned_archive_is_not_looked_at(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        support.ours.pin(path)
        self.addCleanup(support.ours.unpin, path)
        importer = zipimport.zipimporter(path)
        os.remove(path)
        with stats_delta() as delta:
            self.assertEqual(self.value(importer), 1)
        self.assertEqual((delta.stats, delta.pack_hits), (0, 1))

    @ours_only("counters")
    def test_costs_one_stat_for_each_module(self):
        """On every file system."""
        path = self.keep()
        support.settle(path)
        importer = zipimport.zipimporter(path)
        for _ in range(2):  # the first look may find that the archive was written just before
            with stats_delta() as delta:
                for name in "m", "p", "unused":
                    importer.get_code(name)
        self.assertEqual((delta.pack_hits, delta.stats, delta.opens, delta.parses, delta.invalidations), (3, 3, 0, 0, 0))

    @ours_only("counters")
    def test_leaves_the_table(self):
        path = self.keep({"m.py": "value = 1\n"}, "m")
        importer = zipimport.zipimporter(path)
        table = zipimport._zip_directory_cache[path]
        importer.get_code("m")
        self.assertIs(zipimport._zip_directory_cache[path], table)
        self.remake({"m.py": "value = 22\n", "n.py": ""})
        importer.get_code("m")
        self.assertIn("n.py", zipimport._zip_directory_cache[path])


@ours_only("packs")
class Files(PackTestCase):
    def keep_three(self):
        self.keep()
        self.keep({f"m{i}.py": f"value = {i}\n" for i in range(300)}, *(f"m{i}" for i in range(300)), name="b.zip")
        self.keep({"café.py": "value = 'é'\n"}, "café", name="c.zip")
        self.assertEqual(len(self.packs()), 3)
        return self.packs()

    def test_zipfile_and_stock_accept_every_pack(self):
        for pack in self.keep_three():
            with zipfile.ZipFile(pack) as file:
                self.assertIsNone(file.testzip())
                self.assertEqual({info.compress_type for info in file.infolist()}, {zipfile.ZIP_STORED})
                first = file.namelist()[0]
            importer = support.STOCK_TYPE(pack)
            importer.get_code(first.removesuffix(".pyc"))

    @native_only("unzip is a program")
    def test_native_unzip_accepts_every_pack(self):
        for pack in self.keep_three():
            subprocess.run(["unzip", "-tq", pack], check=True, stdout=subprocess.DEVNULL)

    def test_members_name_their_source(self):
        self.keep({"m.py": "value = 1\n"}, "m")
        with zipfile.ZipFile(self.only_pack()) as pack:
            data = pack.read("m.pyc")
        source = b"value = 1\n"
        self.assertEqual(data[:4], importlib.util.MAGIC_NUMBER)
        self.assertEqual(data[4:16], zipbuild.u32(1, zlib.crc32(source), len(source)))
        self.assertIsInstance(marshal.loads(data[16:]), types.CodeType)

    def test_names_say_what_decides(self):
        path = self.make(MEMBERS)
        name, path_name = support.ours._pack_names(path)
        magic = int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little")
        start = f"z1-p{magic}-o{sys.flags.optimize}-r1-"
        self.assertTrue(name.startswith(start), name)
        self.assertTrue(path_name.startswith(start + "at-"), path_name)
        other, other_path_name = support.ours._pack_names(self.make(MEMBERS, "b.zip"))
        self.assertEqual(other, name)
        self.assertNotEqual(other_path_name, path_name)
        self.assertEqual(support.ours._pack_names(self.path("none.zip"))[0], None)

    @native_only("it needs processes")
    def test_native_optimisation_and_debug_ranges_have_packs_of_their_own(self):
        path = self.make(MEMBERS)
        code = (
            f"import sys; sys.path.insert(0, {os.path.dirname(support.ours.__file__)!r}); import pyodide_zipimport as ours\n"
            f"ours._use_store(None, ''); print(ours._pack_names({path!r})[0][9:15].split('-'))"
        )
        names = {
            subprocess.run([sys.executable, *flags, "-c", code], check=True, capture_output=True, env={**os.environ}).stdout
            for flags in ([], ["-O"], ["-OO"], ["-X", "no_debug_ranges"])
        }
        self.assertEqual(len(names), 4, names)

    def test_a_build_that_cannot_be_in_a_name(self):
        for build in "a/b", "a b", "é", "b" * 65:
            with self.assertRaises(ValueError):
                support.ours._use_store(self.store, build)
        support.ours._use_store(self.store, "b" * 64)

    def test_the_standard_librarys_name_has_the_build(self):
        libraries = [path for path in sys.path if path.endswith(".zip") and os.path.basename(path).startswith("python3")]
        for path in libraries if support.IN_PYODIDE else ():
            self.assertIn("-btest-", support.ours._pack_names(path)[0])


@ours_only("packs")
class Permission(PackTestCase):
    """After -B, or with PYTHONDONTWRITEBYTECODE, what is kept is read, and nothing is to be written."""

    PROGRAM = (
        "import sys, zipimport\n"
        "sys.path[:0] = [{build!r}]\n"
        "import pyodide_zipimport as ours\n"
        "ours.install()\n"
        "class Store:\n"
        "    load = lambda self, name, path_name: {packs!r}\n"
        "    used = lambda *args: None\n"
        "    changed = lambda self: print('changed')\n"
        "print(ours._use_store(Store(), 'test'))\n"
        "importer = zipimport.zipimporter({path!r})\n"
        "for name in 'm', 'unused':\n"
        "    importer.get_code(name)\n"
        "print(ours.stats()['pack_hits'], len(ours._queued_packs()))\n")

    def assertWrites(self, writes, *args, **environment):
        """args: "PROGRAM" stands for the program's text, "FILE" for a file of it."""
        path = self.keep({"m.py": "value = 1\n", "unused.py": ""}, "m") if not self.packs() else self.path("a.zip")
        program = self.PROGRAM.format(build=os.path.dirname(support.ours.__file__), packs=self.packs(), path=path)
        with open(self.path("program.py"), "w") as file:
            file.write(program)
        places = {"PROGRAM": program, "FILE": self.path("program.py")}
        child = subprocess.run([sys.executable, *(places.get(arg, arg) for arg in args)], capture_output=True, text=True,
                               timeout=60, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment})
        self.assertEqual((child.stdout, child.stderr), ("True\nchanged\n1 1\n" if writes else "False\n1 0\n", ""))

    @native_only("there are no processes")
    def test_native_command_lines(self):
        for args in (["-B", "FILE"], ["-uB", "FILE"], ["-Bu", "FILE"], ["-Bc", "PROGRAM"], ["-X", "dev", "-B", "FILE"],
                     ["-Xdev", "-B", "FILE"], ["-W", "ignore", "-sB", "FILE"], ["-Wignore", "-B", "-c", "PROGRAM"],
                     ["--check-hash-based-pycs", "never", "-B", "FILE"], ["-E", "-B", "FILE"]):
            with self.subTest(args):
                self.assertWrites(False, *args)
        for args in (["FILE"], ["FILE", "-B"], ["-c", "PROGRAM", "-B"], ["-uc", "PROGRAM", "-B"], ["-X", "-B", "FILE"],
                     ["-XB", "FILE"], ["-Wdefault", "FILE"], ["--", "FILE", "-B"]):
            with self.subTest(args):
                self.assertWrites(True, *args)

    @native_only("there are no processes")
    def test_native_environment(self):
        self.assertWrites(False, "FILE", PYTHONDONTWRITEBYTECODE="1")
        self.assertWrites(False, "FILE", PYTHONDONTWRITEBYTECODE="x")
        self.assertWrites(True, "FILE", PYTHONDONTWRITEBYTECODE="")
        self.assertWrites(True, "-E", "FILE", PYTHONDONTWRITEBYTECODE="1")
        self.assertWrites(True, "-I", "FILE", PYTHONDONTWRITEBYTECODE="1")

    def test_what_a_program_makes_of_the_command_line(self):
        for arguments in None, 3, [], [""], ["", 3, "-B"], ["", "-", "-B"], ["", "\0", "-B"]:
            self.addCleanup(setattr, sys, "orig_argv", sys.orig_argv)
            sys.orig_argv = arguments
            self.assertIs(support.ours._use_store(self.store, "test"), True)
        for arguments in ["", "-B"], ["", "-X", "\udc80", "-B"]:
            sys.orig_argv = arguments
            self.assertIs(support.ours._use_store(self.store, "test"), False)
        del sys.orig_argv
        self.assertIs(support.ours._use_store(self.store, "test"), True)
        sys.orig_argv = [""]


@ours_only("packs")
class WrongMoment(PackTestCase, AuditTestCase):
    """What fails for the moment is tried again: it does not leave the process without what is kept."""

    def setUp(self):
        super().setUp()
        self.kept = self.keep({"m.py": "value = 1\n", "n.py": "value = 2\n"}, "m", "n")
        self.shown = []
        self.addCleanup(setattr, sys, "unraisablehook", sys.unraisablehook)
        sys.unraisablehook = lambda args: self.shown.append(args.exc_type)

    def fail_once(self, method, error):
        """The store's method raises when it is called next, and not again."""
        right = getattr(self.store, method)

        def fail(*args):
            setattr(self.store, method, right)
            raise error

        setattr(self.store, method, fail)

    def test_load_too_deep_in_the_stack(self):
        self.fail_once("load", RecursionError())
        self.assertValue(self.kept, 1, compiles=1, pack_hits=0)
        self.assertEqual(self.shown, [RecursionError])
        self.assertValue(self.kept, 2, "n", compiles=0, pack_hits=1)

    def test_load_without_memory(self):
        self.fail_once("load", MemoryError())
        self.assertRaises(MemoryError, self.codes, self.kept, "m")
        self.assertValue(self.kept, 1, compiles=0, pack_hits=1)

    def test_load_that_fails_for_good(self):
        self.fail_once("load", ValueError())
        self.assertValue(self.kept, 1, compiles=1, pack_hits=0)
        self.assertValue(self.kept, 2, "n", compiles=1, pack_hits=0)

    def test_changed(self):
        for error in RecursionError(), MemoryError():
            path = self.make({"m.py": "value = 3\n", "n.py": f"value = '{error!r}'\n"}, f"{error!r}.zip")
            self.fail_once("changed", error)
            if isinstance(error, MemoryError):
                self.assertRaises(MemoryError, self.codes, path, "m")
            else:
                self.codes(path, "m")
            before = self.store.changes
            self.codes(path, "n")
            self.assertEqual(self.store.changes, before + 1)
            self.store.write()

    def test_used(self):
        self.codes(self.kept, "m")
        for error in RecursionError(), MemoryError():
            other = self.make({"m.py": "value = 1\n", "n.py": "value = 2\n"}, f"{error!r}.zip")
            [path_name] = {support.ours._pack_names(other)[1]}
            self.fail_once("used", error)
            if isinstance(error, MemoryError):
                self.assertRaises(MemoryError, self.codes, other, "m")
            else:
                self.codes(other, "m")
            self.assertNotIn(path_name, self.store.paths)
            self.assertValue(other, 2, "n", compiles=0, pack_hits=1)
            self.assertIn(path_name, self.store.paths)

    def test_no_descriptor_for_a_pack_file(self):
        for number in errno.EMFILE, errno.ENFILE, errno.ENOMEM:
            self.store.use()
            self.call_on_open(functools.partial(self.refuse_packs, number), once=False)
            self.assertValue(self.kept, 1, compiles=1, pack_hits=0)
            self.call_on_open(lambda path: None)
            self.assertValue(self.kept, 2, "n", compiles=0, pack_hits=1)
            support.ours._forget_packs()

    def test_a_pack_file_that_may_not_be_read(self):
        self.call_on_open(functools.partial(self.refuse_packs, errno.EACCES), once=False)
        self.assertValue(self.kept, 1, compiles=1, pack_hits=0)
        self.call_on_open(lambda path: None)
        self.assertValue(self.kept, 2, "n", compiles=1, pack_hits=0)

    def refuse_packs(self, number, path):
        if path.startswith(self.store.folder):
            raise OSError(number, "not now")


@ours_only("packs")
class Writing(PackTestCase):
    def writer(self, *others):
        [(name, _, _)] = support.ours._queued_packs()
        return support.ours._write_pack(name, self.path("new.zip"), others)

    def finish(self, writer):
        while not writer.step(1000):
            pass
        return writer.finish()

    def test_step_by_step(self):
        path = self.make(MEMBERS)
        self.codes(path, *NAMES)
        writer = self.writer()
        self.assertFalse(writer.step(0))
        with self.assertRaises(ValueError):
            writer.finish()
        crc, nbytes, members = self.finish(writer)
        self.assertEqual((nbytes, members), (os.path.getsize(self.path("new.zip")), 4))
        with self.assertRaises(ValueError):
            writer.step(1)
        with self.assertRaises(ValueError):
            writer.finish()

    def test_a_null_character_ends_no_path(self):
        self.codes(self.make(MEMBERS), "m")
        [(name, _, _)] = support.ours._queued_packs()
        for path, others in ("cut\0here", ()), ("cut", [self.path("other\0.zip")]):
            with self.assertRaisesRegex(ValueError, "embedded null character"):
                support.ours._write_pack(name, self.path(path), others)
        self.assertFalse(os.path.exists(self.path("cut")))
        writer = self.writer()
        self.finish(writer)
        with self.assertRaisesRegex(ValueError, "embedded null character"):
            writer.commit(self.path("new.zip\0"))
        writer.commit(self.path("new.zip"))

    @native_only("there are no processes")
    def test_native_the_time_of_a_step_is_no_matter_of_the_clock_on_the_wall(self):
        """That one stands still, and the other moves on by a millisecond whenever it is looked at."""
        program = (
            "import itertools, sys, time\n"
            "tick = itertools.count(0, 1000000)\n"
            "time.time_ns, time.perf_counter_ns = lambda: 10**18, lambda: next(tick)\n"
            f"sys.path[:0] = [{os.path.dirname(__file__)!r}, {os.path.dirname(support.ours.__file__)!r}]\n"
            "import zipimport, pyodide_zipimport as ours\n"
            "ours.install()\n"
            f"class Store:\n load = lambda *_: ()\n used = changed = lambda *_: None\n"
            "ours._use_store(Store(), 'test')\n"
            f"importer = zipimport.zipimporter({self.make({f'm{i}.py': '' for i in range(9)})!r})\n"
            "for i in range(9): importer.get_code(f'm{i}')\n"
            f"writer = ours._write_pack(ours._queued_packs()[0][0], {self.path('new.zip')!r}, ())\n"
            "steps = 1\n"
            "while not writer.step(3): steps += 1\n"
            "print(steps)\n")
        output = subprocess.run([sys.executable, "-E", "-c", program], capture_output=True, text=True, timeout=60)
        self.assertEqual((output.stdout, output.stderr), ("7\n", ""))

    def test_what_is_queued_meanwhile_stays_queued(self):
        path = self.make(MEMBERS)
        self.codes(path, "m")
        writer = self.writer()
        self.codes(path, "p")
        self.finish(writer)
        writer.commit(self.path("new.zip"))
        self.assertEqual([count for _, _, count in support.ours._queued_packs()], [1])
        with stats_delta() as delta:
            self.codes(path, "m", "p")
        self.assertEqual((delta.compiles, delta.pack_hits), (0, 2))

    def test_given_up_halfway_nothing_is_lost(self):
        path = self.make(MEMBERS)
        self.codes(path, *NAMES)
        writer = self.writer()
        writer.step(0)
        del writer
        self.assertEqual([count for _, _, count in support.ours._queued_packs()], [4])

    def test_what_is_no_pack_cannot_be_committed(self):
        path = self.make(MEMBERS)
        self.codes(path, "m")
        writer = self.writer()
        self.finish(writer)
        self.write(b"no archive", "other.zip")
        for name in "other.zip", "missing.zip":
            with self.assertRaises(OSError):
                writer.commit(self.path(name))
        self.assertEqual([count for _, _, count in support.ours._queued_packs()], [1])
        writer.commit(self.path("new.zip"))
        self.assertEqual(support.ours._queued_packs(), [])

    def test_where_nothing_can_be_written(self):
        path = self.make(MEMBERS)
        self.codes(path, "m")
        [(name, _, _)] = support.ours._queued_packs()
        with self.assertRaises(OSError):
            support.ours._write_pack(name, self.path("no/such/folder.zip"), ())
        self.assertEqual([count for _, _, count in support.ours._queued_packs()], [1])

    def test_packs_of_two_processes_become_one(self):
        path = self.keep(MEMBERS, "m")
        first = self.only_pack()
        with open(first, "rb") as file:
            kept = file.read()
        os.remove(first)
        self.codes(path, "p")
        [second] = self.store.write()
        self.write(kept, "first.zip")
        self.codes(path, "unused")
        writer = self.writer(self.path("first.zip"), second, self.path("missing.zip"))
        self.finish(writer)
        with zipfile.ZipFile(self.path("new.zip")) as pack:
            self.assertEqual(sorted(pack.namelist()), ["m.pyc", "p/__init__.pyc", "unused.pyc"])

    def test_what_the_archive_no_longer_has_is_dropped(self):
        self.keep()
        path = self.remake({"m.py": MEMBERS["m.py"], "new.py": "value = 3\n"})
        support.ours.invalidate(path)
        self.codes(path, "new")
        [pack] = self.store.write()
        with zipfile.ZipFile(pack) as file:
            self.assertEqual(sorted(file.namelist()), ["m.pyc", "new.pyc"])

    def test_of_a_name_that_is_none(self):
        self.assertIsNone(support.ours._write_pack("z1-nobody", self.path("new.zip"), ()))

    def test_forgetting(self):
        path = self.keep(MEMBERS, "m", "p")
        self.codes(path, "m", "unused")
        name, _ = support.ours._pack_names(path)
        support.ours._forget_packs(name)
        with stats_delta() as delta:
            self.codes(path, "m", "unused")
        self.assertEqual((delta.compiles, delta.pack_hits), (2, 0))
        support.ours._forget_packs()
        self.assertEqual(support.ours._queued_packs(), [])

    def test_loading_once_more_what_came_late(self):
        path = self.keep(MEMBERS, "m", "p")
        name, _ = support.ours._pack_names(path)
        load, self.store.load = self.store.load, lambda name, path_name: []
        with stats_delta() as delta:
            self.codes(path, "m", "unused")
        self.assertEqual((delta.compiles, delta.pack_loads), (2, 0))
        self.store.load = load
        with stats_delta() as delta:
            self.codes(path, "p")
        self.assertEqual((delta.compiles, delta.pack_loads), (1, 0))  # it was asked, and is not asked again
        support.ours._reload_pack(name)
        with stats_delta() as delta:
            self.codes(path, "m", "unused", "p")
        self.assertEqual((delta.compiles, delta.pack_hits, delta.pack_loads), (0, 3, 1))
        [(_, _, queued)] = support.ours._queued_packs()
        self.assertEqual(queued, 3)
        support.ours._reload_pack("z1-nobody")
        with self.assertRaises(TypeError):
            support.ours._reload_pack(None)


if __name__ == "__main__":
    unittest.main()
