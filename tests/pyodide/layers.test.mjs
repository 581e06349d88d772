// Archives laid over a directory that is there: equal to unpacking them there one after the other, whatever
// the user does between. SEED=5 begins with another seed, ROUNDS=100 tries more.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { describeOn, oldAndNew, once, projectPath, start, temporaryFolder } from "./harness.mjs";
import { makeZip } from "./zip.mjs";
import { install } from "../../js/node.js";
import { Layers, Unfit } from "../../js/mount/layers.js";
import { NoArchive } from "../../js/mount/no-archive.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

const FIRST = Number(process.env.SEED ?? 1);
const ROUNDS = Number(process.env.ROUNDS ?? 12);
const STEPS = 40;

const FOLDERS = ["", "p/", "p/q/", "p/q/r/", "n/", "n/constructor/", "d-1.dist-info/"];
const FILES = ["__init__.py", "a.py", "b.txt", "constructor", "q", "é"];

/** Numbers below 1, the same for the same seed. */
function makeChance(seed) {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return (state ^ (state >>> 13)) / 2 ** 32;
  };
}

/** An archive of some of the names, with contents of its own. */
function makeArchive(chance, label) {
  const members = {};
  for (const folder of FOLDERS) {
    if (chance() < 0.5) continue;
    for (const file of FILES)
      if (chance() < 0.4) members[folder + file] = `${label} `.repeat(Math.floor(chance() * 90));
    if (folder && chance() < 0.2) members[folder] = "";
  }
  return makeZip(members);
}

