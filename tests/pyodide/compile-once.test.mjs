// The side module is compiled once in a process, also for several Pyodides.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";

import { describeVersions, importerInUse, projectPath, start } from "./harness.mjs";
import { install } from "../../js/node.js";

const size = readFileSync(projectPath("js/pyodide_zipimport.wasm")).length;
const { compile, instantiate, Module } = WebAssembly;
let compiled = 0;
const count = (source) => {
  compiled += Number(source?.byteLength >= size && source.byteLength < size + 100);
  return source;
};
WebAssembly.compile = (source, ...rest) => compile(count(source), ...rest);
WebAssembly.instantiate = (source, ...rest) => instantiate(count(source), ...rest);
WebAssembly.Module = new Proxy(Module, {
  construct: (target, [source]) => new target(count(source)),
});
after(() => Object.assign(WebAssembly, { compile, instantiate, Module }));

describeVersions("compiling the side module", (version) => {
  test("is done once for two Pyodides, and at most once in all", async () => {
    for (let i = 0; i < 2; i++) {
      const pyodide = await start(version);
      const zips = await install(pyodide, { storage: "memory" });
      assert.equal(importerInUse(pyodide), "ours");
      zips.uninstall();
    }
    assert.equal(compiled, 1);
  });
});
