// Test suites, run in a mount and run unpacked: every test does the same, with the same text where it fails, and the
// same files are there afterwards. `make test` has a small one that pytest runs, with rewritten assertions; the
// whole matrix pytest over networkx, and docutils' own.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { isFull, newest, oldAndNew, versions } from "../matrix.mjs";
import { projectPath } from "../pyodide/harness.mjs";
import { runScript } from "./run.mjs";
import { SUITES } from "./suites.mjs";

const FOLDER = projectPath(isFull ? "build/wheels-full" : "build/wheels");

describeSuite("own", isFull ? versions : [newest], ({ details }) => {
  assert.match(
    details["test_outcomes.py::test_introspection"],
    /E +AssertionError: assert \{'one': 1, 'two': \[2, 3\]\} == \{'one': 1, 'two': \[2, 22\]\}/,
  );
  assert.match(
    details["test_outcomes.py::test_of_another_module"],
    /E +Right contains 1 more item:\nE +\{'two': \[2, 22\]\}/,
  );
});
if (isFull) for (const name of ["networkx", "docutils"]) describeSuite(name, oldAndNew);

function describeSuite(name, some, check = () => {}) {
  const { counts, failing } = SUITES[name];
  describe(`the suite ${name}`, () => {
    for (const version of some)
      test(`mounted as unpacked, Pyodide ${version}`, async () => {
        const run = (way) => runScript("suite.mjs", [version, way, FOLDER, name]);
        const [[mounted], [unpacked]] = await Promise.all(["mounted", "unpacked"].map(run));
        assert.deepEqual(mounted, unpacked);
        const failed = Object.keys(mounted.outcomes).filter(
          (each) => mounted.outcomes[each] === "failed",
        );
        assert.deepEqual(failed.sort(), [...failing].sort());
        if (version === newest) assert.deepEqual(count(mounted.outcomes), counts);
        check(mounted);
      });
  });
}

/** How many tests came to what. */
function count(outcomes) {
  const counts = {};
  for (const outcome of Object.values(outcomes)) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
