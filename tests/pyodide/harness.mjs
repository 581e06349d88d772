// What every test here uses: the versions of Pyodide, a quiet start of one, processes of their own.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { isFull, newest, oldAndNew, versions } from "../matrix.mjs";

const ROOT = new URL("../../", import.meta.url);
const PREFIX = "pyodide-";

export { newest, oldAndNew, versions };

/** A new folder, removed when the process ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "pyodide-zipimport-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Where in a folder that is given as storage things are kept: one of this form of them. */
export function insideOf(folder) {
  return `${folder}/v1`;
}

/** The file system path of something in the project, by its path from the root. */
export function projectPath(path) {
  return fileURLToPath(new URL(path, ROOT));
}

// Pyodide before 314 loads its core as a script that sets a global, and takes any version's that is
// there already. Each version gets back its own here, so that several can live in one process.
const CORE = "_createPyodideModule";
const cores = new Map();

// What is kept by default is kept in the user's cache folder; no test may see what is there, or leave
// anything.
function setOwnCacheFolder() {
  process.env.XDG_CACHE_HOME = temporaryFolder();
}
setOwnCacheFolder();

/**
 * A new Pyodide, with a cache folder of its own. What Python prints goes to `print`, by default nowhere.
 * `load` starts it, if it shall not be loadPyodide() alone. Not for two versions at once.
 *
 * An error is passed on by its message only: Node shows where one was thrown, and that line of
 * Pyodide's is a megabyte long.
 */
export async function start(
  version,
  { print = () => {}, load = (loadPyodide, options) => loadPyodide(options) } = {},
) {
  setOwnCacheFolder();
  if (cores.has(version)) globalThis[CORE] = cores.get(version);
  else delete globalThis[CORE];
  try {
    const { loadPyodide } = await import(`${PREFIX}${version}/pyodide.mjs`);
    return await load(loadPyodide, { stdout: print, stderr: print });
  } catch (error) {
    throw new Error(`Pyodide ${version} did not start: ${error.message}`);
  } finally {
    if (CORE in globalThis) cores.set(version, globalThis[CORE]);
    delete globalThis[CORE];
  }
}

/** Declares a suite for every version. */
export function describeVersions(title, define) {
  describeOn(versions, title, define);
}

/** Declares a suite for each of these versions; where all of the matrix runs, for every one. */
export function describeOn(some, title, define) {
  for (const version of isFull ? versions : some)
    describe(`${title}, Pyodide ${version}`, () => define(version));
}

/**
 * test() and describe() for what is promised on every version and does not depend on it: on another one
 * than the newest release they declare nothing, unless all of the matrix runs.
 */
export function once(version) {
  if (isFull || version === newest) return { test, describe };
  return { test() {}, describe() {} };
}

/**
 * Runs a script of this folder in a fresh Node process, so that whatever it does to its Pyodide ends with it.
 *
 * @returns {Promise<{ status: number | string, lines: string[], errors: string }>} how it ended (a
 *   signal's name when it ran into the time limit), what it printed, and the end of what it complained
 */
export function runChild(script, args, { timeout = 600_000, environment = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [projectPath(`tests/pyodide/${script}`), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
      timeout,
    });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (errors = (errors + text).slice(-4000)));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ status: signal ?? code, lines: output.split("\n").filter(Boolean), errors });
    });
  });
}

/** An onWarning that remembers: `taken` holds [message, code] pairs. */
export function collectWarnings() {
  const taken = [];
  return { taken, onWarning: (message, code) => taken.push([message, code]) };
}

/** Runs Python code whose names are its own: `names` at the beginning, forgotten at the end. */
export function runWith(pyodide, code, names = {}) {
  const globals = pyodide.toPy(names);
  try {
    return pyodide.runPython(code, { globals });
  } finally {
    globals.destroy();
  }
}

/** Writes an archive into Pyodide's file system; `members` maps names to sources. */
export function writeArchive(pyodide, path, members) {
  const globals = pyodide.toPy({ path, members });
  pyodide.runPython(
    `
import zipfile
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, source in members.items():
        archive.writestr(name, source)
`,
    { globals },
  );
  globals.destroy();
}

/** Which importer serves archives: stock's methods are written in Python, ours in C. */
export function importerInUse(pyodide) {
  const globals = pyodide.toPy({});
  const answer = pyodide.runPython(
    `
import sys, zipimport
assert zipimport.zipimporter in sys.path_hooks
"stock" if hasattr(zipimport.zipimporter.find_spec, "__code__") else "ours"
`,
    { globals },
  );
  globals.destroy();
  return answer;
}
