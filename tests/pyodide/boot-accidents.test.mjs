// What can go wrong with a start that an earlier one has prepared, and what boot() is asked for: it is
// an ordinary start then, always.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { strToU8, unzipSync, zipSync } from "fflate";

import {
  collectWarnings,
  importerInUse,
  insideOf,
  newest,
  projectPath,
  start,
  temporaryFolder,
} from "./harness.mjs";
import { Peer } from "./peers.mjs";
import { ZipImportUsageError, boot, install, prepare } from "../../js/node.js";

const VERSION = newest;
const KILLS = Number(process.env.KILLS ?? 3);

const bootWith = (given) =>
  start(VERSION, {
    load: (loadPyodide, own) =>
      boot(loadPyodide, { autoFlush: false, ...given, pyodide: { ...own, ...given.pyodide } }),
  });

/** The same by a loader of the test's own: it gets boot()'s options, loadPyodide(), and those that boot() was given. */
const bootBy = (load, given) =>
  start(VERSION, {
    load: (loadPyodide, own) =>
      boot((options) => load(options, loadPyodide, own), { ...given, pyodide: own }),
  });

/** A store in a Map that answers as late as `delay` says. */
function lateStore(delay) {
  const values = new Map();
  const answer = async (value) => {
    await delay();
    return value;
  };
  return {
    values,
    get: (name) => answer(values.get(name)),
    put: (name, bytes) => answer(values.set(name, bytes)),
    delete: (name) => answer(values.delete(name)),
    list: () =>
      answer([...values].map(([name, { length }]) => ({ name, nbytes: length, usedMs: 0 }))),
  };
}

