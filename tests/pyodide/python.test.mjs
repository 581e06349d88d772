// The Python suite in Pyodide, through stock zipimport and through ours: a test per Python test file.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { before, describe, test } from "node:test";

import { describeVersions, projectPath, runChild, versions } from "./harness.mjs";

const files = readdirSync(projectPath("tests/python"))
  .filter((name) => /^test_.*\.py$/.test(name))
  .map((name) => name.replace(/\.py$/, ""))
  .sort();

test("there are Python test files", () => {
  assert.notEqual(files.length, 0);
});

describeVersions("the Python suite", (version) => {
  const last = version === versions.at(-1);
  for (const importer of ["stock", "ours", ...(last ? ["packs"] : [])]) {
    describe(importer, () => {
      const results = new Map();
      let end = "";

      before(async () => {
        const { status, lines, errors } = await runChild("python-suite.mjs", [
          version,
          importer,
          ...files,
        ]);
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

      for (const file of files) {
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
});
