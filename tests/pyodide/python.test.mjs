// The Python suite in Pyodide, through stock zipimport and through ours.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isFull } from "../matrix.mjs";
import { describePythonSuite, pythonTestFiles } from "./describe-python-suite.mjs";
import { describeVersions, newest } from "./harness.mjs";

test("there are Python test files", () => {
  assert.notEqual(pythonTestFiles.length, 0);
});

/**
 * Ours is tried on every version, since Python's differ. What stock does on a released version changes
 * with the tests alone: natively and on the newest release it shows whether a test holds for stock.
 */
function importersOn(version) {
  if (version === newest) return ["stock", "ours", "packs"];
  return isFull ? ["stock", "ours"] : ["ours"];
}

describeVersions("the Python suite", (version) => {
  for (const importer of importersOn(version)) describePythonSuite(version, importer);
});
