// Compiled code that outlives a process: nothing is compiled twice, and nothing that is kept can do
// harm.

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { after, before, describe, test } from "node:test";

import {
  describeVersions,
  insideOf,
  newest,
  once,
  start,
  temporaryFolder,
  versions,
} from "./harness.mjs";
import { isFull } from "../matrix.mjs";
import { buildArchive, packsIn, plant, startNeighbour, startPeer } from "./peers.mjs";
import { install } from "../../js/node.js";

const MEMBERS_OF_ANOTHER = { "other.py": "" };
const MEMBERS = {
  "one.py": "VALUE = 1\ndef fail():\n    raise ValueError('one')\n",
  "pack/__init__.py": "from . import inner\n",
  "pack/inner.py":
    "VALUE = 'inner'\nclass Class:\n    def method(self):\n        return lambda: 1 / 0\n",
  "unused.py": "VALUE = 'unused'\n",
  "telling.py": "import warnings\ndef tell():\n    warnings.warn('told')\ntell()\n",
};
const IMPORT = "import one, pack.inner, email.message; one.VALUE";

/** What a run added to a peer's counters. */
async function counted(peer, action) {
  const earlier = await peer.tell("stats");
  const value = await action();
  const later = await peer.tell("stats");
  const counts = Object.keys(later).map((name) => [name, later[name] - earlier[name]]);
  return { value, ...Object.fromEntries(counts) };
}

/** A process that imports from an archive, and ends; what that took. */
async function runOnce(version, { options, cache, file, path = "/a.zip", code = IMPORT }) {
  const peer = await startPeer(version, options, { cache });
  await peer.tell("provide", { file, path });
  const counts = await counted(peer, () => peer.run(code));
  const warnings = await peer.tell("warnings");
  const status = await peer.finish();
  assert.equal(status, 0, peer.errors);
  return { ...counts, warnings };
}

const filesIn = (folder) =>
  existsSync(insideOf(folder)) ? readdirSync(insideOf(folder)).sort() : [];

