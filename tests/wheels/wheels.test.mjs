// Wheels of the Python index, mounted by ours and unpacked in a Pyodide without it: a real use of each answers
// the same, and every file of a mount has the bytes that zipfile reads. `make test` takes a few of them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";

import { isFull, newest, versions } from "../matrix.mjs";
import { projectPath } from "../pyodide/harness.mjs";
import { ALL, FEW } from "./wheels.mjs";

const FOLDER = projectPath(isFull ? "build/wheels-full" : "build/wheels");
const TIMEOUT_MS = 600_000;
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
function use(version, way, names) {
  return new Promise((resolve, reject) => {
    const script = projectPath("tests/wheels/use.mjs");
    const child = spawn(process.execPath, [script, version, way, FOLDER, ...names], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
    });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (errors = (errors + text).slice(-2000)));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0) return reject(new Error(`${way}: ended with ${signal ?? code}: ${errors}`));
      const lines = output.split("\n").filter(Boolean);
      resolve(new Map(lines.map((line) => JSON.parse(line)).map((each) => [each.name, each])));
    });
  });
}