describe("boot, what it is given", () => {
  const refused = async (action, code, message) =>
    assert.rejects(action, (error) => {
      assert.ok(error instanceof ZipImportUsageError, error);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });

  test("something else than loadPyodide", async () => {
    await refused(
      boot(undefined),
      "not-pyodide",
      /boot\(\): found undefined, expected .*loadPyodide/,
    );
    await refused(boot({ loadPyodide() {} }), "not-pyodide", /found an object/);
  });

  test("options that are none", async () => {
    const load = () => assert.fail("must not be called");
    await refused(
      boot(load, { pyodide: "/pyodide/" }),
      "bad-option",
      /"pyodide": found "\/pyodide\/"/,
    );
    await refused(boot(load, { stoarge: "memory" }), "unknown-option", /boot\(\): .*"storage"/);
    await refused(boot(load, { maxBytes: -1 }), "bad-option", /boot\(\): option "maxBytes"/);
    for (const options of [null, 5, [], () => {}, "memory"])
      await refused(boot(load, options), "bad-option", /boot\(\): found .* as options/);
  });

  test("a loadPyodide that fails", async () => {
    const failure = new Error("no network");
    await assert.rejects(
      boot(() => Promise.reject(failure), { storage: "memory" }),
      (error) => error === failure,
    );
  });

  test("the caller's fsInit is called, with what Pyodide gives it", async () => {
    const calls = [];
    const fsInit = async (FS, info) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      FS.writeFile("/mine.txt", "mine");
      calls.push(info.sitePackages);
    };
    const { pyodide } = await bootWith({ storage: "memory", pyodide: { fsInit } });
    assert.equal(calls.length, 1);
    assert.match(calls[0], /site-packages/);
    assert.equal(pyodide.FS.readFile("/mine.txt", { encoding: "utf8" }), "mine");
  });

  test("a caller's fsInit that fails makes boot() fail with its error, and nothing else", async () => {
    const unhandled = [];
    const note = (error) => unhandled.push(error);
    process.on("unhandledRejection", note);
    const failure = new Error("mine");
    for (const fsInit of [
      () => Promise.reject(failure),
      () => {
        throw failure;
      },
    ])
      await assert.rejects(bootWith({ storage: "memory", pyodide: { fsInit } }), /mine/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
  });

  test("where the start fails after it, its error is the one that is told", async () => {
    const fsInit = () => Promise.reject(new Error("the cause"));
    const load = async (given) => {
      await given.fsInit({ analyzePath: () => ({ exists: false }) }, {});
      throw new Error("the consequence");
    };
    await assert.rejects(boot(load, { storage: "memory", pyodide: { fsInit } }), /the cause/);
  });

  test("packages that are not mounted are Pyodide's to load", async () => {
    const packages = [`file://${projectPath("build/archives")}/networkx-3.7-py3-none-any.whl`];
    const seen = [];
    const { pyodide, zips } = await start(VERSION, {
      load: (loadPyodide, own) =>
        boot((given) => (seen.push(given.packages), loadPyodide(given)), {
          storage: "memory",
          mountPackages: false,
          pyodide: { ...own, packages },
        }),
    });
    assert.deepEqual(seen, [packages]);
    assert.deepEqual(Object.keys(pyodide.loadedPackages), ["networkx"]);
    assert.equal(zips.active, true);
    assert.equal(importerInUse(pyodide), "ours");
  });

  for (const [what, load] of [
    ["nothing", async () => undefined],
    ["something else", async () => ({ version: 3 })],
  ])
    test(`a loader that gives ${what}`, () =>
      refused(boot(load, { storage: "memory" }), "not-pyodide", /boot\(\): loadPyodide\(\) gave/));

  test("a loader that always gives the same Pyodide: the same handle", async () => {
    let only;
    const [first, second] = await start(VERSION, {
      load: async (loadPyodide, own) => {
        const load = (given) => (only ??= loadPyodide(given));
        const options = { storage: "memory", pyodide: own };
        return [await boot(load, options), await boot(load, options)];
      },
    });
    assert.equal(first.zips, second.zips);
    assert.equal(first.pyodide, second.pyodide);
  });

  test("a loader that installs by itself: its handle, and stock's library in its place", async () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
    const { zips: before } = await bootWith(options);
    await before.flush();
    let own;
    const { pyodide, zips } = await bootBy(async (given, loadPyodide) => {
      const pyodide = await loadPyodide(given);
      own = await install(pyodide, options);
      pyodide.runPython("import colorsys");
      return pyodide;
    }, options);
    assert.equal(zips, own);
    assert.equal(zips.stats().start.library, "kept");
    pyodide.runPython(`
import sys, inspect, json, wave
assert json.__file__.endswith("/json/__init__.py"), json.__file__
assert "def loads" in inspect.getsource(json.loads)`);
    const [path] = pyodide.FS.readdir("/lib").filter((name) => /^python.*\.zip$/.test(name));
    const stock = readFileSync(projectPath(`node_modules/pyodide-${VERSION}/python_stdlib.zip`));
    assert.deepEqual(pyodide.FS.readFile(`/lib/${path}`), new Uint8Array(stock));
  });

  test("a loader that installs by itself at the first start: the next one is prepared", async () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
    const found = [];
    for (let visit = 0; visit < 2; visit++) {
      const { zips } = await bootBy(async (given, loadPyodide) => {
        const pyodide = await loadPyodide(given);
        await install(pyodide, options);
        return pyodide;
      }, options);
      await zips.flush();
      found.push(zips.stats().start.library);
    }
    assert.deepEqual(found, ["stock", "kept"]);
  });

  test("two starts by a loader that gives one Pyodide: it is of the one that was asked", async () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
    const found = [];
    for (let visit = 0; visit < 2; visit++) {
      const [{ zips }] = await start(VERSION, {
        load: (loadPyodide, own) => {
          let only;
          const load = (given) => (only ??= loadPyodide(given));
          const { signal } = new AbortController(); // the first one finishes last
          const given = { ...options, pyodide: own };
          return Promise.all([boot(load, { ...given, signal }), boot(load, given)]);
        },
      });
      await zips.flush();
      found.push(zips.stats().start.library);
    }
    assert.deepEqual(found, ["stock", "kept"]);
  });

  describe("a program that puts an archive of its own into the place of the standard library's", () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
    const stock = new Uint8Array(
      readFileSync(projectPath(`node_modules/pyodide-${VERSION}/python_stdlib.zip`)),
    );
    const patched = unzipSync(stock);
    patched["colorsys.py"] = strToU8("mine = 42\n");
    const own = zipSync(patched);
    const fsInit = async (FS) => {
      const find = () =>
        FS.analyzePath("/lib").exists &&
        FS.readdir("/lib").find((name) => /^python.*zip$/.test(name));
      while (!find()) await sleep(1);
      await sleep(200); // when we have looked at it
      FS.writeFile(`/lib/${find()}`, own);
    };

    const visit = async (given) => {
      const { pyodide, zips } = await bootWith({ ...options, pyodide: given });
      await zips.flush();
      const mine = pyodide.runPython("import colorsys; getattr(colorsys, 'mine', None)");
      return [mine, zips.stats().start.library];
    };
    const REPLACED = /put another archive into the place/;

    test("keeps it, also where another one was kept", async () => {
      assert.deepEqual(await visit({}), [undefined, "stock"]);
      for (let i = 0; i < 2; i++) assert.deepEqual(await visit({ fsInit }), [42, "stock"]);
      const { zips } = await bootWith({ ...options, pyodide: { fsInit } });
      assert.match(zips.stats().start.reason, REPLACED);
    });

    test("and no other start gets what was made of it", async () => {
      const first = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
      for (const given of [{ fsInit }, { fsInit }, {}]) {
        const { pyodide, zips } = await bootWith({ ...first, pyodide: given });
        await zips.flush();
        const mine = pyodide.runPython("import colorsys; getattr(colorsys, 'mine', None)");
        assert.equal(mine, given.fsInit && 42);
      }
      assert.deepEqual(await visit({}), [undefined, "kept"]);
    });
  });

  test("a loader that calls fsInit when Python runs already: all stays as it is", async () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
    const { zips: before } = await bootWith(options);
    await before.flush();
    let call;
    const { pyodide, zips } = await bootBy((given, loadPyodide) => {
      const fsInit = async (...args) => void (call = () => given.fsInit(...args));
      return loadPyodide({ ...given, fsInit });
    }, options);
    const sizes = () =>
      pyodide.FS.readdir("/lib")
        .filter((name) => name.endsWith(".zip"))
        .map((name) => pyodide.FS.stat(`/lib/${name}`).size);
    const seen = () => [zips.stats().start, sizes()];
    const expected = seen();
    await call();
    assert.deepEqual(seen(), expected);
  });

  test("given up while Python starts: the Pyodide that comes then is an ordinary one", async () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
    const { zips: before } = await bootWith(options);
    await before.flush();
    const controller = new AbortController();
    let loading;
    const pyodide = await start(VERSION, {
      load: async (loadPyodide, quiet) => {
        const load = (given) => {
          loading = loadPyodide(given);
          loading.then(() => controller.abort());
          return loading.then((pyodide) => sleep(50, pyodide));
        };
        const given = { ...options, pyodide: quiet, signal: controller.signal };
        await assert.rejects(boot(load, given), { name: "AbortError" });
        await sleep(200);
        return loading;
      },
    });
    assert.equal(importerInUse(pyodide), "stock");
    assert.equal(
      pyodide.runPython(
        "import sys; sum(str(getattr(m, '__file__', '')).endswith('.pyc') for m in list(sys.modules.values()))",
      ),
      0,
    );
  });

  test("two starts from one kept library, each with more modules: the next one has all it needs", async () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
    const startWith = (code) =>
      bootBy(async (given, loadPyodide) => {
        const pyodide = await loadPyodide(given);
        pyodide.runPython(code);
        return pyodide;
      }, options);
    const { zips: first } = await startWith("");
    await first.flush();
    const both = [await startWith("import csv"), await startWith("import xmlrpc.client")];
    for (const { zips } of both) await zips.flush();
    const { zips } = await startWith("");
    const { library, compiles } = zips.stats().start;
    assert.deepEqual([library, compiles], ["kept", 0]);
  });

  test("a loader that passes other options on: it is said, and nothing wrong is kept", async () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };
    const startWith = (change) =>
      bootBy((given, loadPyodide, own) => loadPyodide(change(given, own)), options);
    const reasons = [];
    for (const change of [
      (_, own) => own,
      (given) => ({ ...given, args: ["-OO"] }),
      (given) => ({ ...given, env: { HOME: "/", PYTHONNODEBUGRANGES: "1" } }),
      (given) => given,
    ]) {
      const { zips } = await startWith(change);
      await zips.flush();
      reasons.push(zips.stats().start.reason);
    }
    const other = "Python was started with other args or env than boot() was given";
    const expected = ["loadPyodide() was not given the options that boot() made", other, other];
    assert.deepEqual(reasons, [...expected, "none is kept yet"]);
  });

  test("-B, by args or env: nothing is compiled or written for a later start", async () => {
    const directory = `${temporaryFolder()}/store`;
    for (const pyodide of [{ args: ["-B"] }, { env: { PYTHONDONTWRITEBYTECODE: "1" } }]) {
      const { zips } = await bootWith({ storage: { directory }, pyodide });
      await zips.flush();
      const kept = readdirSync(insideOf(directory)).filter((name) => name.startsWith("w"));
      assert.deepEqual(kept, []);
    }
  });

  test("options of Pyodide that are null are as if they were not given", async () => {
    const { zips } = await bootWith({ storage: "memory", pyodide: { packages: null, args: null } });
    assert.equal(zips.active, true);
  });

  test("stdLibURL is the caller's: what is kept is of that archive", async () => {
    const options = { storage: { directory: `${temporaryFolder()}/store` } };
    const stdLibURL = projectPath(`node_modules/pyodide-${VERSION}/python_stdlib.zip`);
    const first = await bootWith({ ...options, pyodide: { stdLibURL } });
    await first.zips.flush();
    const { zips } = await bootWith({ ...options, pyodide: { stdLibURL } });
    assert.equal(zips.stats().start.library, "kept");
  });

  test("keeping nothing", async () => {
    const { zips } = await bootWith({ maxBytes: 0 });
    await zips.flush();
    const { library, reason } = zips.stats().start;
    assert.deepEqual([zips.active, library, reason], [true, "stock", "nothing is kept"]);
  });

  test("memory, which no later start has: nothing is compiled for one", async () => {
    const { zips } = await bootWith({ storage: "memory" });
    await zips.flush();
    const { start: started, storage } = zips.stats();
    assert.equal(started.reason, "nothing is kept");
    assert.deepEqual([storage.kind, storage.bytes], ["memory", 0]);
  });
});

