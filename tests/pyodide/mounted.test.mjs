// An archive as a directory: equal to unpacking it, in everything that a program can ask.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { describeVersions, once, projectPath, start } from "./harness.mjs";
import { archivePathOf, describeArchive, growTree } from "../../js/mount/tree.js";
import { install } from "../../js/node.js";
import { giveFile } from "../../js/pyodide/files.js";

const ROOT = "/lib/zip/a";
const ARCHIVE = archivePathOf(ROOT);

/** Makes archives; `links` maps names to what they lead to, `damaged` names members to be read with errors. */
const MAKE = `
import importlib.machinery, io, os, sys, zipfile
sys.path.insert(0, "/tmp")

def make(members, links={}, damaged=()):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i, (name, data) in enumerate(members.items()):
            if isinstance(data, int):  # so many zeros, which are never in memory together
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(info, "w") as member:
                    for _ in range(data >> 20): member.write(bytes(1 << 20))
                continue
            archive.writestr(name, data, [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][i % 2])
        for name, target in links.items():
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, target)
    made = bytearray(file.getvalue())
    for name in damaged:
        at = made.index(name.encode()) + len(name)
        made[at] ^= 1
    return bytes(made)

MEMBERS = {
    "__init__.py": "x = 1", "empty.txt": "", "data.bin": bytes(range(256)) * 99,
    "full/a.txt": "a", "full/b.txt": "bbb", "full/c.txt": "ccc",
    "deep/er/still/x.txt": "x" * 999, "other/keep.txt": "keep", "other/gone.txt": "gone",
    "other/cut.txt": "cut it", "café/ü.txt": "ü", "2": "two", "1": "one",
}
`;

