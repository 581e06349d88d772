// The Python suite with the zipimport.py and linecache.py of the newest patch versions, as Debian has
// them, in place of those of Pyodide: whether ours takes its place, and, where all of the matrix runs,
// whether what the tests say of stock holds.

import { describe } from "node:test";

import { describePythonSuite } from "../pyodide/describe-python-suite.mjs";
import { projectPath } from "../pyodide/harness.mjs";
import { isFull } from "../matrix.mjs";
import { obtainModules, TreeUnavailable } from "./trees.mjs";

for (const [minor, pyodide] of [
  ["3.14", "314.0.7"],
  ["3.15", "315.0.0-alpha.2"],
]) {
  const { path, version, unavailable } = await obtain(minor);
  const title = `zipimport.py of ${version ?? minor}, in Pyodide ${pyodide}`;
  describe(title, { skip: unavailable ?? false }, () => {
    for (const importer of isFull ? ["stock", "ours"] : ["ours"])
      describePythonSuite(pyodide, importer, { NEWER_MODULES: path });
  });
}

/** @returns {Promise<{ path?: string, version?: string, unavailable?: string }>} */
async function obtain(minor) {
  const files = ["zipimport.py", "linecache.py"];
  try {
    return await obtainModules(projectPath("build/cpython"), minor, "sid", files);
  } catch (error) {
    if (!(error instanceof TreeUnavailable)) throw error;
    return { unavailable: error.message };
  }
}
