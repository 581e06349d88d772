// Stores keep their promises, whatever fails and whoever is killed.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { describe, test } from "node:test";

import { newest, projectPath, start, temporaryFolder, writeArchive } from "./harness.mjs";
import { packsIn } from "./peers.mjs";
import { contract } from "./store-contract.mjs";
import { Packs } from "../../js/kept/packs/packs.js";
import { loadPythonModule } from "../../js/pyodide/side-module.js";
import { DirectoryStore } from "../../js/kept/stores/directory.js";
import { MemoryStore } from "../../js/kept/stores/memory.js";
import { cacheFolder } from "../../js/platform/cache-folder.js";
import { node } from "../../js/platform/node.js";
import { readWasmFile } from "../../js/pyodide/wasm-file.js";

const HAS_PROC = fs.existsSync("/proc");
const AS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

/** A store in a folder, through node:fs or what stands for it. */
const openDirectory = (folder, fileSystem = fs) =>
  new DirectoryStore(folder, { ...node.folders, fs: fileSystem });

for (const [name, make] of [
  ["memory", () => new MemoryStore()],
  ["a folder", () => openDirectory(`${temporaryFolder()}/new/folder`)],
]) {
  describe(`a store in ${name}`, () => {
    for (const [promise, run] of contract) test(promise, async () => run(await make(), assert));
  });
}

test("the user's cache folder, by platform", () => {
  const table = [
    ["linux", { XDG_CACHE_HOME: "/cache" }, "/home/u", "/cache"],
    ["linux", { XDG_CACHE_HOME: "not/absolute" }, "/home/u", "/home/u/.cache"],
    ["linux", {}, "/home/u", "/home/u/.cache"],
    ["freebsd", { XDG_CACHE_HOME: "" }, "/home/u", "/home/u/.cache"],
    ["darwin", { XDG_CACHE_HOME: "/cache" }, "/Users/u", "/Users/u/Library/Caches"],
    ["win32", { LOCALAPPDATA: "C:\\Local" }, "C:\\Users\\u", "C:\\Local"],
    ["win32", {}, "C:\\Users\\u", "C:\\Users\\u\\AppData\\Local"],
  ];
  for (const [platform, environment, home, expected] of table)
    assert.equal(cacheFolder(platform, environment, home), expected);
});

test("the user's cache folder, where HOME is set to nothing", () => {
  const code = 'console.log((await import("./js/platform/node.js")).node.folders.cache())';
  const folder = execFileSync(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: projectPath("."),
    env: { ...process.env, HOME: "", XDG_CACHE_HOME: "" },
    encoding: "utf8",
  });
  assert.notEqual(folder, "/.cache\n");
});

describe("a store in a folder, where put() is awaited", () => {
  for (const [promise, run] of contract)
    test(promise, () => {
      const store = openDirectory(temporaryFolder());
      store.put = store.putAsync;
      return run(store, assert);
    });
});

