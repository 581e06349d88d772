// A start of Pyodide that an earlier one has prepared: what it saves, that nothing tells it from an
// ordinary one, and that whatever is wrong with what is kept, Pyodide starts.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { before, describe, test } from "node:test";

import {
  collectWarnings,
  describeVersions,
  importerInUse,
  insideOf,
  once,
  projectPath,
  start,
  temporaryFolder,
  versions,
} from "./harness.mjs";
import { boot } from "../../js/node.js";

const LIST =
  "asyncio, unittest, email.message, http.client, argparse, logging.handlers, xml.etree.ElementTree, " +
  "decimal, statistics, dataclasses, typing, json, csv, zipfile, tarfile, urllib.request";

/**
 * Starts a Pyodide of this version with boot(), which is given these options. Nothing is written unasked, nor is Pyodide's
 * function that unpacks packages another one.
 */
const bootOf = (version, given = {}) =>
  start(version, {
    load: (loadPyodide, own) =>
      boot(loadPyodide, {
        autoFlush: false,
        mountPackages: false,
        ...given,
        pyodide: { ...own, ...given.pyodide },
      }),
  });

const filesIn = (folder) => (existsSync(insideOf(folder)) ? readdirSync(insideOf(folder)) : []);
const keptIn = (folder) => filesIn(folder).filter((name) => /^w.*\.zip$/.test(name));

/** What can be seen of the modules that are there, by name. */
const DESCRIBE = `
import json, sys, types
def paths(module):
    for name, value in sorted(vars(module).items()):
        if isinstance(value, types.FunctionType):
            yield name, value.__code__.co_filename, value.__code__.co_firstlineno
        elif isinstance(value, str) and ("/lib/python" in value):
            yield name, value
def describe(module):
    spec = vars(module).get("__spec__")
    names = "__name__", "__package__", "__file__", "__cached__", "__path__"
    fields = "name", "origin", "cached", "has_location", "loader_state", "parent", "submodule_search_locations"
    return {
        **{name: repr(vars(module).get(name, "absent")) for name in names},
        **{"spec " + field: repr(getattr(spec, field, "absent")) for field in fields},
        "loader": repr(vars(module).get("__loader__")), "spec loader": repr(getattr(spec, "loader", None)),
        "paths": list(paths(module)),
    }
modules = {name: describe(module) for name, module in sys.modules.items()
           if type(module) is types.ModuleType and name != "zipimport"}  # which install() changes
json.dumps(modules)
`;

function describeModules(pyodide) {
  const globals = pyodide.toPy({});
  try {
    return JSON.parse(pyodide.runPython(DESCRIBE, { globals }));
  } finally {
    globals.destroy();
  }
}

