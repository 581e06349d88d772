// Declares the Python suite in one Pyodide through one importer: a test per Python test file.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { before, describe, test } from "node:test";

import { projectPath, runChild } from "./harness.mjs";

export const pythonTestFiles = readdirSync(projectPath("tests/python"))
  .filter((name) => /^test_.*\.py$/.test(name))
  .map((name) => name.replace(/\.py$/, ""))
  .sort();

/**
 * @param {string} version  of Pyodide
 * @param {"stock" | "ours" | "packs"} importer  see python-suite.mjs
 * @param {Record<string, string>} [environment]  what python-suite.mjs reads besides
 */
export function describePythonSuite(version, importer, environment = {}) {
  describe(importer, () => {
    const results = new Map();
    let end = "";

    before(async () => {
      const { status, lines, errors } = await runChild(
        "python-suite.mjs",
        [version, importer, ...pythonTestFiles],
        { environment },
      );
      for (const line of lines) {
        const result = JSON.parse(line);
        results.set(result.file, result);
      }
      end = `the process ended with ${status}: ${errors}`;
    });

    if (importer === "packs")
      test("second runs find packs", () => {
        assert.ok(results.get("packs")?.found > 0, end);
      });

    for (const file of pythonTestFiles) {
      test(file, (t) => {
        const result = results.get(file);
        assert.ok(result, `never ran: ${end}`);
        const { passed, failed, skipped, output } = result;
        t.diagnostic(
          `${file}, ${importer}: ${passed} passed, ${failed} failed, ${skipped} skipped`,
        );
        assert.equal(failed, 0, output);
        assert.notEqual(passed + skipped, 0, "no test ran");
      });
    }
  });
}
