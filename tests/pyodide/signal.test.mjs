// flush({ signal }): ended at any moment it leaves nothing half written and loses nothing.

import assert from "node:assert/strict";
import { afterEach, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { describeOn, importerInUse, newest, start, writeArchive } from "./harness.mjs";
import { boot, install, prepare } from "../../js/node.js";

/** A store of the caller's own, which tells of each call before it answers. */
class ToldStore {
  entries = new Map();
  asked = [];
  /** @type {(call: string) => unknown} */
  onCall = () => {};

  async get(name) {
    await this.#tell("get", name);
    return this.entries.get(name);
  }
  async put(name, bytes) {
    await this.#tell("put", name);
    this.entries.set(name, bytes);
  }
  async delete(name) {
    await this.#tell("delete", name);
    this.entries.delete(name);
  }
  async list() {
    await this.#tell("list", "");
    return [...this.entries].map(([name, { length }]) => ({ name, nbytes: length, usedMs: 1 }));
  }

  async #tell(method, name) {
    this.asked.push(`${method} ${name}`);
    await this.onCall(`${method} ${name}`);
  }

  kept(pattern) {
    return [...this.entries.keys()].filter((name) => pattern.test(name));
  }
}

const PACK = /^z1-.*\.zip$/;
const LIBRARY = /^w1-.*\.zip$/;
const REASON = new Error("the caller's own reason");

