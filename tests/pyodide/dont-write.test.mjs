// -B in args and PYTHONDONTWRITEBYTECODE in env: what is kept serves, and nothing is written.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";

import { describeOn, oldAndNew, start, temporaryFolder, writeArchive } from "./harness.mjs";
import { install } from "../../js/node.js";

const MEMBERS = { "kept.py": "VALUE = 1", "fresh.py": "VALUE = 2" };

describeOn(oldAndNew, "Python is not to write bytecode", (version) => {
  const storage = { directory: `${temporaryFolder()}/store` };

  /** All files of the store, and what is in them. */
  const contents = () =>
    readdirSync(storage.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = `${entry.parentPath ?? entry.path}/${entry.name}`;
        return [path, readFileSync(path, "base64")];
      })
      .sort();

  /** Imports modules in a Pyodide of its own; everything is written that may be. Packs found, and compilations. */
  async function importFrom(paths, options = {}) {
    // loadPyodide() puts the program's name into the array that it is given.
    const own = structuredClone(options);
    const load = (loadPyodide, quiet) => loadPyodide({ ...quiet, ...own });
    const pyodide = await start(version, { load });
    const zips = await install(pyodide, { storage });
    const earlier = zips.stats();
    for (const [name, path] of Object.entries(paths)) {
      writeArchive(pyodide, path, MEMBERS);
      pyodide.runPython(`import sys; sys.path.insert(0, "${path}"); import ${name}`);
    }
    const later = zips.stats();
    await zips.flush();
    zips.uninstall();
    return [later.packHits - earlier.packHits, later.compiles - earlier.compiles];
  }

  before(async () => {
    assert.deepEqual(await importFrom({ kept: "/a.zip" }), [0, 1]);
    assert.notDeepEqual(contents(), []);
  });

  for (const [title, options] of Object.entries({
    "-B": { args: ["-B"] },
    "-B among others": { args: ["-X", "dev", "-uB"] },
    PYTHONDONTWRITEBYTECODE: { env: { PYTHONDONTWRITEBYTECODE: "1" } },
  }))
    test(title, async () => {
      const earlier = contents();
      assert.deepEqual(await importFrom({ kept: "/a.zip", fresh: "/b.zip" }, options), [1, 1]);
      assert.deepEqual(contents(), earlier);
    });

  test("what only looks like it", async () => {
    const options = {
      args: ["-E", "-X", "B", "-c", "pass", "-B"],
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    };
    const earlier = contents();
    assert.deepEqual(await importFrom({ fresh: "/b.zip" }, options), [0, 1]);
    assert.notDeepEqual(contents(), earlier);
  });
});
