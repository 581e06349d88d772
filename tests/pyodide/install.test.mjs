// install() and the handle, on a Pyodide that can take the importer.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import {
  collectWarnings,
  describeVersions,
  importerInUse,
  start,
  versions,
  writeArchive,
} from "./harness.mjs";

const globalNames = () => Reflect.ownKeys(globalThis).map(String).sort();
const atStart = globalNames();
const { install, ZipImportUsageError } = await import("../../js/node.js");
const afterImport = globalNames();
const { makeAPI } = await import("../../js/api.js");
const { node } = await import("../../js/platform/node.js");

test("importing the package leaves nothing in globalThis", () => {
  assert.deepEqual(afterImport, atStart);
});

test("install() on something else is the caller's fault", async () => {
  for (const [value, hint] of [
    [undefined, /found undefined/],
    [null, /found null/],
    ["pyodide", /found "pyodide"/],
    [{}, /found an object/],
    [Promise.resolve({}), /await loadPyodide\(\) first/],
  ]) {
    await assert.rejects(install(value), (error) => {
      assert.ok(error instanceof ZipImportUsageError);
      assert.equal(error.code, "not-pyodide");
      assert.match(error.message, hint);
      return true;
    });
  }
});

describeVersions("install", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let zips;
  const warnings = collectWarnings();
  const pythonNames = () => pyodide.runPython("sorted(globals())").toJs();

  before(async () => {
    pyodide = await start(version);
  });

  test("takes over, without a trace in globalThis or in the user's namespace", async () => {
    pyodide.runPython("1");
    const [jsNames, userNames] = [globalNames(), pythonNames()];
    assert.equal(importerInUse(pyodide), "stock");
    zips = await install(pyodide, { onWarning: warnings.onWarning });
    assert.equal(zips.active, true);
    assert.equal(importerInUse(pyodide), "ours");
    assert.deepEqual(globalNames(), jsNames);
    assert.deepEqual(pythonNames(), userNames);
  });

  test("Python finds the module there already, with a file that opens, off sys.path", () => {
    pyodide.runPython(`
import os, sys, pyodide_zipimport
with open(pyodide_zipimport.__file__, "rb") as file:
    assert file.read(4) == b"\\0asm"
assert pyodide_zipimport.__spec__.origin == pyodide_zipimport.__file__
assert os.path.dirname(pyodide_zipimport.__file__) not in sys.path
`);
  });

  test("a module is imported from an archive, and counted", () => {
    writeArchive(pyodide, "/tmp/a.zip", { "in_a.py": "answer = 42" });
    pyodide.runPython("import sys; sys.path.insert(0, '/tmp/a.zip')");
    const { hits, compiles } = zips.stats();
    assert.equal(pyodide.runPython("import in_a; in_a.answer"), 42);
    const now = zips.stats();
    assert.ok(now.hits > hits);
    assert.equal(now.compiles, compiles + 1);
  });

  test("invalidate, pin and unpin reach the archive", () => {
    const write = (value) =>
      writeArchive(pyodide, "/tmp/b.zip", { "in_b.py": `value = "${value}"` });
    // The archive comes first on sys.path, so importing from it touches no other.
    const reimport = () =>
      pyodide.runPython("sys.modules.pop('in_b', None); import in_b; in_b.value");
    const countedIn = (work) => {
      const then = zips.stats();
      work();
      reimport();
      const now = zips.stats();
      return {
        parses: now.parses - then.parses,
        revalidations: now.revalidations - then.revalidations,
      };
    };
    const invalidateCaches = () =>
      pyodide.runPython("import importlib; importlib.invalidate_caches()");
    const [unasked, foundSame, foundOther] = [
      { parses: 0, revalidations: 0 },
      { parses: 0, revalidations: 1 },
      { parses: 1, revalidations: 0 },
    ];

    invalidateCaches(); // the first one in a session imports importlib.metadata
    write("first");
    pyodide.runPython("import sys; sys.path.insert(0, '/tmp/b.zip')");
    assert.equal(reimport(), "first");
    assert.deepEqual(
      countedIn(() => {}),
      unasked,
    );
    assert.deepEqual(
      countedIn(() => zips.invalidate("/tmp/b.zip")),
      foundSame,
    );
    assert.deepEqual(
      countedIn(() => zips.invalidate()),
      foundSame,
    );
    assert.deepEqual(
      countedIn(() => zips.invalidate("/tmp/a.zip")),
      unasked,
    );
    write("a longer one");
    assert.deepEqual(
      countedIn(() => zips.invalidate("/tmp/b.zip")),
      foundOther,
    );
    assert.equal(reimport(), "a longer one");

    assert.deepEqual(countedIn(invalidateCaches), foundSame);
    zips.pin("/tmp/b.zip");
    assert.deepEqual(countedIn(invalidateCaches), unasked);
    assert.deepEqual(
      countedIn(() => zips.unpin("/tmp/b.zip")),
      foundSame,
      "what was missed is made up for",
    );
  });

  test("a path that is none is refused, a URL by name", () => {
    for (const method of ["invalidate", "pin", "unpin"]) {
      for (const path of [null, 1, "", {}, "/a\0.zip", "/a\ud800.zip"]) {
        assert.throws(() => zips[method](path), { name: "ZipImportUsageError", code: "bad-path" });
      }
      for (const url of [
        "https://example.org/a.whl",
        "file:///a.zip",
        new URL("https://example.org/a.whl"),
      ]) {
        assert.throws(() => zips[method](url), {
          name: "ZipImportUsageError",
          code: "url-unavailable",
          message: new RegExp(`^${method}\\(\\): found the URL "`),
        });
      }
    }
    assert.throws(() => zips.pin(), { code: "bad-path" });
  });

  test("again, and twice at once: the same handle, and a warning only for other options", async () => {
    assert.equal(await install(pyodide), zips);
    const both = await Promise.all([
      install(pyodide),
      install(pyodide, { implicitInvalidation: true }),
    ]);
    assert.deepEqual(both, [zips, zips]);
    assert.deepEqual(warnings.taken, []);
    assert.equal(await install(pyodide, { implicitInvalidation: false, maxMemberBytes: 1 }), zips);
    assert.equal(warnings.taken.length, 1);
    assert.equal(warnings.taken[0][1], "options-ignored");
    assert.match(warnings.taken[0][0], /implicitInvalidation, maxMemberBytes/);
    await assert.rejects(install(pyodide, { nonsense: 1 }), { code: "unknown-option" });
  });

  test("no proxy is left alive but the handle's own, and that one not after uninstall", async () => {
    const alive = pyodide._module.pyproxy_alloc_map;
    zips.uninstall();
    alive.clear();
    pyodide._module.enable_pyproxy_allocation_tracing();
    try {
      zips = await install(pyodide);
      assert.equal(alive.size, 1, "the Python module");
      for (let i = 0; i < 10; i++) {
        zips.stats();
        zips.invalidate();
        zips.invalidate("/tmp/a.zip");
        zips.pin("/tmp/a.zip");
        zips.unpin("/tmp/a.zip");
      }
      assert.equal(alive.size, 1);
      zips.uninstall();
      assert.equal(alive.size, 0);
    } finally {
      pyodide._module.disable_pyproxy_allocation_tracing();
    }
  });

  test("uninstall gives back; what is left of the handle does nothing", () => {
    assert.equal(zips.active, false);
    assert.equal(importerInUse(pyodide), "stock");
    zips.invalidate();
    zips.invalidate("/tmp/a.zip");
    zips.pin("/tmp/a.zip");
    zips.unpin("/tmp/a.zip");
    zips.uninstall();
    assert.throws(() => zips.pin(""), { code: "bad-path" });
    const { mounts, ...counts } = zips.stats();
    assert.deepEqual(new Set(Object.values({ ...counts, ...mounts })), new Set([0]));
    assert.equal(pyodide.runPython("sys.modules.pop('in_a', None); import in_a; in_a.answer"), 42);
  });

  test("install works again after uninstall, also when twice at once", async () => {
    const [first, second] = await Promise.all([install(pyodide), install(pyodide)]);
    assert.equal(first, second);
    assert.notEqual(first, zips);
    assert.equal(first.active, true);
    assert.equal(importerInUse(pyodide), "ours");
    zips.uninstall();
    assert.equal(
      await install(pyodide),
      first,
      "an old handle's uninstall leaves the new one alone",
    );
    first.uninstall();
    assert.equal(importerInUse(pyodide), "stock");
  });

  test("a second Pyodide in the process has an importer and a handle of its own", async () => {
    const other = await start(version);
    const [here, there] = await Promise.all([install(pyodide), install(other)]);
    assert.notEqual(here, there);
    for (const [each, name] of [
      [pyodide, "here"],
      [other, "there"],
    ]) {
      writeArchive(each, "/tmp/c.zip", { "in_c.py": `place = "${name}"` });
      assert.equal(
        each.runPython("import sys; sys.path.insert(0, '/tmp/c.zip'); import in_c; in_c.place"),
        name,
      );
    }
    here.uninstall();
    assert.equal(importerInUse(pyodide), "stock");
    assert.equal(there.active, true);
    assert.equal(importerInUse(other), "ours");
    there.uninstall();
  });
});

