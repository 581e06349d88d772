"""Run CPython's own test-suites in this interpreter and write what each test did.

Used natively as a script (`python3 suites.py TREE REPORT [install]`) and inside Pyodide by calling
main(). The report is a file of JSON lines, flushed one by one, so that a crash of the interpreter
names the test it happened in:

    {"suite": S, "id": T, "status": "running"}                  before each test
    {"suite": S, "id": T, "status": R, "why": W}                when it is over
    {"finished": true, "importer": M, "stats": {...} | null}    last; without it the process died

R is "ok", "failed", "skipped", and, of tests that are marked as known to fail, "expected failure"
and "unexpected success". A test is failed if any part of it (a subtest, its clean-up) did not pass.
W is the line of the traceback that names the exception, or the reason for skipping.
"""

import glob
import importlib
import json
import os
import posix
import sys
import types
import unittest

# Row of the table -> test modules, as patterns below test/. 3.11 keeps the resource tests, and 3.11
# and 3.12 the metadata tests, directly in test_importlib; a pattern that a version does not have
# matches nothing there.
SUITES = {
    "zipimport": ["test_zipimport"],
    "zipimport_support": ["test_zipimport_support"],
    "pkgutil": ["test_pkgutil"],
    "runpy": ["test_runpy"],
    "zipapp": ["test_zipapp"],
    "namespace": ["test_importlib/test_namespace_pkgs"],
    "resources": [
        "test_importlib/resources/test_*",
        "test_importlib/test_compatibilty_files",
        "test_importlib/test_contents",
        "test_importlib/test_files",
        "test_importlib/test_open",
        "test_importlib/test_path",
        "test_importlib/test_read",
        "test_importlib/test_reader",
        "test_importlib/test_resource",
    ],
    "metadata": [
        "test_importlib/metadata/test_*",
        "test_importlib/test_main",
        "test_importlib/test_metadata_api",
        "test_importlib/test_zip",
    ],
    "importlib": [
        *(f"test_importlib/test_{name}" for name in ("abc", "api", "lazy", "pkg_import", "spec", "util")),
        "test_importlib/frozen/test_*",
        "test_importlib/import_/test_*",
        "test_importlib/source/test_*",
    ],
    "inspect": ["test_inspect", "test_inspect/test_inspect"],
}

# The first writes a 4 GiB archive: in Pyodide its own seek overflows (OverflowError, before any
# importer is asked). 3.11, the native version, does not have it. The second overflows Pyodide
# 0.29's stack, whatever the importer.
LEFT_OUT = ("testZip64LargeFile", "test_malicious_relative_import")

# C modules made only for CPython's tests. Pyodide has none of them; test_importlib's helpers need
# them to be importable, not to do anything.
STAND_INS = ("_testsinglephase", "_testmultiphase")


def modules_of(tree, patterns):
    """Dotted names of the test modules below `tree` that the patterns match."""
    root = os.path.join(tree, "test")
    names = []
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(root, pattern + ".py"))):
            names.append("test." + os.path.relpath(path, root)[:-3].replace(os.sep, "."))
    return names


def without_left_out(tests):
    """The same tests, in the same nesting (class fixtures go by it), less those LEFT_OUT names."""
    kept = unittest.TestSuite()
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without_left_out(test))
        elif test.id().rpartition(".")[2] not in LEFT_OUT:
            kept.addTest(test)
    return kept


def load(name, report):
    """The tests of a module; one that does not import is itself a failed test, or a skipped one."""
    try:
        module = importlib.import_module(name)
    except unittest.SkipTest as skip:
        report.write(suite=report.suite, id=name, status="skipped", why=str(skip))
    except Exception:
        report.write(suite=report.suite, id=name, status="failed", why=last_line(sys.exc_info()))
    else:
        return without_left_out(unittest.defaultTestLoader.loadTestsFromModule(module))
    return unittest.TestSuite()


class Report(unittest.TestResult):
    """Writes one status per test when the test is over.

    One object per test module: unittest remembers on it which fixtures are set up.
    """

    def __init__(self, suite, file):
        super().__init__()
        self.suite = suite
        self.file = file
        self.seen = {}
        self.current = None

    def write(self, **line):
        print(json.dumps(line), file=self.file, flush=True)

    def key(self, test):
        """The test's id; a number is added where several tests share it."""
        name = test.id()
        count = self.seen[name] = self.seen.get(name, 0) + 1
        return name if count == 1 else f"{name} ({count})"

    def record(self, test, status, why=None):
        if self.current is None:  # a fixture of a class or module: no test has started
            self.write(suite=self.suite, id=self.key(test), status=status, why=why)
        elif self.current["status"] != "failed":  # the first failure is the one to show
            self.current.update(status=status, why=why)

    def startTest(self, test):
        super().startTest(test)
        self.current = {"suite": self.suite, "id": self.key(test), "status": "ok", "why": None}
        self.write(suite=self.suite, id=self.current["id"], status="running")

    def stopTest(self, test):
        super().stopTest(test)
        self.write(**self.current)
        self.current = None

    def addError(self, test, err):
        self.record(test, "failed", last_line(err))

    def addFailure(self, test, err):
        self.record(test, "failed", last_line(err))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.record(test, "failed", f"{subtest._subDescription()}: {last_line(err)}")

    def addSkip(self, test, reason):
        self.record(test, "skipped", reason)

    def addExpectedFailure(self, test, err):
        self.record(test, "expected failure", last_line(err))

    def addUnexpectedSuccess(self, test):
        self.record(test, "unexpected success")


def last_line(err):
    kind, value, _ = err
    lines = str(value).strip().splitlines()
    return f"{kind.__name__}: {lines[0]}" if lines else kind.__name__


def add_stand_ins():
    for name in STAND_INS:
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = types.ModuleType(name)


def keep_packs(module, folder):
    """What a page's JavaScript does in Pyodide: keeps what is compiled, and takes what was kept."""
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
    import packstore
    import support

    support.ours = module
    posix.environ.pop(b"PYTHONDONTWRITEBYTECODE", None)
    store = packstore.FolderStore(folder)
    store.use()
    return store


def main(tree, report_path, module=None, suites=tuple(SUITES)):
    """Run these suites. `module` is the installed pyodide_zipimport, None for the stock importer."""
    import zipimport

    sys.path.insert(0, tree)
    add_stand_ins()
    importer = zipimport.zipimporter.__mro__[1].__module__ if module else "stock"
    if module and zipimport.zipimporter is not module.zipimporter:
        raise RuntimeError("not installed: zipimport.zipimporter is another class")

    with open(report_path, "w", encoding="utf-8") as file:
        for suite in suites:
            for name in modules_of(tree, SUITES[suite]):
                report = Report(suite, file)
                load(name, report).run(report)
                # 3.12's resource and metadata tests each import a module of this name, from
                # folders that they then remove.
                sys.modules.pop("mod", None)
        report.write(finished=True, importer=importer, stats=module and dict(module.stats()))


if __name__ == "__main__":
    installed = None
    if sys.argv[3:] == ["install"]:
        import pyodide_zipimport as installed

        installed.install()
        store = keep_packs(installed, os.environ["PACKS"])
    main(sys.argv[1], sys.argv[2], installed)
    if installed:
        store.write()
