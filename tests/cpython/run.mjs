// CPython's own tests through the stock importer and through ours, on the same tree, side by side.
//
//   node tests/cpython/run.mjs [--stock] [NAME...]
//
// NAME picks configurations by the start of their name ("native", "0.29.5"); --stock runs the stock
// importer alone, for which nothing need be built. Each (configuration, importer) is one fresh
// process, two at a time. Ours keeps what it compiles in an empty folder, and then runs once more
// ("packs") with what the first run has kept, from which Pyodide itself starts too. Exit code 1 if a
// test that passes through stock does not pass through ours, or fails through ours without failing
// through stock.
//
// In Pyodide the suites of resources and metadata run twice more where everything runs ("folders"): with the
// archives that they make unpacked, through stock, and with the same mounted, through ours.
//
// Without a NAME, and unless FULL is set, the oldest and the newest Python run, natively and in Pyodide,
// and the newest once more with packs: between them lie the versions that zipimport changed in.
//
// The closing line counts tests through ours. Its "failed" are the failures that count, the
// regressions; tests that fail through both importers are the test's or the platform's affair, and
// are counted on the line before.

import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isFull } from "../matrix.mjs";
import { hostCodename, obtainTree, TreeUnavailable } from "./trees.mjs";
import { compare } from "./compare.mjs";
import { printComparison } from "./table.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const build = join(root, "build/cpython");
const results = join(build, "results");
const packs = join(build, "packs");

const NATIVE_PYTHON = "/usr/bin/python3";
const PARALLEL = 2;
const TIMEOUT_MS = 15 * 60_000;

/**
 * @typedef {object} Configuration
 * @property {string} name
 * @property {string} [pyodide]  npm name of the Pyodide; absent: natively
 * @property {string} minor      Python's minor version
 * @property {"pyenv" | "debian"} source  where its tests are from
 * @property {string} [suite]    Debian suite
 * @property {"once" | "twice"} [always] runs in every run of the tests, and again with packs
 * @property {boolean} [usesFolders] archives are made folders
 */

/** @type {Configuration[]} */
const CONFIGURATIONS = [
  {
    name: "native debian",
    minor: nativeMinor(),
    source: "debian",
    suite: hostCodename(),
    always: "once",
  },
  {
    name: "0.27.8 pyenv",
    pyodide: "pyodide-0.27.8",
    minor: "3.12",
    source: "pyenv",
    always: "once",
  },
  { name: "0.28.3 pyenv", pyodide: "pyodide-0.28.3", minor: "3.13", source: "pyenv" },
  {
    name: "0.29.5 debian",
    pyodide: "pyodide-0.29.5",
    minor: "3.13",
    source: "debian",
    suite: "trixie",
  },
  {
    name: "314.0.7 debian",
    pyodide: "pyodide-314.0.7",
    minor: "3.14",
    source: "debian",
    suite: "sid",
    always: "twice",
  },
  {
    name: "315.0.0-alpha.2 debian",
    pyodide: "pyodide-315.0.0-alpha.2",
    minor: "3.15",
    source: "debian",
    suite: "sid",
    always: "once",
  },
];

const args = process.argv.slice(2);
const importers = args.includes("--stock") ? ["stock"] : ["stock", "ours"];
const wanted = args.filter((arg) => !arg.startsWith("-"));
const runsAll = isFull || wanted.length > 0;
const chosen = CONFIGURATIONS.filter(({ name, always }) =>
  wanted.length > 0 ? wanted.some((start) => name.startsWith(start)) : runsAll || always,
);

mkdirSync(results, { recursive: true });
const rows = [];
const again = [];
const jobs = [];
for (const configuration of chosen) {
  const row = { configuration, origin: "", unavailable: undefined, runs: {} };
  rows.push(row);
  try {
    const tree = await obtainTree(
      build,
      configuration.source,
      configuration.minor,
      configuration.suite,
    );
    row.origin = tree.origin;
    for (const importer of importers) jobs.push({ row, tree, importer });
    if (importers.includes("ours") && (runsAll || configuration.always === "twice"))
      again.push({ row, tree });
    if (configuration.pyodide && runsAll) addFolders(row, tree);
  } catch (error) {
    if (!(error instanceof TreeUnavailable)) throw error;
    row.unavailable = error.message;
  }
}

