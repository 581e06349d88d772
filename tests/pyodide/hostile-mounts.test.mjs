// The archives of tests/python/test_hostile.py, mounted: none of them ends Pyodide, reaches what is beside the mount,
// or gives out a byte that is not a member's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { describeOn, newest, projectPath, start } from "./harness.mjs";
import { isFull } from "../matrix.mjs";
import { archivePathOf, growTree } from "../../js/mount/tree.js";
import { install } from "../../js/node.js";
import { giveFile } from "../../js/pyodide/files.js";

const ROOT = "/lib/zip/hostile";
const ARCHIVE = archivePathOf(ROOT);
/** Of all mutations every one on the newest release where all of the matrix runs, else a sample. */
const stepFor = (version) => (isFull && version === newest ? 1 : 13);

describeOn([newest], "hostile archives, mounted", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let module;
  /** @type {any} */ let zips;
  /** @type {any} */ let hostile;
  /** @type {ReturnType<typeof growTree> | undefined} */ let tree;

  before(async () => {
    pyodide = await start(version);
    pyodide.FS.mkdir("/tests");
    pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: projectPath("tests") }, "/tests");
    zips = await install(pyodide, { storage: "memory" });
    module = pyodide.pyimport("pyodide_zipimport");
    const source = readFileSync(projectPath("tests/pyodide/hostile_mounts.py"));
    pyodide.FS.writeFile("/home/pyodide/hostile_mounts.py", source);
    pyodide.FS.mkdirTree("/lib/zip");
    pyodide.FS.writeFile("/lib/zip/beside.py", "value = 'outside'\n");
    hostile = pyodide.pyimport("hostile_mounts");
  });
  after(() => {
    hostile.destroy();
    module.destroy();
    zips.uninstall();
  });

  /** Mounts an archive, if it is one. */
  function grow(data) {
    giveFile(pyodide.FS, ARCHIVE, data.toJs());
    try {
      tree = growTree(pyodide, module, { path: ROOT, archivePath: ARCHIVE });
      return true;
    } catch (error) {
      assert.deepEqual([error.code, error.cause.type], ["python-failed", "ZipImportError"]);
      return false;
    }
  }

  const remove = () => void tree.remove();

  test("odd names and false claims", () => {
    const [tried, mounted] = hostile.try_named(grow, remove).toJs();
    assert.ok(tried > 40 && mounted > 30, `${mounted} of ${tried}`);
  });

  test("one, two or more bytes other than they were", () => {
    const [tried, mounted] = hostile.try_mutations(stepFor(version), grow, remove).toJs();
    assert.ok(tried > 900 && mounted > 600, `${mounted} of ${tried}`);
  });
});
