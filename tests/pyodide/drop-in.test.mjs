// The module that stands in for Pyodide's own: how it finds that one, what it takes an indexURL for, and that
// what it gives is Pyodide, warm from the second start on.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import {
  collectWarnings,
  describeVersions,
  importerInUse,
  newest,
  projectPath,
  runWith,
  start,
  temporaryFolder,
  writeArchive,
} from "./harness.mjs";
import { node } from "../../js/platform/node.js";
import { standInFor } from "../../js/stand-in.js";

const JS = projectPath("js/");
const MODULE = pathToFileURL(`${JS}drop-in-node.js`).href;
const folderOf = (version) => projectPath(`node_modules/pyodide-${version}/`);
/** As Pyodide itself says its version, which npm writes in another way where it is none of a release. */
const { version: NEWEST } = await import(`../../node_modules/pyodide-${newest}/pyodide.mjs`);
const addressOf = (version) => pathToFileURL(folderOf(version)).href;
const importFor = (version) => import(`${MODULE}?pyodide=${addressOf(version)}pyodide.mjs`);

/** A Pyodide of this version, started by our module, which is given these options. */
const dropInOf = (version, given) =>
  start(version, {
    load: async (_, own) => (await importFor(version)).loadPyodide({ ...own, ...given }),
  });

describeVersions("the stand-in for Pyodide's module", (version) => {
  const zipimport = { storage: { directory: `${temporaryFolder()}/store` }, autoFlush: false };

  test("gives Pyodide, as a client that guesses its folder asks for it", async () => {
    const real = await import(`${addressOf(version)}pyodide.mjs`);
    const ours = await importFor(version);
    assert.equal(ours.version, real.version);
    assert.deepEqual(Object.keys(ours), Object.keys(real));
    const pyodide = await dropInOf(version, { indexURL: JS, zipimport });
    assert.equal(pyodide.version, real.version);
    pyodide._api.on_fatal = () => {}; // as JupyterLite does
    assert.equal(pyodide.zipimport.active, true);
    assert.equal(importerInUse(pyodide), "ours");
    const { start: started } = pyodide.zipimport.stats();
    assert.deepEqual([started.library, started.reason], ["stock", "none is kept yet"]);
    await pyodide.zipimport.flush();
  });

  test("compiles nothing in a second start, nor what the first one imported", async () => {
    const use = (pyodide) => {
      writeArchive(pyodide, "/tmp/a.zip", { "kept.py": "answer = 42" });
      return runWith(
        pyodide,
        "import csv, sys; sys.path.append('/tmp/a.zip'); import kept; kept.answer",
      );
    };
    const first = await dropInOf(version, { zipimport });
    assert.equal(use(first), 42);
    await first.zipimport.flush();
    const second = await dropInOf(version, { zipimport });
    assert.equal(use(second), 42);
    const { start: started, compiles, packHits } = second.zipimport.stats();
    assert.deepEqual([started.library, started.compiles, compiles], ["kept", 0, 0]);
    assert.ok(packHits >= 2);
  });

  test("with ours unusable it is plain Pyodide, with one warning", async () => {
    const { taken, onWarning } = collectWarnings();
    const own = { storage: "memory", onWarning, wasmURL: `${temporaryFolder()}/missing.wasm` };
    const pyodide = await dropInOf(version, { zipimport: own });
    assert.deepEqual(
      taken.map(([, code]) => code),
      ["wasm-unreachable"],
    );
    assert.equal(pyodide.zipimport.active, false);
    assert.equal(importerInUse(pyodide), "stock");
    assert.equal(runWith(pyodide, "import csv; 6 * 7"), 42);
  });
});

