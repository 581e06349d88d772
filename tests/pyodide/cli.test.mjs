// The command line: what it makes is sound for every reader and serves stock Pyodide, and whatever is
// asked of it that cannot be done, it says so and leaves nothing behind.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { before, describe, test } from "node:test";

import {
  importerInUse,
  newest,
  oldAndNew,
  projectPath,
  runWith,
  start,
  temporaryFolder,
} from "./harness.mjs";
import { isFull } from "../matrix.mjs";
import { boot, install } from "../../js/node.js";

const ROOM = temporaryFolder();
const newFolder = () => mkdtempSync(`${ROOM}/`);
const MAIN = projectPath("js/cli/main.js");
const WHEEL = projectPath("build/archives/networkx-3.7-py3-none-any.whl");
/** Where it does not matter what is compiled. */
const SMALL = projectPath("build/archives/mpmath-1.3.0-py3-none-any.whl");
const PYTHON = "/usr/bin/python3";
const NEWEST = newest;

const distribution = (version) => projectPath(`node_modules/pyodide-${version}`);
const libraryOf = (version) => `${distribution(version)}/python_stdlib.zip`;
const leftIn = (folder) => readdirSync(folder).filter((name) => name.endsWith(".tmp"));

/** Runs a program to its end. */
function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"])
      child[name].setEncoding("utf8").on("data", (text) => (output[name] += text));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ status: signal ?? code, ...output }));
  });
}

const cli = (...args) => run(process.execPath, [MAIN, ...args]);

/** The figures of a run that does what it shall. */
async function figuresOf(...args) {
  const { status, stdout, stderr } = await cli(...args, "--json");
  assert.deepEqual([status, stderr], [0, ""]);
  return JSON.parse(stdout);
}

/** What CPython's zipfile finds in a new archive, compared with that which it was made of. */
function factsOf(made, source) {
  const script = projectPath("tests/pyodide/archive_facts.py");
  const options = { encoding: "utf8", maxBuffer: 2 ** 26 };
  return JSON.parse(execFileSync(PYTHON, [script, made, source], options));
}

function assertSound(facts, { changed = [] } = {}) {
  const { broken, unique, flags, wrong_hashes, faults } = facts;
  assert.deepEqual(
    { broken, unique, flags, wrong_hashes, faults, changed: facts.changed },
    { broken: null, unique: true, flags: [1], wrong_hashes: [], faults: [], changed },
  );
}

/** Runs Python code in a namespace of its own; what it is to return, it gives as JSON. */
function ask(pyodide, code, names = {}) {
  return JSON.parse(runWith(pyodide, code, names));
}

/** Writes an archive with CPython's zipfile: pairs of names and contents. */
function makeArchive(path, members, { stream = false } = {}) {
  const code = `
import io, json, sys, zipfile
class Stream(io.RawIOBase):  # cannot be sought, so that sizes follow in data descriptors
    def __init__(self, path): self.file = open(path, "wb")
    def writable(self): return True
    def write(self, data): return self.file.write(data)
    def close(self): self.file.close()
path, members, stream = json.loads(sys.argv[1])
target = Stream(path) if stream else path
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, text in members:
        archive.writestr(name, text)
if stream: target.close()
`;
  execFileSync(PYTHON, ["-c", code, JSON.stringify([path, members, stream])]);
}

