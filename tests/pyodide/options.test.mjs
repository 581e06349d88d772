// Every option of install(): accepted or refused as it should be, and handed on.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";

import {
  collectWarnings,
  describeOn,
  importerInUse,
  newest,
  start,
  temporaryFolder,
  writeArchive,
} from "./harness.mjs";
import { install, ZipImportUsageError } from "../../js/node.js";

const store = { get() {}, put() {}, delete() {}, list: () => [] };
const folder = temporaryFolder();
const asURL = pathToFileURL(folder);

// [option, values that are accepted, values of a feature to come, values that are none]
const table = [
  [
    "storage",
    ["memory", "auto", { directory: folder }, { directory: asURL.href.replace("f", "F") }, store],
    [],
    ["disk", 1, null, true, {}, { directory: "" }, { directory: 1 }, [], { ...store, put: 1 }],
  ],
  ["maxBytes", [0, 1, 256 * 2 ** 20], [], [-1, 1.5, Number.NaN, Infinity, "1", null]],
  ["preloadBytes", [0, 1, 64 * 2 ** 20], [], [-1, 1.5, Number.NaN, Infinity, "1", null]],
  ["implicitInvalidation", [true, false], [], ["true", 1, 0, null]],
  ["autoFlush", [false, true], [], ["false", 0, null]],
  ["mountPackages", [true, false], [], ["false", 0, null]],
  ["namespace", ["", "mine", "A-1_b"], [], [1, null, {}, "a/b", "..", "a b", "n".repeat(65)]],
  ["trace", [false, true], [], ["false", 0, null]],
  ["wasmURL", [], [], ["", 1, null, {}, true]],
  ["onWarning", [() => {}], [], [console, "warn", null, true]],
  ["maxMemberBytes", [1, 2 ** 30, 2 ** 40], [], [0, -1, 1.5, Infinity, "1", 2 ** 53, 1n, null]],
];