describe("an indexURL given to the stand-in", () => {
  const query = "?pyodide=../node_modules/pyodide-";
  const guesses = {
    "its folder": JS,
    "the same without a slash": JS.slice(0, -1),
    "the same as a URL": pathToFileURL(JS).href,
    "the same from the working directory": "js/",
    "its address, cut in the query": `${MODULE}${query.slice(0, query.lastIndexOf("/") + 1)}`,
    "the same without a slash at the end": `${MODULE}?pyodide=..`,
    "its address": MODULE,
  };
  /** What Pyodide's own function is given. */
  async function indexURLFor(indexURL) {
    const folder = temporaryFolder();
    // It gives what it was given, in place of a Pyodide, which boot() then refuses.
    writeFileSync(
      `${folder}/pyodide.mjs`,
      "export const version = '0';\nexport const loadPyodide = (options) => { throw options; };\n",
    );
    const { loadPyodide } = await import(`${MODULE}?pyodide=${pathToFileURL(folder)}/`);
    const options = { indexURL, zipimport: { storage: "memory" } };
    const given = await loadPyodide(options).catch((reason) => reason);
    assert.equal(typeof given.fsInit, "function");
    return given.indexURL;
  }

  const from = process.cwd();
  before(() => assert.equal(`${from}/`, projectPath("")));
  test("in a bundle, which has no address, every indexURL is the program's", async () => {
    const given = [];
    const real = { version: NEWEST, loadPyodide: async (options) => given.push(options.indexURL) };
    const { loadPyodide } = standInFor(node, real, undefined);
    const asked = loadPyodide({ indexURL: "/pyodide/", zipimport: { storage: "memory" } });
    await assert.rejects(asked, { code: "not-pyodide" });
    assert.deepEqual(given, ["/pyodide/"]);
  });

  for (const [what, indexURL] of Object.entries(guesses))
    test(`${what} is a client's guess: Pyodide takes its own`, async () => {
      assert.equal(await indexURLFor(indexURL), undefined);
    });

  const others = {
    "another folder": folderOf(newest),
    "a folder in its folder": `${JS}pyodide/`,
    "the same file name elsewhere": "https://example.org/js/drop-in-node.js",
    "a URL elsewhere": "https://example.org/pyodide/",
    "no address at all": "::",
  };
  for (const [what, indexURL] of Object.entries(others))
    test(`${what} is kept`, async () => assert.equal(await indexURLFor(indexURL), indexURL));
});

describe("the stand-in finds Pyodide's module", () => {
  const relative = `../node_modules/pyodide-${newest}/`;
  for (const [what, value] of [
    ["an address relative to its own", `${relative}pyodide.mjs`],
    ["a folder", relative],
    ["an address that is escaped", encodeURIComponent(`${relative}pyodide.mjs`)],
    ["an address with a query", encodeURIComponent(`${relative}pyodide.mjs?v=1/2`)],
  ])
    test(`at ${what}`, async () => {
      const { version } = await import(`${MODULE}?other=1&pyodide=${value}#there`);
      assert.equal(version, NEWEST);
    });

  test("in a folder that has a plus sign in its name", async () => {
    const folder = `${temporaryFolder()}/a+b`;
    symlinkSync(folderOf(newest), folder);
    const { version } = await import(`${MODULE}?pyodide=${folder}/pyodide.mjs`);
    assert.equal(version, NEWEST);
  });

  /** A project with this package's scripts in `folder`; what importing our module there gives. */
  function importIn(project, folder, pyodide) {
    cpSync(JS, `${project}/${folder}/js`, { recursive: true });
    cpSync(projectPath("package.json"), `${project}/${folder}/package.json`);
    if (pyodide) {
      mkdirSync(dirname(`${project}/${pyodide}`), { recursive: true });
      symlinkSync(folderOf(newest), `${project}/${pyodide}`);
    }
    return (name) => {
      const program = `import(${JSON.stringify(name)}).then(
        ({ version }) => console.log(version), ({ code, message }) => console.log(code, message))`;
      writeFileSync(`${project}/program.mjs`, program);
      return execFileSync(process.execPath, [`${project}/program.mjs`], { encoding: "utf8" });
    };
  }

  test("by its name", () => {
    const found = importIn(
      temporaryFolder(),
      "node_modules/pyodide-zipimport",
      "node_modules/pyodide",
    );
    assert.equal(found("pyodide-zipimport/pyodide"), `${NEWEST}\n`);
  });

  test("in a folder beside the package's", () => {
    const found = importIn(temporaryFolder(), "zipimport", "pyodide");
    assert.equal(found("./zipimport/js/drop-in-node.js"), `${NEWEST}\n`);
  });

  test("nowhere: an error that says where it was looked for", () => {
    const found = importIn(temporaryFolder(), "zipimport");
    const failing = (query) => found(`./zipimport/js/drop-in-node.js${query}`);
    assert.match(
      failing(""),
      /^pyodide-unreachable .*'pyodide'.*\/pyodide\/pyodide\.mjs.*\?pyodide=/,
    );
    assert.match(
      failing("?pyodide=there/"),
      /^pyodide-unreachable .*\/zipimport\/js\/there\/pyodide\.mjs/,
    );
    assert.match(failing("?pyodide=http://:1"), /^pyodide-unreachable .*Invalid URL/);
    assert.match(failing("?pyodide="), /^pyodide-unreachable .*is this module itself/);
    assert.match(failing("?pyodide=counters.js"), /^pyodide-unreachable .*no function loadPyodide/);
  });
});

