// Where the side module may lie: beside js/, whatever that folder is called, or where wasmURL says.

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import {
  collectWarnings,
  describeVersions,
  importerInUse,
  projectPath,
  start,
  versions,
} from "./harness.mjs";
import { install } from "../../js/node.js";

const FOLDER_NAMES = "Zürich 50% #1? 図書館 'q'";
const newest = versions.at(-1);
/** @type {string} */ let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "zipimport-"));
});

after(() => rm(folder, { recursive: true }));

/** Makes synchronous compiling fail, as a browser's main thread does for modules over its limit. */
function forbidSynchronousCompiling(t) {
  for (const name of ["Module", "Instance"]) {
    const real = WebAssembly[name];
    WebAssembly[name] = new Proxy(real, {
      construct() {
        throw new RangeError(`WebAssembly.${name} is disallowed on the main thread`);
      },
    });
    t.after(() => {
      WebAssembly[name] = real;
    });
  }
}

/** Installs into a fresh Pyodide, since one that has loaded the side module asks for no file again. */
async function installs(version, installer, options) {
  const { taken, onWarning } = collectWarnings();
  const pyodide = await start(version);
  const zips = await installer(pyodide, { ...options, onWarning });
  assert.deepEqual(taken, []);
  assert.equal(zips.active, true);
  assert.equal(importerInUse(pyodide), "ours");
}

describeVersions("loading", (version) => {
  test("js/ in a folder with spaces, signs and other letters in its name", async () => {
    const copy = join(folder, version, FOLDER_NAMES, "js");
    await cp(projectPath("js"), copy, { recursive: true });
    const other = await import(pathToFileURL(join(copy, "node.js")).href);
    assert.notEqual(other.install, install);
    await installs(version, other.install);
  });

  test("nothing is compiled synchronously", async (t) => {
    const pyodide = await start(version);
    forbidSynchronousCompiling(t);
    assert.throws(() => new WebAssembly.Module(new Uint8Array(8)), RangeError);
    const { taken, onWarning } = collectWarnings();
    const zips = await install(pyodide, { onWarning });
    assert.deepEqual(taken, []);
    assert.equal(zips.active, true);
  });
});

test(`a package without the file, as bundlers leave it: the inlined one serves, Pyodide ${newest}`, async () => {
  const copy = join(folder, "bundled", "js");
  await cp(projectPath("js"), copy, { recursive: true });
  const other = await import(pathToFileURL(join(copy, "node.js")).href);
  await writeFile(join(copy, "pyodide_zipimport.wasm"), "<!doctype html><title>a page</title>");
  await installs(newest, other.install);
  await rm(join(copy, "pyodide_zipimport.wasm"));
  await installs(newest, other.install);
});

test(`a package with neither: one warning, which names the file, Pyodide ${newest}`, async () => {
  const copy = join(folder, "neither", "js");
  await cp(projectPath("js"), copy, { recursive: true });
  for (const name of ["pyodide_zipimport.wasm", "pyodide/inlined-wasm.js"])
    await rm(join(copy, name));
  const other = await import(pathToFileURL(join(copy, "node.js")).href);
  const { taken, onWarning } = collectWarnings();
  const zips = await other.install(await start(newest), { onWarning });
  assert.deepEqual([zips.active, taken.length, taken[0][1]], [false, 1, "wasm-unreachable"]);
  assert.match(taken[0][0], /could not read .*neither.*pyodide_zipimport\.wasm \(ENOENT/);
});

test(`wasmURL as a path, with signs that mean something in a URL, Pyodide ${newest}`, async () => {
  const path = join(folder, "50% #1? é.wasm");
  await cp(projectPath("js/pyodide_zipimport.wasm"), path);
  await installs(newest, install, { wasmURL: path });
  await installs(newest, install, { wasmURL: relative(process.cwd(), path) });
});

test(`wasmURL as a file: URL, object and string, Pyodide ${newest}`, async () => {
  const url = pathToFileURL(projectPath("js/pyodide_zipimport.wasm"));
  await installs(newest, install, { wasmURL: url });
  await installs(newest, install, { wasmURL: url.href });
});

test(`wasmURL as an http: and a data: URL, from a package that lacks the file, Pyodide ${newest}`, async () => {
  const copy = join(folder, "without", "js");
  await cp(projectPath("js"), copy, { recursive: true });
  const moved = join(folder, "moved.wasm");
  await rename(join(copy, "pyodide_zipimport.wasm"), moved);
  const bytes = await readFile(moved);
  const other = await import(pathToFileURL(join(copy, "node.js")).href);
  const server = createServer((_, response) => response.end(bytes));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    // Servers may name any type for it: nothing depends on application/wasm.
    await installs(newest, other.install, {
      wasmURL: `http://127.0.0.1:${server.address().port}/a%20b.wasm`,
    });
  } finally {
    server.close();
  }
  await installs(newest, other.install, {
    wasmURL: `data:application/wasm;base64,${bytes.toString("base64")}`,
  });
});
