// A store that must be awaited, as those of browsers: what imports find of it, and when. The store is
// the caller's own, so this tests that option too.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { collectWarnings, describeOn, newest, start, writeArchive } from "./harness.mjs";
import { makeAPI } from "../../js/api.js";
import { Visit } from "../../js/kept/packs/visit.js";
import { browser } from "../../js/platform/browser.js";
import { node } from "../../js/platform/node.js";

// Node's files, and a page to watch.
const { isHidden, watchEnd } = browser;
const { install } = makeAPI({ ...node, isHidden, watchEnd });

const MEMBERS = { "one.py": "value = 1", "two.py": "value = 2", "p/__init__.py": "value = 'p'" };
const PACK = /^z1-.*\.zip$/;

/** Keeps its entries when a Pyodide ends, and notes what is asked of it. */
class SlowStore {
  kind = "slow";
  where = "here";
  entries = new Map();
  asked = [];
  /** @type {(method: string, name: string) => boolean} */
  fails = () => false;

  async get(name) {
    await this.#ask("get", name);
    return this.entries.get(name)?.bytes;
  }
  async put(name, bytes) {
    await this.#ask("put", name);
    this.entries.set(name, { bytes, usedMs: Date.now() });
  }
  async delete(name) {
    await this.#ask("delete", name);
    this.entries.delete(name);
  }
  async list() {
    await this.#ask("list", "");
    return [...this.entries].map(([name, { bytes, usedMs }]) => ({
      name,
      nbytes: bytes.length,
      usedMs,
    }));
  }
  async touch(name) {
    await this.#ask("touch", name);
    const entry = this.entries.get(name);
    if (entry) entry.usedMs = Date.now();
  }

