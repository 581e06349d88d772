// The packages that a start is to load, what is told while packages are fetched, and an end of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { describeOn, newest, oldAndNew, once, projectPath, start } from "./harness.mjs";
import { openPlace, serve } from "./packages/place.mjs";
import { WHEELS } from "./packages/scenarios.mjs";
import { boot, install, prepare } from "../../js/node.js";

const FACTS = readFileSync(projectPath("tests/pyodide/packages/facts.py"), "utf8");
const nameOf = (name) => `${name}-1.0-py3-none-any.whl`;
const hanging = (response) => response.writeHead(200, { "content-length": 1000 }).write("PK");

/** All that there is to see of what was loaded. */
function describe(pyodide) {
  pyodide.FS.writeFile("/tmp/facts.py", FACTS);
  const facts = pyodide.runPython(`
import sys; sys.path.append("/tmp"); import facts, json
names = ["needy", "plain", "later"]
json.dumps([facts.listing(), facts.distributions(), [facts.metadata(name) for name in names]])
`);
  return [{ ...pyodide.loadedPackages }, JSON.parse(facts)];
}

describeOn(oldAndNew, "packages of a start", (version) => {
  /** @type {any} */ let place;
  /** @type {any} */ let server;
  const { test: testOnce } = once(version);
  const isOld = version === "0.27.8";
  before(async () => {
    place = await openPlace(version, WHEELS, { needy: { depends: ["plain"] } });
    server = await serve({ ...WHEELS, [nameOf("hanging")]: hanging });
  });
  after(() => server.close());

  const startStock = (options) =>
    start(version, { load: (loadPyodide, own) => loadPyodide({ ...own, ...options }) });
  const startOurs = (options, ours = {}) =>
    start(version, {
      load: (loadPyodide, own) =>
        boot(loadPyodide, { storage: "memory", ...ours, pyodide: { ...own, ...options } }),
    });
  const isAbort = (/** @type {any} */ error) => /given up/.test(error.message);

  test("they are loaded as loadPyodide() loads them", async () => {
    const options = { ...place.options, packages: ["needy", server.urlOf(nameOf("later"))] };
    const stock = await startStock(options);
    const { pyodide, zips } = await startOurs(options);
    assert.deepEqual(describe(pyodide), describe(stock));
    const { mounted } = zips.stats().packages;
    assert.deepEqual(mounted.toSorted(), [nameOf("later"), nameOf("needy"), nameOf("plain")]);
    zips.uninstall();
  });

  test("files are fetched once, while Python starts", async () => {
    const asked = [];
    const early = await serve({
      [nameOf("later")]: (response) => {
        asked.push("later");
        response.end(WHEELS[nameOf("later")]);
      },
    });
    const packages = [early.urlOf(nameOf("later"))];
    const { loadPyodideOptions, finish } = prepare({
      storage: "memory",
      pyodide: { ...place.options, packages },
    });
    assert.equal("packages" in loadPyodideOptions, false);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(asked, ["later"]);
    const pyodide = await startStock(loadPyodideOptions);
    const zips = await finish(pyodide);
    assert.deepEqual(asked, ["later"]);
    assert.equal(pyodide.runPython("import later; later.value"), 1);
    zips.uninstall();
    early.close();
  });

  // 0.27 has neither option.
  const testContents = isOld ? () => {} : testOnce;
  testContents("with a lock file as contents, and a place of its own", async () => {
    for (const contents of [place.lock, JSON.stringify(place.lock), Promise.resolve(place.lock)]) {
      const { pyodide, zips } = await startOurs({
        lockFileContents: contents,
        packageBaseUrl: place.folder,
        packages: ["needy"],
      });
      assert.equal(pyodide.runPython("import needy; needy.value"), 1);
      zips.uninstall();
    }
  });

  testOnce("without mountPackages loadPyodide() loads them", async () => {
    const { pyodide, zips } = await startOurs(
      { ...place.options, packages: ["needy"] },
      { mountPackages: false },
    );
    assert.equal(pyodide.runPython("import needy; needy.value"), 1);
    assert.equal(zips.stats().packages, undefined);
    zips.uninstall();
  });

  testOnce(
    "packages that need each other, and no address at all, hinder no other file",
    async () => {
      const contents = structuredClone(place.lock);
      contents.packages.needy.depends = ["plain"];
      contents.packages.plain.depends = ["needy"];
      const asked = [];
      const early = await serve({ [nameOf("later")]: (response) => asked.push(response.end()) });
      // Nobody says where the lock file's packages are.
      const noAddress = "http://[/bad-1.0-py3-none-any.whl";
      const packages = ["needy", noAddress, early.urlOf(nameOf("later"))];
      prepare({ storage: "memory", pyodide: { lockFileContents: contents, packages } });
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(asked.length, 1);
      early.close();
    },
  );

  testOnce("one that does not exist", async () => {
    const options = { ...place.options, packages: ["needy", "nowhere"] };
    // As stock's loadPyodide() says, which leaves a rejection unhandled besides.
    await assert.rejects(startOurs(options), /No known package with name 'nowhere'/);
  });

  testOnce("one that cannot be fetched: the others are there", async () => {
    const lines = [];
    const options = {
      ...place.options,
      packages: ["needy", server.urlOf(nameOf("missing"))],
      stderr: (line) => lines.push(line),
    };
    const { pyodide, zips } = await startOurs(options);
    const own = lines.splice(0);
    await startStock(options);
    assert.deepEqual(own, lines);
    assert.match(own.join("\n"), /missing/);
    assert.equal(pyodide.runPython("import needy; needy.value"), 1);
    zips.uninstall();
  });

  test("progress is told of each", async () => {
    const seen = new Map();
    const onProgress = ({ name, loaded, total }) => seen.set(name, [loaded, total]);
    const { zips } = await startOurs(
      { ...place.options, packages: ["needy", server.urlOf(nameOf("later"))] },
      { onProgress },
    );
    const sizes = ["later", "needy", "plain"].map((name) => [
      name,
      [WHEELS[nameOf(name)].length, WHEELS[nameOf(name)].length],
    ]);
    assert.deepEqual([...seen].toSorted(), sizes);
    zips.uninstall();
  });

  testContents("progress, where only the loader knows the lock file", async () => {
    const seen = new Set();
    const { pyodide, zips } = await start(version, {
      load: (loadPyodide, own) =>
        boot((given) => loadPyodide({ ...given, ...place.options }), {
          storage: "memory",
          onProgress: ({ name }) => seen.add(name),
          pyodide: { ...own, packages: ["needy"] },
        }),
    });
    assert.deepEqual([...seen].toSorted(), ["needy", "plain"]);
    assert.equal(pyodide.runPython("import needy; needy.value"), 1);
    zips.uninstall();
  });

  test("two starts at a time: fetch() is the program's own after them", async () => {
    const { fetch } = globalThis;
    const slow = await serve({
      [nameOf("later")]: (response) =>
        setTimeout(() => response.end(WHEELS[nameOf("later")]), 1000),
    });
    const packages = [server.urlOf(nameOf("later")), slow.urlOf(nameOf("later"))];
    const both = await Promise.all(
      packages.map((each) => startOurs({ ...place.options, packages: [each] })),
    );
    assert.equal(globalThis.fetch, fetch);
    for (const { zips } of both) zips.uninstall();
    slow.close();
  });

  testOnce("what onProgress throws is thrown", async () => {
    const onProgress = () => {
      throw new Error("no progress");
    };
    const options = { ...place.options, packages: ["needy"] };
    await assert.rejects(startOurs(options, { onProgress }), /no progress/);
  });

  testOnce("a start that is given up while a package comes", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const onProgress = () => setTimeout(() => controller.abort(new Error("given up")), 2000);
    const options = { ...place.options, packages: [server.urlOf(nameOf("hanging"))] };
    await assert.rejects(startOurs(options, { signal, onProgress }), isAbort);
  });

  testOnce("what cannot be a callback is refused", () => {
    for (const onProgress of [1, null, "log", {}])
      assert.throws(() => prepare({ onProgress, storage: "memory" }), { code: "bad-option" });
  });
});