describe("prepare", () => {
  const options = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };

  const startPrepared = () =>
    start(VERSION, {
      load: async (loadPyodide, own) => {
        const { loadPyodideOptions, finish } = prepare({ ...options, pyodide: own });
        const pyodide = await loadPyodide(loadPyodideOptions);
        return { pyodide, finish };
      },
    });

  test("and finish() are what boot() is", async () => {
    const first = await startPrepared();
    const zips = await first.finish(first.pyodide);
    assert.equal(importerInUse(first.pyodide), "ours");
    assert.equal(zips.stats().start.library, "stock");
    await zips.flush();
    const second = await startPrepared();
    const { library, compiles } = (await second.finish(second.pyodide)).stats().start;
    assert.deepEqual([library, compiles], ["kept", 0]);
  });

  test("finish() on a Pyodide with a handle gives that; on no Pyodide it is the caller's fault", async () => {
    const { pyodide, finish } = await startPrepared();
    const zips = await install(pyodide, options);
    assert.equal(await finish(pyodide), zips);
    assert.equal(await finish(pyodide), zips, "again");
    for (const other of [undefined, {}, Promise.resolve(pyodide)])
      await assert.rejects(finish(other), { code: "not-pyodide", message: /^finish\(\): found/ });
  });

  test("on a Pyodide that was started without its options it installs, and says so", async () => {
    const pyodide = await start(VERSION);
    const zips = await prepare(options).finish(pyodide);
    assert.equal(zips.active, true);
    assert.match(zips.stats().start.reason, /was not given the options/);
  });

  test("whose options start two Pyodides leaves both as stock's would be", async () => {
    const { pyodide, finish } = await startPrepared();
    await (await finish(pyodide)).flush();
    const [one, two, preparation] = await start(VERSION, {
      load: async (loadPyodide, own) => {
        const preparation = prepare({ ...options, pyodide: own });
        const load = () => loadPyodide(preparation.loadPyodideOptions);
        return [...(await Promise.all([load(), load()])), preparation];
      },
    });
    const stock = readFileSync(projectPath(`node_modules/pyodide-${VERSION}/python_stdlib.zip`));
    const archiveOf = ({ FS }) => {
      const name = FS.readdir("/lib").find((file) => /^python.*\.zip$/.test(file));
      return FS.readFile(`/lib/${name}`);
    };
    // First the one that did not get what is kept, whichever that is.
    const inOrder = [one, two].sort((a, b) => archiveOf(a).length - archiveOf(b).length);
    assert.equal(archiveOf(inOrder[0]).length, stock.length);
    for (const each of inOrder) {
      const zips = await preparation.finish(each);
      assert.equal(zips.active, true);
      assert.match(each.runPython("import json; json.__file__"), /\.py$/);
      assert.deepEqual(archiveOf(each), new Uint8Array(stock));
    }
  });

  test("refuses wrong options at once, by its name", () => {
    assert.throws(() => prepare({ stoarge: 1 }), {
      code: "unknown-option",
      message: /^prepare\(\)/,
    });
    for (const options of [{ pyodide: 1 }, null, 5, [], () => {}, "memory"])
      assert.throws(() => prepare(options), { code: "bad-option", message: /^prepare\(\)/ });
  });
});

