// mount() and what it gives: where an archive appears, under which name, what changes it, what ends it, and
// what is refused.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  collectWarnings,
  describeOn,
  newest,
  runWith,
  start,
  temporaryFolder,
} from "./harness.mjs";
import { makeZip } from "./zip.mjs";
import { install, ZipImportInternalError, ZipImportUsageError } from "../../js/node.js";

const REASON = new Error("the caller's own reason");

/** An archive with one package; the value tells it from others. */
function archiveOf(name, value = 1) {
  return makeZip({
    [`${name}/__init__.py`]: `value = ${value}\n`,
    [`${name}/data.txt`]: `data ${value}`,
    [`${name}/inner/deep.py`]: "",
  });
}

const bytesOf = (text) => Uint8Array.from(Buffer.from(text));

const refuses = (work, code, message) =>
  assert.rejects(work, (error) => {
    assert.equal(error.code, code, error.message);
    assert.ok(error instanceof ZipImportUsageError || error instanceof ZipImportInternalError);
    assert.match(error.message, message);
    return true;
  });

/** @type {any} */ let server;
let origin;
/** What the server has, by path. */
const files = new Map();
before(async () => {
  server = createServer((request, response) => {
    const file = files.get(new URL(request.url, origin).pathname);
    if (file) response.writeHead(200, { "content-type": file.type ?? "application/zip" });
    else response.writeHead(404);
    response.end(file?.bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

describeOn([newest], "mount()", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let zips;
  const { taken, onWarning } = collectWarnings();
  let count = 0;
  /** A name that no test had before. */
  const newName = () => `mounted_${++count}`;
  const python = (code) => runWith(pyodide, code);
  const sysPath = () => JSON.parse(python("import json, sys; json.dumps(sys.path)"));
  const valueOf = (name) =>
    python(`import sys; sys.modules.pop("${name}", None); import ${name}; ${name}.value`);
  const listOf = (folder) => pyodide.FS.readdir(folder).filter((name) => !/^\.+$/.test(name));

  before(async () => {
    pyodide = await start(version);
    zips = await install(pyodide, { storage: "memory", onWarning });
  });
  after(() => {
    zips.uninstall();
    assert.deepEqual(taken, []);
  });

  describe("where it appears", () => {
    test("bytes with a name: its folder in /lib/zip, first on sys.path", async () => {
      const name = newName();
      const lib = await zips.mount(archiveOf(name), { name: "with name.whl" });
      assert.equal(lib.name, "with name.whl");
      assert.equal(lib.path, "/lib/zip/with name.whl");
      assert.equal(sysPath()[0], lib.path);
      assert.equal(valueOf(name), 1);
      assert.equal(python(`import ${name}; ${name}.__file__`), `${lib.path}/${name}/__init__.py`);
      assert.equal(python(`open("${lib.path}/${name}/data.txt").read()`), "data 1");
      lib.unmount();
      assert.ok(!sysPath().includes(lib.path));
      assert.ok(!pyodide.FS.analyzePath(lib.path).exists);
      lib.unmount();
    });

    test("sysPath: append, or false", async () => {
      const name = newName();
      const last = await zips.mount(archiveOf(name), { name: "last", sysPath: "append" });
      assert.equal(sysPath().at(-1), last.path);
      const outside = await zips.mount(archiveOf(name), { name: "outside", sysPath: false });
      assert.ok(!sysPath().includes(outside.path));
      assert.deepEqual(listOf(outside.path), [name]);
      outside.unmount();
      last.unmount();
    });

    test("the name by default: of the URL, the path, the file; else made of the content", async () => {
      const name = newName();
      const bytes = archiveOf(name);
      const folder = temporaryFolder();
      writeFileSync(`${folder}/of-path.zip`, bytes);
      files.set("/a/of-url.whl", { bytes });
      for (const [given, expected] of [
        [`${origin}/a/of-url.whl?x#y`, /^of-url\.whl$/],
        [new URL(`${origin}/a/of-url.whl`), /^of-url\.whl$/],
        [await fetch(`${origin}/a/of-url.whl`), /^of-url\.whl$/],
        [`${folder}/of-path.zip`, /^of-path\.zip$/],
        [new File([bytes], "of-file.whl"), /^of-file\.whl$/],
        [new Blob([bytes]), /^archive-[0-9a-f]{8}$/],
        [bytes.slice(), /^archive-[0-9a-f]{8}$/],
        [bytes.slice().buffer, /^archive-[0-9a-f]{8}$/],
      ]) {
        const lib = await zips.mount(given);
        assert.match(lib.name, expected);
        assert.equal(valueOf(name), 1);
        lib.unmount();
      }
    });

    test("a name in use: the same content is the same mount, other content refused", async () => {
      const name = newName();
      const lib = await zips.mount(archiveOf(name), { name: "twice" });
      assert.equal(await zips.mount(archiveOf(name), { name: "twice" }), lib);
      await refuses(
        zips.mount(archiveOf(name, 2), { name: "twice" }),
        "name-in-use",
        /another archive is mounted at \/lib\/zip\/twice; expected a name that is free/,
      );
      assert.equal(valueOf(name), 1);
      const others = await Promise.allSettled([
        zips.mount(archiveOf(name, 3), { name: "race" }),
        zips.mount(archiveOf(name, 4), { name: "race" }),
      ]);
      assert.deepEqual(others.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
      lib.unmount();
      others.find(({ value }) => value).value.unmount();
      pyodide.FS.mkdirTree("/lib/zip/own");
      await refuses(
        zips.mount(archiveOf(name), { name: "own" }),
        "name-in-use",
        /what is no mount lies at \/lib\/zip\/own/,
      );
      pyodide.FS.rmdir("/lib/zip/own");
    });

    test("two mounts, two names: the later one is first, until it goes", async () => {
      const name = newName();
      const [first, second] = [
        await zips.mount(archiveOf(name, 1), { name: "one" }),
        await zips.mount(archiveOf(name, 2), { name: "two" }),
      ];
      assert.equal(valueOf(name), 2);
      second.unmount();
      assert.equal(valueOf(name), 1);
      first.unmount();
      assert.throws(() => valueOf(name), /ModuleNotFoundError/);
    });
  });

  describe("changes", () => {
    test("invalidate() reads a URL again, and swaps it in where it is another one", async () => {
      const name = newName();
      files.set("/changing.whl", { bytes: archiveOf(name, 1) });
      const lib = await zips.mount(`${origin}/changing.whl`);
      assert.equal(valueOf(name), 1);
      assert.equal(await lib.invalidate(), false);
      files.set("/changing.whl", { bytes: archiveOf(name, 22) });
      assert.equal(valueOf(name), 1);
      assert.equal(await lib.invalidate(), true);
      assert.equal(valueOf(name), 22);
      assert.equal(python(`open("${lib.path}/${name}/data.txt").read()`), "data 22");
      lib.unmount();
    });

    test("invalidate() of a file, and of a Blob", async () => {
      const name = newName();
      const folder = temporaryFolder();
      writeFileSync(`${folder}/a.zip`, archiveOf(name, 1));
      const lib = await zips.mount(`${folder}/a.zip`);
      writeFileSync(`${folder}/a.zip`, archiveOf(name, 2));
      assert.equal(await lib.invalidate(), true);
      assert.equal(valueOf(name), 2);
      lib.unmount();
      const blob = await zips.mount(new Blob([archiveOf(name)]));
      assert.equal(await blob.invalidate(), false);
      blob.unmount();
    });

    test("a damaged archive is repaired by the whole one, whose directory is the same", async () => {
      const whole = makeZip({ "data.txt": "some text", "kept.txt": "kept" }, { isStored: true });
      const damaged = whole.slice();
      damaged[Buffer.from(whole).indexOf("some text")] ^= 1;
      const path = `${temporaryFolder()}/damaged.zip`;
      const read = (/** @type {any} */ { path }) => python(`open("${path}/data.txt").read()`);
      for (const repair of [
        (/** @type {any} */ lib) => lib.invalidate(),
        (/** @type {any} */ lib) => lib.replace(whole.slice()),
        async (/** @type {any} */ lib) =>
          (await zips.mount(whole.slice(), { name: lib.name })) === lib,
      ]) {
        writeFileSync(path, damaged);
        const lib = await zips.mount(path);
        assert.throws(() => read(lib), /OSError/);
        assert.equal(await lib.invalidate(), false);
        writeFileSync(path, whole);
        assert.equal(await repair(lib), true);
        assert.equal(read(lib), "some text");
        assert.equal(await lib.replace(whole.slice()), false);
        lib.unmount();
      }
    });

    test("replace() where a program has removed what is ours, or has put a file in the way", async () => {
      const lib = await zips.mount(archiveOf("x", 1), { name: "robbed" });
      python('import shutil; shutil.rmtree("/lib/pyodide_zipimport/archives")');
      assert.equal(await lib.replace(archiveOf("x", 2)), true);
      assert.equal(python(`open("${lib.path}/x/data.txt").read()`), "data 2");
      lib.unmount();
      python('import os; os.rename("/lib/zip", "/lib/zip9"); open("/lib/zip", "w").close()');
      try {
        await assert.rejects(zips.mount(archiveOf("x"), { name: "barred" }), (error) => {
          assert.ok(error instanceof Error);
          assert.match(error.message, /^\[Errno \d+\] .*: '\/lib\/zip\/barred'$/);
          return true;
        });
      } finally {
        python('import os; os.unlink("/lib/zip"); os.rename("/lib/zip9", "/lib/zip")');
      }
      const other = await zips.mount(archiveOf("x", 3), { name: "barred" });
      assert.equal(python(`open("${other.path}/x/data.txt").read()`), "data 3");
      other.unmount();
    });

    test("what fails while it is read again leaves the mount as it was", async () => {
      const name = newName();
      files.set("/failing.whl", { bytes: archiveOf(name, 1) });
      const lib = await zips.mount(`${origin}/failing.whl`);
      files.set("/failing.whl", { bytes: "<!doctype html>", type: "text/html" });
      await refuses(lib.invalidate(), "not-an-archive", /sent as text\/html/);
      files.delete("/failing.whl");
      await refuses(lib.invalidate(), "source-unreachable", /HTTP status 404/);
      await refuses(lib.replace(bytesOf("no")), "not-an-archive", /2 bytes given/);
      await assert.rejects(
        lib.replace(archiveOf(name, 3), { signal: AbortSignal.abort(REASON) }),
        REASON,
      );
      assert.equal(valueOf(name), 1);
      lib.unmount();
    });

    test("replace(): source lines are the new ones, although size and time in the archive are as before", async () => {
      const name = newName();
      const lib = await zips.mount(archiveOf(name, 1), { name });
      const firstLine = () =>
        runWith(
          pyodide,
          `
import importlib, inspect, os, sys, time
sys.modules.pop(name, None)
module = importlib.import_module(name)
assert abs(os.stat(module.__file__).st_mtime - time.time()) < 600, "it is as if it was unpacked just now"
inspect.getsource(module)`,
          { name },
        );
      assert.equal(firstLine(), "value = 1\n");
      await sleep(5);
      await lib.replace(archiveOf(name, 2));
      assert.equal(firstLine(), "value = 2\n");
      lib.unmount();
    });

    test("replace() takes other bytes; mounted from bytes, invalidate() has nothing to read", async () => {
      const name = newName();
      const lib = await zips.mount(archiveOf(name, 1), { name: "bytes" });
      await refuses(
        lib.invalidate(),
        "not-readable-again",
        /\/lib\/zip\/bytes was mounted from the \d+ bytes given, .* replace\(\)/,
      );
      const given = archiveOf(name, 2);
      assert.equal(await lib.replace(given, { copy: true }), true);
      assert.equal(await lib.replace(given), false);
      assert.equal(given.length, 0);
      assert.equal(valueOf(name), 2);
      files.set("/instead.whl", { bytes: archiveOf(name, 3) });
      await lib.replace(`${origin}/instead.whl`);
      assert.equal(valueOf(name), 3);
      files.set("/instead.whl", { bytes: archiveOf(name, 4) });
      assert.equal(await lib.invalidate(), true);
      assert.equal(valueOf(name), 4);
      await refuses(
        lib.replace(given, { name: "x" }),
        "unknown-option",
        /replace\(\): unknown option "name"/,
      );
      lib.unmount();
    });

    test("what was unmounted is used no more, also if that came in between", async () => {
      const name = newName();
      files.set("/gone.whl", { bytes: archiveOf(name, 1) });
      const lib = await zips.mount(`${origin}/gone.whl`);
      files.set("/gone.whl", { bytes: archiveOf(name, 2) });
      const pending = lib.invalidate();
      lib.unmount();
      const other = await zips.mount(archiveOf(name, 5), { name: "gone.whl" });
      await refuses(pending, "unmounted", /\/lib\/zip\/gone\.whl was unmounted meanwhile/);
      await refuses(lib.invalidate(), "unmounted", /is not mounted any more/);
      await refuses(lib.replace(archiveOf(name)), "unmounted", /is not mounted any more/);
      lib.unmount();
      assert.equal(valueOf(name), 5);
      other.unmount();
    });

    test("what was moved out of it stays when it goes, or is replaced", async () => {
      const name = newName();
      for (const end of ["unmount", "replace"]) {
        const lib = await zips.mount(archiveOf(name), { name: "left" });
        python(`
import os, shutil
os.rename("${lib.path}/${name}/data.txt", "/tmp/data.txt")
shutil.move("${lib.path}/${name}", "/tmp/moved")
`);
        if (end === "replace") await lib.replace(archiveOf(name, 2));
        lib.unmount();
        assert.equal(python('open("/tmp/data.txt").read()'), "data 1");
        assert.deepEqual(listOf("/tmp/moved"), ["__init__.py", "inner"]);
        assert.equal(python('open("/tmp/moved/__init__.py").read()'), "value = 1\n");
        python('import os, shutil; os.unlink("/tmp/data.txt"); shutil.rmtree("/tmp/moved")');
      }
    });

    test("folders moved between mounts: each can go first", async () => {
      for (const isFirst of [true, false]) {
        const [one, two] = [newName(), newName()];
        const from = await zips.mount(archiveOf(one), { name: "from" });
        const to = await zips.mount(archiveOf(two), { name: "to" });
        const third = await zips.mount(archiveOf(newName()), { name: "third" });
        python(`import os; os.rename("${from.path}/${one}", "${to.path}/${two}/sub")`);
        for (const lib of isFirst ? [from, to] : [to, from]) lib.unmount();
        assert.deepEqual(
          taken.splice(0).map(([, code]) => code),
          ["changes-lost"],
        );
        assert.deepEqual(listOf("/lib/zip"), ["third"]);
        assert.equal(python('import os; len(os.listdir("/lib/zip"))'), 1);
        third.unmount();
      }
    });

    for (const moved of ["/lib/zip/elsewhere", "/tmp/elsewhere"])
      test(`moved to ${moved}: mounted anew, and what was moved stays`, async () => {
        const name = newName();
        const lib = await zips.mount(archiveOf(name), { name: "place" });
        python(`
import os
os.rename("${lib.path}", "${moved}")
open("${moved}/notes.txt", "w").write("mine")
`);
        await refuses(
          zips.mount(new Uint8Array(99), { name: "place" }),
          "not-an-archive",
          /no zip archive/,
        );
        assert.equal(await lib.invalidate().catch(({ code }) => code), "not-readable-again");
        const again = await zips.mount(archiveOf(name), { name: "place" });
        assert.notEqual(again, lib);
        assert.equal(valueOf(name), 1);
        again.unmount();
        assert.deepEqual(listOf(moved), [name, "notes.txt"]);
        assert.equal(python(`open("${moved}/${name}/data.txt").read()`), "data 1");
        python(`import shutil; shutil.rmtree("${moved}")`);
      });

    test("the folder of all mounts is moved: replace() puts the mount where it was", async () => {
      const name = newName();
      const lib = await zips.mount(archiveOf(name), { name: "place" });
      python('import os; os.rename("/lib/zip", "/lib/zip2")');
      assert.equal(await lib.replace(archiveOf(name)), true);
      assert.equal(valueOf(name), 1);
      lib.unmount();
      assert.equal(python(`open("/lib/zip2/place/${name}/data.txt").read()`), "data 1");
      python('import shutil; shutil.rmtree("/lib/zip2")');
    });

    test("a folder that a program removed: mounted anew, and not replaced by what lies there", async () => {
      const name = newName();
      const lib = await zips.mount(archiveOf(name), { name: "removed" });
      python(`import shutil; shutil.rmtree("${lib.path}")`);
      const again = await zips.mount(archiveOf(name), { name: "removed" });
      assert.notEqual(again, lib);
      assert.equal(valueOf(name), 1);
      python(`import shutil; shutil.rmtree("${again.path}")`);
      pyodide.FS.writeFile(again.path, "mine");
      await refuses(again.replace(archiveOf(name, 2)), "name-in-use", /no mount lies at/);
      again.unmount();
      assert.equal(pyodide.FS.readFile(again.path, { encoding: "utf8" }), "mine");
      pyodide.FS.unlink(again.path);
    });

    test("modules and open files outlive the mount", async () => {
      const name = newName();
      const lib = await zips.mount(archiveOf(name), { name: "outlived" });
      python(`
import builtins, ${name}
builtins.kept = open("${lib.path}/${name}/data.txt")
`);
      lib.unmount();
      assert.equal(python(`import ${name}; ${name}.value`), 1);
      assert.equal(python("import builtins; builtins.kept.read()"), "data 1");
      python("import builtins; builtins.kept.close(); del builtins.kept");
      assert.throws(() => python(`import ${name}.inner.deep`), /ModuleNotFoundError/);
    });
  });

  describe("what is refused", () => {
    test("options: each with a value that is none, and names that are none", async () => {
      const bytes = archiveOf(newName());
      for (const [option, values] of Object.entries({
        name: ["", ".", "..", "a/b", 1, null],
        sysPath: ["first", true, null, 1],
        integrity: ["", "sha256-x", "md5-x", 1, null],
        copy: ["true", 1, null],
        request: [1, null, "GET", [], { signal: new AbortController().signal }],
        timeout: [0, -1, Infinity, Number.NaN, "1", null, 2 ** 31],
        onProgress: [1, null, {}],
        signal: [1, null, {}, new AbortController()],
      }))
        for (const value of values)
          await refuses(
            zips.mount(bytes, { [option]: value }),
            "bad-option",
            new RegExp(`^mount\\(\\): option "${option}": found .*, expected `),
          );
      for (const [given, meant] of [
        ["sys_path", "sysPath"],
        ["progress", "onProgress"],
        ["sha256", "name"],
      ])
        await refuses(
          zips.mount(bytes, { [given]: 1 }),
          "unknown-option",
          new RegExp(`"${given}"; the nearest known one is "${meant}"`),
        );
      for (const options of [1, "name", [], null])
        await refuses(zips.mount(bytes, options), "bad-option", /as options, expected an object/);
      assert.ok(bytes.length > 0, "the caller's bytes are still there");
    });

    test("what is no archive is named by how it begins", async () => {
      files.set("/page.whl", { bytes: "\n<!doctype html><title>Not found", type: "text/html" });
      for (const [given, message] of [
        [
          `${origin}/page.whl`,
          /page\.whl is no zip archive: found 32 bytes that begin with "\\n<!doctype html>.*, sent as text\/html; it is a page/,
        ],
        [bytesOf("hello"), /the 5 bytes given .* that begin with "hello"; expected a wheel or/],
        [Uint8Array.of(0x1f, 0x8b, 8, 0, 0xff), /the bytes 1f 8b 08 00 ff; it is a gzip file/],
        [
          archiveOf("cut").subarray(0, 200),
          /the bytes 50 4b 03 04 .* \("PK"\); the archive is cut short or damaged/,
        ],
        [new Blob([]), /the Blob of 0 bytes is no zip archive: found 0 bytes;/],
      ])
        await refuses(zips.mount(given, { name: "none" }), "not-an-archive", message);
      assert.ok(!pyodide.FS.analyzePath("/lib/zip/none").exists);
      assert.deepEqual(
        listOf("/lib/pyodide_zipimport").filter((name) => /arrived/.test(name)),
        [],
      );
    });

    test("a source that cannot be read, a digest that is another", async () => {
      await refuses(zips.mount(`${origin}/missing.whl`), "source-unreachable", /status 404/);
      await refuses(zips.mount({}), "bad-source", /found an object/);
      await refuses(
        zips.mount(archiveOf(newName()), { integrity: `sha256-${"A".repeat(43)}=` }),
        "integrity-mismatch",
        /nothing was mounted/,
      );
      await assert.rejects(
        zips.mount(archiveOf("x"), { signal: AbortSignal.abort(REASON) }),
        REASON,
      );
    });
  });

  test("a sys.path that is no list: mount() leaves nothing behind, and unmount() ends the mount", async () => {
    const lib = await zips.mount(archiveOf("x"), { name: "listed" });
    python("import sys; sys.path = tuple(sys.path)");
    try {
      await assert.rejects(zips.mount(archiveOf("x"), { name: "refused" }), /AttributeError/);
      lib.unmount();
    } finally {
      python("import sys; sys.path = [each for each in sys.path if each != '/lib/zip/listed']");
    }
    for (const name of ["listed", "refused"]) {
      assert.ok(!pyodide.FS.analyzePath(`/lib/zip/${name}`).exists);
      const again = await zips.mount(archiveOf("x", 2), { name });
      assert.equal(python(`open("${again.path}/x/data.txt").read()`), "data 2");
      again.unmount();
    }
  });

  test("stats() counts what is mounted, and what was filled of it", async () => {
    const none = { count: 0, archiveBytes: 0, nodes: 0, fills: 0, filledBytes: 0, drops: 0 };
    assert.deepEqual(zips.stats().mounts, none);
    const name = newName();
    const bytes = archiveOf(name, 12);
    const lib = await zips.mount(bytes, { copy: true });
    python(`open("${lib.path}/${name}/data.txt").read()`);
    assert.deepEqual(zips.stats().mounts, {
      count: 1,
      archiveBytes: bytes.length,
      nodes: 3,
      fills: 1,
      filledBytes: 7,
      drops: 0,
    });
    await lib.replace(archiveOf(name, 123));
    assert.equal(zips.stats().mounts.archiveBytes, archiveOf(name, 123).length);
    lib.unmount();
    assert.deepEqual(zips.stats().mounts, none);
  });

  test("an archive's memory is given back when it is unmounted or replaced", async () => {
    const numbers = ({ archives, entries, indexBytes } = zips.stats()) => [
      archives,
      entries,
      indexBytes,
    ];
    const before = numbers();
    const lib = await zips.mount(archiveOf("x"));
    const mounted = numbers();
    assert.notDeepEqual(mounted, before);
    await lib.replace(archiveOf("x", 2));
    assert.deepEqual(numbers(), mounted);
    lib.unmount();
    assert.deepEqual(numbers(), before);
  });

  test("a mount is disposable where the engine has the symbols", async () => {
    const lib = await zips.mount(archiveOf(newName()), { name: "disposed" });
    if (!Symbol.dispose) return assert.ok(!("undefined" in lib));
    lib[Symbol.dispose]();
    assert.ok(!pyodide.FS.analyzePath(lib.path).exists);
    const other = await zips.mount(archiveOf(newName()), { name: "disposed" });
    await other[Symbol.asyncDispose]();
    assert.ok(!pyodide.FS.analyzePath(lib.path).exists);
  });

  test("uninstall() unmounts; from then on archives are unpacked", async () => {
    const name = newName();
    const lib = await zips.mount(archiveOf(name), { name: "ended" });
    zips.uninstall();
    assert.ok(!pyodide.FS.analyzePath(lib.path).exists);
    assert.ok(!sysPath().includes(lib.path));
    await refuses(lib.invalidate(), "unmounted", /not mounted any more/);

    const unpacked = await zips.mount(archiveOf(name, 6), { name: "ended" });
    assert.equal(valueOf(name), 6);
    assert.equal(await zips.mount(archiveOf(name, 6), { name: "ended" }), unpacked);
    await refuses(
      zips.mount(archiveOf(name, 7), { name: "ended" }),
      "name-in-use",
      /another archive/,
    );
    await refuses(zips.mount(bytesOf("no"), { name: "no" }), "not-an-archive", /begin with "no"/);
    assert.ok(!pyodide.FS.analyzePath("/lib/zip/no").exists);
    const beside = await zips.mount(archiveOf("beside"), { name: `${unpacked.name}.new` });
    assert.equal(await unpacked.replace(archiveOf(name, 8)), true);
    assert.equal(python(`open("${beside.path}/beside/data.txt").read()`), "data 1");
    beside.unmount();
    await refuses(unpacked.replace(bytesOf("no")), "not-an-archive", /begin with "no"/);
    python("import importlib; importlib.invalidate_caches()");
    assert.equal(valueOf(name), 8);
    assert.deepEqual(listOf("/lib/zip"), ["ended"]);
    unpacked.unmount();
    assert.deepEqual(listOf("/lib/zip"), []);
    zips = await install(pyodide, { storage: "memory", onWarning });
  });

  test("a Pyodide that has ended meanwhile", async () => {
    const other = await start(version);
    const handle = await install(other, { storage: "memory", onWarning });
    const lib = await handle.mount(archiveOf("ended"), { name: "a" });
    const pending = handle.mount(new Blob([archiveOf("late")]));
    assert.throws(() => other.runPython("import os; os._exit(0)"));
    await refuses(pending, "python-failed", /a Pyodide that has ended/);
    lib.unmount();
    handle.uninstall();
  });
});
