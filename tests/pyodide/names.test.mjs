// The grammar of kept names: what is made parses, and nothing else does.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { install } from "../../js/node.js";
import * as names from "../../js/kept/names.js";
import { keyOf } from "../../js/kept/library/key.js";
import { MemoryStore } from "../../js/kept/stores/memory.js";
import { node } from "../../js/platform/node.js";
import { collectWarnings, projectPath, start, versions, writeArchive } from "./harness.mjs";

const IDENTITY = "p3627-o0-r1";

/** One of each kind, with what it says. */
const made = [
  [
    names.makePackFile(`z1-${IDENTITY}-1f-80`, names.makeDigest(0xdeadbeef, 1000)),
    { kind: "pack", group: `z1-${IDENTITY}-1f-80`, identity: IDENTITY, build: undefined },
  ],
  [
    names.makePackFile(`z1-${IDENTITY}-b990c3b51a9722d62-1f-80`, "0-0"),
    { kind: "pack", group: `z1-${IDENTITY}-b990c3b51a9722d62-1f-80`, build: "990c3b51a9722d62" },
  ],
  [
    names.makeNote(`z1-${IDENTITY}-at-1f-80`),
    { kind: "note", group: `z1-${IDENTITY}-at-1f-80`, identity: IDENTITY },
  ],
  [
    names.makeLibraryFile(
      names.makeLibraryName({
        ...{ version: "315.0.0-alpha.2", build: "461993c88f3e5843", magic: 3700 },
        ...{ settings: "abc", archive: "1-2" },
      }),
      "3-4",
    ),
    { kind: "library", settings: "abc", archive: "1-2", digest: "3-4" },
  ],
  [names.makePlace("abc", "def"), { kind: "place", settings: "abc" }],
];

test("what is made parses, and says what it was made of", () => {
  for (const [name, expected] of made) {
    const parsed = names.parseName(name);
    assert.ok(parsed, name);
    assert.equal(parsed.schema, names.SCHEMA);
    for (const [field, value] of Object.entries(expected)) assert.equal(parsed[field], value, name);
  }
});

test("a name with anything more, less or else is somebody else's", () => {
  for (const [name] of made) {
    for (const other of [`${name}x`, `x${name}`, ` ${name}`, `${name}\n`, name.slice(0, -1)])
      assert.equal(names.parseName(other), undefined, JSON.stringify(other));
    for (const [from, to] of [
      [/\.(zip|txt)$/, ".pdf"],
      [/^[zw]1/, "y1"],
      [/^([zw])1/, "$101"],
      [/-/, "_"],
      [/$/, "/../x"],
    ])
      assert.equal(names.parseName(name.replace(from, to)), undefined, `${name} ${from}`);
  }
  const theirs =
    "readme.txt w10-forms.txt w2-2024-tax-form.pdf z1-notes.txt z80-emulator.zip z1-1.zip";
  for (const name of [...theirs.split(" "), "", "z1-p1-o0-r1-at-.txt", "z1-p1-o0-r1-1-1.1-1.ZIP"])
    assert.equal(names.parseName(name), undefined, name);
});

test("temporary files, folders and databases have forms of their own", () => {
  assert.ok(names.isTemporary(names.makeTemporary(123)));
  for (const name of [".x.tmp", ".pyodide-zipimport-1.tmp", ".pyodide-zipimport-1-A.tmp", "a.tmp"])
    assert.equal(names.isTemporary(name), false, name);
  assert.equal(names.parseFolderName(names.makeFolderName()), names.SCHEMA);
  for (const name of ["v", "v01", "v1.0", "vendor", "V1"])
    assert.equal(names.parseFolderName(name), undefined, name);
  for (const namespace of ["", "mine", "v1"]) {
    const base = names.makeBase(namespace);
    const parsed = names.parseDatabaseName(names.makeDatabaseName(base));
    assert.deepEqual(parsed, { base, schema: names.SCHEMA });
  }
  for (const name of ["pyodide-zipimport", "pyodide-zipimport.v1x", "pyodide-zipimports.v1"])
    assert.equal(names.parseDatabaseName(name), undefined, name);
});