describeOn(oldAndNew, "layers", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let module;
  /** @type {any} */ let zips;
  /** @type {Layers} */ let layers;
  const { test: testOnce } = once(version);

  before(async () => {
    pyodide = await start(version);
    zips = await install(pyodide, { storage: "memory", onWarning: () => {} });
    module = pyodide.pyimport("pyodide_zipimport");
    layers = new Layers(pyodide, module);
    const source = readFileSync(projectPath("tests/pyodide/random_calls.py"));
    pyodide.FS.writeFile("/tmp/random_calls.py", source);
    pyodide.runPython("import sys; sys.path.append('/tmp'); import random_calls");
  });
  after(() => {
    layers.close();
    module.destroy();
    zips.uninstall();
  });

  const unpack = (path, bytes) => {
    try {
      pyodide.unpackArchive(bytes, "zip", { extractDir: path });
    } catch {
      // As far as it comes.
    }
  };
  const lay = (path, bytes) => {
    try {
      layers.add(path, "a.whl", bytes.slice());
      return 1;
    } catch (error) {
      assert.ok(error instanceof Unfit, error.stack);
      unpack(path, bytes);
      return 0;
    }
  };
  const python = (code) => {
    const value = pyodide.runPython(code);
    return value?.toJs ? value.toJs() : value;
  };
  const site = (name, ...archives) => {
    const path = `/lib/laid/${name}`;
    for (const members of archives) layers.add(path, "a.whl", makeZip(members));
    python(`import sys; sys.path.insert(0, "${path}")`);
    return path;
  };

  test(`${ROUNDS} times some archives and what users do between them, from seed ${FIRST} on`, () => {
    let laid = 0;
    for (let seed = FIRST; seed < FIRST + ROUNDS; seed++) {
      const chance = makeChance(seed);
      const [one, other] = [`/lib/laid/${seed}`, `/lib/refs/${seed}`];
      for (const path of [one, other]) pyodide.FS.mkdirTree(path);
      for (let step = 0; step < 5; step++) {
        const bytes = makeArchive(chance, `${seed}.${step}`);
        laid += lay(one, bytes);
        unpack(other, bytes);
        const difference = python(
          `random_calls.compare("${one}", "${other}", ${seed * 10 + step}, ${step === 0 ? 0 : STEPS})`,
        );
        assert.equal(difference, "", `seed ${seed}, archive ${step}`);
      }
    }
    assert.ok(laid > ROUNDS, String(laid)); // most archives fit
  });

  test("modules come from all of them, the later one's first, and what the user has is found", () => {
    const path = site(
      "import",
      {
        "lay_a.py": "v = 1",
        "lay_p/__init__.py": "",
        "lay_p/one.py": "v = 1",
        "lay_p/both.py": "v = 1",
      },
      {
        "lay_b.py": "v = 2",
        "lay_p/two.py": "v = 2",
        "lay_p/both.py": "v = 2",
        "lay_n/x.py": "v = 2",
      },
      { "lay_n/y/__init__.py": "v = 3", "lay_n/z.py": "v = 3" },
    );
    assert.equal(
      python(`
import importlib, os
names = "lay_a lay_b lay_p.one lay_p.two lay_p.both lay_n.x lay_n.y lay_n.z".split()
" ".join(str(importlib.import_module(name).v) for name in names)`),
      "1 2 1 2 2 2 3 3",
    );
    assert.deepEqual(
      python(`
def write(name, text):
    os.makedirs(os.path.dirname(f"${path}/{name}"), exist_ok=True)
    with open(f"${path}/{name}", "w") as file: file.write(text)
    importlib.invalidate_caches()

def value(name):
    sys.modules.pop(name, None)
    try:
        return importlib.import_module(name).v
    except ImportError:
        return "none"

answers = [value("lay_mine")]
write("lay_mine.py", "v = 'mine'"); answers.append(value("lay_mine"))
write("lay_a/__init__.py", "v = 'mine'"); answers.append(value("lay_a"))
write("lay_p/mine.py", "v = 'mine'"); answers.append(value("lay_p.mine"))
answers += [value("lay_p.one"), type(sys.modules["lay_p.one"].__loader__).__name__]
os.unlink("${path}/lay_p/both.py"); importlib.invalidate_caches(); answers.append(value("lay_p.both"))
write("lay_b.py", "v = 'changed'"); answers.append(value("lay_b"))
os.rename("${path}/lay_n", "${path}/lay_m"); importlib.invalidate_caches()
sys.modules.pop("lay_n"); answers += [value("lay_n.x"), value("lay_m.x"), value("lay_m.y")]
answers`),
      ["none", "mine", "mine", "mine", 1, "MountedSourceLoader", "none", "changed", "none", 2, 3],
    );
  });

  test("over what the user has: whole, and of the same kinds of files only", () => {
    const path = "/lib/laid/over";
    python(`
import os
os.makedirs("${path}/over_p/data")
for name, text in {"over_p/__init__.py": "v = 'mine'", "over_p/mine.py": "v = 'mine'", "over_p/data/x": "x"}.items():
    with open(f"${path}/{name}", "w") as file: file.write(text)
`);
    site("over", {
      "over_p/__init__.py": "v = 'laid'",
      "over_p/laid.py": "v = 'laid'",
      "over_p/data/y": "y",
    });
    assert.deepEqual(
      python(`
import over_p, over_p.mine, over_p.laid
[over_p.v, over_p.mine.v, over_p.laid.v, os.listdir("${path}/over_p/data"), type(over_p.laid.__loader__).__name__]`),
      ["laid", "mine", "laid", ["x", "y"], "MountedSourceLoader"],
    );
    const before = python(`repr(list(os.walk("${path}")))`);
    for (const members of [
      { "new.py": "", "over_p/data": "" },
      { "new.py": "", "over_p/mine.py/z": "" },
    ])
      assert.throws(() => layers.add(path, "b.whl", makeZip(members)), Unfit);
    python(`os.symlink("over_p", "${path}/link")`);
    assert.throws(() => layers.add(path, "b.whl", makeZip({ "link/x": "" })), Unfit);
    assert.throws(() => layers.add(path, "b.whl", new Uint8Array(99)), NoArchive);
    const unlike = makeZip({ "unlike.py": "" }, { isStored: true });
    const at = Buffer.from(unlike).indexOf("PK\x01\x02");
    const patched = (offset, value) => {
      const bytes = unlike.slice();
      for (const header of [offset, at + offset + 2]) bytes[header] |= value;
      return bytes;
    };
    for (const bytes of [
      makeZip({ same: "", "same/x": "" }),
      makeZip({ "../up.py": "" }),
      makeZip({ "p/../x.py": "" }),
      makeZip({ "/absolute.py": "" }),
      patched(6, 1), // encrypted
      patched(8, 12), // bzip2
      patched(8, 93), // zstd
    ])
      assert.throws(() => layers.add(path, "b.whl", bytes), Unfit);
    python(`os.unlink("${path}/link")`);
    assert.equal(python(`repr(list(os.walk("${path}")))`), before);
  });

  testOnce("an archive of which nothing is left goes with its memory", async () => {
    const [path, own] = ["/lib/laid/leave", new Layers(pyodide, module)];
    own.add(path, "a.whl", makeZip({ "leave.py": "v = 1", "leave_p/__init__.py": "" }));
    own.add(path, "b.whl", makeZip({ "stay.py": "" }));
    python(`
import sys, shutil
sys.path.insert(0, "${path}")
import leave
shutil.rmtree("${path}/leave_p")
os.unlink("${path}/leave.py")
del sys.modules["leave"], leave`);
    for (let i = 0; i < 50 && own.describe().count === 2; i++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(own.describe().count, 1);
    own.add(path, "a.whl", makeZip({ "leave.py": "v = 2" }));
    assert.equal(python("import leave; leave.v"), 2);
    own.close();
  });

  test("a directory that got something has another time", () => {
    const path = "/tmp/timed";
    const { FS } = pyodide;
    FS.mkdirTree(`${path}/p`);
    const timesAfter = (members) => {
      for (const each of [path, `${path}/p`]) FS.utime(each, 1000, 1000);
      layers.add(path, "timed.zip", makeZip(members));
      return [path, `${path}/p`].map((each) => Number(FS.stat(each).mtime) > 1000);
    };
    assert.deepEqual(timesAfter({ "new.py": "" }), [true, false]);
    assert.deepEqual(timesAfter({ "p/new.py": "" }), [false, true]);
    assert.deepEqual(timesAfter({ "new.py": "1", "p/new.py": "1" }), [false, false]);
  });

  test("a directory that was moved, and another archive's under its new name", () => {
    const path = site("moved", { "mv_p/a.py": "v = 1", "mv_p/q/a.py": "v = 1" });
    python(`import os; os.rename("${path}/mv_p", "${path}/mv_r")`);
    site("moved", { "mv_r/b.py": "v = 2", "mv_r/q/b.py": "v = 2" });
    assert.deepEqual(
      python(`
import importlib
importlib.invalidate_caches()
[importlib.import_module(name).v for name in ("mv_r.a", "mv_r.b", "mv_r.q.a", "mv_r.q.b")]`),
      [1, 2, 1, 2],
    );
  });

  test("what was replaced and then removed does not come back", () => {
    const path = site("removed", { "rm_a.py": "v = 1" }, { "rm_a.py": "v = 2" });
    assert.equal(
      python(`
import importlib, os
open("${path}/other", "w").close()
os.unlink("${path}/rm_a.py")
with open("${path}/rm_a.py", "w") as file: file.write("v = 'mine'")
importlib.invalidate_caches()
import rm_a
rm_a.v`),
      "mine",
    );
  });

  test("what is replaced is inflated only for those who have it open", () => {
    const members = (text) => ({ rp_open: text, rp_closed: text, rp_other: text });
    const path = site("replaced", members("first"));
    python(`held = open("${path}/rp_open"); import os; os.listdir("${path}")`);
    const { fills } = layers.describe();
    site("replaced", members("second"));
    assert.equal(layers.describe().fills, fills + 1);
    assert.deepEqual(python(`[held.read(), open("${path}/rp_open").read(), held.close()]`), [
      "first",
      "second",
      undefined,
    ]);
  });

  describe("the directory itself", () => {
    /** What can be imported once a file is written there. */
    const importable = (path, name) =>
      python(`
import importlib, os, sys
os.makedirs("${path}", exist_ok=True)
with open("${path}/${name}_own.py", "w") as file: file.write("")
importlib.invalidate_caches()
found = []
for each in ("${name}_own", "${name}_laid", "${name}_new"):
    try:
        importlib.import_module(each)
        found.append(each.removeprefix("${name}_"))
    except ImportError:
        pass
    sys.modules.pop(each, None)
found`);
    const lays = (name) => [
      site(name, { [`${name}_laid.py`]: "" }),
      () => site(name, { [`${name}_new.py`]: "" }),
    ];

    test("removed and made anew", () => {
      const [path, layMore] = lays("gone");
      python(`import shutil; shutil.rmtree("${path}")`);
      assert.deepEqual(importable(path, "gone"), ["own"]);
      layMore();
      assert.deepEqual(importable(path, "gone"), ["own", "new"]);
    });

    test("that never had a name, removed and made anew", () => {
      const path = site("void", {});
      python(`import os; os.rmdir("${path}")`);
      assert.deepEqual(importable(path, "void"), ["own"]);
      site("void", { "void_new.py": "" });
      assert.deepEqual(importable(path, "void"), ["own", "new"]);
    });

    test("renamed", () => {
      const [path, layMore] = lays("renamed");
      python(`import os; os.rename("${path}", "${path}-2")`);
      assert.deepEqual(importable(path, "renamed"), ["own"]);
      layMore();
      assert.deepEqual(importable(path, "renamed"), ["own", "new"]);
      assert.deepEqual(importable(`${path}-2`, "renamed"), ["own", "new"]);
    });

    test("with a file system mounted over it", () => {
      const { FS } = pyodide;
      const [path, layMore] = lays("over_all");
      FS.mount(FS.filesystems.MEMFS, {}, path);
      assert.deepEqual(importable(path, "over_all"), ["own"]);
      layMore();
      assert.deepEqual(importable(path, "over_all"), ["own", "new"]);
      FS.unmount(path);
      assert.deepEqual(importable(path, "over_all"), ["own", "laid"]);
    });

    test("with one mounted over a package in it", () => {
      const { FS } = pyodide;
      const path = site("over_one", { "ov_p/a.py": "", "ov_p/b/c.py": "" });
      for (const [each, module] of [
        ["ov_p/b", "ov_p.b.own"],
        ["ov_p", "ov_p.own"],
      ]) {
        FS.mount(FS.filesystems.MEMFS, {}, `${path}/${each}`);
        FS.writeFile(`${path}/${each}/own.py`, "");
        python(`import importlib; importlib.invalidate_caches(); import ${module}`);
      }
      assert.throws(() => python("import ov_p.a"), /No module named 'ov_p.a'/);
    });

    test("of another file system", () => {
      const { FS } = pyodide;
      const path = "/lib/laid/foreign";
      FS.mkdirTree(path);
      FS.mount(FS.filesystems.NODEFS, { root: temporaryFolder() }, path);
      assert.throws(() => site("foreign", { "foreign_laid.py": "" }), Unfit);
      python(`import sys; sys.path.insert(0, "${path}")`);
      assert.deepEqual(importable(path, "foreign"), ["own"]);
    });
  });

  testOnce("what was laid over goes with its memory", async () => {
    const [path, own] = ["/lib/laid/again", new Layers(pyodide, module)];
    own.add(path, "keep.whl", makeZip({ "ag_n/keep.py": "" }));
    for (let i = 0; i < 5; i++) {
      own.add(path, "a.whl", makeZip({ "ag_p/q/a.py": `v = ${i}`, "ag_p/__init__.py": "" }));
      own.add(path, "n.whl", makeZip({ "ag_n/x/a.py": "", [`ag_${i}/a`]: "" }));
      python(`
import os, shutil
os.listdir("${path}/ag_p/q")
for each in ("ag_n/x", "ag_${i}"): shutil.rmtree(f"${path}/{each}")`);
    }
    for (let i = 0; i < 50 && own.describe().count > 3; i++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(own.describe().count <= 3, String(own.describe().count));
    assert.equal(python(`sys.path.insert(0, "${path}"); import ag_p.q.a; ag_p.q.a.v`), 4);
    own.close();
  });

  testOnce("thousands of files are removed one by one in no more time than it takes", () => {
    const members = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`n${i}.py`, ""]));
    const path = site("thousands", members);
    const start = performance.now();
    python(`import shutil; shutil.rmtree("${path}")`);
    assert.ok(performance.now() - start < 10_000); // a minute, if each asks for all
  });

  test("in the end it is as if it had been unpacked", async () => {
    const path = site("end", { "end_p/__init__.py": "v = 1", "end_p/data/x": "x".repeat(99) });
    const opened = python(
      `open_file = open("${path}/end_p/data/x"); os.rename("${path}/end_p/data", "/tmp/moved"); 1`,
    );
    assert.equal(opened, 1);
    layers.close();
    assert.equal(layers.describe().count, 0);
    assert.deepEqual(
      python(`
import end_p
open("/tmp/moved/x", "a").close()
[end_p.v, type(end_p.__loader__).__name__, len(open_file.read()), len(open("/tmp/moved/x").read())]`),
      [1, "SourceFileLoader", 99, 99],
    );
  });
});