describeVersions("compiled code is kept", (version) => {
  const { test: testOnce } = once(version);
  const folder = temporaryFolder();
  const storage = { directory: `${folder}/store` };
  const options = { storage };
  const file = buildArchive(`${folder}/a.zip`, MEMBERS);
  let first;

  before(async () => {
    first = await runOnce(version, { options, file });
  });

  test("a first process compiles, and writes when it exits", () => {
    assert.equal(first.value, 1);
    assert.notEqual(first.compiles, 0);
    assert.equal(first.compiles, first.packMisses);
    assert.deepEqual(first.warnings, []);
    assert.equal(statSync(storage.directory).mode & 0o777, 0o700);
    const packs = Object.values(packsIn(storage.directory));
    assert.ok(
      packs.some((members) => members.join() === "one.pyc,pack/__init__.pyc,pack/inner.pyc"),
      JSON.stringify(packs),
    );
  });

  test("a second process compiles nothing and inflates nothing", async () => {
    const second = await runOnce(version, { options, file });
    assert.equal(second.value, 1);
    assert.deepEqual([second.compiles, second.inflates, second.packMisses], [0, 0, 0]);
    assert.equal(second.packHits, first.packMisses);
    assert.deepEqual(second.warnings, []);
  });

  test("a module from a pack is what stock's would be", async () => {
    const describeModules = `
import linecache, sys, traceback, inspect, types, warnings
def code_of(code):
    return [code.co_filename, code.co_name, code.co_firstlineno, list(code.co_positions()),
            [code_of(c) for c in code.co_consts if isinstance(c, types.CodeType)]]
def describe(module):
    spec = module.__spec__
    return [module.__name__, module.__file__, getattr(module, "__cached__", None), module.__package__,
            spec.origin, spec.cached, spec.loader_state, spec.has_location,
            spec.submodule_search_locations and list(spec.submodule_search_locations),
            code_of(spec.loader.get_code(spec.name)), inspect.getsource(module)]
events = []
def trace(frame, event, argument):
    if frame.f_code.co_filename.startswith("/a.zip"):
        events.append([event, frame.f_code.co_filename, frame.f_lineno])
    return trace
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    sys.settrace(trace)
    import one, pack.inner, telling
    sys.settrace(None)
assert ["line", "/a.zip/pack/__init__.py", 1] in events
told = [[str(each.message), each.filename, each.lineno] for each in told]
assert told == [["told", "/a.zip/telling.py", 3]], told
try:
    one.fail()
except ValueError as error:
    first = traceback.format_exc().splitlines()[-3:]
try:
    pack.inner.Class().method()()
except ZeroDivisionError as error:
    second = traceback.format_exc().splitlines()[-3:]
repr([describe(one), describe(pack), describe(pack.inner), first, second, events])`;
    // Twice: the modules that describe are the standard library's, and may be new to the store.
    await runOnce(version, { options, file, code: describeModules });
    const kept = await runOnce(version, { options, file, code: describeModules });
    assert.equal(kept.compiles, 0);
    const peer = await startPeer(version, { maxBytes: 0 });
    await peer.tell("uninstall");
    await peer.tell("provide", { file, path: "/a.zip" });
    assert.equal(kept.value, await peer.run(describeModules));
    await peer.finish();
  });

  testOnce(
    "the same archive at another path compiles nothing, and tracebacks show that path",
    async () => {
      const code = `
import one, traceback
try:
    one.fail()
except ValueError as error:
    text = traceback.format_exc()
[one.fail.__code__.co_filename, "/else/where.zip/one.py\\", line 3" in text]`;
      const run = await runOnce(version, { options, file, path: "/else/where.zip", code });
      assert.deepEqual(run.value, ["/else/where.zip/one.py", true]);
      assert.equal(run.compiles, 0);
    },
  );

  testOnce("a changed member is compiled, and nothing else", async () => {
    const changed = buildArchive(`${folder}/changed.zip`, { ...MEMBERS, "one.py": "VALUE = 2\n" });
    const run = await runOnce(version, { options, file: changed });
    assert.equal(run.value, 2);
    assert.equal(run.compiles, 1);
    assert.equal(run.packOtherSource, 1);
    const again = await runOnce(version, { options, file: changed });
    assert.deepEqual([again.value, again.compiles], [2, 0]);
    const old = await runOnce(version, { options, file });
    assert.deepEqual([old.value, old.compiles], [1, 0], "the old archive's pack is still there");
  });

  testOnce("an archive with equal names and other sources has nothing of it", async () => {
    const other = Object.fromEntries(
      Object.keys(MEMBERS).map((name) => [name, "VALUE = 'other'\n"]),
    );
    const run = await runOnce(version, {
      options,
      file: buildArchive(`${folder}/other.zip`, other),
      path: "/other.zip",
      code: "import one, pack, unused; [one.VALUE, pack.VALUE, unused.VALUE]",
    });
    assert.deepEqual(run.value, ["other", "other", "other"]);
    assert.equal(run.compiles, 3);
  });

  testOnce("Python code can flush and clear, and both can be awaited", async () => {
    const directory = `${folder}/python`;
    const peer = await startPeer(version, { storage: { directory }, autoFlush: false });
    await peer.tell("provide", { file, path: "/a.zip" });
    await peer.run(`${IMPORT}\nimport pyodide_zipimport\nawait pyodide_zipimport.flush()`);
    assert.equal(Object.keys(packsIn(directory)).length, 2);
    await peer.run("import pyodide_zipimport\nawait pyodide_zipimport.clear('/a.zip')");
    assert.equal(Object.keys(packsIn(directory)).length, 1);
    const counts = await counted(peer, () =>
      peer.run("import sys; del sys.modules['one']; import one"),
    );
    assert.equal(counts.compiles, 1, "what is cleared is not in memory either");
    await peer.run("import pyodide_zipimport\nawait pyodide_zipimport.clear()");
    assert.deepEqual(filesIn(directory), []);
    await peer.finish();
    assert.deepEqual(filesIn(directory), [], "autoFlush: false writes nothing by itself");
  });

  testOnce("two Pyodides in one process share what they keep", async () => {
    const shared = { storage: { directory: `${folder}/shared` }, autoFlush: false };
    const both = [];
    for (const name of ["one", "unused"]) {
      const pyodide = await start(version);
      const zips = await install(pyodide, shared);
      pyodide.FS.writeFile("/a.zip", new Uint8Array(readFileSync(file)));
      pyodide.runPython(`import sys; sys.path.insert(0, "/a.zip"); import ${name}`);
      both.push(zips);
    }
    await Promise.all(both.map((zips) => zips.flush()));
    const members = Object.values(packsIn(shared.storage.directory)).flat();
    assert.ok(members.includes("one.pyc") && members.includes("unused.pyc"), members.join());
    for (const zips of both) zips.uninstall();
  });

  testOnce("so do two in processes, and two in threads", async () => {
    for (const thread of [false, true]) {
      const shared = { storage: { directory: `${folder}/shared-${thread}` } };
      const peers = [
        await startPeer(version, shared, { thread }),
        await startPeer(version, shared, { thread }),
      ];
      for (const peer of peers) await peer.tell("provide", { file, path: "/a.zip" });
      await Promise.all([peers[0].run("import one"), peers[1].run("import unused")]);
      await Promise.all(peers.map((peer) => peer.tell("flush")));
      await Promise.all(peers.map((peer) => peer.finish()));
      const members = Object.values(packsIn(shared.storage.directory)).flat();
      assert.ok(members.includes("one.pyc") && members.includes("unused.pyc"), members.join());
    }
  });
});