describe("a folder", () => {
  test("is made for its owner alone, and so is what it holds", async () => {
    const folder = `${temporaryFolder()}/store`;
    const store = openDirectory(folder);
    store.put("a", new Uint8Array(1));
    assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
    assert.equal(fs.statSync(`${folder}/a`).mode & 0o777, 0o600);
  });

  test("that exists is taken if nobody else can write it", async () => {
    for (const [mode, taken] of [
      [0o700, true],
      [0o755, true],
      [0o500, true],
      [0o775, false],
      [0o702, false],
    ]) {
      const folder = temporaryFolder();
      fs.chmodSync(folder, mode);
      const opening = () => openDirectory(folder);
      if (taken) opening();
      else assert.throws(opening, new RegExp(`mode ${mode.toString(8)}, expected`));
    }
  });

  test(
    `of another user is refused${AS_ROOT ? "" : " (not run: needs root)"}`,
    { skip: !AS_ROOT },
    async () => {
      const folder = temporaryFolder();
      fs.chownSync(folder, NOBODY, NOBODY);
      assert.throws(() => openDirectory(folder), /belongs to user 65534, expected 0/);
    },
  );

  test("that is a file, or lies below one, is refused", async () => {
    const file = `${temporaryFolder()}/file`;
    fs.writeFileSync(file, "");
    assert.throws(() => openDirectory(file), { code: "EEXIST" });
    assert.throws(() => openDirectory(`${file}/below`), { code: "ENOTDIR" });
  });

  test("shows only what is its own kind", async () => {
    const folder = temporaryFolder();
    const store = openDirectory(folder);
    store.put("a", new Uint8Array(1));
    fs.mkdirSync(`${folder}/subfolder`);
    fs.writeFileSync(`${folder}/.hidden`, "");
    assert.deepEqual(
      store.list().map(({ name }) => name),
      ["a"],
    );
  });

  // Node's mkdir with `recursive` never comes back from there.
  test(
    `below one that takes no folders is refused${HAS_PROC ? "" : " (not run: needs /proc)"}`,
    { skip: !HAS_PROC },
    () => {
      assert.throws(() => openDirectory("/proc/no/folder"), { code: "ENOENT" });
    },
  );

  for (const put of ["put", "putAsync"])
    test(`that was removed is empty, and ${put}() makes it again`, async () => {
      const folder = `${temporaryFolder()}/store`;
      const store = openDirectory(folder);
      store.put("a", new Uint8Array(1));
      fs.rmSync(folder, { recursive: true });
      assert.deepEqual(store.list(), []);
      assert.equal(store.get("a"), undefined);
      await store[put]("b", new Uint8Array(1));
      assert.deepEqual(
        store.list().map(({ name }) => name),
        ["b"],
      );
      assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
    });

  test("loses what a killed process has left unfinished, after an hour", async () => {
    const folder = temporaryFolder();
    const hours = (count) => new Date(Date.now() - count * 3_600_000);
    for (const [name, age] of [
      [".pyodide-zipimport-1-old.tmp", 2],
      [".pyodide-zipimport-2-new.tmp", 0.5],
      [".other.tmp", 2],
    ]) {
      fs.writeFileSync(`${folder}/${name}`, "");
      fs.utimesSync(`${folder}/${name}`, hours(age), hours(age));
    }
    openDirectory(folder);
    assert.deepEqual(fs.readdirSync(folder).sort(), [".other.tmp", ".pyodide-zipimport-2-new.tmp"]);
  });

  test(
    `that cannot be written still serves${AS_ROOT ? "" : " (not run: needs root)"}`,
    { skip: !AS_ROOT },
    async () => {
      const folder = temporaryFolder();
      // The way there must be open to the other user too.
      fs.chmodSync(folder, 0o500);
      fs.chownSync(folder, NOBODY, NOBODY);
      const { output } = await runWriter([folder, "once"], { uid: NOBODY, gid: NOBODY });
      assert.match(output, /^EACCES: /);
      assert.deepEqual(fs.readdirSync(folder), []);
    },
  );
});

function runWriter(args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [projectPath("tests/pyodide/store-writer.mjs"), ...args],
      {
        stdio: ["ignore", "pipe", "inherit"],
        ...options,
      },
    );
    let output = "";
    child.stdout.on("data", (text) => {
      output += text;
      options.onOutput?.(child);
    });
    child.on("close", (code, signal) => resolve({ output, signal }));
  });
}

/** node:fs, of which each call passes by `before(name)` first, its promises' and those of their files too. */
function watchedFs(before) {
  const watch =
    (target, name) =>
    (...args) => {
      before(String(name), args);
      return target[name](...args);
    };
  const watchFile = (file) => ({
    writeFile: watch(file, "writeFile"),
    sync: watch(file, "sync"),
    async close() {
      await file.close(); // else Node does, and complains
      before("close", []);
    },
  });
  const promises = {
    open: async (...args) => watchFile(await watch(fs.promises, "open")(...args)),
    rename: async (...args) => watch(fs.promises, "rename")(...args),
  };
  return new Proxy(fs, {
    get(target, name) {
      if (name === "promises") return promises;
      return String(name).endsWith("Sync") ? watch(target, name) : target[name];
    },
  });
}

function errorWith(code) {
  return Object.assign(new Error(`${code}: made to fail`), { code });
}

for (const put of ["put", "putAsync"])
  describe(`${put}, whatever fails`, () => {
    const old = new Uint8Array(3000).fill(1);
    const next = new Uint8Array(5000).fill(2);

    for (const code of ["ENOSPC", "EIO", "EROFS"]) {
      test(`each call in turn, with ${code}: the old value or the new one, and nothing beside it`, async () => {
        let failed = 0;
        for (let at = 1; ; at++) {
          const folder = temporaryFolder();
          openDirectory(folder).put("value", old);
          let calls = 0;
          let name;
          const store = openDirectory(folder);
          const failing = openDirectory(
            folder,
            watchedFs((called) => {
              if (++calls === at + opening) throw errorWith((name = called) && code);
            }),
          );
          let error;
          try {
            await failing[put]("value", next);
          } catch (caught) {
            error = caught;
          }
          if (!name) break;
          failed++;
          const value = store.get("value");
          if (error) {
            assert.equal(error.code, code, name);
            assert.deepEqual(value, old, name);
          } else {
            assert.deepEqual(value, next, name);
          }
          assert.deepEqual(fs.readdirSync(folder), ["value"], name);
        }
        assert.ok(failed >= 6, `${failed} calls`);
      });
    }

    test("a process that stops at any call leaves the old value or the new one", async () => {
      let survived = 0;
      for (let at = 1; survived === 0; at++) {
        const folder = temporaryFolder();
        openDirectory(folder).put("value", old);
        let calls = 0;
        const dying = openDirectory(
          folder,
          // Nothing is done any more, no tidying up either.
          watchedFs(() => {
            if (++calls >= at + opening) throw errorWith("EDEAD");
          }),
        );
        try {
          await dying[put]("value", next);
          survived = Number(calls < at + opening);
        } catch {
          // it is dead
        }
        const [first] = openDirectory(folder).get("value");
        const value = openDirectory(folder).get("value");
        assert.deepEqual(value, first === 1 ? old : next, `call ${at}`);
      }
    });
  });