describeOn([newest], "options", (version) => {
  /** @type {any} */ let pyodide;

  before(async () => {
    pyodide = await start(version);
  });

  const refuse = (options, code, message) =>
    assert.rejects(install(pyodide, options), (error) => {
      assert.ok(error instanceof ZipImportUsageError, error);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });

  for (const [name, accepted, toCome, wrong] of table) {
    test(name, async () => {
      for (const value of wrong) {
        await refuse(
          { [name]: value },
          "bad-option",
          new RegExp(`"${name}": found .*, expected `, "s"),
        );
      }
      for (const value of toCome) {
        await refuse(
          { [name]: value },
          "option-unavailable",
          new RegExp(`"${name}": found .* cannot do yet; expected`),
        );
      }
      for (const value of [...accepted, undefined]) {
        const { taken, onWarning } = collectWarnings();
        const zips = await install(pyodide, { onWarning, [name]: value });
        assert.equal(zips.active, true);
        assert.equal(await install(pyodide, { onWarning, [name]: value }), zips);
        assert.deepEqual(taken, []);
        zips.uninstall();
      }
    });
  }

  test("a name that is none is refused with the nearest that is one", async () => {
    for (const [given, meant] of [
      ["implicit_invalidation", "implicitInvalidation"],
      ["wasmUrl", "wasmURL"],
      ["store", "storage"],
      ["maxMembersBytes", "maxMemberBytes"],
      ["onwarn", "onWarning"],
      ["constructor", /"[a-zA-Z]+"/],
    ]) {
      await refuse(
        { [given]: 1 },
        "unknown-option",
        new RegExp(`"${given}".* ${meant.source ?? `"${meant}"`}$`),
      );
    }
  });

  test("options that are no object are refused", async () => {
    for (const given of [null, 1, "memory", true, ["memory"]]) {
      await refuse(given, "bad-option", /found .* as options, expected an object/);
    }
  });

  test("what is refused installs nothing, and an option named but undefined is not given", async () => {
    await refuse({ mountPackages: true, trace: 1 }, "bad-option", /trace/);
    assert.equal(importerInUse(pyodide), "stock");
    const zips = await install(
      pyodide,
      Object.fromEntries(table.map(([name]) => [name, undefined])),
    );
    assert.equal(zips.active, true);
    zips.uninstall();
  });

  test("clear() refuses a path that is none, also where there is nothing to clear", async () => {
    const zips = await install(pyodide, { maxBytes: 0 });
    for (const uninstall of [() => {}, () => zips.uninstall()]) {
      uninstall();
      for (const path of [null, 5, ""])
        await assert.rejects(zips.clear(path), { code: "bad-path" });
      await assert.rejects(zips.clear("https://example.org/a.whl"), { code: "url-unavailable" });
    }
  });

  test("two stores of a program's own are two, the same one twice is one", async () => {
    const { taken, onWarning } = collectWarnings();
    const other = { ...store };
    const zips = await install(pyodide, { storage: store, onWarning });
    assert.equal(await install(pyodide, { storage: store, onWarning }), zips);
    assert.deepEqual(taken, []);
    assert.equal(await install(pyodide, { storage: other, onWarning }), zips);
    assert.deepEqual(
      taken.map(([, code]) => code),
      ["options-ignored"],
    );
    assert.match(taken[0][0], /storage stays as the first install\(\) set it/);
    zips.uninstall();
  });

  test("a folder is one however it is written, and another from another folder", async () => {
    const { taken, onWarning } = collectWarnings();
    const ask = (directory) => install(pyodide, { storage: { directory }, onWarning });
    const spelled = basename(folder);
    const home = process.cwd();
    process.chdir(dirname(folder));
    let zips;
    try {
      zips = await ask(spelled);
      assert.equal(zips.stats().storage.where, `${folder}/v1`);
      const relative = [`file:${spelled}`, `file:./${spelled}/`];
      for (const each of [
        folder,
        `${folder}/`,
        asURL,
        asURL.href,
        `FILE://${folder}/`,
        ...relative,
      ])
        assert.equal(await ask(each), zips);
      assert.deepEqual(taken, []);
      process.chdir(folder); // where the relative path means another one
      assert.equal(await ask(spelled), zips);
    } finally {
      process.chdir(home);
    }
    assert.deepEqual(
      taken.map(([, code]) => code),
      ["options-ignored"],
    );
    zips.uninstall();
  });

  test("a file: URL that names no folder here is one warning, and memory", async () => {
    const { taken, onWarning } = collectWarnings();
    const storage = { directory: "file:///a%2Fb" };
    const zips = await install(pyodide, { storage, onWarning });
    assert.equal(zips.stats().storage.kind, "memory");
    assert.deepEqual(
      taken.map(([, code]) => code),
      ["store-unavailable"],
    );
    zips.uninstall();
  });

  test("a store of a program's own is one, whatever else it has", async () => {
    const { taken, onWarning } = collectWarnings();
    const aside = `${folder}/aside`;
    for (const directory of [{}, aside]) {
      const zips = await install(pyodide, { storage: { ...store, directory }, onWarning });
      assert.equal(zips.stats().storage.kind, "custom");
      zips.uninstall();
    }
    assert.deepEqual([taken, existsSync(aside)], [[], false]);
  });

  test("without onWarning, warnings go to the console", async (t) => {
    const consoleWarn = t.mock.method(console, "warn", () => {});
    const zips = await install(pyodide);
    await install(pyodide, { maxMemberBytes: 5 });
    zips.uninstall();
    assert.equal(consoleWarn.mock.callCount(), 1);
    assert.match(consoleWarn.mock.calls[0].arguments[0], /^pyodide-zipimport: already installed/);
  });

  for (const [what, onWarning] of [
    ["throws", () => assert.fail("the handler's own")],
    ["is async and fails", async () => assert.fail("the handler's own")],
  ])
    test(`an onWarning that ${what} stops nothing`, async (t) => {
      const consoleWarn = t.mock.method(console, "warn", () => {});
      const zips = await install(pyodide, { onWarning });
      assert.equal(await install(pyodide, { maxMemberBytes: 5 }), zips);
      zips.uninstall();
      await new Promise((resolve) => setTimeout(resolve));
      assert.match(consoleWarn.mock.calls[0].arguments[1].message, /the handler's own/);
    });

  test("maxMemberBytes limits a member", async () => {
    const source = `value = "${"x".repeat(1000)}"`;
    writeArchive(pyodide, "/tmp/limit.zip", { "limited.py": source });
    pyodide.runPython("import sys; sys.path.insert(0, '/tmp/limit.zip')");
    const attempt = () =>
      pyodide.runPython(`
sys.modules.pop("limited", None)
try:
    import limited
    outcome = "imported"
except ImportError as error:
    outcome = str(error)
outcome`);
    let zips = await install(pyodide, { maxMemberBytes: source.length - 1 });
    assert.notEqual(attempt(), "imported");
    zips.uninstall();
    zips = await install(pyodide, { maxMemberBytes: source.length });
    assert.equal(attempt(), "imported");
    zips.uninstall();
  });

  test("implicitInvalidation: false keeps importlib.invalidate_caches() away from archives", async () => {
    writeArchive(pyodide, "/tmp/implicit.zip", { "one.py": "", "two.py": "" });
    pyodide.runPython("import importlib, sys; sys.path.insert(0, '/tmp/implicit.zip')");
    const revalidations = async (options) => {
      const zips = await install(pyodide, options);
      const reimport = () => pyodide.runPython("sys.modules.pop('one', None); import one");
      reimport();
      pyodide.runPython("importlib.invalidate_caches()");
      const before = zips.stats().revalidations;
      reimport();
      const count = zips.stats().revalidations - before;
      zips.uninstall();
      return count;
    };
    assert.equal(await revalidations({ implicitInvalidation: false }), 0);
    assert.equal(await revalidations({ implicitInvalidation: true }), 1);
  });
});
