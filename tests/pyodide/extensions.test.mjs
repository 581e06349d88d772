// Extension modules in mounted archives: loaded when they are imported, from inside the archive.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { addRuntimePath } from "./libraries.mjs";
import { describeOn, oldAndNew, projectPath, runWith, start } from "./harness.mjs";
import { makeZip } from "./zip.mjs";
import { install } from "../../js/node.js";

const read = (name) => readFileSync(projectPath(`build/extension/${name}`));
const ALONE = read("alone.so");

/** @param {string} name of a package that has the extension module */
const archiveOf = (name) =>
  makeZip({
    [`${name}/__init__.py`]: "",
    [`${name}/_alone.abi3.so`]: ALONE,
    [`${name}/_foreign.cpython-310-x86_64-linux-gnu.so`]: "\x7fELF",
  });

describeOn(oldAndNew, "extension modules of mounted archives", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let zips;
  const python = (code) => runWith(pyodide, code);
  const isOld = version.startsWith("0.27.");
  const loaded = () => Object.keys(pyodide._module.LDSO.loadedLibsByName);
  const mounts = () => zips.stats().mounts;

  before(async () => {
    pyodide = await start(version);
    zips = await install(pyodide, { storage: "memory" });
  });
  after(() => zips.uninstall());

  test("one is loaded when it is imported, and its bytes are dropped", async () => {
    const lib = await zips.mount(archiveOf("small"), { name: "small.whl" });
    const path = `${lib.path}/small/_alone.abi3.so`;
    python("import small");
    assert.ok(!loaded().includes(path));
    assert.equal(python("import small._alone as each; each.get()"), 7);
    assert.ok(loaded().includes(path));
    assert.equal(
      python(`
from importlib.machinery import ExtensionFileLoader
import small._alone as each
each.__file__ if type(each.__loader__) is ExtensionFileLoader else repr(each.__loader__)
`),
      path,
    );
    const { fills, filledBytes, drops } = mounts();
    assert.deepEqual({ fills, filledBytes, drops }, { fills: 1, filledBytes: 0, drops: 1 });
    lib.unmount();
    assert.equal(python("import small._alone as each; each.get()"), 7);
  });

  test("ahead: all are loaded; what cannot be, fails to import", async () => {
    const archive = makeZip({
      "early/__init__.py": "",
      "early/_broken.abi3.so": ALONE.subarray(0, -9),
      "early/_alone.abi3.so": ALONE,
      "early/_foreign.cpython-310-x86_64-linux-gnu.so": "\x7fELF",
      "early.libs/libnumber.so": read("libnumber.so"),
    });
    const lib = await zips.mount(archive, { name: "early.whl", extensions: "ahead" });
    const below = loaded().filter((path) => path.startsWith(lib.path));
    assert.deepEqual(below, [`${lib.path}/early/_alone.abi3.so`]);
    const { fills } = mounts();
    assert.equal(python("import early._alone as each; each.get()"), 7);
    // 0.27 reads the file once more, though it compiles nothing.
    if (!isOld) assert.equal(mounts().fills, fills);
    assert.throws(() => python("import early._broken"), /ImportError/);
    assert.equal(mounts().filledBytes, 0);
    lib.unmount();
  });

  test("ahead, where mount() unpacks", async () => {
    const other = await start(version);
    const unpacking = await install(other, { storage: "memory" });
    unpacking.uninstall();
    const lib = await unpacking.mount(archiveOf("unpacked"), { extensions: "ahead" });
    const path = `${lib.path}/unpacked/_alone.abi3.so`;
    assert.ok(path in other._module.LDSO.loadedLibsByName);
    assert.equal(other.runPython("import unpacked._alone as each; each.get()"), 7);
    lib.unmount();
  });

  test("one for another platform is not found, and a note says so", async () => {
    const lib = await zips.mount(archiveOf("tagged"));
    assert.throws(
      () => python("import tagged._foreign"),
      /No module named 'tagged\._foreign'.*\n.*\/tagged\/_foreign\.cpython-310-x86_64-linux-gnu\.so is for another/,
    );
    assert.throws(() => python("import tagged.missing"), /No module named 'tagged\.missing'\s*$/);
    lib.unmount();
  });

  // 0.27 reads no such path.
  const testPath = isOld ? () => {} : test;
  testPath("a library in NAME.libs is found by the path that the module has for it", async () => {
    const lib = await zips.mount(
      makeZip({
        "linked/__init__.py": "",
        "linked/_linked.abi3.so": addRuntimePath(read("linked.so"), "$ORIGIN/../linked.libs"),
        "linked.libs/libnumber.so": read("libnumber.so"),
      }),
      { name: "linked.whl" },
    );
    assert.equal(python("import linked._linked as each; each.get()"), 42);
    assert.equal(mounts().filledBytes, 0);
    lib.unmount();
  });
});
