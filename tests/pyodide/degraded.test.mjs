// What is not the caller's fault: one warning, a handle that does nothing, Python's own importer.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import {
  collectWarnings,
  describeOn,
  importerInUse,
  oldAndNew,
  projectPath,
  start,
  writeArchive,
} from "./harness.mjs";
import { VERSION } from "../../js/base/version.js";
import { install } from "../../js/node.js";

const wasm = await readFile(projectPath("js/pyodide_zipimport.wasm"));
const page = "<!DOCTYPE html><title>Not found</title><p>There is nothing here.";
// A module without code; a side module of somebody else is one with a dylink.0 section besides.
const emptyModule = Buffer.from("\0asm\x01\0\0\0", "latin1");
const foreignModule = Buffer.concat([emptyModule, Buffer.from("\0\x09\x08dylink.0", "latin1")]);
// A side module with our entry point that links against one thing.
const moduleImporting = (link, entryIndex) =>
  Buffer.concat([
    emptyModule,
    section(0, "\x08dylink.0", "\x01\x04\0\0\0\0"),
    section(1, "\x01\x60\0\x01\x7f"), // one type: () -> i32
    section(2, "\x01\x03env", link),
    section(3, "\x01\0"),
    section(7, "\x01\x18PyInit_pyodide_zipimport\0", entryIndex),
    section(10, "\x01\x04\0\x41\0\x0b"), // i32.const 0
  ]);
const needsUnknown = moduleImporting("\x10no_such_function\0\0", "\x01"); // a function of that type
const needsMismatch = moduleImporting("\x06malloc\x03\x7f\0", "\0"); // a global i32, where Pyodide has a function

function section(id, ...parts) {
  const body = parts.join("");
  return Buffer.from(String.fromCharCode(id, body.length) + body, "latin1");
}

const damaged = [
  ["empty", Buffer.alloc(0), /\(0 bytes\).* cut short/s],
  ["cut short in the first section", wasm.subarray(0, 20), /\(20 bytes\)/],
  [
    "cut short in the middle",
    wasm.subarray(0, wasm.length >> 1),
    /damaged, cut short, or another file/,
  ],
  ["cut short by one byte", wasm.subarray(0, -1), /damaged, cut short, or another file/],
  ["a page", Buffer.from(page), /it is a page, as servers send for a missing file/],
  ["a main module", emptyModule, /no dylink\.0 section/],
  ["another side module", foreignModule, /no export PyInit_pyodide_zipimport/],
];