test("a Pyodide that takes no more properties: one handle, until it is uninstalled", async () => {
  for (const when of ["before install()", "after it"]) {
    const pyodide = await start(versions.at(-1));
    const freezing = () => void Object.freeze(pyodide);
    if (when === "before install()") freezing();
    const [first, second] = await Promise.all([install(pyodide), install(pyodide)]);
    freezing();
    assert.equal(first, second, when);
    assert.equal(await install(pyodide), first);
    assert.equal(importerInUse(pyodide), "ours");
    first.uninstall();
    assert.equal(importerInUse(pyodide), "stock");
    const anew = await install(pyodide);
    assert.notEqual(anew, first, when);
    assert.equal(anew.active, true);
    assert.equal(await install(pyodide), anew);
    first.uninstall();
    assert.equal(await install(pyodide), anew);
    anew.uninstall();
  }
});

test("after a fatal error: coded errors, and uninstall() lets go of everything", async () => {
  const pyodide = await start(versions.at(-1));
  let ended = 0;
  const watchEnd = () => () => void ended++;
  const { install: installHere } = makeAPI({ ...node, watchEnd });
  const zips = await installHere(pyodide, { storage: "memory" });
  pyodide.runPython("import colorsys"); // which is to be written
  const { error: print } = console;
  console.error = () => {};
  assert.throws(() =>
    pyodide.runPython("from _pyodide_core import trigger_fatal_error as fail; fail()"),
  );
  console.error = print;
  for (const method of ["stats", "invalidate", "trace"])
    assert.throws(() => zips[method](), { code: "python-failed" }, method);
  await zips.flush();
  await zips.clear();
  zips.uninstall();
  assert.deepEqual([zips.active, ended], [false, 1]);
  zips.uninstall();
  await assert.rejects(installHere(pyodide), { code: "not-pyodide", message: /has ended/ });
});