describe("the command line itself", () => {
  const folder = newFolder();
  const file = `${folder}/file`;
  const output = `${folder}/out.zip`;
  const pyodide = distribution(NEWEST);
  const other = newFolder();
  const unknown = newFolder();
  const foreign = newFolder();
  writeFileSync(file, "text");
  symlinkSync(WHEEL, `${folder}/link.whl`);
  symlinkSync("nowhere", `${folder}/dangling`);
  linkSync(file, `${folder}/same`);
  mkdirSync(`${folder}/folder`);
  for (const [where, text] of [
    [unknown, `export const version = "0.26.4"; export function loadPyodide() {}`],
    [foreign, "export default 1;"],
  ]) {
    writeFileSync(`${where}/pyodide.mjs`, text);
    writeFileSync(`${where}/python_stdlib.zip`, "");
    writeFileSync(`${where}/package.json`, `{ "type": "module" }`);
  }
  const complete = ["--pyodide", pyodide, "-o", output];

  for (const [what, args, status, expected] of [
    ["nothing", [], 2, /^Usage: pyodide-zipimport COMMAND/],
    ["a command misspelt", ["stdlb"], 2, /command "stdlb".*did you mean stdlib\?\nSee .*--help/s],
    ["an unknown command", ["frobnicate"], 2, /expected one of stdlib, compile\n/],
    ["an option before the command", ["--json", "compile"], 2, /option --json, .*--version/],
    ["an option misspelt", ["compile", WHEEL, "--layuot=zip"], 2, /--layuot.*mean --layout\?/],
    ["an unknown option", ["stdlib", "--frobnicate"], 2, /--frobnicate, expected one of --pyodide/],
    ["a value for a switch", ["stdlib", ...complete, "--all=1"], 2, /--all: found the value "1"/],
    ["no value", ["stdlib", "--pyodide"], 2, /--pyodide: found nothing, expected a value/],
    ["an option for a value", ["compile", WHEEL, "-o", "--json"], 2, /found "--json", .*a value/],
    ["no -o", ["stdlib", "--pyodide", pyodide], 2, /found no -o FILE, expected the file/],
    ["no --pyodide", ["compile", WHEEL, "-o", output], 2, /found no --pyodide DIR, expected/],
    ["no archive", ["compile", ...complete], 2, /found no ARCHIVE, expected its path/],
    ["two archives", ["compile", WHEEL, file, ...complete], 2, /found ".*file", expected ARCHIVE/],
    ["an operand too many", ["stdlib", WHEEL, ...complete], 2, /nothing but options/],
    ["another layout", ["compile", WHEEL, ...complete, "--layout=zop"], 2, /did you mean zip\?/],
    ["a relative --path", ["compile", WHEEL, ...complete, "--path=a"], 2, /--path: found "a"/],
    ["rounds", ["stdlib", ...complete, "--rounds=1"], 2, /--rounds: found "1", expected 0, or 2/],
    ["the input as output", ["compile", file, "--pyodide", pyodide, "-o", file], 2, /is read/],
    ["its other name", ["compile", file, "--pyodide", pyodide, "-o", `${folder}/same`], 2, /read/],
    ["through a link", ["compile", WHEEL, ...complete, "-o", `${folder}/link.whl`], 2, /is read/],
    ["stock's library as output", ["stdlib", ...complete, "-o", libraryOf(NEWEST)], 2, /is read/],
    [
      "an archive that is not there",
      ["compile", "nix.whl", ...complete],
      1,
      /nothing at "nix.whl"/,
    ],
    ["a folder as archive", ["compile", folder, ...complete], 1, /found a folder at/],
    ["no such Pyodide", ["stdlib", "--pyodide", "nix", "-o", output], 1, /found no folder "nix"/],
    [
      "a folder without",
      ["stdlib", "--pyodide", other, "-o", output],
      1,
      /found no pyodide.mjs in/,
    ],
    ["another Pyodide", ["stdlib", "--pyodide", unknown, "-o", output], 1, /found Pyodide 0.26.4/],
    [
      "something else",
      ["stdlib", "--pyodide", foreign, "-o", output],
      1,
      /is not Pyodide's \(it ex/,
    ],
    [
      "a folder for output",
      ["stdlib", ...complete, "-o", `${folder}/folder`],
      1,
      /found the folder/,
    ],
    ["a name of one", ["stdlib", ...complete, "-o", `${folder}/new/`], 1, /found the folder/],
    ["no such folder", ["stdlib", ...complete, "-o", `${folder}/a/b.zip`], 1, /make it first/],
    ["a file for a folder", ["stdlib", ...complete, "-o", `${file}/b.zip`], 1, /found a file at/],
    ["a dangling link", ["stdlib", ...complete, "-o", `${folder}/dangling`], 1, /"nowhere", which/],
    ["a device for output", ["stdlib", ...complete, "-o", "/dev/null"], 1, /no ordinary file/],
  ])
    test(`${what}: ${status}`, async () => {
      const result = await cli(...args);
      assert.match(result.stderr, expected);
      assert.deepEqual([result.status, result.stdout], [status, ""]);
      assert.equal(existsSync(output), false);
    });

  test("--help and --version", async () => {
    const { version } = JSON.parse(readFileSync(projectPath("package.json"), "utf8"));
    const named = await cli("--version");
    assert.deepEqual(named, { status: 0, stdout: `pyodide-zipimport ${version}\n`, stderr: "" });
    for (const args of [["--help"], ["-h"]]) {
      const { status, stdout } = await cli(...args);
      assert.equal(status, 0);
      for (const command of ["stdlib", "compile", "Exit codes"])
        assert.ok(stdout.includes(command));
    }
  });

  for (const [command, options] of [
    ["stdlib", ["--pyodide DIR", "-o, --output FILE", "--all", "--store", "--rounds N"]],
    [
      "compile",
      ["--pyodide DIR", "-o, --output FILE", "--layout LAYOUT", "--path PATH", "--store"],
    ],
  ])
    test(`${command} --help`, async () => {
      const { status, stdout, stderr } = await cli(command, "--pyodide", "nix", "--help");
      assert.deepEqual([status, stderr], [0, ""]);
      for (const option of [...options, "--json", "-h, --help"])
        assert.ok(stdout.includes(`\n  ${option} `), option);
      assert.match(stdout, new RegExp(`\nExample:\n  pyodide-zipimport ${command} `));
      assert.ok(stdout.split("\n").every((line) => line.length <= 130));
    });
});