describe("boot, accidents", () => {
  const directory = `${temporaryFolder()}/store`;
  const options = { storage: { directory } };
  const kept = () => readdirSync(insideOf(directory)).filter((name) => /^w.*zip$/.test(name));

  /** A process that starts, does something, and is left to itself. */
  async function inProcess(given, action = () => {}) {
    const peer = new Peer();
    const started = await peer.tell("boot", {
      version: VERSION,
      options: { ...options, ...given },
    });
    await action(peer);
    return { started, status: await peer.finish(), errors: peer.errors };
  }

  test("a process that ends at once has prepared the next one", async () => {
    const first = await inProcess();
    assert.deepEqual([first.started.library, first.status], ["stock", 0], first.errors);
    const second = await inProcess();
    assert.deepEqual([second.started.library, second.started.compiles], ["kept", 0]);
  });

  test("autoFlush: false leaves nothing behind", async () => {
    const folder = `${temporaryFolder()}/store`;
    const { status } = await inProcess({ storage: { directory: folder }, autoFlush: false });
    assert.deepEqual([status, readdirSync(insideOf(folder))], [0, []]);
  });

  test(`killed while it is written: an ordinary start or a prepared one, ${KILLS} times`, async () => {
    const folder = `${temporaryFolder()}/store`;
    const storage = { directory: folder };
    for (let round = 0; round < KILLS; round++) {
      const peer = new Peer();
      await peer.tell("boot", { version: VERSION, options: { storage } });
      peer.tell("flush").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
      await peer.kill();
      const { zips } = await bootWith({ storage });
      const { library, reason, compiles } = zips.stats().start;
      if (library === "kept") {
        assert.equal(compiles, 0);
        await zips.clear();
      } else {
        assert.equal(reason, "none is kept yet");
      }
    }
  });

  test("a store whose touch() throws is read all the same", async () => {
    const storage = lateStore(() => {});
    storage.touch = () => {
      throw new Error("read only");
    };
    const first = await bootWith({ storage });
    await first.zips.flush();
    const { zips } = await bootWith({ storage });
    assert.equal(zips.stats().start.library, "kept");
  });

  test("a store that takes its time", async () => {
    const storage = lateStore(() => new Promise((resolve) => setTimeout(resolve, 50)));
    const first = await bootWith({ storage });
    await first.zips.flush();
    const { zips } = await bootWith({ storage });
    assert.deepEqual([zips.stats().start.library, zips.stats().start.compiles], ["kept", 0]);
  });

  test("a start that takes long waits as long for its store", async () => {
    let delay = async () => {};
    const storage = lateStore(() => delay());
    const { zips } = await bootWith({ storage });
    await zips.flush();
    // Once Python asks for the library, the start has taken three and a half seconds, the store another three.
    const opened = sleep(6500);
    delay = () => opened;
    const { zips: second } = await start(VERSION, {
      load: (loadPyodide, own) =>
        boot((options) => sleep(3500).then(() => loadPyodide(options)), {
          ...{ autoFlush: false, storage, pyodide: own },
        }),
    });
    assert.deepEqual(second.stats().start.reason ?? second.stats().start.library, "kept");
  });

  test("a store that never answers does not hold a start up", async () => {
    const store = lateStore(() => new Promise(() => {}));
    const { load, loaded } = noteLoading();
    // install() reads the store too: what is judged here is that Python started.
    void start(VERSION, {
      load: (loadPyodide, own) => boot(load(loadPyodide), { storage: store, pyodide: own }),
    });
    await loaded;
  });

  test("a store that fails: one warning", async () => {
    const storage = lateStore(() => Promise.reject(new Error("broken")));
    const { taken, onWarning } = collectWarnings();
    const { zips } = await bootWith({ storage, onWarning });
    await zips.flush();
    assert.deepEqual([zips.active, zips.stats().start.reason], [true, "broken"]);
    assert.deepEqual(
      taken.map(([, code]) => code),
      ["store-failed"],
    );
  });

  test("without the side module: stock's importer, started from what is kept", async () => {
    const { taken, onWarning } = collectWarnings();
    const { pyodide, zips } = await bootWith({ ...options, onWarning, wasmURL: "/missing.wasm" });
    assert.equal(kept().length, 1);
    assert.deepEqual(
      taken.map(([, code]) => code),
      ["wasm-unreachable"],
    );
    assert.deepEqual([zips.active, zips.stats().start.library], [false, "kept"]);
    assert.equal(importerInUse(pyodide), "stock");
    pyodide.runPython(`
import sys
modules = [module for module in sys.modules.values() if type(module) is type(sys)]
assert not [module for module in modules if str(vars(module).get("__file__")).endswith(".pyc")]
import colorsys, json
assert json.__file__.endswith("/json/__init__.py")
`);
  });

  test("install() called as well gives the same handle", async () => {
    const { pyodide, zips } = await bootWith({ storage: "memory" });
    assert.equal(await install(pyodide), zips);
  });
});

/** Tells when a loadPyodide has done its part. */
function noteLoading() {
  let onLoaded;
  const loaded = new Promise((resolve) => (onLoaded = resolve));
  const load = (loadPyodide) => async (given) => {
    const pyodide = await loadPyodide(given);
    onLoaded();
    return pyodide;
  };
  return { load, loaded };
}