  async #ask(method, name) {
    this.asked.push(`${method} ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (this.fails(method, name)) throw new Error(`${method} fails`);
  }

  packs() {
    return [...this.entries.keys()].filter((name) => PACK.test(name));
  }
  asks(method) {
    return this.asked.filter((ask) => ask.startsWith(`${method} z1`));
  }
}

/** What a window has beside Node. */
function makePage() {
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const listening = {
    addEventListener: document.addEventListener.bind(document),
    removeEventListener: document.removeEventListener.bind(document),
  };
  Object.assign(globalThis, { document, ...listening });
  return {
    hide() {
      document.visibilityState = "hidden";
      document.dispatchEvent(new Event("visibilitychange"));
    },
    remove() {
      for (const name of ["document", ...Object.keys(listening)]) delete globalThis[name];
    },
  };
}

describeOn([newest], "a store that must be awaited", (version) => {
  /** @type {SlowStore} */ let store;
  /** @type {any} */ let pyodide;
  /** @type {any} the handle of the visit that is not over */ let current;
  let archives = 0;

  // One Pyodide serves many visits: what an earlier one imported is forgotten, and gone from memory.
  async function visit(options = {}) {
    pyodide ??= await start(version);
    const { taken, onWarning } = collectWarnings();
    const zips = await install(pyodide, {
      storage: store,
      autoFlush: false,
      onWarning,
      ...options,
    });
    current = zips;
    return { zips, warnings: taken };
  }

  /** A new archive, and a function that imports from it and tells what that took. */
  function makeArchive(members = MEMBERS) {
    const path = `/tmp/async-${++archives}.zip`;
    // The names make its directory, and so its pack's name, its own.
    writeArchive(pyodide, path, { ...members, [`unique_${archives}_${version}.py`]: "" });
    return path;
  }

  function importFrom(zips, path, ...names) {
    const before = zips.stats();
    const values = names.map((name) =>
      pyodide.runPython(`
import sys
sys.modules.pop("${name}", None)
sys.path.insert(0, "${path}")
try:
    import ${name} as module
finally:
    sys.path.remove("${path}")
module.value`),
    );
    const after = zips.stats();
    const counts = ["compiles", "packHits", "packLoads"].map((key) => after[key] - before[key]);
    return { values, counts };
  }

  beforeEach(() => {
    store = new SlowStore();
  });
  // A test that failed ends its visit too.
  afterEach(() => current?.uninstall());

  test("what one visit compiled, the next has from the start", async () => {
    const first = await visit();
    const path = makeArchive();
    assert.deepEqual(importFrom(first.zips, path, "one", "p").counts, [2, 0, 0]);
    await first.zips.flush();
    assert.equal(store.packs().length, 1);
    const { storage } = first.zips.stats();
    assert.deepEqual(
      [storage.kind, storage.where, storage.entries],
      ["slow", "here", 3],
      "a pack, a note, the visit",
    );
    assert.ok(storage.bytes > 300);
    first.zips.uninstall();

    const second = await visit();
    const got = importFrom(second.zips, path, "one", "p", "two");
    assert.deepEqual(got, { values: [1, "p", 2], counts: [1, 2, 1] });
    await second.zips.flush();
    assert.equal(store.packs().length, 1);
    second.zips.uninstall();
    assert.deepEqual([...first.warnings, ...second.warnings], []);
  });

  test("what the last visit used is there before install() resolves, and nothing else is waited for", async () => {
    const first = await visit();
    const paths = [makeArchive(), makeArchive(), makeArchive()];
    for (const path of paths) importFrom(first.zips, path, "one");
    await first.zips.flush();
    first.zips.uninstall();
    const second = await visit();
    assert.deepEqual(importFrom(second.zips, paths[1], "one").counts, [0, 1, 1]);
    await second.zips.flush();
    second.zips.uninstall();

    store.asked = [];
    const third = await visit();
    const kinds = store.asked.map((ask) =>
      ask.replace(/z1-page-.*/, "page").replace(/z1-p.*/, "pack"),
    );
    assert.deepEqual(kinds.slice(0, 2), ["get page", "get pack"]);
    assert.equal(store.asked.filter((ask) => ask.endsWith(".zip")).length, 1);
    assert.deepEqual(importFrom(third.zips, paths[1], "one").counts, [0, 1, 1]);
    await third.zips.flush(); // behind the reading of the rest
    assert.deepEqual(importFrom(third.zips, paths[0], "one").counts, [0, 1, 1]);
    assert.deepEqual(third.warnings, []);
    third.zips.uninstall();
  });

  test("the record of a visit keeps what is another interpreter's, and bears anything", async () => {
    const first = await visit();
    const path = makeArchive();
    importFrom(first.zips, path, "one");
    await first.zips.flush();
    first.zips.uninstall();
    const [record] = [...store.entries.keys()].filter((name) => name.startsWith("z1-page-"));
    const other = "z1-p1-o0-r1-at-1-1 z1-p1-o0-r1-1-1.1-1.zip 1";
    const text = new TextDecoder().decode(store.entries.get(record).bytes);
    const put = (value) => store.put(record, new TextEncoder().encode(value));
    for (const damaged of ["\0\0", "../../x y z\n", text.slice(0, 30), `${text} 1 2\n${other}`]) {
      await put(damaged);
      const { zips, warnings } = await visit();
      importFrom(zips, path, "one");
      await zips.flush();
      assert.deepEqual(warnings, []);
      const written = new TextDecoder().decode(store.entries.get(record).bytes);
      assert.equal(written, damaged.endsWith(other) ? `${text}${other}\n` : text);
      zips.uninstall();
    }
  });

  test("beyond preloadBytes the newest are read, the others when they are wanted", async () => {
    const first = await visit();
    const paths = [makeArchive(), makeArchive(), makeArchive()];
    for (const path of paths) {
      importFrom(first.zips, path, "one");
      await first.zips.flush();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const sizes = store.packs().map((name) => store.entries.get(name).bytes.length);
    first.zips.uninstall();

    store.asked = [];
    const { zips, warnings } = await visit({ preloadBytes: sizes[1] + sizes[2] });
    const read = () => store.asks("get").filter((ask) => ask.endsWith(".zip")).length;
    assert.equal(read(), 2);
    assert.deepEqual(importFrom(zips, paths[2], "one").counts, [0, 1, 1]);
    assert.deepEqual(importFrom(zips, paths[1], "one").counts, [0, 1, 1]);
    assert.deepEqual(importFrom(zips, paths[0], "one").counts, [1, 0, 0], "not in time");
    await zips.flush(); // behind the reading, which is under way
    assert.equal(read(), 3);
    assert.deepEqual(importFrom(zips, paths[0], "one", "two").counts, [1, 1, 1]);
    assert.deepEqual(warnings, []);
    zips.uninstall();
  });

  test("what comes late serves the next import, and is merged with what was compiled meanwhile", async () => {
    const first = await visit();
    const path = makeArchive();
    importFrom(first.zips, path, "one", "p");
    await first.zips.flush();
    first.zips.uninstall();

    const { zips } = await visit({ preloadBytes: 0 });
    assert.deepEqual(importFrom(zips, path, "one").counts, [1, 0, 0]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual(importFrom(zips, path, "p").counts, [0, 1, 1]);
    await zips.flush();
    zips.uninstall();

    const third = await visit();
    assert.deepEqual(importFrom(third.zips, path, "one", "p").counts, [0, 2, 1]);
    third.zips.uninstall();
  });

  test("a changed archive has what its path's last pack holds of it", async () => {
    const first = await visit();
    const path = makeArchive();
    importFrom(first.zips, path, "one", "two", "p");
    await first.zips.flush();
    first.zips.uninstall();

    const { zips } = await visit();
    writeArchive(pyodide, path, { ...MEMBERS, "two.py": "value = 'changed'" });
    zips.invalidate(path);
    const got = importFrom(zips, path, "one", "two", "p");
    assert.deepEqual(got, { values: [1, "changed", "p"], counts: [1, 2, 1] });
    zips.uninstall();
  });

  test("only packs of this Python are read at install", async () => {
    const { zips } = await visit();
    importFrom(zips, makeArchive(), "one");
    await zips.flush();
    const [identity] = store.packs()[0].split(/(?<=-r\d-)/);
    zips.uninstall();
    store.entries.clear();
    const mine = [`${identity}b71245b7-227.5-10.zip`, `${identity}at-b71245b7-227.txt`];
    const others = [
      `z1-p1-o0-r1-1-2.3-10.zip`,
      `${identity}bsomeother-b71245b7-227.5-10.zip`,
      `${identity}bsomeother-at-1a-2.txt`,
    ];
    for (const name of [...mine, ...others]) await store.put(name, new Uint8Array(10));
    store.asked = [];
    const second = await visit();
    await second.zips.flush(); // behind the reading
    const asks = store.asks("get").filter((ask) => !ask.includes("-page-"));
    assert.deepEqual(asks.sort(), mine.map((name) => `get ${name}`).sort());
    second.zips.uninstall();
  });

  test("clear() of a path, and of all", async () => {
    const { zips, warnings } = await visit();
    const paths = [makeArchive(), makeArchive()];
    for (const path of paths) importFrom(zips, path, "one");
    await zips.flush();
    assert.equal(store.entries.size, 5);
    await zips.clear(paths[0]);
    assert.equal(store.entries.size, 3);
    assert.deepEqual(importFrom(zips, paths[0], "one").counts, [1, 0, 0]);
    await zips.clear();
    assert.deepEqual([store.entries.size, zips.stats().storage.entries], [0, 0]);
    assert.deepEqual(importFrom(zips, paths[1], "one").counts, [1, 0, 0]);
    assert.deepEqual(warnings, []);
    zips.uninstall();
  });

  test("clear() that cannot delete says so", async () => {
    const { zips, warnings } = await visit();
    importFrom(zips, makeArchive(), "one");
    await zips.flush();
    store.fails = (method) => method === "delete";
    await zips.clear();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0][0], /kept code could not be deleted \(delete fails\)$/);
    zips.uninstall();
  });

  test("the record of a visit that the store refused is offered again", async () => {
    const { zips } = await visit();
    importFrom(zips, makeArchive(), "one");
    const isRecord = (name) => name.includes("-page-");
    store.fails = (method, name) => method === "put" && isRecord(name);
    await zips.flush();
    assert.equal([...store.entries.keys()].some(isRecord), false);
    store.fails = () => false;
    await zips.flush();
    assert.equal([...store.entries.keys()].some(isRecord), true);
    zips.uninstall();
  });

  test("an older pack that fits is read though a newer one does not fit", async () => {
    const first = await visit();
    const small = makeArchive();
    importFrom(first.zips, small, "one");
    await first.zips.flush();
    const [{ nbytes }] = (await store.list()).filter(({ name }) => PACK.test(name));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const large = makeArchive({ "one.py": `value = '${"x".repeat(2 * nbytes)}'` });
    importFrom(first.zips, large, "one");
    await first.zips.flush();
    first.zips.uninstall();

    const { zips } = await visit({ preloadBytes: nbytes });
    assert.deepEqual(importFrom(zips, small, "one").counts, [0, 1, 1]);
    zips.uninstall();
  });

  test("an entry that cannot be read is as if it were missing: the others are read", async () => {
    const first = await visit();
    const paths = [makeArchive(), makeArchive()];
    importFrom(first.zips, paths[0], "one");
    await first.zips.flush();
    const [pack] = store.packs();
    importFrom(first.zips, paths[1], "one");
    await first.zips.flush();
    first.zips.uninstall();
    const notes = [...store.entries.keys()].filter((name) => name.includes("-at-"));
    for (const broken of [pack, notes[0]]) {
      store.fails = (method, name) => method === "get" && name === broken;
      const { zips, warnings } = await visit();
      const found = paths.map((path) => importFrom(zips, path, "one").counts[1]);
      assert.ok(found.includes(1), `${broken}: ${found}`);
      assert.ok(warnings.length <= 1);
      zips.uninstall();
    }
  });

  test("getMany() that fails: the packs are read all the same, with one warning", async () => {
    const first = await visit();
    const path = makeArchive();
    importFrom(first.zips, path, "one");
    await first.zips.flush();
    first.zips.uninstall();
    for (const name of store.entries.keys())
      if (name.includes("-page-")) store.entries.delete(name);

    store.getMany = async () => {
      throw new Error("getMany fails");
    };
    const { zips, warnings } = await visit();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(importFrom(zips, path, "one").counts, [0, 1, 1]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0][0], /getMany fails/);
    zips.uninstall();
  });

  test("a store that never answers: install() goes on without it, with one warning", async () => {
    store.get = () => new Promise(() => {});
    const { zips, warnings } = await visit();
    assert.equal(zips.active, true);
    assert.match(
      warnings.map(([message]) => message).join(),
      /^[^,]*no answer from the store within/,
    );
    zips.uninstall();
  });

  test("an import while install() waits for the store: the next one has the pack", async () => {
    const first = await visit();
    const path = makeArchive();
    importFrom(first.zips, path, "one", "two");
    await first.zips.flush();
    first.zips.uninstall();

    const reading = new Promise((resolve) => {
      store.fails = (method) => method === "get" && resolve();
    });
    const installing = visit();
    await reading;
    pyodide.runPython(
      `import sys; sys.modules.pop("one", None); sys.path.insert(0, "${path}"); import one; del sys.path[0]`,
    );
    const { zips, warnings } = await installing;
    assert.deepEqual(importFrom(zips, path, "two").counts, [0, 1, 1]);
    await zips.flush();
    assert.equal(store.packs().length, 1);
    assert.deepEqual(warnings, []);
    zips.uninstall();
  });

  test("a pack that another tab merges after it was listed is found under its new name", async () => {
    const first = await visit();
    const path = makeArchive();
    importFrom(first.zips, path, "one", "two");
    await first.zips.flush();
    first.zips.uninstall();

    const { zips, warnings } = await visit({ preloadBytes: 0 });
    const [old] = store.packs();
    store.entries.set(old.replace(/[^.]*\.zip$/, "1-9.zip"), store.entries.get(old));
    store.entries.delete(old);
    assert.deepEqual(importFrom(zips, path, "one").counts, [1, 0, 0]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual(importFrom(zips, path, "two").counts, [0, 1, 1]);
    assert.deepEqual(warnings, []);
    zips.uninstall();
  });

  const filesHeld = () =>
    pyodide.FS.readdir("/lib/pyodide_zipimport/packs").filter((name) => PACK.test(name));

  test("a pack that another tab merges away, time and again, is let go of here too", async () => {
    const { zips, warnings } = await visit();
    const names = Array.from({ length: 6 }, (_, i) => `m${i}`);
    const path = makeArchive(Object.fromEntries(names.map((name) => [`${name}.py`, "value = 0"])));
    for (const [round, name] of names.entries()) {
      importFrom(zips, path, name);
      await zips.flush();
      assert.equal(filesHeld().length, 1, `round ${round}`);
      const [old] = store.packs();
      store.entries.set(old.replace(/[^.]*\.zip$/, `${round + 1}-9.zip`), store.entries.get(old));
      store.entries.delete(old);
    }
    assert.deepEqual(importFrom(zips, path, ...names).counts.slice(0, 2), [0, names.length]);
    assert.deepEqual(warnings, []);
    zips.uninstall();
  });

  test("uninstall() ends the flush under way: nothing more is stored, and nothing is left half made", async () => {
    const { zips, warnings } = await visit();
    const members = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`m${i}.py`, `x = ${i}\n`.repeat(2000) + "value = 0"]),
    );
    const path = makeArchive(members);
    importFrom(zips, path, ...Object.keys(members).map((name) => name.slice(0, -3)));
    const flushing = zips.flush();
    while (!store.asked.includes("list ")) await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => setTimeout(resolve, 10));
    const begun = store.asks("put").length;
    zips.uninstall();
    const left = pyodide.FS.readdir("/lib/pyodide_zipimport/packs");
    await flushing;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(
      left.filter((name) => !name.startsWith(".")),
      [],
    );
    assert.equal(store.asks("put").length, begun);
    assert.deepEqual(warnings, []);
  });

  test("one warning does not silence another, and none comes twice", async () => {
    const { zips, warnings } = await visit();
    await zips.flush();
    for (const failing of ["list", "list", "put", "put"]) {
      importFrom(zips, makeArchive(), "one");
      store.fails = (method) => method === failing;
      await zips.flush();
    }
    assert.deepEqual(
      warnings.map(([message]) => /\((.*)\)/.exec(message)[1]),
      ["list fails", "put fails"],
    );
    zips.uninstall();
  });

  test("what was read of the last visit is given once, and held no longer", async () => {
    const { zips } = await visit();
    importFrom(zips, makeArchive(), "one");
    await zips.flush();
    zips.uninstall();
    const last = new Visit(node, Promise.resolve(store), 1e6);
    const taken = [await last.takeRecalled(), await last.takeRecalled()];
    assert.deepEqual(
      taken.map(({ files }) => files.size),
      [1, 0],
    );
  });

  test("the same failure with another name each time is told once", async () => {
    const { zips, warnings } = await visit();
    await zips.flush();
    for (const name of ["x-1a9", "x-7zz"]) {
      importFrom(zips, makeArchive(), "one");
      store.fails = (method) => {
        if (method === "put") throw new Error(`EACCES: open '/v1/.${name}.tmp'`);
      };
      await zips.flush();
    }
    store.fails = () => false;
    assert.equal(warnings.length, 1);
    zips.uninstall();
  });

  test("an error that cannot be described is one too, and the work goes on", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throwing = Object.defineProperty({}, "message", { get: () => assert.fail() });
    const { zips, warnings } = await visit();
    await zips.flush();
    for (const odd of [Object.create(null), throwing, proxy]) {
      importFrom(zips, makeArchive(), "one");
      store.fails = (method) => {
        if (method === "list") throw odd;
      };
      await zips.flush();
    }
    assert.deepEqual(
      warnings.map(([message]) => /\((.*)\)/.exec(message)[1]),
      ["unknown error"],
    );
    store.fails = () => false;
    await zips.flush();
    assert.equal(store.packs().length, 3);
    zips.uninstall();
  });

  test("what the store refuses stays, once, whatever is offered", async () => {
    const { zips } = await visit();
    const path = makeArchive();
    store.fails = (method) => method === "put";
    for (const name of ["one", "two", "p"]) {
      importFrom(zips, path, name);
      await zips.flush();
      assert.equal(filesHeld().length, 1);
    }
    assert.deepEqual(importFrom(zips, path, "one", "two", "p").counts.slice(0, 2), [0, 3]);
    zips.uninstall();
  });

  test("what is kept serves each path that has read it, when the archive there changes", async () => {
    const first = await visit();
    const path = makeArchive();
    const copies = [1, 2].map((i) => `/tmp/copy-${version}-${archives}-${i}.zip`);
    for (const copy of copies) pyodide.FS.writeFile(copy, pyodide.FS.readFile(path));
    importFrom(first.zips, path, "one", "two");
    await first.zips.flush();
    first.zips.uninstall();

    const second = await visit();
    for (const copy of copies)
      assert.equal(importFrom(second.zips, copy, "one", "two").counts[0], 0);
    await second.zips.flush();
    second.zips.uninstall();

    const { zips, warnings } = await visit();
    for (const [i, copy] of copies.entries()) {
      writeArchive(pyodide, copy, { ...MEMBERS, "two.py": `value = 'changed ${i}'` });
      zips.invalidate(copy);
      assert.deepEqual(importFrom(zips, copy, "one", "two").counts, [1, 1, 1], copy);
    }
    assert.deepEqual(warnings, []);
    zips.uninstall();
  });

  test("a kept pack that cannot be read is replaced, and keeps no other from being written", async () => {
    const first = await visit();
    const path = makeArchive();
    importFrom(first.zips, path, "one");
    await first.zips.flush();
    const [unreadable] = store.packs();
    first.zips.uninstall();

    store.fails = (method, name) => method === "get" && name === unreadable;
    const { zips, warnings } = await visit();
    importFrom(zips, path, "one", "two");
    importFrom(zips, makeArchive(), "one");
    await zips.flush();
    assert.equal(store.packs().length, 2);
    assert.ok(!store.packs().includes(unreadable));
    assert.deepEqual(
      warnings.map(([, code]) => code),
      ["store-failed"],
    );
    zips.uninstall();
  });

  for (const [key, value] of [
    ["nbytes", undefined],
    ["nbytes", "1000"],
    ["usedMs", NaN],
  ])
    test(`a list() with ${key} ${value}: one warning, and nothing is deleted`, async () => {
      const first = await visit();
      importFrom(first.zips, makeArchive(), "one");
      await first.zips.flush();
      first.zips.uninstall();
      const list = store.list.bind(store);
      store.list = async () => (await list()).map((entry) => ({ ...entry, [key]: value }));
      const { zips, warnings } = await visit({ maxBytes: 1 });
      importFrom(zips, makeArchive(), "one");
      await zips.flush();
      assert.deepEqual(store.asks("delete"), []);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0][0], new RegExp(`list\\(\\): found ${key} .*, expected a finite`));
      zips.uninstall();
    });

  test("what the store refuses is offered until it takes it, whatever fails meanwhile", async () => {
    const { zips } = await visit();
    importFrom(zips, makeArchive(), "one");
    for (const failing of ["put", "list", "put"]) {
      store.fails = (method) => method === failing;
      await zips.flush();
      assert.equal(store.packs().length, 0);
    }
    store.fails = () => false;
    await zips.flush();
    assert.equal(store.packs().length, 1);
    const { packWrites } = zips.stats();
    await zips.flush();
    assert.equal(zips.stats().packWrites, packWrites, "and then no more");
    zips.uninstall();
  });

  test("a pack larger than maxBytes is one warning, and not written again until it changes", async () => {
    const { zips, warnings } = await visit({ maxBytes: 100 });
    const path = makeArchive();
    const { packWrites } = zips.stats();
    importFrom(zips, path, "one");
    for (let flushes = 0; flushes < 3; flushes++) await zips.flush();
    assert.equal(zips.stats().packWrites - packWrites, 1);
    assert.equal(store.packs().length, 0);
    assert.deepEqual(importFrom(zips, path, "one").counts.slice(0, 2), [0, 1]);
    assert.match(warnings.join(), /expected at most maxBytes, 100/);
    assert.equal(warnings.length, 1);
    zips.uninstall();
  });

  test("beyond maxBytes, the packs used longest ago go, and notes beyond some hundred", async () => {
    const later = () => new Promise((resolve) => setTimeout(resolve, 5));
    const first = await visit();
    const paths = [makeArchive(), makeArchive(), makeArchive()];
    for (const path of paths) {
      importFrom(first.zips, path, "one");
      await first.zips.flush();
      await later();
    }
    const sizes = (await store.list()).map(({ nbytes }) => nbytes);
    const maxBytes = sizes.reduce((sum, nbytes) => sum + nbytes) + 100;
    const note = [...store.entries.keys()].find((name) => name.endsWith(".txt"));
    first.zips.uninstall();

    const second = await visit({ maxBytes });
    importFrom(second.zips, paths[0], "one");
    await later();
    importFrom(second.zips, makeArchive(), "one");
    await second.zips.flush();
    second.zips.uninstall();

    const third = await visit();
    assert.deepEqual(importFrom(third.zips, paths[0], "one").counts, [0, 1, 1], "used since");
    assert.deepEqual(importFrom(third.zips, paths[1], "one").counts, [1, 0, 0]);
    for (let i = 0; i < 600; i++)
      store.entries.set(`${note.slice(0, -5)}${i}.txt`, { bytes: new Uint8Array(1), usedMs: i });
    await third.zips.flush();
    const notes = [...store.entries].filter(([name]) => name.endsWith(".txt"));
    assert.equal(notes.length, 500);
    assert.ok(notes.every(([, { usedMs }]) => usedMs > 100));
    assert.deepEqual([...first.warnings, ...second.warnings, ...third.warnings], []);
    third.zips.uninstall();
  });

  test("when the page goes out of sight, all is on its way to the store before anything is awaited", async () => {
    const before = await visit();
    const paths = [makeArchive(), makeArchive()];
    importFrom(before.zips, paths[0], "one");
    await before.zips.flush();
    const [old] = store.packs();
    before.zips.uninstall();

    const page = makePage();
    try {
      const { zips, warnings } = await visit({ autoFlush: true });
      for (const path of paths) importFrom(zips, path, "one", "two");
      store.asked = [];
      page.hide();
      assert.deepEqual(
        store.asked.map((ask) => ask.replace(/ .*\./, " ")),
        ["put zip", "put zip", "put txt", "put txt"],
        "one path is noted already; the visit",
      );
      await zips.flush();
      assert.equal(store.packs().length, 2);
      assert.deepEqual(store.asks("delete"), [`delete ${old}`]);
      assert.deepEqual(warnings, []);
    } finally {
      current.uninstall();
      page.remove();
    }
  });

  test("nor is work that is under way awaited then", async () => {
    const page = makePage();
    try {
      const { zips, warnings } = await visit({ autoFlush: true });
      const paths = [makeArchive(), makeArchive()];
      importFrom(zips, paths[0], "one");
      const flushing = zips.flush();
      await new Promise((resolve) => setImmediate(resolve));
      importFrom(zips, paths[1], "one");
      store.asked = [];
      page.hide();
      assert.equal(new Set(store.asks("put")).size, 5, "both packs, both notes, the visit");
      await flushing;
      await zips.flush();
      assert.equal(store.packs().length, 2);
      assert.deepEqual(warnings, []);
    } finally {
      current.uninstall();
      page.remove();
    }
  });

  for (const method of ["put", "delete", "get"])
    test(`${method}() that fails now at once, now later: every failure is heard of`, async () => {
      const first = await visit();
      const paths = [makeArchive(), makeArchive(), makeArchive()];
      for (const path of paths) importFrom(first.zips, path, "one");
      await first.zips.flush();
      first.zips.uninstall();

      const asked = store[method];
      let thrown = 0;
      let isFirst = true; // of those that are called in one go
      store[method] = function (name, bytes) {
        if (method === "put" && PACK.test(name)) return asked.call(this, name, bytes);
        if (!isFirst) throw new Error(`at once, ${++thrown}`);
        isFirst = false;
        queueMicrotask(() => (isFirst = true));
        return Promise.reject(new Error("later"));
      };
      // One that is rejected and not heard of fails this test.
      const { zips } = await visit();
      for (const path of [...paths, makeArchive(), makeArchive()]) importFrom(zips, path, "two");
      await zips.flush();
      await zips.clear();
      await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(thrown > 0);
      zips.uninstall();
    });

  test("one that says it is synchronous and gives promises: one warning, and no promise is left", async () => {
    for (const method of ["list", "get", "put", "delete"]) {
      const map = new Map();
      const { zips, warnings } = await visit({
        storage: {
          sync: true,
          get: (name) => map.get(name),
          put: (name, bytes) => void map.set(name, bytes),
          delete: (name) => void map.delete(name),
          list: () => [...map].map(([name, { length }]) => ({ name, nbytes: length, usedMs: 1 })),
          [method]: () => Promise.reject(new Error("later")),
        },
      });
      const path = makeArchive();
      assert.deepEqual(importFrom(zips, path, "one", "two").values, [1, 2], method);
      await zips.flush();
      await zips.clear(path);
      await zips.clear();
      await new Promise((resolve) => setTimeout(resolve, 10));
      zips.uninstall();
      assert.equal(warnings.length, 1, method);
      assert.match(warnings[0][0], /found a promise, expected a value/);
    }
  });

  test("methods that are not in the contract of such a store are not called", async () => {
    const called = [];
    for (const method of ["putAsync", "removeOlder"]) store[method] = () => called.push(method);
    const { zips, warnings } = await visit();
    const path = makeArchive();
    importFrom(zips, path, "one");
    await zips.flush();
    assert.deepEqual([called, store.entries.size], [[], 3]);
    assert.equal(zips.stats().storage.entries, 3);
    assert.deepEqual(warnings, []);
    zips.uninstall();
  });

  for (const method of ["list", "get", "put", "delete", "touch"]) {
    test(`${method}() that fails: one warning at most, and imports go on`, async () => {
      const first = await visit();
      const path = makeArchive();
      importFrom(first.zips, path, "one");
      await first.zips.flush();
      first.zips.uninstall();

      store.fails = (asked) => asked === method;
      const { zips, warnings } = await visit();
      assert.deepEqual(importFrom(zips, path, "one", "two").values, [1, 2]);
      await zips.flush();
      assert.deepEqual(importFrom(zips, path, "one", "two").counts.slice(0, 2), [0, 2]);
      await zips.flush();
      await zips.clear(path);
      const codes = warnings.map(([, code]) => code);
      assert.deepEqual(codes, method === "touch" ? [] : ["store-failed"]);
      zips.uninstall();
    });
  }
});