/** Counts in a stock Pyodide what is compiled from now on. */
const COUNT_COMPILES = `
import importlib, json, sys, zipimport
compiled = []
def watch(owner, name, which):
    original = getattr(owner, name)
    def watching(*args, **options):
        compiled.append(str(args[which]))
        return original(*args, **options)
    setattr(owner, name, watching)
watch(zipimport, "_compile_source", 0)
watch(importlib._bootstrap_external.SourceLoader, "source_to_code", 2)
importlib.invalidate_caches()
`;

const IMPORT_NETWORKX = `${COUNT_COMPILES}
if path not in sys.path:
    sys.path.insert(0, path)
import networkx
assert networkx.shortest_path(networkx.path_graph(4), 0, 3) == [0, 1, 2, 3]
modules = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "networkx"}
try:
    networkx.shortest_path(None, 0)
except Exception as error:
    import traceback
    shown = "".join(traceback.format_exception(error))
json.dumps({
    "compiled": [name for name in compiled if "networkx" in name],
    "count": len(modules),
    "files": sorted({module.__file__[len(path):].rpartition(".")[2] for module in modules.values()}),
    "cached": sorted({str(module.__spec__.cached).rpartition("/")[0][-11:] for module in modules.values()}),
    "graph": networkx.Graph.add_node.__code__.co_filename,
    "lines": "networkx/" in shown and "    return " in shown,
})
`;