test("the schema is that of src/cache/pack.h", () => {
  const header = readFileSync(projectPath("src/cache/pack.h"), "utf8");
  assert.equal(Number(/#define ZI_PACK_SCHEMA (\d+)/.exec(header)[1]), names.SCHEMA);
});

describe("a store that a program brings along", () => {
  const theirs = ["w2-2024-tax-form.pdf", "z1-notes.txt", "z80-emulator.zip", "config"];
  const newer = "z2-p1-o0-r1-1-1.1-1.zip";

  test("keeps what is not ours, and nothing else has a name that does not parse", async () => {
    const pyodide = await start(versions.at(-1));
    const store = new MemoryStore();
    for (const name of [...theirs, newer]) store.put(name, new Uint8Array(300));
    const zips = await install(pyodide, { storage: store, maxBytes: 1000, autoFlush: false });
    assert.equal(zips.stats().storage.entries, 1, "the newer version's");
    for (const i of [1, 2, 3, 4]) {
      writeArchive(pyodide, `/${i}.zip`, { [`m${i}.py`]: `x = '${"x".repeat(200)}'` });
      pyodide.runPython(`import sys; sys.path.insert(0, "/${i}.zip"); import m${i}`);
      await zips.flush();
    }
    const kept = store.list().map(({ name }) => name);
    const others = kept.filter((name) => !names.parseName(name));
    assert.deepEqual(others.sort(), [...theirs].sort());
    assert.ok(kept.length > theirs.length + 1);
    await zips.clear();
    assert.deepEqual(
      store
        .list()
        .map(({ name }) => name)
        .sort(),
      [...theirs, newer].sort(),
    );
  });
});

test("a pack is read of a store whose touch() throws", async () => {
  const store = new MemoryStore();
  store.touch = () => {
    throw new Error("read only");
  };
  const hits = [];
  for (let visit = 0; visit < 2; visit++) {
    const pyodide = await start(versions.at(-1));
    const warnings = collectWarnings();
    const zips = await install(pyodide, { storage: store, onWarning: warnings.onWarning });
    writeArchive(pyodide, "/a.zip", { "a.py": "" });
    pyodide.runPython("import sys; sys.path.insert(0, '/a.zip'); import a");
    await zips.flush();
    hits.push(zips.stats().packHits);
    assert.deepEqual(warnings.taken, []);
  }
  assert.deepEqual(hits, [0, 1]);
});

describe("what a kept standard library is looked for by", () => {
  const settings = (args, env) => keyOf(node, { args, env }).settings;
  const place = (options) => keyOf(node, options).place;

  test("options that decide how sources are compiled, and no others", () => {
    const plain = settings();
    for (const [args, env] of [
      [null, null],
      [["-X", "seed=1"]],
      [["-Xutf8", "-W", "error", "-b", "-q"]],
      [["script.py", "-O"]],
      [["-c", "-O"]],
      [[], { HOME: "/home/x", PYTHONHASHSEED: "0", PYTHONOPTIMIZE: "" }],
      [["-E"], { PYTHONOPTIMIZE: "1" }],
    ])
      assert.equal(settings(args, env), plain, JSON.stringify([args, env]));
  });

  test("the same settings however they are given", () => {
    const groups = [
      [
        [["-O"]],
        [["-bO"]],
        [["-W", "x", "-O"]],
        [[], { PYTHONOPTIMIZE: "1" }],
        [[], { PYTHONOPTIMIZE: "x" }],
      ],
      [[["-OO"]], [["-O", "-O"]], [["-OOO"]], [["-O"], { PYTHONOPTIMIZE: "2" }]],
      [[["-X", "no_debug_ranges"]], [["-Xno_debug_ranges"]], [[], { PYTHONNODEBUGRANGES: "1" }]],
      [[["--unknown", "-O"]]],
      [[["--unknown"]]],
      [[]],
    ];
    const all = groups.map((group) => new Set(group.map(([args, env]) => settings(args, env))));
    assert.deepEqual(
      all.map(({ size }) => size),
      groups.map(() => 1),
    );
    assert.equal(new Set(all.flatMap((each) => [...each])).size, groups.length);
  });

  test("an address is one however it is written, and another from another folder", () => {
    const folder = process.cwd();
    const whole = place({ indexURL: `${folder}/pyodide/` });
    for (const indexURL of [
      "pyodide",
      "./pyodide/",
      `${folder}/x/../pyodide`,
      new URL(`file://${folder}/pyodide`),
    ])
      assert.equal(place({ indexURL }), whole, String(indexURL));
    assert.notEqual(place({ indexURL: `${folder}/other/` }), whole);
    assert.notEqual(place({ indexURL: "pyodide", stdLibURL: "x.zip" }), whole);
    process.chdir("/");
    try {
      assert.notEqual(place({ indexURL: "pyodide" }), whole);
    } finally {
      process.chdir(folder);
    }
  });
});
