"""For pytest over micropip's own tests: takes those that run in Pyodide, and writes what became of each.

The file that MICROPIP_OUTCOMES names gets {"outcomes": {test: outcome}, "shown": how many packages were
shown instead of unpacked}.
"""

import json
import os

import pytest

IN_PYODIDE = "selenium_standalone_micropip"
COUNT_SHOWN = "return pyodide.zipimport?.stats().packages.mounted.length ?? 0"

outcomes = {}
shown = 0


def pytest_collection_modifyitems(config, items):
    others = [each for each in items if IN_PYODIDE not in each.fixturenames]
    items[:] = [each for each in items if IN_PYODIDE in each.fixturenames]
    config.hook.pytest_deselected(items=others)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    global shown
    pyodide = item.funcargs.get(IN_PYODIDE)
    if pyodide:
        shown += int(pyodide.run_js(COUNT_SHOWN))


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        outcomes[report.nodeid] = report.outcome


def pytest_sessionfinish():
    with open(os.environ["MICROPIP_OUTCOMES"], "w", encoding="utf-8") as file:
        json.dump({"outcomes": outcomes, "shown": shown}, file)
