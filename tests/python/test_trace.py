"""trace(): one record for each module that an importer of ours executes, and nothing while it is off."""

import importlib
import importlib.util
import os
import sys
import zipimport

import support
from packstore import FolderStore
from support import ZipTestCase, make_pyc, ours_only

PAUSE = 0.02
ROUNDING = 0.001  # milliseconds: differences of times have been added up
MEMBERS = {
    "outer.py": f"import time\nfrom inner import value\ntime.sleep({PAUSE})\n",
    "inner.py": f"import time\nvalue = 1\ntime.sleep({PAUSE})\n",
    "failing.py": "import inner\nraise ValueError('failing')\n",
    "catching.py": "try:\n    import failing\nexcept ValueError:\n    pass\n",
    "kept.pyc": make_pyc("value = 2\n"),
    "package/__init__.py": "from . import part\n",
    "package/part.py": "",
}
NAMES = "outer", "inner", "failing", "catching", "kept", "package", "package.part"


@ours_only("trace()")
class Trace(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make(MEMBERS)
        sys.path.insert(0, self.archive)
        self.addCleanup(sys.path.remove, self.archive)
        self.addCleanup(self.forget)
        self.addCleanup(support.ours.set_tracing, False)

    def forget(self):
        for name in NAMES:
            sys.modules.pop(name, None)

    def traced(self, *names):
        support.ours.set_tracing(True)
        try:
            for name in names:
                importlib.import_module(name)
            return {record["name"]: record for record in support.ours.trace()}
        finally:
            support.ours.set_tracing(False)

    def test_a_record_for_each_module_in_the_order_in_which_they_end(self):
        support.ours.set_tracing(True)
        importlib.import_module("outer")
        importlib.import_module("package")
        records = support.ours.trace()
        self.assertEqual([record["name"] for record in records], ["inner", "outer", "package.part", "package"])
        for record in records:
            self.assertEqual(sorted(record), ["archive", "bytes", "name", "origin", "own", "start", "total"])
            self.assertEqual(record["archive"], self.archive)

    def test_where_code_came_from_and_its_bytes(self):
        store = FolderStore(self.path("store"))
        store.use()
        self.addCleanup(store.leave)
        first = self.traced("outer", "kept")
        self.assertEqual({name: (each["origin"], each["bytes"]) for name, each in first.items()}, {
            "outer": ("compiled", len(MEMBERS["outer.py"])),
            "inner": ("compiled", len(MEMBERS["inner.py"])),
            "kept": ("pyc", len(MEMBERS["kept.pyc"])),
        })
        store.write()
        store.use()
        self.forget()
        second = self.traced("outer", "kept")
        self.assertEqual({name: each["origin"] for name, each in second.items()}, {"outer": "pack", "inner": "pack", "kept": "pyc"})
        self.assertEqual(second["outer"]["bytes"], len(make_pyc(MEMBERS["outer.py"], os.path.join(self.archive, "outer.py"))))

    def test_own_time_is_without_what_was_imported(self):
        records = self.traced("outer")
        outer, inner = records["outer"], records["inner"]
        self.assertGreaterEqual(inner["own"] + ROUNDING, PAUSE * 1000)  # a sleep is never shorter
        self.assertGreaterEqual(outer["own"] + ROUNDING, PAUSE * 1000)
        self.assertEqual(inner["own"], inner["total"])
        self.assertAlmostEqual(outer["own"] + inner["total"], outer["total"], places=3)
        self.assertGreaterEqual(inner["start"], outer["start"])
        self.assertLessEqual(inner["start"] + inner["total"], outer["start"] + outer["total"] + ROUNDING)

    def test_a_module_that_raises_has_no_record_and_its_exception_is_its_own(self):
        support.ours.set_tracing(True)
        with self.assertRaisesRegex(ValueError, "failing"):
            importlib.import_module("failing")
        self.assertEqual([record["name"] for record in support.ours.trace()], ["inner"])
        self.forget()
        records = self.traced("catching")
        self.assertEqual(sorted(records), ["catching", "inner"])
        self.assertGreaterEqual(records["catching"]["total"] + ROUNDING, records["catching"]["own"] + records["inner"]["total"])

    def test_another_loader_s_modules_count_within_the_importer(self):
        folder = self.path("folder")
        os.mkdir(folder)
        with open(os.path.join(folder, "from_a_folder.py"), "w") as file:
            file.write(f"import time\ntime.sleep({PAUSE})\n")
        sys.path.append(folder)
        self.addCleanup(sys.path.remove, folder)
        self.addCleanup(sys.modules.pop, "from_a_folder", None)
        path = self.make({"importing.py": "import from_a_folder\n"}, "b.zip")
        sys.path.append(path)
        self.addCleanup(sys.path.remove, path)
        self.addCleanup(sys.modules.pop, "importing", None)
        records = self.traced("importing")
        self.assertEqual(list(records), ["importing"])
        self.assertGreaterEqual(records["importing"]["own"] + ROUNDING, PAUSE * 1000)

    def test_a_subclass_that_has_its_own_code(self):
        class Importer(zipimport.zipimporter):
            def get_code(self, fullname):
                return compile("value = 'own'", "own", "exec")

        importer = Importer(self.archive)
        spec = importer.find_spec("inner")
        module = importlib.util.module_from_spec(spec)
        support.ours.set_tracing(True)
        importer.exec_module(module)
        [record] = support.ours.trace()
        self.assertEqual((module.value, record["origin"], record["bytes"]), ("own", "other", 0))

    def test_off_it_costs_nothing(self):
        method = zipimport.zipimporter.exec_module
        support.ours.set_tracing(True)
        self.assertIsNot(zipimport.zipimporter.exec_module, method)
        support.ours.set_tracing(False)
        self.assertIs(zipimport.zipimporter.exec_module, method)
        self.assertNotIn("exec_module", vars(zipimport.zipimporter))
        before = support.ours.trace()
        importlib.import_module("inner")
        self.assertEqual(support.ours.trace(), before)

    def test_turned_on_again_it_begins_a_new_list(self):
        self.traced("inner")
        self.assertEqual(len(support.ours.trace()), 1)
        support.ours.set_tracing(True)
        self.assertEqual(support.ours.trace(), [])
        importlib.import_module("kept")
        support.ours.set_tracing(True)  # on already: nothing begins
        self.assertEqual([record["name"] for record in support.ours.trace()], ["kept"])

    def test_uninstall_turns_it_off_and_forgets(self):
        support.ours.set_tracing(True)
        importlib.import_module("inner")
        support.ours.uninstall()
        try:
            self.assertEqual(support.ours.trace(), [])
        finally:
            support.ours.install()
        importlib.import_module("kept")
        self.assertEqual(support.ours.trace(), [])
        self.assertEqual(list(self.traced("package")), ["package.part", "package"])

    def test_what_is_returned_is_a_copy(self):
        support.ours.set_tracing(True)
        importlib.import_module("inner")
        support.ours.trace().clear()
        self.assertEqual(len(support.ours.trace()), 1)

    def test_turned_on_or_off_by_a_module_that_is_being_imported(self):
        path = self.make({
            "turns_on.py": "import pyodide_zipimport\npyodide_zipimport.set_tracing(True)\nimport inner\n",
            "turns_off.py": "import pyodide_zipimport\nimport inner\npyodide_zipimport.set_tracing(False)\n",
        }, "b.zip")
        sys.path.append(path)
        self.addCleanup(sys.path.remove, path)
        self.addCleanup(sys.modules.pop, "turns_on", None)
        self.addCleanup(sys.modules.pop, "turns_off", None)
        importlib.import_module("turns_on")
        support.ours.set_tracing(False)
        self.assertEqual([record["name"] for record in support.ours.trace()], ["inner"])
        self.forget()
        self.assertEqual(list(self.traced("turns_off")), ["inner", "turns_off"])

    def test_reading_switches_nothing_and_switching_reads_nothing(self):
        self.assertIsNone(support.ours.set_tracing(True))
        importlib.import_module("inner")
        self.assertEqual(len(support.ours.trace()), 1)
        importlib.import_module("kept")
        self.assertEqual(len(support.ours.trace()), 2)
        self.assertIsNone(support.ours.set_tracing(False))
        with self.assertRaises(TypeError):
            support.ours.trace(on=True)
        self.assertNotIn("exec_module", vars(zipimport.zipimporter))

    def test_switched_by_what_is_true_or_false_and_unchanged_by_what_says_neither(self):
        class Neither:
            def __bool__(self):
                raise ValueError("neither")

        support.ours.set_tracing([1])
        with self.assertRaisesRegex(ValueError, "neither"):
            support.ours.set_tracing(Neither())
        importlib.import_module("inner")
        support.ours.set_tracing([])
        self.assertEqual([record["name"] for record in support.ours.trace()], ["inner"])
