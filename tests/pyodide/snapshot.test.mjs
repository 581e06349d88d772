// A memory snapshot cannot hold objects of JavaScript: after uninstall() there are none of ours.

import assert from "node:assert/strict";
import { test } from "node:test";

import { describeOn, oldAndNew, start, writeArchive } from "./harness.mjs";
import { install } from "../../js/node.js";

const makeStore = () => {
  const values = new Map();
  return {
    get: async (name) => values.get(name),
    put: async (name, bytes) => void values.set(name, bytes),
    delete: async (name) => void values.delete(name),
    list: async () =>
      [...values].map(([name, { length }]) => ({ name, nbytes: length, usedMs: Date.now() })),
  };
};

describeOn(oldAndNew, "makeMemorySnapshot() after uninstall()", (version) => {
  for (const [what, storage] of [
    ["memory", "memory"],
    ["a store of the program's own", makeStore()],
  ])
    test(`once archives were imported from, with ${what}`, async () => {
      const pyodide = await start(version, {
        load: (loadPyodide, own) => loadPyodide({ ...own, _makeSnapshot: true }),
      });
      const zips = await install(pyodide, { storage });
      for (const name of ["first", "second"]) {
        writeArchive(pyodide, `/tmp/${name}.zip`, { [`${name}.py`]: "" });
        pyodide.runPython(`import sys; sys.path.insert(0, "/tmp/${name}.zip"); import ${name}`);
        await zips.flush();
      }
      zips.stats();
      zips.trace();
      zips.uninstall();
      assert.ok(pyodide.makeMemorySnapshot().length > 0);
    });
});
