// Random calls on a mounted archive and on the same one unpacked: equal in all that they give. SEED=5 begins
// with another seed, ROUNDS=100 tries more.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { describeOn, oldAndNew, projectPath, start } from "./harness.mjs";
import { makeZip } from "./zip.mjs";
import { install } from "../../js/node.js";

const FIRST = Number(process.env.SEED ?? 1);
const ROUNDS = Number(process.env.ROUNDS ?? 12);
const STEPS = 250;

/** Folders of several depths, an empty one, an empty file, names of other alphabets, a page of bytes. */
const ARCHIVE = makeZip({
  "package/__init__.py": "value = 1\n",
  "package/module.py": "def f():\r\n    return 1\r\n",
  "package/empty.txt": "",
  "package/data/one.txt": "one\n".repeat(30),
  "package/data/two.bin": Uint8Array.from({ length: 5000 }, (_, i) => i * 7),
  "package/data/deep/deeper/deepest.txt": "deep",
  "package/nothing/": "",
  "other/keep.txt": "keep",
  "other/gone.txt": "gone",
  "other/café/ü.txt": "ü",
  "single.py": "x = 2\n",
  "package-1.0.dist-info/RECORD": "package/__init__.py,,\n",
  "package-1.0.dist-info/METADATA": "Name: package\n",
});

describeOn(oldAndNew, "random calls", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let zips;

  before(async () => {
    pyodide = await start(version);
    zips = await install(pyodide, { storage: "memory", onWarning: () => {} });
    const source = readFileSync(projectPath("tests/pyodide/random_calls.py"));
    pyodide.FS.writeFile("/tmp/random_calls.py", source);
    pyodide.runPython("import sys; sys.path.append('/tmp'); import random_calls, shutil");
  });
  after(() => zips.uninstall());

  const unpack = (path) => {
    pyodide.unpackArchive(ARCHIVE, "zip", { extractDir: path });
    return path;
  };
  /** The paths are equally long: their lengths decide what is done. */
  const compare = (one, other, seed) =>
    pyodide.runPython(`random_calls.compare("${one}", "${other}", ${seed}, ${STEPS})`);

  test(`${ROUNDS} times ${STEPS} calls, from seed ${FIRST} on`, async () => {
    for (let seed = FIRST; seed < FIRST + ROUNDS; seed++) {
      const name = `random-${seed}`;
      const lib = await zips.mount(ARCHIVE, { name, copy: true, sysPath: false });
      assert.equal(compare(lib.path, unpack(`/lib/ref/${name}`), seed), "");
      lib.unmount();
    }
  });

  test("a difference would be found", async () => {
    const [one, other] = [unpack("/lib/ref/one"), unpack("/lib/ref/two")];
    pyodide.FS.unlink(`${one}/package/data/one.txt`);
    assert.match(compare(one, other, 1), /^seed 1, step \d+: /);
  });
});