describeOn([newest], "loadPackage() with progress and an end", (version) => {
  if (version === "0.27.8") return; // where it has neither

  /** @type {any} */ let pyodide;
  /** @type {any} */ let zips;
  /** @type {any} */ let server;

  before(async () => {
    const { options } = await openPlace(version, WHEELS, { needy: { depends: ["plain"] } });
    server = await serve({ ...WHEELS, [nameOf("hanging")]: hanging });
    pyodide = await start(version, {
      load: (loadPyodide, own) => loadPyodide({ ...own, ...options }),
    });
    zips = await install(pyodide, { storage: "memory", mountPackages: true });
  });
  after(() => {
    zips.uninstall();
    server.close();
  });

  const silent = { messageCallback() {}, errorCallback() {} };

  test("of the lock file's packages and of an address", async () => {
    const seen = new Map();
    const onProgress = ({ name, loaded, total }) => seen.set(name, [loaded, total]);
    const found = await pyodide.loadPackage(["needy", server.urlOf(nameOf("later"))], {
      ...silent,
      onProgress,
    });
    assert.deepEqual(found.map(({ name }) => name).toSorted(), ["later", "needy", "plain"]);
    const size = (name) => [name, [WHEELS[nameOf(name)].length, WHEELS[nameOf(name)].length]];
    assert.deepEqual([...seen].toSorted(), ["later", "needy", "plain"].map(size));
    assert.equal(pyodide.runPython("import needy, later; needy.value + later.value"), 2);
  });

  test("of loadPackagesFromImports()", async () => {
    const seen = [];
    const onProgress = ({ name }) => seen.push(name);
    await pyodide.loadPackagesFromImports("import twice", { ...silent, onProgress });
    assert.deepEqual(seen.at(-1), "twice");
  });

  test("given up, only that call is", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const loading = pyodide.loadPackage([server.urlOf(nameOf("hanging")), "versions"], {
      ...silent,
      signal,
    });
    const other = pyodide.loadPackage("writer", silent);
    setTimeout(() => controller.abort(new Error("given up")), 100);
    await assert.rejects(loading, /given up/);
    await other;
    assert.equal(pyodide.runPython("import writer, os; os.path.exists(writer.__file__)"), true);
    assert.equal("hanging" in pyodide.loadedPackages, false);
    const again = new AbortController();
    again.abort(new Error("before"));
    await assert.rejects(
      pyodide.loadPackage("paths", { ...silent, signal: again.signal }),
      /before/,
    );
    assert.equal("paths" in pyodide.loadedPackages, false);
  });

  test("what cannot be either is refused", async () => {
    for (const options of [{ onProgress: 1 }, { signal: {} }, { onProgress: null }])
      await assert.rejects(pyodide.loadPackage("dated", { ...silent, ...options }), {
        code: "bad-option",
      });
  });
});

describeOn([newest], "while the first package is on its way", (version) => {
  if (version === "0.27.8") return; // which says nothing of it

  test("what it costs beyond its own part is done", async () => {
    /** @type {any} */ let release;
    const released = new Promise((resolve) => (release = resolve));
    const server = await serve({
      [nameOf("later")]: async (response) => {
        await released;
        response.end(WHEELS[nameOf("later")]);
      },
    });
    const pyodide = await start(version);
    const zips = await install(pyodide, { storage: "memory", mountPackages: true });
    const noting = () =>
      pyodide.runPython(
        "import _pyodide._importhook as hooks; hooks.add_note_to_module_not_found_error.__name__",
      );
    assert.notEqual(noting(), "add_note");
    const loading = pyodide.loadPackage(server.urlOf(nameOf("later")), { messageCallback() {} });
    for (let tries = 0; noting() !== "add_note"; tries++) {
      assert.ok(tries < 1000, "nothing was prepared");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(zips.stats().packages.mounted, []);
    release();
    await loading;
    assert.equal(pyodide.runPython("import later; later.value"), 1);
    zips.uninstall();
    assert.notEqual(noting(), "add_note");
    server.close();
  });
});