test("Pyodides of equal magic share packs; of other magic they do not", async (t) => {
  const wanted = ["0.28.3", "0.29.5", "314.0.7"];
  if (!wanted.every((version) => versions.includes(version))) return t.skip("needs three versions");
  const folder = temporaryFolder();
  const options = { storage: { directory: folder } };
  const file = buildArchive(`${temporaryFolder()}/a.zip`, MEMBERS);
  const compiles = [];
  for (const version of wanted) {
    const code = "import one, pack.inner; one.VALUE";
    compiles.push((await runOnce(version, { options, file, code })).compiles);
  }
  assert.deepEqual(compiles, [3, 0, 3]);
});

describe("keeping", () => {
  const version = newest;
  const file = buildArchive(`${temporaryFolder()}/a.zip`, MEMBERS);
  const code = "import one, pack.inner; one.VALUE";

  test("what is idle is written without being asked", async () => {
    const directory = `${temporaryFolder()}/store`;
    const peer = await startPeer(version, { storage: { directory } });
    await peer.tell("provide", { file, path: "/a.zip" });
    await peer.run(code);
    const isWritten = () => filesIn(directory).some((name) => name.endsWith(".zip"));
    while (!isWritten()) await new Promise((resolve) => setTimeout(resolve, 50));
    await peer.kill();
    assert.deepEqual(Object.values(packsIn(directory)), [
      ["one.pyc", "pack/__init__.pyc", "pack/inner.pyc"],
    ]);
  });

  test("but the timer for it keeps no process", async () => {
    const directory = `${temporaryFolder()}/store`;
    const peer = await startPeer(version, { storage: { directory } });
    await peer.tell("provide", { file, path: "/a.zip" });
    await peer.run(code);
    assert.ok(!(await peer.tell("waitsFor")).includes("Timeout"));
    assert.equal(await peer.finish(), 0);
    assert.equal(Object.keys(packsIn(directory)).length, 1, "and wrote what it had");
  });

  test("by default it is kept in the user's cache folder; a namespace is a folder of its own", async () => {
    const cache = temporaryFolder();
    for (const [options, folder] of [
      [{}, `${cache}/pyodide-zipimport`],
      [{ namespace: "mine" }, `${cache}/pyodide-zipimport-mine`],
      [{ namespace: "mine", storage: { directory: `${cache}/other` } }, `${cache}/other/mine`],
    ]) {
      const first = await runOnce(version, { options, cache, file, code });
      assert.deepEqual([first.value, first.compiles, first.warnings], [1, 3, []]);
      assert.deepEqual(Object.keys(packsIn(folder)).length, 1);
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      const second = await runOnce(version, { options, cache, file, code });
      assert.deepEqual([second.compiles, second.warnings], [0, []]);
    }
  });

  const FATAL = "from _pyodide_core import trigger_fatal_error as t; t()";
  for (const [name, command, keeps] of [
    ["process.exit(7)", ["exit", { code: 7 }], true],
    ["an exception that nobody catches", ["throw"], true],
    ["os._exit(5)", ["run", { code: "import os; os._exit(5)" }], false],
    ["a fatal error", ["run", { code: FATAL }], false],
  ]) {
    test(`${name} ends as without us, and ${keeps ? "keeps" : "leaves"} what was compiled`, async () => {
      const directory = `${temporaryFolder()}/store`;
      const endings = [];
      for (const options of [{ storage: { directory } }, { maxBytes: 0 }]) {
        const peer = await startPeer(version, options);
        await peer.tell("provide", { file, path: "/a.zip" });
        await peer.run(code);
        await peer.tell(...command).catch(() => {});
        endings.push(await peer.finish());
      }
      assert.equal(endings[0], endings[1]);
      assert.equal(filesIn(directory).length > 0, keeps);
    });
  }

  test("a folder that others can write is refused, with one warning, and all goes on", async () => {
    const directory = temporaryFolder();
    chmodSync(directory, 0o777);
    const run = await runOnce(version, { options: { storage: { directory } }, file, code });
    assert.equal(run.value, 1);
    assert.deepEqual(
      run.warnings.map(([warningCode]) => warningCode),
      ["store-unavailable"],
    );
    assert.match(run.warnings[0][1], /mode 777, expected/);
    assert.deepEqual(filesIn(directory), []);
  });

  test("a store that cannot be written is one warning, and all goes on from memory", async () => {
    const directory = `${temporaryFolder()}/store`;
    const peer = await startPeer(version, { storage: { directory } });
    await peer.tell("provide", { file, path: "/a.zip" });
    await peer.run(code);
    // The folder becomes a file: nothing can be written below it.
    await peer.run(`
import js
fs = js.process.getBuiltinModule("node:fs")
fs.rmSync(${JSON.stringify(directory)}, recursive=True)
fs.writeFileSync(${JSON.stringify(directory)}, "")`);
    await peer.tell("flush");
    await peer.tell("flush");
    assert.deepEqual(
      (await peer.tell("warnings")).map(([warningCode]) => warningCode),
      ["store-failed"],
    );
    const counts = await counted(peer, () =>
      peer.run("import sys; del sys.modules['one']; import one"),
    );
    assert.deepEqual([counts.compiles, counts.packHits], [0, 1]);
    assert.equal(await peer.finish(), 0);
  });

  test("beyond maxBytes, the packs used longest ago go", async () => {
    const directory = `${temporaryFolder()}/store`;
    const archives = temporaryFolder();
    const body = Array.from({ length: 300 }, (_, i) => `x${i} = ${i}`).join("\n");
    const file_of = (i) =>
      buildArchive(`${archives}/${i}.zip`, { [`m${i}.py`]: `${body}\nVALUE = ${i}` });
    const options = { storage: { directory }, maxBytes: 20_000 };
    const run = (i) =>
      runOnce(version, {
        options,
        file: file_of(i),
        path: `/${i}.zip`,
        code: `import m${i}; m${i}.VALUE`,
      });
    for (const i of [1, 2, 3, 1, 4, 5]) {
      await run(i);
      const total = filesIn(directory).reduce(
        (sum, name) => sum + statSync(`${insideOf(directory)}/${name}`).size,
        0,
      );
      assert.ok(total <= 20_000, `${total} bytes`);
    }
    assert.equal((await run(5)).compiles, 0);
    assert.equal((await run(2)).compiles, 1, "2 was used longest ago");
  });

  test("a pack larger than maxBytes is not stored", async () => {
    const directory = `${temporaryFolder()}/store`;
    const run = await runOnce(version, {
      options: { storage: { directory }, maxBytes: 100 },
      file,
      code,
    });
    assert.equal(run.value, 1);
    assert.deepEqual(filesIn(directory), []);
  });

  test("what an older version left goes once it is unused for 30 days; all else stays", async () => {
    const directory = `${temporaryFolder()}/store`;
    const plantAll = (folder, names, days) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const then = new Date(Date.now() - days * 24 * 3_600_000);
      for (const name of names) {
        plant(folder, name);
        utimesSync(`${folder}/${name}`, then, then);
      }
    };
    const pack = (schema) => `z${schema}-p1-o0-r1-1-1.1-1.zip`;
    const theirs = ["notes.txt", "z-1.zip", "z1-notes.txt", "z80-emulator.zip", ".mine.tmp"];
    const inside = insideOf(directory);
    plantAll(directory, [...theirs, pack(0), pack(1)], 31);
    plantAll(inside, [...theirs, pack(2), "z2-p1-o0-r1-at-1-1.txt", pack(0)], 31);
    plantAll(`${directory}/v0`, [pack(0), "z0-p1-o0-r1-at-1-1.txt"], 31);
    plantAll(`${directory}/v2`, [pack(2)], 31);
    plantAll(`${directory}/v00`, [pack(0)], 31);
    symlinkSync("itself", `${inside}/itself`);
    const run = () => runOnce(version, { options: { storage: { directory } }, file, code });
    await run();
    const left = readdirSync(inside).filter((name) => !/^(z1-p3.*|itself)$/.test(name));
    assert.deepEqual(left.sort(), [...theirs, pack(2), "z2-p1-o0-r1-at-1-1.txt"].sort());
    assert.deepEqual(
      readdirSync(directory).sort(),
      [...theirs, pack(0), pack(1), "v00", "v1", "v2"].sort(),
    );
    assert.deepEqual(readdirSync(`${directory}/v2`), [pack(2)]);
  });

  test("an empty folder of an older version's name may be anybody's", async () => {
    const directory = `${temporaryFolder()}/store`;
    mkdirSync(`${directory}/v0`, { recursive: true, mode: 0o700 });
    await runOnce(version, { options: { storage: { directory } }, file, code });
    assert.deepEqual(readdirSync(directory), ["v0", "v1"]);
  });

  test("an older version that is in use, or shares its folder, keeps that", async () => {
    const directory = `${temporaryFolder()}/store`;
    const older = `${directory}/v0`;
    mkdirSync(older, { recursive: true, mode: 0o700 });
    const names = ["z0-p1-o0-r1-1-1.1-1.zip", "z0-p1-o0-r1-2-2.1-1.zip"];
    for (const name of names) plant(older, name);
    const then = new Date(Date.now() - 31 * 24 * 3_600_000);
    utimesSync(`${older}/${names[0]}`, then, then);
    const options = { storage: { directory } };
    await runOnce(version, { options, file, code });
    assert.deepEqual(readdirSync(older).sort(), names, "one of them was used today");
    utimesSync(`${older}/${names[1]}`, then, then);
    plant(older, "notes.txt");
    const other = buildArchive(`${temporaryFolder()}/b.zip`, MEMBERS_OF_ANOTHER);
    await runOnce(version, { options, file: other, path: "/b.zip", code: "import other; 1" });
    assert.deepEqual(readdirSync(older), ["notes.txt"]);
  });

  test("a damaged pack costs compiling again and a count, and is replaced", async () => {
    const directory = `${temporaryFolder()}/store`;
    const options = { storage: { directory } };
    await runOnce(version, { options, file, code });
    const [pack] = filesIn(directory).filter((name) => name.endsWith(".zip"));
    const sound = readFileSync(`${insideOf(directory)}/${pack}`);
    const LAST = "a byte of code is another one";
    const damages = {
      "its middle is cut out": Buffer.concat([sound.subarray(0, 300), sound.subarray(600)]),
      "it is cut short": sound.subarray(0, sound.length / 2),
      "it is empty": Buffer.alloc(0),
      [LAST]: Buffer.from(sound).fill(sound[200] ^ 1, 200, 201),
    };
    for (const [what, bytes] of Object.entries(damages)) {
      for (const name of filesIn(directory)) writeFileSync(`${insideOf(directory)}/${name}`, bytes);
      const { value, compiles, packDamaged, packsRefused } = await runOnce(version, {
        options,
        file,
        code,
      });
      assert.equal(value, 1, what);
      assert.notEqual(compiles, 0, what);
      assert.notEqual(packDamaged + packsRefused, 0, what);
      if (!isFull && bytes !== damages[LAST]) continue;
      const again = await runOnce(version, { options, file, code });
      assert.deepEqual([again.value, again.compiles], [1, 0], what);
    }
  });

  test("a process that is killed at any moment leaves sound packs", async () => {
    const rounds = Number(process.env.KILLS ?? (isFull ? 10 : 4));
    const directory = `${temporaryFolder()}/store`;
    const count = 3 * rounds;
    const members = Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `m${i}.py`,
        `${"x = [1, 2, 3]\n".repeat(500)}VALUE = ${i}\n`,
      ]),
    );
    const large = buildArchive(`${temporaryFolder()}/large.zip`, members);
    let kept = 0;
    for (let round = 0; round < rounds; round++) {
      const peer = await startPeer(version, { storage: { directory } });
      await peer.tell("provide", { file: large, path: "/large.zip" });
      // Beside what earlier rounds have kept, something new.
      assert.ok(kept + 3 <= count);
      const code = `import importlib\nfor i in range(${kept}, ${kept + 3}): importlib.import_module(f"m{i}")`;
      const { compiles } = await counted(peer, () => peer.run(code));
      assert.equal(compiles, 3);
      peer.tell("flush").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      await peer.kill();
      const now = Object.values(packsIn(directory)).flat().length;
      assert.ok(now >= kept, `${now} of ${kept} modules are left`);
      kept = now;
    }
    const run = await runOnce(version, {
      options: { storage: { directory } },
      file: large,
      path: "/large.zip",
      code: "import m0, m1; [m0.VALUE, m1.VALUE]",
    });
    assert.deepEqual(run.value, [0, 1]);
  });

  const rounds = Number(process.env.ROUNDS ?? 15);
  for (const [count, what, startOne] of [
    [2, "processes", (options) => startPeer(version, options)],
    [isFull ? 8 : 4, "processes", (options) => startPeer(version, options)],
    [2, "threads", (options) => startPeer(version, options, { thread: true })],
    [2, "Pyodides of one process", (options) => startNeighbour(version, options)],
  ]) {
    describe(`${count} ${what} that write at the same time`, () => {
      const folder = temporaryFolder();
      const options = { storage: { directory: `${folder}/store` }, autoFlush: false };
      const peers = [];

      before(async () => {
        for (let i = 0; i < count; i++) peers.push(await startOne(options));
      });
      after(() => Promise.all(peers.map((peer) => peer.kill())));

      test(`lose nothing, ${rounds} times`, async () => {
        for (let round = 0; round < rounds; round++) {
          const names = Array.from({ length: count }, (_, i) => `r${round}m${i}`);
          const members = Object.fromEntries(
            names.map((name) => [`${name}.py`, `NAME = '${name}'\n`]),
          );
          const archive = buildArchive(`${folder}/${round}.zip`, members);
          await Promise.all(
            peers.map((peer) => peer.tell("provide", { file: archive, path: `/${round}.zip` })),
          );
          await Promise.all(peers.map((peer, i) => peer.run(`import ${names[i]}`)));
          await Promise.all(peers.map((peer) => peer.tell("flush")));
          const kept = Object.values(packsIn(options.storage.directory)).flat();
          for (const name of names)
            assert.ok(kept.includes(`${name}.pyc`), `round ${round}: ${name}`);
        }
        for (const peer of peers) assert.deepEqual(await peer.tell("warnings"), []);
      });

      test("and the next process finds all of it, and merges it", async () => {
        const names = Array.from({ length: count }, (_, i) => `r0m${i}`);
        const peer = await startPeer(version, options);
        await peer.tell("provide", { file: `${folder}/0.zip`, path: "/0.zip" });
        const run = await counted(peer, () => peer.run(`import ${names.join(", ")}`));
        assert.deepEqual([run.compiles, run.packHits], [0, count]);
        await peer.tell("flush");
        await peer.finish();
        const packs = filesIn(options.storage.directory).filter((name) => name.endsWith(".zip"));
        const archives = new Set(packs.map((name) => name.split(".")[0]));
        assert.ok(packs.length - archives.size < count * rounds, "at least one pack was merged");
      });
    });
  }
});
