// Wheels of the Python index, mounted by ours and unpacked in a Pyodide without it: a real use of each answers
// the same, and every file of a mount has the bytes that zipfile reads. `make test` takes a few of them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { isFull, newest, versions } from "../matrix.mjs";
import { projectPath } from "../pyodide/harness.mjs";
import { runScript } from "./run.mjs";
import { ALL, FEW } from "./wheels.mjs";

const FOLDER = projectPath(isFull ? "build/wheels-full" : "build/wheels");
/** Sphinx is for Python 3.13 and newer. */
const isFor = (version) => (name) => name !== "sphinx" || version !== "0.27.8";

for (const version of isFull ? versions : [newest]) {
  const names = Object.keys(isFull ? ALL : FEW).filter(isFor(version));
  describe(`wheels, Pyodide ${version}`, async () => {
    const answers = Promise.all(["mounted", "unpacked"].map((way) => use(version, way, names)));
    for (const name of names)
      test(name, async () => {
        const [mounted, unpacked] = (await answers).map((all) => all.get(name));
        assert.deepEqual(mounted.differing, []);
        assert.ok(!unpacked.answer.startsWith("failed:"), unpacked.answer);
        assert.equal(mounted.answer, unpacked.answer);
      });
  });
}

/** One process, which uses them one after the other. Gives what it printed, by name. */
async function use(version, way, names) {
  const answers = await runScript("use.mjs", [version, way, FOLDER, ...names]);
  return new Map(answers.map((each) => [each.name, each]));
}
