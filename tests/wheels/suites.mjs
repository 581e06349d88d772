// Which test suites are run, mounted and unpacked: what each needs, and how it is started.

const PYTEST = ["pytest", "pluggy", "iniconfig", "packaging", "pygments"];

/** A suite in an archive: a conftest.py, a module whose assertions are rewritten too, a file read, a test of each kind. */
const OWN = {
  "own_suite/__init__.py": "",
  "own_suite/data.txt": "read from its file",
  "own_suite/helper.py": `
def check(value):
    assert value == {"one": 1, "two": [2, 22]}
`,
  "own_suite/conftest.py": `
import pathlib
import pytest

pytest.register_assert_rewrite("own_suite.helper")

@pytest.fixture
def text():
    return pathlib.Path(__file__).with_name("data.txt").read_text()
`,
  "own_suite/test_outcomes.py": `
import pytest

def test_passes(text):
    assert text == "read from its file"

@pytest.mark.parametrize("number", [1, 2])
def test_each(number):
    assert number != 2, "a message"

def test_introspection():
    found = {"one": 1, "two": [2, 3]}
    assert found == {"one": 1, "two": [2, 22]}

def test_of_another_module():
    from own_suite import helper
    helper.check({"one": 1})

@pytest.mark.skip(reason="a reason")
def test_skipped():
    pass

@pytest.mark.xfail
def test_expected_to_fail():
    assert len("abc") == 4
`,
};

/** They start processes, or expect the number that Linux has for a missing file. */
const DOCUTILS_FAILING = [
  "test_parsers.test_rst.test_directives.test_include.ParserTestCase.test_parser",
  "test_parsers.test_rst.test_directives.test_raw.ParserTestCase.test_parser",
  "test_parsers.test_rst.test_directives.test_tables.ParserTestCase.test_parser",
  "test_writers.test_html5_polyglot.Html5WriterPublishPartsTestCase.test_publish",
  "test_writers.test_latex2e_parts.LaTeXWriterPublishPartsTestCase.test_publish_parts",
  ...[
    ...["basic", "classifier", "contents", "custom_headfoot", "footnotes", "header_footer"],
    ...["image", "literal_block", "nested_class", "raw", "tables1"],
  ].map((name) => `test_writers.test_odt.DocutilsOdtTestCase.test_odt_${name}`),
];

/**
 * @typedef {object} Suite
 * @property {string[]} [projects] of which the wheels are placed
 * @property {Record<string, string>} [made] members of an archive that is made for it
 * @property {string} [sources] a source distribution, which is placed as a zip
 * @property {string} run an expression of suites.py; `root` is where the archives lie
 * @property {Record<string, number>} counts of tests on the newest release, by what came of them
 * @property {string[]} failing those that fail, wherever they are run
 */

/** @type {Record<string, Suite>} */
export const SUITES = {
  own: {
    projects: PYTEST,
    made: OWN,
    run: 'run_pytest(["--pyargs", "own_suite"]), files_below(f"{root}/own.zip")',
    counts: { passed: 2, failed: 3, skipped: 1, xfailed: 1 },
    failing: ["test_each[2]", "test_introspection", "test_of_another_module"].map(
      (name) => `test_outcomes.py::${name}`,
    ),
  },
  networkx: {
    projects: [...PYTEST, "networkx"],
    run: 'run_pytest(["--pyargs", "networkx.classes", "networkx.utils"]), files_below(f"{root}/networkx-3.7-py3-none-any.whl")',
    counts: { passed: 1606, failed: 1, skipped: 20 },
    failing: ["tests/test_decorators.py::TestArgmap::test_lazy_compile_thread_safety"], // it starts threads
  },
  docutils: {
    sources: "build/wheels-sources/docutils-0.23.tar.gz",
    run: 'run_unittest(f"{root}/docutils.zip/test"), files_below(f"{root}/docutils.zip")',
    counts: { passed: 446, failed: 16, skipped: 6 },
    failing: DOCUTILS_FAILING,
  },
};