for (const version of isFull ? oldAndNew : [NEWEST])
  describe(`compile, Pyodide ${version}`, () => {
    const folder = newFolder();
    const made = `${folder}/networkx-3.7-py3-none-any.whl`;
    const pyodideOption = ["--pyodide", distribution(version)];
    const tag = { "0.27.8": "cpython-312" }[version] ?? "cpython-314";
    let figures;
    let facts;

    before(async () => {
      figures = await figuresOf(
        ...["compile", WHEEL, ...pyodideOption, "-o", made, "--layout=both", "--path=/both.whl"],
      );
      facts = factsOf(made, WHEEL);
    });

    test("the archive is sound, with its RECORD, and has what it had", () => {
      assertSound(facts, { changed: ["networkx-3.7.dist-info/RECORD"] });
      assert.deepEqual(facts.methods, [8]);
    });

    test("each layout has its own file for each module", () => {
      const inFolders = facts.added.filter((name) => name.includes("/__pycache__/"));
      assert.ok(inFolders.every((name) => name.endsWith(`.${tag}.pyc`)));
      assert.equal(facts.added.length, 2 * inFolders.length);
      assert.equal(figures.modules, inFolders.length);
    });

    test("the figures are right", () => {
      const { command, pyodide, layout, stored, pycs, replaced, records, skipped } = figures;
      assert.deepEqual(
        { command, pyodide, layout, stored, pycs, replaced, records, skipped },
        {
          ...{ command: "compile", pyodide: version, layout: "both", stored: false },
          ...{ pycs: facts.added.length, replaced: 0, skipped: [] },
          records: ["networkx-3.7.dist-info/RECORD"],
        },
      );
      assert.deepEqual(figures.output, {
        path: made,
        bytes: statSync(made).size,
        members:
          figures.pycs + execFileSync("unzip", ["-Z1", WHEEL]).toString().trim().split("\n").length,
      });
      assert.equal(figures.addedBytes, statSync(made).size - statSync(WHEEL).size);
    });

    test("stock imports all of it from the archive, compiling nothing", async () => {
      const pyodide = await start(version);
      pyodide.FS.writeFile("/both.whl", new Uint8Array(readFileSync(made)));
      const { compiled, count, files, graph, lines } = ask(pyodide, IMPORT_NETWORKX, {
        path: "/both.whl",
      });
      assert.equal(importerInUse(pyodide), "stock");
      assert.deepEqual({ compiled, files, lines }, { compiled: [], files: ["pyc"], lines: true });
      assert.ok(count > 200, `${count}`);
      assert.equal(graph, "/both.whl/networkx/classes/graph.py");
    });

    test("stock imports all of it once it is unpacked, compiling nothing", async () => {
      const pyodide = await start(version);
      const path = ask(pyodide, "import json, site; json.dumps(site.getsitepackages()[0])");
      const bytes = new Uint8Array(readFileSync(made));
      if (version === NEWEST) await pyodide.loadPackage(made, { messageCallback() {} });
      else pyodide.unpackArchive(bytes, "wheel", { extractDir: path });
      const { compiled, files, graph, cached } = ask(pyodide, IMPORT_NETWORKX, { path });
      assert.deepEqual({ compiled, files }, { compiled: [], files: ["py"] });
      assert.equal(graph, `${path}/networkx/classes/graph.py`);
      if (version === "0.27.8") assert.deepEqual(cached, ["__pycache__"]);
    });

    test("with the importer installed, nothing is compiled either", async () => {
      const pyodide = await start(version);
      const zips = await install(pyodide, { storage: "memory" });
      pyodide.FS.writeFile("/both.whl", new Uint8Array(readFileSync(made)));
      const names = { path: "/both.whl" };
      ask(pyodide, `import sys; sys.path.insert(0, path); import networkx; "0"`, names);
      const before = zips.stats().compiles;
      ask(pyodide, `import networkx.algorithms.approximation; "0"`);
      assert.equal(zips.stats().compiles, before);
      assert.ok(zips.stats().unmarshals > 200);
    });
  });