test("a process that is killed at any moment leaves a whole value", async () => {
  const folder = temporaryFolder();
  const rounds = Number(process.env.KILLS ?? 20);
  for (let round = 0; round < rounds; round++) {
    const { signal } = await runWriter([folder], {
      onOutput: (child) => setTimeout(() => child.kill("SIGKILL"), Math.random() * 15),
    });
    assert.equal(signal, "SIGKILL");
    const value = openDirectory(folder).get("value");
    assert.equal(value.length, 1_000_000);
    assert.ok(value.every((byte) => byte === value[0]));
  }
});

// What opening a store calls: mkdir, stat, readdir.
const opening = 3;

test("a flush that stops at any call of the file system leaves every pack that was there", async () => {
  const pyodide = await start(newest);
  const module = await loadPythonModule(pyodide, () => readWasmFile(node, undefined));
  module.install();
  pyodide.runPython(`
import sys, zipfile
with zipfile.ZipFile("/a.zip", "w") as archive:
    archive.writestr("old.py", "value = 'old'")
    archive.writestr("new.py", "value = 'new'")
sys.path.insert(0, "/a.zip")`);
  const use = (store) =>
    new Packs(pyodide, module, {
      platform: node,
      store,
      maxBytes: 1e6,
      autoFlush: false,
      onWarning() {},
    });
  const importing = (name) => pyodide.runPython(`sys.modules.pop("${name}", None); import ${name}`);
  let stopped = 0;
  for (let at = 1; ; at++) {
    const folder = `${temporaryFolder()}/store`;
    const first = use(openDirectory(folder));
    importing("old");
    await first.flush();
    first.close();

    let calls = 0;
    let armed = false;
    const dying = use(
      openDirectory(
        folder,
        watchedFs(() => {
          if (armed && ++calls >= at) throw errorWith("EDEAD");
        }),
      ),
    );
    importing("old");
    importing("new");
    armed = true;
    await dying.flush();
    armed = false;
    dying.close();
    const members = Object.values(packsIn(folder)).flat();
    assert.ok(members.includes("old.pyc"), `call ${at}: ${members}`);

    const after = use(openDirectory(folder));
    const before = module.stats().get("compiles");
    importing("old");
    assert.equal(module.stats().get("compiles"), before, `call ${at}`);
    after.close();
    if (calls < at) break;
    stopped++;
  }
  assert.ok(stopped >= 10, `${stopped} calls`);
});

test("a kept file that cannot be read is replaced at the next flush", async () => {
  const pyodide = await start(newest);
  const module = await loadPythonModule(pyodide, () => readWasmFile(node, undefined));
  module.install();
  writeArchive(pyodide, "/a.zip", { "one.py": "value = 1", "two.py": "value = 2" });
  const folder = `${temporaryFolder()}/store`;
  const warnings = [];
  const use = (fileSystem) =>
    new Packs(pyodide, module, {
      ...{
        platform: node,
        store: openDirectory(folder, fileSystem),
        maxBytes: 1e6,
        autoFlush: false,
      },
      onWarning: (message) => warnings.push(message),
    });
  const importing = (name) =>
    pyodide.runPython(`
import sys
sys.modules.pop("${name}", None)
sys.path.insert(0, "/a.zip")
import ${name}
del sys.path[0]`);
  const first = use(fs);
  importing("one");
  await first.flush();
  first.close();
  const [unreadable] = fs.readdirSync(folder).filter((name) => name.endsWith(".zip"));
  const failing = watchedFs((called, [path]) => {
    if (called === "readFileSync" && path.endsWith(unreadable)) throw errorWith("EIO");
  });
  const second = use(failing);
  importing("one");
  importing("two");
  await second.flush();
  second.close();
  assert.deepEqual(Object.values(packsIn(folder)), [["one.pyc", "two.pyc"]]);
  assert.ok(!fs.existsSync(`${folder}/${unreadable}`));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /EIO/);
});
