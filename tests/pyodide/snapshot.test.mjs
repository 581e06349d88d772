// A memory snapshot cannot hold objects of JavaScript: after uninstall() there are none of ours. Nor may it hold
// what calls into the side module, which the restored Pyodide has not loaded.

import assert from "node:assert/strict";
import { test } from "node:test";

import { describeOn, importerInUse, oldAndNew, start, writeArchive } from "./harness.mjs";
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

function importFrom(pyodide, name) {
  writeArchive(pyodide, `/tmp/${name}.zip`, { [`${name}.py`]: "" });
  pyodide.runPython(`import sys; sys.path.insert(0, "/tmp/${name}.zip"); import ${name}`);
}

/** What meets every object that is left. */
function uses(pyodide) {
  assert.equal(importerInUse(pyodide), "stock");
  pyodide.runPython("import gc, importlib; gc.collect(); importlib.invalidate_caches()");
}

describeOn(oldAndNew, "makeMemorySnapshot() after uninstall()", (version) => {
  const startWith = (options) =>
    start(version, { load: (loadPyodide, own) => loadPyodide({ ...own, ...options }) });

  for (const [what, storage] of [
    ["memory", "memory"],
    ["a store of the program's own", makeStore()],
  ])
    test(`once archives were imported from, with ${what}`, async () => {
      const pyodide = await startWith({ _makeSnapshot: true });
      // The second time it is there already.
      (await install(pyodide, { storage })).uninstall();
      const zips = await install(pyodide, { storage });
      for (const name of ["first", "second"]) {
        importFrom(pyodide, name);
        await zips.flush();
      }
      zips.stats();
      zips.trace();
      zips.uninstall();
      const restored = await startWith({
        _makeSnapshot: true,
        _loadSnapshot: pyodide.makeMemorySnapshot(),
      });
      uses(restored);
      const again = await install(restored, { storage, onWarning: assert.fail });
      assert.equal(importerInUse(restored), "ours");
      importFrom(restored, "third");
      assert.equal(again.stats().compiles, 1);
      again.uninstall();
      // A snapshot of what came out of one.
      uses(await startWith({ _loadSnapshot: restored.makeMemorySnapshot() }));
    });
});