describeVersions("a mounted archive", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let module;
  /** @type {any} */ let zips;
  /** @type {import("../../js/mount/tree.js").Tree | undefined} */ let tree;
  const { test: testOnce } = once(version);
  // 0.27 answers readlink() with the path that a link leads to, in every one of its file systems.
  const linkText = (text) => (version === "0.27.8" ? `${ROOT}/${text}` : text);

  before(async () => {
    pyodide = await start(version);
    zips = await install(pyodide, { storage: "memory" });
    module = pyodide.pyimport("pyodide_zipimport");
    const source = readFileSync(projectPath("tests/pyodide/mounted.py"));
    pyodide.FS.writeFile("/tmp/mounted.py", source);
    pyodide.runPython(MAKE);
  });

  after(() => {
    module.destroy();
    zips.uninstall();
  });

  /** The bytes of an archive, made by a Python expression. */
  const make = (expression) => {
    const proxy = pyodide.runPython(expression);
    const bytes = proxy.toJs();
    proxy.destroy();
    return bytes.slice();
  };

  const mount = (expression) => {
    giveFile(pyodide.FS, ARCHIVE, make(expression));
    tree = growTree(pyodide, module, { path: ROOT, archivePath: ARCHIVE });
    return tree;
  };

  const python = (code) => {
    const value = pyodide.runPython(code);
    return value?.toJs ? value.toJs() : value;
  };

  test("is equal to the same archive unpacked, and stays equal when it is changed", () => {
    mount("make(MEMBERS)");
    pyodide.unpackArchive(make("make(MEMBERS)"), "zip", { extractDir: "/tmp/unpacked" });
    const differences = python(`import mounted; repr(mounted.compare("${ROOT}", "/tmp/unpacked"))`);
    assert.equal(differences, "[]");
    tree.remove();
  });

  testOnce("its nodes are made when they are looked for, and bytes are dropped again", () => {
    mount('make({f"d{i}/f{j}": bytes(9999) for i in range(9) for j in range(30)})');
    assert.equal(tree.stats().nodes, 1);
    python(`open("${ROOT}/d3/f7", "rb").read()`);
    assert.deepEqual(tree.stats(), { nodes: 3, fills: 1, filledBytes: 9999, drops: 0 });
    python(`
import os
for folder, _, names in os.walk("${ROOT}"):
    for name in names:
        assert open(os.path.join(folder, name), "rb").read() == bytes(9999)
`);
    const { nodes, fills, filledBytes, drops } = tree.stats();
    assert.deepEqual([nodes, fills - drops], [280, Math.floor((512 * 1024) / 9999)]);
    assert.ok(filledBytes <= 512 * 1024);
    tree.remove();
  });

  testOnce("a stored member is read where it stands, and written to elsewhere", () => {
    mount('make({"stored.bin": "stored" * 999, "deflated.bin": "deflated" * 999})');
    const archive = pyodide.FS.lookupPath(ARCHIVE).node.contents;
    const before = archive.slice();
    const buffers = ["stored", "deflated"].map((name) => {
      const { node } = pyodide.FS.lookupPath(`${ROOT}/${name}.bin`);
      return node.contents.buffer === archive.buffer;
    });
    assert.deepEqual(buffers, [true, false]);
    python(`
for mode, size in ("r+b", 9), ("ab", 9), ("r+b", None):
    with open("${ROOT}/stored.bin", mode) as file:
        file.truncate(5) if size is None else file.write(b"x" * size)
`);
    assert.equal(python(`open("${ROOT}/stored.bin").read()`), "xxxxx");
    assert.deepEqual(archive, before);
    tree.remove();
  });

  testOnce("a damaged member is an I/O error, and none of its bytes is given out", () => {
    mount('make({"good": "good", "bad": "bad bad"}, damaged=["bad"])');
    assert.equal(
      python(`
try:
    open("${ROOT}/bad", "rb").read()
except OSError as error:
    import errno
    answer = errno.errorcode[error.errno]
answer + open("${ROOT}/good").read()
`),
      "EIOgood",
    );
    tree.remove();
  });

  test("what is made empty before it is written is not inflated, nor is it an error if it is damaged", () => {
    mount(
      'make({name: "some text" for name in ("bad", "cut", "large", "link")}, {}, ("bad", "cut"))',
    );
    assert.deepEqual(
      python(`
found = []
for name in ("bad", "large"):
    with open("${ROOT}/" + name, "w") as file:
        found.append(os.stat(file.name).st_size)
        file.write("mine")
    found.append(open(file.name).read())
os.truncate("${ROOT}/cut", 0)
[*found, open("${ROOT}/cut").read(), open("${ROOT}/link").read()]
`),
      [0, "mine", 0, "mine", "", "some text"],
    );
    assert.equal(tree.stats().fills, 1);
    assert.deepEqual(tree.remove().changed.sort(), ["bad", "cut", "large"]);
  });

  test("a member that makes the memory grow is read, and written to, like any", () => {
    const size = 48 * 2 ** 20;
    mount(`make({name: ${size} for name in ("read", "write", "map", "own")})`);
    const before = pyodide._module.HEAPU8.length;
    assert.deepEqual(
      python(`
def small(name, flags, use):
    file = os.open(f"${ROOT}/{name}", flags)
    try:
        return use(file)
    finally:
        os.close(file)

import mmap
def change(file):
    with mmap.mmap(file, 1) as mapped:
        mapped[0] = 7
[small("read", os.O_RDONLY, lambda file: os.read(file, 3)) == bytes(3),
 small("write", os.O_RDWR, lambda file: (os.write(file, b"abc"), os.pread(file, 4, 0))) == (3, b"abc\\0"),
 small("map", os.O_RDWR, change), open("${ROOT}/map", "rb").read(2) == b"\\7\\0", os.stat("${ROOT}/write").st_size]
`),
      [true, true, undefined, true, size],
    );
    assert.ok(
      pyodide._module.HEAPU8.length > before,
      "it did not grow, and this test shows nothing",
    );
    assert.equal(tree.stats().filledBytes, 0);
    tree.remove();
  });

  test("files that are open keep their contents, however large; those that are closed do not", () => {
    mount("make({name: 1 << 20 for name in 'abc'})");
    const inflated = () => [tree.stats().fills, tree.stats().drops];
    python(`
files = [os.open("${ROOT}/" + name, os.O_RDONLY) for name in "ab"]
for i in range(5):
    for file in files: assert os.pread(file, 3, i * 7) == bytes(3)
`);
    assert.deepEqual(inflated(), [2, 0]);
    python(`
files.append(os.dup(files[1]))
os.close(files.pop(1))
open("${ROOT}/c", "rb").read()
for file in files: assert os.pread(file, 1, 6) == bytes(1)
`);
    assert.deepEqual(inflated(), [3, 1]);
    python("for file in files: os.close(file)");
    assert.equal(tree.stats().filledBytes, 0);
    tree.remove();
  });

  testOnce("what cannot be unpacked is not there", () => {
    mount(`make({
      "../up": "", "a/../../up": "", "/abs": "", "a//b": "", "./dot": "1", "both": "", "both/x": "",
      "x" * 256: "", "y" * 255: "", "fine": "",
    })`);
    assert.deepEqual(python(`sorted(os.listdir("${ROOT}"))`), [
      "a",
      "dot",
      "fine",
      "y".repeat(255),
    ]);
    assert.deepEqual(python(`os.listdir("${ROOT}/a")`), ["b"]);
    assert.equal(python('os.path.exists("/lib/zip/up")'), false);
    tree.remove();
  });

  testOnce("symbolic links are links, unless they lead out of the archive or nowhere", () => {
    mount(`make({"d/f": "f", "e/g/h": "h"}, {
      "d/up": "../e/g", "file": "d/f", "out": "../up", "abs": "/tmp", "gone": "nope", "loop": "loop",
      "far": "d/up/../../..", "sly": "d/up/../../../d",
    })`);
    assert.deepEqual(python(`sorted(os.listdir("${ROOT}"))`), ["d", "e", "file"]);
    assert.deepEqual(
      python(
        `[os.readlink("${ROOT}/file"), open("${ROOT}/file").read(), os.listdir("${ROOT}/d/up")]`,
      ),
      [linkText("d/f"), "f", ["h"]],
    );
    tree.remove();
  });

  test("removed: what is open goes on, the rest is gone, and what the user wrote is told", () => {
    mount("make(MEMBERS)");
    python(`
file = open("${ROOT}/full/a.txt", "rb")
with open("${ROOT}/full/new", "w") as new: new.write("1")
with open("${ROOT}/full/b.txt", "a") as changed: changed.write("1")
`);
    assert.deepEqual(tree.remove().changed.sort(), ["full/b.txt", "full/new"]);
    assert.deepEqual(tree.remove().changed, []);
    assert.deepEqual(python(`[file.read().decode(), os.path.exists("${ROOT}")]`), ["a", false]);
    assert.equal(pyodide.FS.analyzePath(ARCHIVE).exists, false);
    // Its place is free.
    mount('make({"other": "1"})');
    assert.deepEqual(python(`os.listdir("${ROOT}")`), ["other"]);
    tree.remove();
  });

  test("modules are imported past its files, and what the user changes is imported at once", () => {
    mount(`make({
      "p/__init__.py": "from . import a", "p/a.py": "value = 'a'", "p/b.py": "value = 'b'",
      "p/data.txt": "data", "q/c.py": "value = 'c'", "q/d.py": "value = 'd'", "top.py": "value = 'top'",
      "p-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: p\\nVersion: 1\\n",
      "inner.zip": make({"zipped.py": "value = 'zipped'"}),
    })`);
    const imported = python(`
import importlib, importlib.metadata, importlib.resources, pkgutil
sys.path.insert(0, "${ROOT}")
import p, q.c
[p.a.value, q.c.value, p.__file__, type(p.__loader__).__name__]
`);
    const file = `${ROOT}/p/__init__.py`;
    assert.deepEqual(imported, ["a", "c", file, "MountedSourceLoader"]);
    assert.deepEqual([tree.stats().fills, tree.stats().filledBytes], [0, 0]);
    assert.deepEqual(
      python(`
sys.path.insert(0, "${ROOT}/inner.zip")
import zipped
[importlib.resources.files("p").joinpath("data.txt").read_text(), importlib.metadata.version("p"),
 sorted(each.name for each in pkgutil.iter_modules(["${ROOT}"])), zipped.value]
`),
      ["data", "1", ["p", "top"], "zipped"],
    );
    assert.deepEqual(
      python(`
def write(name, text):
    with open(f"${ROOT}/{name}", "w") as file: file.write(text)

write("p/new.py", "value = 'new'")
write("p/b.py", "value = 'changed'")
import p.new, p.b
os.rename("${ROOT}/q", "${ROOT}/r")
import r.d
os.unlink("${ROOT}/top.py")
[p.new.value, p.b.value, r.d.value, importlib.util.find_spec("top"), importlib.reload(p.a).value,
 importlib.util.find_spec("q.d"), os.path.exists("${ROOT}/q")]
`),
      ["new", "changed", "d", undefined, "a", undefined, false],
    );
    python(`
sys.path[:] = [path for path in sys.path if not path.startswith("${ROOT}")]
for name in [*sys.modules]:
    if name.split(".")[0] in ("p", "q", "r", "zipped"): del sys.modules[name]
`);
    assert.equal(python("p.a.value"), "a");
    tree.remove();
    const hooks = python("[each.__name__ for each in sys.path_hooks]");
    assert.ok(!hooks.includes("_mount_hook"), String(hooks));
  });

  test("moved as a whole, it is imported from where it is", () => {
    mount('make({"p/__init__.py": "value = __file__", "p/later.py": "value = __file__"})');
    assert.deepEqual(
      python(`
import importlib
find = importlib.machinery.PathFinder.find_spec
before = find("p", ["${ROOT}"]).origin
os.rename("${ROOT}", "/lib/zip/moved")
[before, find("p", ["${ROOT}"]), find("p", ["/lib/zip/moved"]).loader.get_data("/lib/zip/moved/p/later.py").decode()]
`),
      [`${ROOT}/p/__init__.py`, undefined, "value = __file__"],
    );
    assert.deepEqual(tree.remove(), { changed: [] });
    assert.deepEqual(
      python(`
importlib.invalidate_caches()
text = find("p", ["/lib/zip/moved"]).loader.get_data("/lib/zip/moved/p/later.py").decode()
import shutil
shutil.rmtree("/lib/zip/moved")
text
`),
      "value = __file__",
    );
  });

  test("of an archive without files, removed and made anew", () => {
    mount("make({})");
    assert.equal(
      python(`
import importlib
find = importlib.machinery.PathFinder.find_spec
assert find("own", ["${ROOT}"]) is None
os.rmdir("${ROOT}")
os.mkdir("${ROOT}")
open("${ROOT}/own.py", "w").close()
importlib.invalidate_caches()
find("own", ["${ROOT}"]).origin
`),
      `${ROOT}/own.py`,
    );
    tree.remove();
    python(`import shutil; shutil.rmtree("${ROOT}", True)`);
  });

  testOnce("replaced by another archive, and not by what is none", () => {
    mount('make({"a": "old", "b": "open"})');
    const { key } = tree;
    python(`file = open("${ROOT}/b")`);
    assert.throws(
      () => tree.replace(new Uint8Array(99)),
      ({ code, cause }) => code === "python-failed" && cause.type === "ZipImportError",
    );
    assert.deepEqual([tree.key, describeArchive(module, ARCHIVE)], [key, key]);
    assert.equal(python(`open("${ROOT}/a").read()`), "old");
    tree.replace(make('make({"a": "new", "c": "1"})'));
    assert.notDeepEqual(tree.key, key);
    assert.deepEqual(python(`[os.listdir("${ROOT}"), open("${ROOT}/a").read(), file.read()]`), [
      ["a", "c"],
      "new",
      "open",
    ]);
    tree.remove();
  });

  testOnce("damaged anywhere, it is mounted and read as far as it goes, or not at all", () => {
    const bytes = make(
      'make({**MEMBERS, "m.py": "value = 1", "d/n.py": "value = 2"}, {"l": "d/n.py", "up": "../x"})',
    );
    // Where names, sizes, places and methods stand: the last part of the file.
    let mounted = 0;
    for (let at = bytes.length - 1600; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = at % 3 === 0 ? 0x2f : at % 3 === 1 ? 0x2e : damaged[at] ^ (1 << (at % 8));
      giveFile(pyodide.FS, ARCHIVE, damaged);
      try {
        tree = growTree(pyodide, module, { path: ROOT, archivePath: ARCHIVE });
      } catch ({ code, cause }) {
        assert.deepEqual([code, cause.type], ["python-failed", "ZipImportError"]);
        continue;
      }
      mounted++;
      python(`
for folder, _, names in os.walk("${ROOT}"):
    assert os.path.realpath(folder).startswith("${ROOT}"), folder
    for name in names:
        path = os.path.join(folder, name)
        assert os.path.realpath(path).startswith("${ROOT}/"), path
        try:
            with open(path, "rb") as file:
                assert len(file.read()) == os.stat(path).st_size, path
        except OSError:
            pass
for name in ("m", "d.n", "l", "x"):
    try:
        spec = importlib.machinery.PathFinder.find_spec(name, ["${ROOT}"])
        if spec and spec.loader: spec.loader.get_code(name)
    except (ImportError, OSError, SyntaxError, EOFError):
        pass
`);
      tree.remove();
    }
    assert.ok(mounted > 500, String(mounted));
  });

  testOnce("what is no archive is not mounted", () => {
    assert.throws(
      () => mount("bytes(99)"),
      ({ code, cause }) => code === "python-failed" && cause.type === "ZipImportError",
    );
    assert.equal(pyodide.FS.analyzePath(ROOT).exists, false);
  });
});
