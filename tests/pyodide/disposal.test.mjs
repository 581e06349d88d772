// A handle can be disposed of, where the engine has the symbols for it.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { before, test } from "node:test";

import {
  describeVersions,
  importerInUse,
  start,
  temporaryFolder,
  writeArchive,
} from "./harness.mjs";
import { install } from "../../js/node.js";
import { Mounts } from "../../js/mount/mounts.js";
import { node } from "../../js/platform/node.js";

describeVersions("disposal", (version) => {
  /** @type {any} */ let pyodide;

  before(async () => {
    pyodide = await start(version);
    writeArchive(pyodide, "/tmp/a.zip", { "in_a.py": "", "in_b.py": "" });
    pyodide.runPython("import sys; sys.path.insert(0, '/tmp/a.zip')");
  });

  test("`using` uninstalls", async () => {
    const zips = await install(pyodide, { storage: "memory" });
    zips[Symbol.dispose]();
    assert.equal(zips.active, false);
    assert.equal(importerInUse(pyodide), "stock");
    zips[Symbol.dispose]();
  });

  test("`await using` stores what was compiled before it uninstalls", async () => {
    const directory = temporaryFolder();
    const zips = await install(pyodide, { storage: { directory }, autoFlush: false });
    pyodide.runPython("import in_a");
    await zips[Symbol.asyncDispose]();
    assert.equal(zips.active, false);
    assert.equal(importerInUse(pyodide), "stock");
    const files = readdirSync(directory, { recursive: true }).map(String);
    assert.ok(files.some((name) => /z1-[^/]*\.zip$/.test(name), files.join()));
    await zips[Symbol.asyncDispose]();
  });
});

test("an engine without the symbols has handles without such methods", async () => {
  const { Symbol } = globalThis;
  const lacking = new Set(["dispose", "asyncDispose"]);
  const get = (target, key) => (lacking.has(key) ? undefined : Reflect.get(target, key));
  globalThis.Symbol = new Proxy(Object.create(Symbol), { get });
  try {
    const { Handle } = await import("../../js/handle.js?without-symbols");
    assert.deepEqual(
      Reflect.ownKeys(Handle.prototype).filter((key) => /undefined|dispose/i.test(String(key))),
      [],
    );
    const mounts = new Mounts(undefined, undefined, { platform: node });
    new Handle(undefined, undefined, () => {}, {}, mounts).uninstall();
  } finally {
    globalThis.Symbol = Symbol;
  }
  const { Handle } = await import("../../js/handle.js");
  assert.equal(typeof Handle.prototype[Symbol.dispose], "function");
});