describeVersions("boot", (version) => {
  const { test: testOnce, describe: describeOnce } = once(version);
  const directory = `${temporaryFolder()}/store`;
  const options = { storage: { directory } };
  let stock;
  let first;

  before(async () => {
    stock = describeModules(await start(version));
    first = await bootOf(version, options);
  });

  test("a first start is an ordinary one, and what it compiled is kept", async () => {
    const { pyodide, zips } = first;
    assert.equal(zips.active, true);
    const { library, reason, compiles } = zips.stats().start;
    assert.deepEqual([library, reason], ["stock", "none is kept yet"]);
    assert.ok(compiles > 50, `${compiles}`);
    assert.equal(zips.stats().compiles, 0);
    pyodide.runPython(`import ${LIST}`);
    await zips.flush();
    assert.equal(keptIn(directory).length, 1);
    assert.ok(
      zips.stats().storage.bytes > statSync(`${insideOf(directory)}/${keptIn(directory)[0]}`).size,
    );
  });

  test("what is kept is an ordinary archive: stock's members, and their bytecode", () => {
    const [file] = keptIn(directory);
    const inner = JSON.parse(
      execFileSync(
        "/usr/bin/python3",
        ["-c", INSPECT, `${insideOf(directory)}/${file}`, libraryOf(version)],
        {
          encoding: "utf8",
        },
      ),
    );
    assert.equal(inner.broken, null);
    assert.equal(inner.same, true);
    assert.equal(inner.added.length, first.zips.stats().start.compiles);
    assert.ok(inner.added.every((name) => name.endsWith(".pyc")));
    assert.deepEqual(inner.flags, [1]);
  });

  describe("the second start", () => {
    let second;

    before(async () => {
      second = await bootOf(version, options);
    });

    test("compiles nothing", () => {
      const { zips } = second;
      const { library, bytes, compiles } = zips.stats().start;
      assert.deepEqual([library, compiles], ["kept", 0]);
      assert.equal(bytes, statSync(`${insideOf(directory)}/${keptIn(directory)[0]}`).size);
      second.pyodide.runPython(`import ${LIST}`);
      assert.equal(zips.stats().compiles, 0);
    });

    test("cannot be told from an ordinary one", async () => {
      const { pyodide } = await bootOf(version, options);
      const modules = describeModules(pyodide);
      const added = Object.keys(modules).filter((name) => !(name in stock));
      assert.ok(
        added.every((name) => /^(pyodide_zipimport|importlib\..*|_?abc|json.*|types)$/.test(name)),
        `${added}`,
      );
      for (const [name, description] of Object.entries(stock))
        assert.deepEqual(modules[name], description, name);
      assert.equal(importerInUse(pyodide), "ours");
    });

    test("leaves stock's archive in its place", () => {
      const { pyodide } = second;
      const path = pyodide.runPython("[p for p in sys.path if p.endswith('.zip')][0]", {
        globals: pyodide.runPython("import sys; globals()"),
      });
      assert.deepEqual(pyodide.FS.readFile(path), new Uint8Array(readFileSync(libraryOf(version))));
    });

    test("has source lines, and modules can be imported again", () => {
      const { pyodide } = second;
      pyodide.runPython(`
import importlib, inspect, json, sys, traceback
assert "def loads" in inspect.getsource(json.loads)
try:
    json.loads("x")
except ValueError as error:
    assert "raise JSONDecodeError" in "".join(traceback.format_exception(error))
assert importlib.reload(json).__file__.endswith("/json/__init__.py")
del sys.modules["json"]
assert importlib.import_module("json").__spec__.origin.endswith("/json/__init__.py")
`);
    });

    test("uninstalled, stock's importers serve the same library", () => {
      const { pyodide, zips } = second;
      zips.uninstall();
      assert.equal(importerInUse(pyodide), "stock");
      pyodide.runPython("import colorsys, sys; assert colorsys.__file__.endswith('/colorsys.py')");
    });
  });

  test("a module more at the start: it is added to what is kept", async () => {
    const [before] = keptIn(directory);
    const args = { env: { PYTHONINSPECT: "1" } };
    const fsInit = (FS, { sitePackages }) => {
      FS.mkdirTree(sitePackages);
      FS.writeFile(`${sitePackages}/more.pth`, "import colorsys\n");
    };
    const { zips } = await bootOf(version, { ...options, pyodide: { ...args, fsInit } });
    // Whether site runs at the start is Pyodide's decision.
    const { library, compiles } = zips.stats().start;
    assert.equal(library, "kept");
    await zips.flush();
    const after = keptIn(directory);
    assert.equal(after.length, 1);
    assert.equal(after[0] !== before, compiles > 0);
  });

  describeOnce("damage", () => {
    const ranges = [
      ["its beginning", () => [0, 30]],
      ["a source", () => [1000, 1100]],
      ["bytecode", (bytes) => [bytes.length * 0.75, bytes.length * 0.75 + 100]],
      ["its directory", (bytes) => [bytes.length - 5000, bytes.length - 4900]],
      ["its end", (bytes) => [bytes.length - 22, bytes.length]],
    ];
    for (const [what, range] of ranges)
      test(`${what} is overwritten: an ordinary start`, async () => {
        const path = `${insideOf(directory)}/${keptIn(directory)[0]}`;
        const good = readFileSync(path);
        writeFileSync(path, Buffer.from(good).fill(0x55, ...range(good).map(Math.floor)));
        await startsOrdinarily();
        writeFileSync(path, good);
      });

    test("it is cut short: an ordinary start, and the file is made anew", async () => {
      const path = `${insideOf(directory)}/${keptIn(directory)[0]}`;
      const good = readFileSync(path);
      writeFileSync(path, good.subarray(0, good.length / 2));
      const zips = await startsOrdinarily();
      await zips.flush();
      assert.equal(keptIn(directory).length, 1);
      const { start } = (await bootOf(version, options)).zips.stats();
      assert.deepEqual([start.library, start.compiles], ["kept", 0]);
    });

    async function startsOrdinarily() {
      const { taken, onWarning } = collectWarnings();
      const { zips } = await bootOf(version, { ...options, onWarning });
      const { library, reason } = zips.stats().start;
      assert.deepEqual([library, reason, taken], ["stock", "what was kept is damaged", []]);
      return zips;
    }
  });

  testOnce("files of another form and of nobody are not touched by a start", async () => {
    const folder = `${temporaryFolder()}/store`;
    mkdirSync(insideOf(folder), { mode: 0o700, recursive: true });
    const settings = keptIn(directory)[0].match(/-s([^-]+)-l/)[1];
    for (const name of [
      `w9-1-b0-p1-s${settings}-l0-0.0-1.zip`,
      "other.zip",
      `w1-s${settings}-at-0-0.txt`,
    ])
      writeFileSync(`${insideOf(folder)}/${name}`, "x");
    const { zips } = await bootOf(version, { storage: { directory: folder } });
    assert.equal(zips.stats().start.library, "stock");
    await zips.flush();
    const left = filesIn(folder);
    assert.equal(left.filter((name) => name.startsWith("w9")).length, 1, "a newer version's");
    assert.ok(left.includes("other.zip"));
  });

  testOnce("settings that change what is compiled have their own", async () => {
    const { zips } = await bootOf(version, {
      ...options,
      pyodide: { env: { PYTHONOPTIMIZE: "1" } },
    });
    assert.equal(zips.stats().start.library, "stock");
  });

  testOnce("after uninstall() nothing is written any more", async () => {
    const folder = `${temporaryFolder()}/store`;
    const { zips } = await bootOf(version, { storage: { directory: folder } });
    zips.uninstall();
    await zips.flush();
    assert.deepEqual(keptIn(folder), []);
  });

  testOnce("clear() takes it away", async () => {
    const { zips } = await bootOf(version, options);
    await zips.clear();
    assert.deepEqual(filesIn(directory), []);
    await zips.flush();
    assert.deepEqual(keptIn(directory), []);
  });

  testOnce("the library's path given to clear() too", async () => {
    const { zips, pyodide } = await bootOf(version, options);
    await zips.flush();
    assert.equal(keptIn(directory).length, 1);
    const path = pyodide.FS.readdir("/lib").find((name) => /^python.*\.zip$/.test(name));
    await zips.clear(`/lib/${path}`);
    assert.deepEqual(keptIn(directory), []);
  });
});

