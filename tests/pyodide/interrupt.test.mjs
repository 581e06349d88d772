// The notebook's stop button: an interrupt that comes while modules are imported by our importer.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { describeOn, importerInUse, oldAndNew, start, writeArchive } from "./harness.mjs";
import { install } from "../../js/node.js";

const SIGINT = 2;
const MODULES = 150;

describeOn(oldAndNew, "interrupting", (version) => {
  /** @type {any} */ let pyodide;
  const buffer = new Uint8Array(1);

  before(async () => {
    pyodide = await start(version);
    await install(pyodide);
    // A package of many modules; each tells JavaScript that it is being imported.
    const numbers = Array.from({ length: MODULES }, (_, i) => i);
    const members = {
      "big/__init__.py": numbers.map((i) => `from . import m${i}\n`).join(""),
    };
    for (const i of numbers)
      members[`big/m${i}.py`] = `import js\njs.imported(${i})\nvalue = ${i}\n`;
    writeArchive(pyodide, "/tmp/big.zip", members);
    pyodide.runPython("import sys; sys.path.insert(0, '/tmp/big.zip')");
    pyodide.setInterruptBuffer(buffer);
  });

  const forget = () =>
    pyodide.runPython(
      "for name in [n for n in sys.modules if n.startswith('big')]: del sys.modules[name]",
    );

  /** Imports the package, with `work` called at each of its modules. */
  function importBig(work) {
    globalThis.imported = work;
    try {
      return pyodide.runPython("import big; big.m149.value");
    } finally {
      delete globalThis.imported;
      buffer[0] = 0;
    }
  }

  test("KeyboardInterrupt wherever it comes, and the next import works", () => {
    for (const at of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 40]) {
      forget();
      let last = -1;
      // More than once, as an impatient user does: importlib's own weakref callbacks lose one that
      // comes during them.
      const press = (number) => {
        last = number;
        if (number >= at) buffer[0] = SIGINT;
      };
      assert.throws(
        () => importBig(press),
        (error) => error.type === "KeyboardInterrupt",
        `at module ${at}`,
      );
      assert.ok(last >= at && last < MODULES - 1, `at module ${at}, stopped at ${last}`);
      assert.equal(pyodide.runPython("'big' in sys.modules"), false);
      assert.equal(
        importBig(() => {}),
        MODULES - 1,
        `after an interrupt at module ${at}`,
      );
    }
    assert.equal(importerInUse(pyodide), "ours");
    assert.equal(pyodide.runPython("'find_spec' in vars(type(big.__loader__).__mro__[1])"), true);
  });
});
