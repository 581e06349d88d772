// A handle can be disposed of, where the engine has the symbols for it.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import {
  describeVersions,
  importerInUse,
  newest,
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
    new Handle(undefined, undefined, () => {}, { describeStart() {} }, mounts).uninstall();
  } finally {
    globalThis.Symbol = Symbol;
  }
  const { Handle } = await import("../../js/handle.js");
  assert.equal(typeof Handle.prototype[Symbol.dispose], "function");
});

test("what the program lets go of without a word goes, once all is written", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  let gone = 0;
  const registry = new FinalizationRegistry(() => gone++);
  const COUNT = 4;
  const use = async () => {
    const pyodide = await start(newest);
    const zips = await install(pyodide, { storage: "memory" });
    pyodide.runPython("import colorsys");
    await zips.flush();
    registry.register(pyodide, undefined);
  };
  for (let i = 0; i < COUNT; i++) await use();
  // The engine may keep the last ones for itself.
  for (let left = 200; gone < COUNT / 2 && left > 0; left--) {
    collect();
    await sleep(100);
  }
  assert.ok(gone >= COUNT / 2, `${gone} of ${COUNT}`);
});