describe("boot, the versions together", () => {
  const storage = { directory: `${temporaryFolder()}/store` };
  const [older, newer] = [versions[0], versions.at(-1)];

  async function bootAndFlush(version, given) {
    const { zips } = await bootOf(version, { storage, ...given });
    await zips.flush();
    return zips.stats();
  }

  test("each has its own, to and fro", async () => {
    const expected =
      versions.length > 1 ? ["stock", "stock", "kept", "kept"] : ["stock", "kept", "kept", "kept"];
    const found = [];
    for (const version of [older, newer, older, newer])
      found.push((await bootAndFlush(version)).start.library);
    assert.deepEqual(found, expected);
  });

  test("a new release at the same address: an ordinary start, and both are kept", async () => {
    if (versions.length === 1) return;
    const fresh = { storage: { directory: `${temporaryFolder()}/store` } };
    // The address is of a folder whose content changes: a link that is set anew.
    const link = `${temporaryFolder()}/pyodide`;
    const found = [];
    for (const version of [older, older, newer, newer, older, newer]) {
      rmSync(link, { force: true });
      symlinkSync(projectPath(`node_modules/pyodide-${version}`), link);
      const { start } = await bootAndFlush(version, {
        ...fresh,
        pyodide: { indexURL: `${link}/` },
      });
      found.push(start.reason ?? start.library);
    }
    const another = "what is kept is of another Pyodide";
    assert.deepEqual(found, ["none is kept yet", "kept", another, "kept", "kept", "kept"]);
    assert.equal(keptIn(fresh.storage.directory).length, 2);
  });
});

const LIBRARIES = new Map();
/** Stock's archive of a version. */
function libraryOf(version) {
  if (!LIBRARIES.has(version))
    LIBRARIES.set(version, projectPath(`node_modules/pyodide-${version}/python_stdlib.zip`));
  return LIBRARIES.get(version);
}

const INSPECT = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as kept, zipfile.ZipFile(sys.argv[2]) as stock:
    theirs = stock.namelist()
    added = [name for name in kept.namelist() if name not in set(theirs)]
    print(json.dumps({
        "broken": kept.testzip(),
        "same": all(kept.read(name) == stock.read(name) for name in theirs),
        "added": added,
        "flags": sorted({kept.read(name)[4] for name in added}),
    }))
`;