describeOn([newest], "a signal for flush()", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {ToldStore} */ let store;
  /** @type {any} */ let zips;
  let archives = 0;

  before(async () => {
    pyodide = await start(version);
  });
  beforeEach(async () => {
    store = new ToldStore();
    zips = await install(pyodide, { storage: store, autoFlush: false });
  });
  afterEach(() => zips.uninstall());

  function importFromNew() {
    const name = `signalled_${++archives}`;
    writeArchive(pyodide, `/tmp/${name}.zip`, { [`${name}.py`]: "" });
    pyodide.runPython(`import sys; sys.path.insert(0, "/tmp/${name}.zip"); import ${name}`);
    return `/tmp/${name}.zip`;
  }

  const packFolder = () =>
    pyodide.FS.readdir("/lib/pyodide_zipimport/packs").filter((name) => !PACK.test(name));

  test("aborted before: rejected with its reason, and the store is not asked", async () => {
    importFromNew();
    store.asked.length = 0;
    await assert.rejects(zips.flush({ signal: AbortSignal.abort(REASON) }), REASON);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(store.asked, []);
    await zips.flush({ signal: new AbortController().signal });
    assert.equal(store.kept(PACK).length, 1);
  });

  test("aborted at each call of the store: no other begins, and the next flush has all", async () => {
    let calls = Infinity;
    for (let at = 0; at < calls; at++) {
      importFromNew();
      importFromNew();
      const before = store.kept(PACK).length;
      const controller = new AbortController();
      let counted = 0;
      const afterwards = [];
      store.onCall = (call) => {
        if (counted === at) controller.abort(REASON);
        if (counted++ > at) afterwards.push(call);
      };
      const outcome = await zips.flush({ signal: controller.signal }).then(
        () => "done",
        (error) => error,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (counted <= at) calls = at;
      // The notes are one step.
      assert.deepEqual(
        afterwards.filter((call) => !/^put z1-.*\.txt$/.test(call)),
        [],
      );
      assert.equal(outcome, counted <= at ? "done" : REASON);
      assert.deepEqual(packFolder(), [".", ".."]);
      store.onCall = () => {};
      await zips.flush();
      assert.equal(store.kept(PACK).length, before + 2);
    }
    assert.ok(calls > 3, `${calls}`);
  });

  test("aborted while it waits for its turn: rejected at once, and the other goes on", async () => {
    importFromNew();
    /** @type {any} */ let release;
    const held = new Promise((resolve) => (release = resolve));
    store.onCall = (call) => call.startsWith("put") && held;
    const first = zips.flush();
    const controller = new AbortController();
    const second = zips.flush({ signal: controller.signal });
    controller.abort(REASON);
    await assert.rejects(second, REASON);
    release();
    await first;
    assert.equal(store.kept(PACK).length, 1);
  });

  test("aborted while the library is made: no file is left behind, and it is made the next time", async () => {
    const library = new ToldStore();
    const booted = await start(version, {
      load: (loadPyodide, own) =>
        boot(loadPyodide, { pyodide: own, storage: library, autoFlush: false }),
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(REASON), 60);
    await assert.rejects(booted.zips.flush({ signal: controller.signal }), REASON);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(library.kept(LIBRARY), []);
    const files = booted.pyodide.FS.readdir("/lib/pyodide_zipimport");
    assert.ok(!files.some((name) => name.startsWith("library.")), files.join());
    await booted.zips.flush();
    assert.equal(library.kept(LIBRARY).length, 1);
    booted.zips.uninstall();
  });

  test("boot() and prepare(): aborted before, nothing begins; after, nothing is installed", async () => {
    const never = () => assert.fail("loadPyodide() was called");
    const aborted = AbortSignal.abort(REASON);
    await assert.rejects(boot(never, { signal: aborted, storage: new ToldStore() }), REASON);
    assert.throws(() => prepare({ signal: aborted, storage: "memory" }), REASON);
    assert.throws(() => prepare({ signal: 1 }), { code: "bad-option" });

    const controller = new AbortController();
    const { signal } = controller;
    const asking = boot(() => new Promise(() => {}), { signal, storage: "memory" });
    zips.uninstall();
    const { finish } = prepare({ signal, storage: "memory" });
    controller.abort(REASON);
    await assert.rejects(asking, REASON);
    await assert.rejects(finish(pyodide), REASON);
    assert.equal(importerInUse(pyodide), "stock");

    // While it installs, which a slow store makes long: what is installed then is taken back.
    const late = new AbortController();
    const storage = new ToldStore();
    storage.onCall = () => sleep(200);
    const finishing = prepare({ signal: late.signal, storage }).finish(pyodide);
    setTimeout(() => late.abort(REASON), 20);
    await assert.rejects(finishing, REASON);
    zips = await install(pyodide, { storage: "memory" });
    await sleep(300);
    assert.equal(zips.active, true);
    assert.equal(importerInUse(pyodide), "ours");
  });

  test("finish() given up, while somebody else has asked for the handle too: that one stays", async () => {
    zips.uninstall();
    const controller = new AbortController();
    const storage = new ToldStore();
    storage.onCall = () => sleep(200);
    const finishing = prepare({ signal: controller.signal, storage }).finish(pyodide);
    const installing = install(pyodide, { storage });
    controller.abort(REASON);
    await assert.rejects(finishing, REASON);
    zips = await installing;
    await sleep(50);
    assert.equal(zips.active, true);
  });

  test("finish() given up, and nobody else: stock's importer is back", async () => {
    zips.uninstall();
    // The second begins while the first is still to be taken back.
    for (let times = 0; times < 2; times++) {
      const controller = new AbortController();
      const finishing = prepare({ signal: controller.signal, storage: "memory" }).finish(pyodide);
      controller.abort(REASON);
      await assert.rejects(finishing, REASON);
    }
    await sleep(300);
    while (importerInUse(pyodide) !== "stock") await sleep(20);
    zips = await install(pyodide, { storage: "memory" });
  });

  test("a library's own, which knows no more than it must", async () => {
    /** @type {any} */
    const signal = { aborted: false, addEventListener() {} };
    const archive = pyodide.FS.readFile(importFromNew());
    await zips.flush({ signal });
    const mount = await zips.mount(archive, { signal, copy: true });
    await mount.replace(archive, { signal, copy: true });
    mount.unmount();
    zips.uninstall();
    const booted = await boot(async () => pyodide, { signal, storage: "memory" });
    zips = booted.zips;

    const { finish } = prepare({ signal, storage: "memory" });
    signal.aborted = true;
    const aborted = { name: "AbortError" };
    await assert.rejects(finish(pyodide), aborted);
    await assert.rejects(zips.flush({ signal }), aborted);
    await assert.rejects(zips.mount(archive, { signal }), aborted);
    assert.throws(() => prepare({ signal, storage: "memory" }), aborted);
    const late = { ...signal, aborted: false };
    late.addEventListener = (_, onAbort) => setTimeout(onAbort);
    await assert.rejects(
      boot(() => new Promise(() => {}), { signal: late, storage: "memory" }),
      aborted,
    );
  });

  test("what is no signal, or no option, is the caller's fault", async () => {
    for (const signal of [null, 1, "abort", {}, new AbortController()])
      await assert.rejects(zips.flush({ signal }), { code: "bad-option" });
    await assert.rejects(zips.flush({ signals: undefined }), { code: "unknown-option" });
    await zips.flush({ signal: undefined });
    for (const options of [AbortSignal.abort(REASON), null, 5, true, [], "signal"])
      await assert.rejects(zips.flush(options), {
        code: "bad-option",
        message: /^flush\(\): found .* as options, expected an object$/,
      });
  });
});