describe("compile", () => {
  const folder = newFolder();
  const pyodide = ["--pyodide", distribution(NEWEST)];
  const made = `${folder}/made.zip`;

  test("for zip imports, by default: m.pyc beside m.py, for the output's own path", async () => {
    const output = `${folder}/networkx.whl`;
    const { status, stdout, stderr } = await cli("compile", WHEEL, ...pyodide, "-o", output);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /bytecode {2}of 583 modules, in 583 files, deflated/);
    const facts = factsOf(output, WHEEL);
    assertSound(facts, { changed: ["networkx-3.7.dist-info/RECORD"] });
    assert.ok(
      facts.added.every((name) => /\/[^/.]+\.pyc$/.test(name) && !/__pycache__/.test(name)),
    );
    execFileSync("unzip", ["-tq", output]);
  });

  test("for unpacking, stored: pip installs it, and agrees with its RECORD", async () => {
    const output = `${folder}/mpmath-1.3.0-py3-none-any.whl`;
    const options = ["--layout", "unpacked", "--store"];
    const { paths } = await figuresOf("compile", SMALL, ...pyodide, "-o", output, ...options);
    assert.deepEqual(Object.keys(paths), ["unpacked"]);
    assert.match(paths.unpacked, /^\/lib\/python3\.\d+\/site-packages$/);
    const facts = factsOf(output, SMALL);
    assertSound(facts, { changed: ["mpmath-1.3.0.dist-info/RECORD"] });
    assert.deepEqual(facts.methods, [0]);
    assert.ok(facts.added.every((name) => /\/__pycache__\/[^/]+\.cpython-3\d+\.pyc$/.test(name)));
    const target = `${folder}/installed`;
    execFileSync(projectPath("build/venv/bin/python"), [
      ...["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"],
      "--ignore-requires-python", // the interpreter is Debian's
      ...["--disable-pip-version-check", "--root-user-action=ignore", "--target", target, output],
    ]);
    for (const name of facts.added) assert.ok(existsSync(`${target}/${name}`), name);
  });

  test("what does not compile, or is not the archive's own, is left as it is", async () => {
    const input = `${folder}/odd.zip`;
    const record = "odd-1.dist-info/RECORD";
    makeArchive(input, [
      ["pkg/__init__.py", "x = 1\n"],
      ["pkg/ä.py", "y = 'ü'\n"],
      ["pkg/template.py", "print 'Python 2'\n"],
      ["pkg/null.py", "a\0b"],
      ["pkg/coding.py", "# coding: nix\n"],
      ["deep.py", `a${".b".repeat(20000)}`], // which ends a Pyodide that compiles it
      ["pkg/__init__.pyc", "older"],
      ["pkg/template.pyc", "older"],
      ["odd-1.data/purelib/elsewhere.py", ""],
      ["../up.py", ""],
      ["pkg/../empty.py", ""],
      ["pkg/.py", ""],
      [
        record,
        `pkg/__init__.py,sha256=as-it-was,1\r\n"pkg/__init__.pyc",sha256=x,5\r\n${record},,`,
      ],
    ]);
    const figures = await figuresOf("compile", input, ...pyodide, "-o", made);
    assert.deepEqual([figures.modules, figures.pycs, figures.replaced], [2, 2, 1]);
    assert.deepEqual(
      figures.skipped.map(({ member }) => member),
      ["pkg/coding.py", "pkg/null.py", "pkg/template.py", "deep.py"],
    );
    assert.match(figures.skipped[2].reason, /^SyntaxError: Missing parentheses.* \(line 1\)$/);
    const listed = execFileSync("unzip", ["-p", made, record]).toString().split("\r\n");
    assert.deepEqual(
      [...listed.slice(0, 2), ...listed.slice(2).map((row) => row.split(",")[0])],
      ["pkg/__init__.py,sha256=as-it-was,1", `${record},,`, "pkg/__init__.pyc", "pkg/ä.pyc", ""],
    );
    // What the list lacked before, it lacks still; what was added is right.
    const { faults, ...facts } = factsOf(made, input);
    assertSound({ ...facts, faults: [] }, { changed: ["pkg/__init__.pyc", record] });
    assert.deepEqual(
      faults.filter((fault) => fault.includes(".pyc")),
      ["not listed: pkg/template.pyc"],
    );
    const { status, stdout } = await cli("compile", input, ...pyodide, "-o", `${folder}/text.zip`);
    assert.equal(status, 0);
    assert.match(
      stdout,
      /left {6}4 sources as found.*\n +pkg\/coding\.py: SyntaxError: unknown enc/,
    );
  });

  test("without RECORD, with data descriptors; equal archives give equal archives", async () => {
    const input = `${folder}/streamed.zip`;
    const sets = `def f(x): return x in {${[..."abcdefgh"].map((letter) => `"${letter}"`)}}\n`;
    const members = [["a.py", sets], ["b/c.py", sets], ["b/data.txt", "text"]]; // prettier-ignore
    makeArchive(input, members, { stream: true });
    assert.ok(readFileSync(input)[6] & 8, "has data descriptors");
    const copies = [];
    for (const name of ["one", "two"]) {
      mkdirSync(`${folder}/${name}`);
      const output = `${folder}/${name}/made.zip`;
      const figures = await figuresOf("compile", input, ...pyodide, "-o", output);
      assert.deepEqual([figures.records, figures.pycs], [[], 2]);
      assertSound(factsOf(output, input));
      copies.push(readFileSync(output));
    }
    assert.ok(copies[0].equals(copies[1]));
    // Its own output again is the same once more.
    const again = `${folder}/again/made.zip`;
    mkdirSync(`${folder}/again`);
    const figures = await figuresOf("compile", `${folder}/one/made.zip`, ...pyodide, "-o", again);
    assert.equal(figures.replaced, 2);
    assert.ok(readFileSync(again).equals(copies[0]));
  });

  for (const [what, damage, expected] of [
    ["no archive", () => Buffer.from("text"), /cannot be read \(.*not a Zip file/],
    ["an archive cut short", (bytes) => bytes.subarray(0, bytes.length / 2), /cannot be read/],
    ["damage in a source", (bytes) => bytes.fill(0x55, 300, 400), /networkx\/__init__\.py in it/],
  ])
    test(`${what}: 1, and what is there stays`, async () => {
      const [input, output] = [`${folder}/damaged.whl`, `${folder}/kept.whl`];
      writeFileSync(input, damage(readFileSync(WHEEL)));
      writeFileSync(output, "kept");
      const { status, stdout, stderr } = await cli("compile", input, ...pyodide, "-o", output);
      assert.deepEqual([status, stdout, readFileSync(output, "utf8")], [1, "", "kept"]);
      assert.match(stderr, expected);
      assert.match(stderr, /^pyodide-zipimport compile: ".*damaged\.whl".*see what unzip -t says/);
      assert.ok(stderr.length < 600 && !stderr.includes("Traceback"), stderr);
      assert.deepEqual(leftIn(folder), []);
    });

  test("a full disk: 1, and nothing is left", async (t) => {
    const disk = newFolder();
    const script = `mount -t tmpfs -o size=1m none ${disk} && { "$@"; echo "status $?" >&2; ls -A ${disk}; }`;
    const command = [
      process.execPath,
      MAIN,
      "compile",
      WHEEL,
      ...pyodide,
      "-o",
      `${disk}/made.whl`,
    ];
    const { status, stdout, stderr } = await run("unshare", [
      ...["--map-root-user", "--mount", "sh", "-c", script, "sh", ...command],
    ]);
    if (status !== 0) return t.skip(`this machine mounts nothing: ${stderr}`);
    assert.match(stderr, /made\.whl" could not be written \(ENOSPC.*make room on that disk/);
    assert.match(stderr, /status 1/);
    assert.equal(stdout, "");
  });

  test("through a link the file that it names is replaced, with its mode", async () => {
    const target = `${folder}/target.zip`;
    const link = `${folder}/link.zip`;
    writeFileSync(target, "", { mode: 0o640 });
    symlinkSync("target.zip", link);
    await figuresOf("compile", `${folder}/streamed.zip`, ...pyodide, "-o", link);
    assertSound(factsOf(target, `${folder}/streamed.zip`));
    assert.equal(statSync(target).mode & 0o777, 0o640);
  });

  test("a bar on a terminal, and only there", async () => {
    const command = [process.execPath, MAIN, "compile", SMALL, ...pyodide, "-o", made, "--json"];
    const env = { ...process.env, TERM: "xterm" };
    const { status, stdout } = await run(
      "script",
      ["-qec", `${command.join(" ")} >/dev/null`, "/dev/null"],
      { env },
    );
    assert.equal(status, 0);
    assert.match(stdout, /starting Pyodide .* \.\.\./);
    assert.match(stdout, /\[#+\.*\] \d+\/\d+ mpmath\//);
    assert.ok(stdout.endsWith("\r\x1b[K"));
  });
});

/** Of the modules that a start took from the standard library, the files. */
const START_FILES = `
import sys
archive = next(path for path in sys.path if path.endswith(".zip"))
specs = [getattr(module, "__spec__", None) for module in sys.modules.values()]
origins = {str(getattr(spec, "origin", None)) for spec in specs}
import json
json.dumps(sorted(origin for origin in origins if origin.startswith(archive + "/")))
`;

for (const version of oldAndNew)
  describe(`stdlib, Pyodide ${version}`, () => {
    const folder = newFolder();
    const made = `${folder}/python_stdlib.zip`;
    const stock = libraryOf(version);
    const make = (...options) =>
      figuresOf("stdlib", "--pyodide", distribution(version), "-o", made, ...options);
    const startWith = (given) =>
      start(version, { load: (loadPyodide, own) => loadPyodide({ ...own, ...given }) });
    let figures;

    before(async () => {
      figures = await make("--rounds=2");
    });

    test("the archive is stock's, and bytecode", () => {
      const facts = factsOf(made, stock);
      assertSound(facts);
      assert.deepEqual(facts.methods, [8]);
      assert.equal(facts.added.length, figures.modules);
      assert.ok(figures.modules > 90 && figures.modules < 200, `${figures.modules}`);
    });

    test("the figures are right", () => {
      const { start, addedBytes, breakEvenMbitPerSecond } = figures;
      assert.equal(addedBytes, statSync(made).size - statSync(stock).size);
      assert.deepEqual([start.stock.allMs.length, start.output.allMs.length], [2, 2]);
      assert.deepEqual([start.stock.compiled, start.output.compiled], [figures.modules, 0]);
      assert.equal(start.savedMs, start.stock.medianMs - start.output.medianMs);
      assert.ok(start.savedMs > 0 && start.noisePercent >= 0);
      const expected = (addedBytes * 8) / 1000 / start.savedMs;
      assert.ok(Math.abs(breakEvenMbitPerSecond / expected - 1) < 1e-9);
    });

    test("stock starts from it, and install() serves the rest", async () => {
      const pyodide = await startWith({ stdLibURL: made });
      assert.equal(importerInUse(pyodide), "stock");
      const files = ask(pyodide, START_FILES);
      assert.ok(files.length >= figures.modules);
      assert.deepEqual(
        files.filter((name) => !name.endsWith(".pyc")),
        [],
      );
      const zips = await install(pyodide, { storage: "memory" });
      assert.equal(zips.active, true);
      pyodide.runPython(`
import ast, colorsys, inspect, sys, traceback
archive = next(path for path in sys.path if path.endswith(".zip"))
assert ast.__file__ == archive + "/ast.pyc"
assert "def literal_eval" in inspect.getsource(ast.literal_eval)
assert ast.literal_eval.__code__.co_filename == archive + "/ast.py"
assert colorsys.__file__ == archive + "/colorsys.py"
try:
    ast.literal_eval("f()")
except ValueError as error:
    assert "raise ValueError(" in "".join(traceback.format_exception(error))
`);
    });

    test("boot() finds nothing to compile", async () => {
      const { zips } = await start(version, {
        load: (loadPyodide, own) =>
          boot(loadPyodide, { storage: "memory", pyodide: { ...own, stdLibURL: made } }),
      });
      assert.equal(zips.active, true);
      assert.equal(zips.stats().start.compiles, 0);
    });

    test("--store stores it", async () => {
      const stored = await make("--store", "--rounds=0");
      const facts = factsOf(made, stock);
      assertSound(facts);
      assert.deepEqual(facts.methods, [0]);
      assert.ok(stored.addedBytes > figures.addedBytes);
      assert.deepEqual([stored.start, stored.breakEvenMbitPerSecond], [null, null]);
      assert.equal(stored.modules, figures.modules);
    });
  });

describe("stdlib", () => {
  const folder = newFolder();
  const made = `${folder}/python_stdlib.zip`;
  const command = ["stdlib", "--pyodide", distribution(NEWEST), "-o", made];

  test("killed while it measures: no output, and the next one is not kept from its work", async () => {
    const child = spawn(process.execPath, [MAIN, ...command], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(signal)));
    while (leftIn(folder).length === 0 && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGKILL");
    assert.equal(await ended, "SIGKILL");
    assert.deepEqual([existsSync(made), leftIn(folder).length], [false, 1]);
  });

  test("--all: every module of it, and what it says", async () => {
    const { status, stdout, stderr } = await cli(...command, "--all", "--rounds=2");
    assert.deepEqual([status, stderr], [0, ""]);
    const facts = factsOf(made, libraryOf(NEWEST));
    assertSound(facts);
    const names = execFileSync("unzip", ["-Z1", libraryOf(NEWEST)])
      .toString()
      .split("\n");
    assert.deepEqual(
      facts.added.sort(),
      names.filter((name) => name.endsWith(".py")).map((name) => `${name}c`).sort(), // prettier-ignore
    );
    const lines = stdout.split("\n").map((line) => line.split("  ")[0]);
    for (const line of ["bytecode", "download", "start", "saved", "noise"])
      assert.ok(lines.includes(line), stdout);
    assert.match(stdout, /of 2 starts each, in turn, each in a process of its own/);
  });
});

describe("killed at any moment", () => {
  const folder = newFolder();
  const output = `${folder}/made.whl`;

  for (const delay of [200, 1500, "when it writes"])
    test(`${delay}: what is there stays, or is replaced whole`, async () => {
      writeFileSync(output, "older");
      const args = [MAIN, "compile", WHEEL, "--pyodide", distribution(NEWEST), "-o", output];
      const child = spawn(process.execPath, args, { stdio: "ignore" });
      const ended = new Promise((resolve) => child.on("close", resolve));
      const begin = performance.now();
      const isTime = () =>
        typeof delay === "number" ? performance.now() - begin > delay : leftIn(folder).length > 0;
      while (!isTime() && child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill("SIGKILL");
      await ended;
      const left = readFileSync(output);
      if (left.toString("latin1") !== "older")
        assertSound(factsOf(output, WHEEL), { changed: ["networkx-3.7.dist-info/RECORD"] });
      assert.ok(
        readdirSync(folder).every((name) => /^(made\.whl|\.pyodide-zipimport-.*\.tmp)$/.test(name)),
      );
    });
});

describe("the package", () => {
  test("has the command, and all that it needs", async () => {
    const folder = newFolder();
    const env = { ...process.env, npm_config_cache: `${folder}/cache`, npm_config_offline: "true" };
    const npm = (args, cwd) =>
      execFileSync("npm", args, {
        cwd,
        env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    const [{ filename, files }] = JSON.parse(
      npm(["pack", "--json", "--pack-destination", folder], projectPath(".")),
    );
    const packed = files.map(({ path }) => path);
    for (const name of readdirSync(projectPath("js/cli")))
      assert.ok(packed.includes(`js/cli/${name}`), name);
    for (const name of ["js/pyodide_zipimport.wasm", "js/index.js", "docs/command-line.md"])
      assert.ok(packed.includes(name), name);

    const site = `${folder}/site`;
    mkdirSync(site);
    writeFileSync(`${site}/package.json`, `{ "private": true }`);
    npm(["install", "--no-audit", "--no-fund", `../${filename}`], site);
    const npx = (...args) => npm(["exec", "--no", "--", "pyodide-zipimport", ...args], site);
    assert.match(npx("--version"), /^pyodide-zipimport \d+\.\d+\.\d+/);
    makeArchive(`${site}/a.zip`, [["a.py", "x = 1\n"]]);
    const pyodide = ["--pyodide", distribution(NEWEST)];
    assert.match(npx("compile", "a.zip", ...pyodide, "-o", "b.zip"), /of 1 module, in 1 file,/);
    assertSound(factsOf(`${site}/b.zip`, `${site}/a.zip`));
  });
});
