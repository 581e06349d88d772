"""Runs test suites of packages, and says what each of their tests did, by name."""

import contextlib
import importlib
import io
import os
import re
import tarfile
import unittest
import zipfile


class Outcomes:
    """A plugin of pytest: what came of each test, and of each file that could not be collected."""

    def __init__(self):
        self.of = {}
        self.details = {}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.note(report)

    def pytest_collectreport(self, report):
        if report.outcome != "passed":
            self.note(report)

    def note(self, report):
        outcome = "xfailed" if hasattr(report, "wasxfail") else report.outcome
        self.of[report.nodeid] = outcome
        if outcome == "failed":
            self.details[report.nodeid] = report.longreprtext


def run_pytest(arguments):
    """What came of each test, the text of each failure, and pytest's exit code."""
    import pytest

    outcomes = Outcomes()
    with contextlib.redirect_stdout(io.StringIO()):
        # Else it writes to a file that is removed already, which 0.27.8 cannot cut short.
        code = pytest.main(["-q", "--color=no", "--capture=sys", *arguments], plugins=[outcomes])
    return outcomes.of, outcomes.details, int(code)


class Result(unittest.TestResult):
    """What came of each test; a subtest that fails fails its test, and has a text of its own."""

    def __init__(self):
        super().__init__()
        self.of = {}
        self.details = {}

    def startTest(self, test):
        super().startTest(test)
        self.of[test.id()] = "passed"

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.of[test.id()] = "failed"
        self.details[test.id()] = self.failures[-1][1]

    def addError(self, test, error):
        super().addError(test, error)
        self.of[test.id()] = "failed"
        self.details[test.id()] = self.errors[-1][1]

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.of[test.id()] = "failed"
            self.details[subtest.id()] = str(error[1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if not hasattr(test, "test_case"):
            self.of[test.id()] = "skipped"

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self.of[test.id()] = "xfailed"

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.of[test.id()] = "failed"


def run_unittest(folder):
    """What came of each test below a folder, which is the current one meanwhile, and the text of each failure."""
    before = os.getcwd()
    os.chdir(folder)
    result = Result()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            unittest.defaultTestLoader.discover(folder).run(result)
    finally:
        os.chdir(before)
    return result.of, result.details, int(not result.wasSuccessful())


def pack_sources(sources):
    """A zip of a source distribution; what links lead to is in their place."""
    packed = io.BytesIO()
    with tarfile.open(sources) as opened, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in opened:
            _, _, name = member.name.partition("/")
            if not member.isdir():
                archive.writestr(name, opened.extractfile(member).read())
    return packed.getvalue()


def without_places(text, root):
    """The text less what differs from one run to the next: where files and objects lie."""
    return re.sub(r"\b0x[0-9a-f]+", "<address>", text.replace(root, "<root>"))


def files_below(folder):
    return sorted(os.path.join(each, name)[len(folder) + 1 :] for each, _, names in os.walk(folder) for name in names)