describeOn(oldAndNew, "a degraded start", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let server;
  /** @type {string} */ let folder;
  /** @type {string} */ let origin;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "zipimport-"));
    server = createServer((request, response) => {
      if (request.url === "/page.wasm") response.end(page);
      else if (request.url === "/cut.wasm")
        response.writeHead(200, { "content-length": 1000 }).end("\0asm", () => response.destroy());
      else if (request.url === "/good.wasm") response.end(wasm);
      else response.writeHead(404).end(page);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${server.address().port}`;
    pyodide = await start(version);
    writeArchive(pyodide, "/tmp/a.zip", { "in_a.py": "answer = 42" });
    pyodide.runPython("import sys; sys.path.insert(0, '/tmp/a.zip')");
  });

  after(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  async function degrades(target, options, code, message) {
    const { taken, onWarning } = collectWarnings();
    const zips = await install(target, { ...options, onWarning });
    assert.deepEqual(
      taken.map(([, each]) => each),
      [code],
    );
    assert.match(taken[0][0], message);
    assert.match(taken[0][0], /Python's own zip importer stays in use$/);
    assert.equal(zips.active, false);
    assert.equal(await install(target), zips);
    assert.equal(taken.length, 1);

    zips.invalidate();
    zips.pin("/tmp/a.zip");
    zips.unpin("/tmp/a.zip");
    assert.equal(zips.stats().hits, 0);
    assert.throws(() => zips.pin(1), { code: "bad-path" });
    assert.equal(importerInUse(pyodide), "stock");
    assert.equal(pyodide.runPython("sys.modules.pop('in_a', None); import in_a; in_a.answer"), 42);
    zips.uninstall();
  }

  for (const unknown of [
    "0.26.4",
    "0.30.0",
    "0.2.0",
    "313.0.0",
    "316.0.0",
    "3140.0.0",
    "1.0",
    "",
  ]) {
    test(`Pyodide that calls itself "${unknown}"`, async () => {
      const disguised = new Proxy(pyodide, {
        get: (target, name) => (name === "version" ? unknown : Reflect.get(target, name)),
      });
      const message = new RegExp(`found Pyodide ${unknown}, expected 0\\.27 to 0\\.29, 314 or 315`);
      await degrades(disguised, {}, "pyodide-unsupported", message);
    });
  }

  test("no such file", async () => {
    const wasmURL = join(folder, "missing.wasm");
    await degrades(pyodide, { wasmURL }, "wasm-unreachable", /missing\.wasm \(ENOENT.*wasmURL/);
  });

  test("an address that is none", () =>
    degrades(pyodide, { wasmURL: "http://" }, "wasm-unreachable", /http:\/\/ \(.*URL/));

  test("the server says 404", () =>
    degrades(
      pyodide,
      { wasmURL: `${origin}/missing.wasm` },
      "wasm-unreachable",
      /missing\.wasm \(HTTP status 404/,
    ));

  test("the connection is refused", async () => {
    const free = createServer();
    await new Promise((resolve) => free.listen(0, "127.0.0.1", resolve));
    const { port } = free.address();
    await new Promise((resolve) => free.close(resolve));
    const wasmURL = `http://127.0.0.1:${port}/a.wasm`;
    await degrades(pyodide, { wasmURL }, "wasm-unreachable", /a\.wasm \(fetch failed/);
  });

  test("the connection breaks", () =>
    degrades(
      pyodide,
      { wasmURL: new URL(`${origin}/cut.wasm`) },
      "wasm-unreachable",
      /cut\.wasm \(terminated/,
    ));

  test("the server sends a page", () =>
    degrades(
      pyodide,
      { wasmURL: `${origin}/page.wasm` },
      "wasm-invalid",
      /page\.wasm.* it is a page/,
    ));

  for (const [defect, bytes, message] of damaged) {
    test(`the file is ${defect}`, async () => {
      const wasmURL = join(folder, "damaged.wasm");
      await writeFile(wasmURL, bytes);
      await degrades(pyodide, { wasmURL }, "wasm-invalid", message);
    });
  }

  for (const [defect, bytes, message] of [
    ["it needs a function that this Pyodide lacks", needsUnknown, /it lacks no_such_function\)/],
    ["it needs something that is of another kind here", needsMismatch, /\(.*malloc/],
  ]) {
    test(defect, async () => {
      const wasmURL = join(folder, "unlinkable.wasm");
      await writeFile(wasmURL, bytes);
      await degrades(pyodide, { wasmURL }, "load-failed", message);
    });
  }

  test("it is another version's", async () => {
    const other = Buffer.from(wasm);
    const at = other.indexOf(`pyodide_zipimport${VERSION}`);
    assert.ok(at > 0);
    other.write("9", at + "pyodide_zipimport".length);
    const wasmURL = join(folder, "other.wasm");
    await writeFile(wasmURL, other);
    const message = new RegExp(`found the side module of version 9.*expected ${VERSION}`);
    await degrades(pyodide, { wasmURL }, "version-mismatch", message);
    assert.equal(pyodide.runPython("'pyodide_zipimport' in sys.modules"), false);
  });

  test("Pyodide's file system refuses it", async () => {
    const { FS } = pyodide;
    const fullFS = Object.assign(Object.create(FS), {
      writeFile() {
        throw new FS.ErrnoError(51); // ENOSPC
      },
    });
    const disguised = new Proxy(pyodide, {
      get: (target, name) => (name === "FS" ? fullFS : Reflect.get(target, name)),
    });
    const message = new RegExp(
      `Pyodide ${pyodide.version} could not load.*\\((ErrnoError 51|FS error)\\)`,
    );
    await degrades(disguised, {}, "load-failed", message);
  });

  test("Python's import of it fails", async () => {
    pyodide.runPython(`
import importlib.machinery
real = importlib.machinery.ExtensionFileLoader
def refuse(*args):
    raise ImportError("not today")
importlib.machinery.ExtensionFileLoader = refuse`);
    await degrades(pyodide, {}, "load-failed", /could not load.*ImportError: not today/);
    pyodide.runPython("importlib.machinery.ExtensionFileLoader = real");
  });

  test("after all of these a good one still installs", async () => {
    const { taken, onWarning } = collectWarnings();
    const zips = await install(pyodide, { wasmURL: `${origin}/good.wasm`, onWarning });
    assert.deepEqual(taken, []);
    assert.equal(zips.active, true);
    assert.equal(importerInUse(pyodide), "ours");
    zips.uninstall();
  });

  test("the module's own install() fails", async () => {
    pyodide.runPython(`
import pyodide_zipimport
real_install = pyodide_zipimport.install
def refuse(**options):
    raise RuntimeError("not today")
pyodide_zipimport.install = refuse`);
    await degrades(
      pyodide,
      {},
      "python-failed",
      /pyodide_zipimport\.install\(\) failed: RuntimeError: not today/,
    );
    pyodide.runPython("pyodide_zipimport.install = real_install");
  });

  test("a method whose Python function fails throws our error, and the handle goes on", async () => {
    const zips = await install(pyodide);
    pyodide.runPython(`
real = {name: getattr(pyodide_zipimport, name) for name in ["invalidate", "uninstall"]}
def refuse(*args):
    raise RuntimeError("not today")
for name in real:
    setattr(pyodide_zipimport, name, refuse)`);
    for (const method of ["invalidate", "uninstall"]) {
      assert.throws(() => zips[method](), {
        name: "ZipImportInternalError",
        code: "python-failed",
        message: `pyodide_zipimport.${method}() failed: RuntimeError: not today`,
      });
    }
    pyodide.runPython(
      "for name, function in real.items(): setattr(pyodide_zipimport, name, function)",
    );
    assert.equal(zips.active, true);
    zips.invalidate();
    zips.uninstall();
    assert.equal(importerInUse(pyodide), "stock");
  });
  test("another copy of this package, of another version, is loaded already", async () => {
    const setVersion = (version) =>
      pyodide.runPython(`import pyodide_zipimport as module; module.__version__ = "${version}"`);
    assert.equal(pyodide.runPython("import pyodide_zipimport as m; m.__version__"), VERSION);
    setVersion("9");
    await degrades(pyodide, {}, "version-mismatch", /found a loaded side module of version 9/);
    setVersion(VERSION);
  });

  test("what fails after taking over is undone", async () => {
    const { FS } = pyodide;
    const fullFS = Object.assign(Object.create(FS), {
      mkdirTree(path) {
        if (path.endsWith("/packs")) throw new FS.ErrnoError(51); // ENOSPC
        return FS.mkdirTree(path);
      },
    });
    const disguised = new Proxy(pyodide, {
      get: (target, name) => (name === "FS" ? fullFS : Reflect.get(target, name)),
    });
    await degrades(disguised, { storage: "memory" }, "load-failed", /51|FS error/);
    pyodide.runPython(`
import pyodide_zipimport
real = pyodide_zipimport.set_tracing
def fail(on):
    raise ValueError("broken")
pyodide_zipimport.set_tracing = fail`);
    const options = { storage: "memory", trace: true };
    await degrades(pyodide, options, "python-failed", /set_tracing\(\) failed: ValueError: broken/);
    pyodide.runPython("pyodide_zipimport.set_tracing = real");
  });
});