describe("in Node, by its address, where it stands for browsers", () => {
  // Whatever it cannot have there, IndexedDB first, is no reason not to start.
  for (const file of ["js/drop-in.js", "build/drop-in/pyodide-zipimport.mjs"])
    test(`${file} starts Pyodide, with one warning`, async () => {
      const { loadPyodide } = await import(`${projectPath(file)}?pyodide=${addressOf(newest)}`);
      const { taken, onWarning } = collectWarnings();
      const pyodide = await start(newest, {
        load: (_, own) => loadPyodide({ ...own, zipimport: { onWarning } }),
      });
      assert.deepEqual(
        taken.map(([, code]) => code),
        ["store-unavailable"],
      );
      assert.equal(pyodide.zipimport.active, true);
      assert.equal(importerInUse(pyodide), "ours");
    });

  test("index.js says what is wrong with a file's address that is relative", async () => {
    const { install } = await import(projectPath("js/index.js"));
    const { taken, onWarning } = collectWarnings();
    const pyodide = await start(newest);
    const zips = await install(pyodide, { storage: "memory", wasmURL: "x.wasm", onWarning });
    assert.equal(zips.active, false);
    assert.deepEqual(
      taken.map(([, code]) => code),
      ["wasm-unreachable"],
    );
    assert.match(taken[0][0], /x\.wasm \(.*Invalid URL/);
  });
});

describe("the stand-in", () => {
  test("does nothing when it is imported, but to import Pyodide's module", () => {
    const cache = `${temporaryFolder()}/cache`;
    mkdirSync(cache);
    const program = `
      import fs from "node:fs";
      await import(${JSON.stringify(`${addressOf(newest)}pyodide.mjs`)});
      const seen = () => [Object.getOwnPropertyNames(globalThis), process.eventNames(), fs.readdirSync(${JSON.stringify(cache)})];
      const before = JSON.stringify(seen());
      await import(${JSON.stringify(`${MODULE}?pyodide=${addressOf(newest)}`)});
      console.log(before === JSON.stringify(seen()));`;
    const env = { ...process.env, XDG_CACHE_HOME: cache };
    const args = ["--input-type=module", "-e", program];
    assert.equal(execFileSync(process.execPath, args, { env, encoding: "utf8" }), "true\n");
  });

  for (const [what, zipimport, code] of [
    ["no object", true, "bad-option"],
    ["null", null, "bad-option"],
    ["Pyodide's options in the place of ours", { pyodide: {} }, "bad-option"],
    ["an unknown option", { storrage: "memory" }, "unknown-option"],
  ])
    test(`${what} for its own options is the caller's error`, async () => {
      const { loadPyodide } = await importFor(newest);
      await assert.rejects(loadPyodide({ zipimport }), (error) => {
        assert.equal(error.code, code);
        assert.match(error.message, /^loadPyodide\(\): /);
        return true;
      });
    });

  test("hands packages and a lock file on", async () => {
    const folder = temporaryFolder();
    const wheel = "tiny-1.0-py3-none-any.whl";
    const sha256 = makeWheel(`${folder}/${wheel}`);
    const lock = JSON.parse(readFileSync(`${folderOf(newest)}pyodide-lock.json`, "utf8"));
    lock.packages = {
      tiny: {
        ...{ name: "tiny", version: "1.0", file_name: `${folder}/${wheel}`, install_dir: "site" },
        ...{
          sha256,
          package_type: "package",
          imports: ["tiny"],
          depends: [],
          unvendored_tests: false,
        },
      },
    };
    writeFileSync(`${folder}/pyodide-lock.json`, JSON.stringify(lock));
    const given = [{ lockFileURL: `${folder}/pyodide-lock.json` }];
    // Newer than Pyodide 0.27.
    if (!newest.startsWith("0.27"))
      given.push({ lockFileContents: JSON.stringify(lock), packageBaseUrl: `${folder}/` });
    for (const own of given) {
      const pyodide = await dropInOf(newest, { ...own, packages: ["tiny"], indexURL: JS });
      assert.equal(runWith(pyodide, "import tiny; tiny.answer"), 42);
      assert.deepEqual(Object.keys(pyodide.loadedPackages), ["tiny"]);
    }
  });
});

/** Gives its sha-256. */
function makeWheel(path) {
  const code = `
import hashlib, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("tiny.py", "answer = 42")
    wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
    wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("tiny-1.0.dist-info/RECORD", "")
with open(sys.argv[1], "rb") as file:
    print(hashlib.sha256(file.read()).hexdigest())`;
  return execFileSync("/usr/bin/python3", ["-c", code, path], { encoding: "utf8" }).trim();
}