rmSync(packs, { recursive: true, force: true });
await Promise.all(Array.from({ length: PARALLEL }, drainJobs));
for (const { row, tree } of again) {
  const configuration = { ...row.configuration, name: `${row.configuration.name}, packs` };
  const second = { ...row, configuration, findsPacks: true, runs: { stock: row.runs.stock } };
  rows.push(second);
  jobs.push({ row: second, tree, importer: "ours" });
}
await Promise.all(Array.from({ length: PARALLEL }, drainJobs));

const outcome = compare(rows);
printComparison(rows, importers, outcome);
process.exitCode = outcome.failed === 0 ? 0 : 1;

function addFolders(row, tree) {
  const configuration = {
    ...row.configuration,
    name: `${row.configuration.name}, folders`,
    usesFolders: true,
  };
  const folders = { ...row, configuration, runs: {} };
  rows.push(folders);
  for (const importer of importers) jobs.push({ row: folders, tree, importer });
}

async function drainJobs() {
  for (let job = jobs.shift(); job; job = jobs.shift())
    job.row.runs[job.importer] = await runOnce(job);
}

/** Run all suites in one fresh process; returns what it reported, and why it died if it did. */
async function runOnce({ row, tree, importer }) {
  const { name, pyodide, minor, usesFolders } = row.configuration;
  const stem = join(results, `${name.replaceAll(/[ ,]+/g, "-")}.${importer}`);
  const report = `${stem}.jsonl`;
  const scratch = `${stem}.cwd`;
  for (const stale of [report, scratch]) rmSync(stale, { recursive: true, force: true });
  mkdirSync(scratch);

  const [program, programArgs] = pyodide
    ? [process.execPath, [join(here, "pyodide.mjs"), pyodide, tree.path, report, importer]]
    : [
        NATIVE_PYTHON,
        [join(here, "suites.py"), tree.path, report, ...(importer === "ours" ? ["install"] : [])],
      ];
  const env = {
    ...process.env,
    LC_ALL: "C.UTF-8",
    PYTHONPATH: importer === "ours" ? join(root, "build/native") : "",
    PACKS: join(packs, usesFolders ? `${minor}-folders` : minor),
    FOLDERS: usesFolders ? "1" : "",
    STARTED: name.endsWith(", packs") ? "kept" : "stock",
  };
  if (pyodide) delete env.PYTHONPATH;

  const started = performance.now();
  const log = openSync(`${stem}.log`, "w");
  const child = spawn(program, programArgs, {
    cwd: scratch,
    env,
    stdio: ["ignore", log, log],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const ending = await new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) =>
      done(signal ? `ended by ${signal}` : code === 0 ? "" : `exit code ${code}`),
    );
  });
  closeSync(log);

  const run = readReport(report);
  run.seconds = (performance.now() - started) / 1000;
  if (!run.finished) {
    const lines = readFileSync(`${stem}.log`, "utf8").trim().split("\n");
    run.died = `${ending || "ended early"}: ${lines.at(-1).slice(0, 300)}`;
  }
  writeFileSync(`${stem}.json`, JSON.stringify(run, null, 1));
  rmSync(scratch, { recursive: true, force: true });
  return run;
}

/**
 * @typedef {object} Run
 * @property {Record<string, { suite: string, status: string, why?: string }>} tests by id
 * @property {boolean} finished
 * @property {number} [seconds]
 * @property {string} [died]     how it ended, if it did not finish
 * @property {string} [importer] where the importer's class comes from
 * @property {object} [stats]    our counters at the end
 */

/** @returns {Run} what suites.py wrote, as far as it came */
function readReport(path) {
  const run = { tests: {}, finished: false };
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  for (const line of lines) {
    const { id, ...rest } = JSON.parse(line);
    if (id) run.tests[id] = rest;
    else Object.assign(run, rest);
  }
  return run;
}

function nativeMinor() {
  return execFileSync(NATIVE_PYTHON, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
    encoding: "utf8",
  }).trim();
}
