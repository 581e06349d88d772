// micropip's own tests that run in Pyodide, by the runner that they are written for: with packages shown every one
// ends as with packages unpacked. Of the whole matrix, where a Python is at hand that is as new as the Pyodide's.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { isFull, versions } from "../matrix.mjs";
import { openPlace } from "../pyodide/packages/place.mjs";
import { projectPath, temporaryFolder } from "../pyodide/harness.mjs";

const run = promisify(execFile);

const VERSION = "0.29.5";
const PYTHON = "python3.13";
/** What stock passes of them, at the least: others ask for packages that are not here. */
const PASSED_MIN = 15;
const TIMEOUT_MS = 20 * 60_000;
/** Wheels that they ask Pyodide's distribution for. */
const WHEELS = ["attrs", "iniconfig", "packaging", "pluggy", "pygments", "pyparsing", "pytest"];
const DEPENDS = { pytest: { depends: ["attrs", "iniconfig", "packaging", "pluggy", "pygments"] } };
const FILES = [
  "pyodide.mjs",
  "pyodide.js",
  "pyodide.asm.js",
  "pyodide.asm.wasm",
  "python_stdlib.zip",
  "package.json",
];

const python = findPython();
const isWanted = isFull && versions.includes(VERSION);
const reason = !isWanted ? "the whole matrix runs them" : !python && `there is no ${PYTHON}`;

describe(`micropip's own tests, Pyodide ${VERSION}`, { skip: reason || false }, () => {
  /** Of stock and of ours. */
  let results;

  before(async () => {
    const bin = await obtainRunner();
    const sources = await unpackSources();
    results = await Promise.all(
      [false, true].map(async (isOurs) => runTests(bin, sources, await makeDistribution(isOurs))),
    );
  });

  test("enough of them pass, and packages were shown", () => {
    const [stock, ours] = results;
    const passed = Object.values(stock.outcomes).filter((each) => each === "passed");
    assert.ok(passed.length >= PASSED_MIN, JSON.stringify(stock.outcomes, null, 1));
    assert.equal(stock.shown, 0);
    assert.ok(ours.shown >= PASSED_MIN);
  });

  test("every one ends as with packages unpacked", () => {
    const [stock, ours] = results;
    assert.deepEqual(ours.outcomes, stock.outcomes);
  });
});

/** On the path, or among pyenv's. */
function findPython() {
  const folder = `${process.env.PYENV_ROOT ?? `${process.env.HOME}/.pyenv`}/versions`;
  const minor = PYTHON.slice("python".length);
  const own = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.startsWith(`${minor}.`))
    .map((name) => `${folder}/${name}/bin/${PYTHON}`);
  return [PYTHON, ...own].find((each) => {
    try {
      execFileSync(each, ["-c", "import ensurepip"], { stdio: "ignore" });
      return true;
    } catch {
      return false; // pyenv puts names on the path that run nothing
    }
  });
}

/** An environment with what runs them: the folder of its programs. */
async function obtainRunner() {
  const folder = projectPath("build/micropip");
  const requirements = projectPath("tests/wheels/requirements-micropip.txt");
  const done = join(folder, "requirements.txt");
  const bin = join(folder, "bin");
  const pins = readFileSync(requirements, "utf8");
  if (!existsSync(done) || readFileSync(done, "utf8") !== pins) {
    await run(python, ["-m", "venv", "--clear", folder]);
    await run(join(bin, "pip"), ["install", "--quiet", "--requirement", requirements]);
    // Its driver is a script, and no module as those of this package.
    writeFileSync(join(folder, "package.json"), '{"type": "commonjs"}');
    writeFileSync(done, pins);
  }
  return bin;
}

async function unpackSources() {
  const archives = projectPath("build/wheels-sources");
  const name = readdirSync(archives).find((each) => each.startsWith("micropip-"));
  const folder = temporaryFolder();
  await run("tar", ["-xzf", join(archives, name), "-C", folder, "--strip-components=1"]);
  return folder;
}

/** A folder of Pyodide's files with a lock file of a few wheels, and with our module in the place of Pyodide's. */
async function makeDistribution(isOurs) {
  const all = projectPath("build/wheels-full");
  const names = readdirSync(all).filter((name) => WHEELS.includes(name.split("-")[0]));
  const wheels = Object.fromEntries(names.map((name) => [name, readFileSync(join(all, name))]));
  const { folder } = await openPlace(VERSION, wheels, DEPENDS);
  const stock = projectPath(`node_modules/pyodide-${VERSION}`);
  for (const name of FILES) copyFileSync(join(stock, name), join(folder, name));
  if (isOurs) writeFileSync(join(folder, "pyodide.js"), standIn(join(folder, "pyodide.mjs")));
  return folder;
}

/** The runner requires Pyodide as a CommonJS module. */
function standIn(real) {
  const address = `${pathToFileURL(projectPath("js/drop-in-node.js"))}?pyodide=${pathToFileURL(real)}`;
  return `exports.loadPyodide = async (options) => {
  const { loadPyodide } = await import(${JSON.stringify(address)});
  return loadPyodide({ ...options, zipimport: { storage: "memory" } });
};
`;
}

async function runTests(bin, sources, distribution) {
  const folder = temporaryFolder();
  const file = join(folder, "outcomes.json");
  const environment = {
    ...process.env,
    MICROPIP_OUTCOMES: file,
    PYTHONPATH: `${projectPath("tests/wheels")}:${sources}`,
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const args = ["-q", "-p", "micropip_plugin", "-p", "no:cacheprovider", "--rt", "node"];
  try {
    await run(
      join(bin, "pytest"),
      [...args, "--dist-dir", distribution, "--basetemp", join(folder, "temporary"), "tests"],
      { cwd: sources, env: environment, maxBuffer: 2 ** 28, timeout: TIMEOUT_MS },
    );
  } catch (error) {
    // Some fail; what it wrote says which.
    if (!existsSync(file)) throw new Error(`pytest ended without a result: ${error.stdout}`);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}
