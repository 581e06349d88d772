"""Runs the Python-level tests against one importer: python3 run.py --importer stock|ours [--packs FOLDER] [--counts FILE] [--failfast] [pattern ...]

A pattern is a substring of a test's id ("test_members", "test_members.Stored.test_reads"); without one, every test runs.
The last line printed is "N passed, N failed, N skipped". Works as it is on CPython and inside Pyodide (import run; run.main([...])).
"""

import argparse
import importlib
import json
import os
import posix
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def main(argv):
    """Runs what argv asks for and returns the exit code: 0, or 1 when a test failed or none ran."""
    options = parse(argv)
    # Whoever runs the tests may keep Python from writing; what that means has tests of its own.
    posix.environ.pop(b"PYTHONDONTWRITEBYTECODE", None)
    if HERE not in sys.path:
        sys.path.insert(0, HERE)
    import support

    ours = import_ours() if options.importer == "ours" else None
    if ours:
        ours.uninstall()  # JavaScript's install() may have been there before
    support.remember_session()
    if ours:
        ours.install()
        support.ours = ours
    kept = False
    if options.packs:
        import packstore

        packstore.base = packstore.FolderStore(options.packs)
        kept = bool(os.listdir(options.packs))
        packstore.base.use()
    # The first call imports importlib.metadata; no counter of a test may see that.
    importlib.invalidate_caches()

    suite = unittest.TestSuite()
    for test in all_tests():
        if not options.patterns or any(pattern in test.id() for pattern in options.patterns):
            suite.addTest(test)
    before = ours.stats() if ours else {}
    counts = run(suite, options.failfast)
    if options.packs:
        packstore.base.write()
        counts["packs_found"] = packstore.base.found
        print("packs: {} found, {} modules from them, {} compiled".format(
            packstore.base.found, *(ours.stats()[name] - before[name] for name in ("pack_hits", "compiles"))))
        if kept and not packstore.base.found and not options.patterns:
            print("FAIL none of the packs that an earlier run has kept was used")
            counts["failed"] += 1
    if options.counts:
        with open(options.counts, "w", encoding="utf-8") as file:
            json.dump({"importer": options.importer, "python": sys.version.split()[0], **counts}, file)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] or not counts["passed"] else 0


def parse(argv):
    parser = argparse.ArgumentParser(prog="run.py")
    parser.add_argument("--importer", choices=("stock", "ours"), default="ours")
    parser.add_argument("--packs", metavar="FOLDER", help="keep bytecode packs there; a second run finds those of the first")
    parser.add_argument("--counts", metavar="FILE", help="write the counts to FILE as JSON")
    parser.add_argument("--failfast", action="store_true", help="stop at the first test that fails")
    parser.add_argument("patterns", nargs="*", help="substrings of test ids")
    return parser.parse_args(argv)


def import_ours():
    """The extension module: already there in Pyodide, natively from the build folder unless another is on sys.path."""
    try:
        import pyodide_zipimport
    except ImportError:
        sys.path.insert(0, os.environ.get("PYODIDE_ZIPIMPORT_BUILD", os.path.join(ROOT, "build", "native")))
        import pyodide_zipimport
    return pyodide_zipimport


def all_tests():
    """Every test of the test_*.py beside this file, one by one."""
    loader = unittest.TestLoader()
    suites = []
    for name in sorted(os.listdir(HERE)):
        if name.startswith("test_") and name.endswith(".py"):
            suites.append(loader.loadTestsFromModule(importlib.import_module(name[:-3])))
    while suites:
        for item in suites.pop(0):
            if isinstance(item, unittest.TestSuite):
                suites.append(item)
            else:
                yield item


def run(suite, failfast=False):
    """Runs the tests, prints the ones that failed with their tracebacks, and counts tests (not subtests)."""
    result = Result()
    result.failfast = failfast
    suite.run(result)
    for test, text in result.errors + result.failures:
        print("FAIL", getattr(test, "test_case", test).id(), getattr(test, "_subDescription", str)() or "")
        print(text)
    for test in result.unexpectedSuccesses:
        print("FAIL", test.id(), "is a declared difference, yet stock passes it on this version")
    for test, text in result.expectedFailures if os.environ.get("SHOW_DIFFERENCES") else ():
        print("DIFFERENCE", test.id(), text.strip().splitlines()[-1])
    failed = {getattr(test, "test_case", test).id() for test, _ in result.errors + result.failures}
    failed |= {test.id() for test in result.unexpectedSuccesses}
    skipped = {test.id() for test, _ in result.skipped}
    return {
        "passed": result.testsRun - len(failed & result.started) - len(skipped - failed),
        "failed": len(failed),
        "skipped": len(skipped - failed),
    }


class Result(unittest.TestResult):
    """Remembers which tests started, so that a failing class or module set-up is not subtracted from them."""

    def __init__(self):
        super().__init__()
        self.started = set()

    def startTest(self, test):
        super().startTest(test)
        self.started.add(test.id())
        if os.environ.get("SHOW_TESTS"):
            print(test.id(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
