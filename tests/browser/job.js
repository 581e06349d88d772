// What a page or a worker does: start a Pyodide, and in it one of TASKS, or a function of the module
// that the job names. Results are facts; the test judges them.

import { restoreFromIndexedDB } from "./idbfs.js";
import { mount } from "./mount.js";
import * as stores from "./stores.js";

const TASKS = { parity, lifecycle, degrade, mount, restoreFromIndexedDB, ...stores };

/**
 * @param {any} job
 * @param {(result: object) => void} report for a task that has a result before its end, if it has one
 * @returns {Promise<object>} the task's result, or `{ error }`
 */
export async function runJob(job, report) {
  try {
    const base = new URL("../../", import.meta.url).href;
    const output = [];
    const tasks = job.module ? await import(base + job.module) : TASKS;
    if (!job.version) return await tasks[job.task]({ job, report });
    const { loadPyodide } = await import(`${base}node_modules/pyodide-${job.version}/pyodide.mjs`);
    const began = performance.now();
    const pyodide = await marked(loadPyodide)({
      stdout: (line) => output.push(line),
      stderr: (line) => output.push(line),
    });
    const startMs = performance.now() - began;
    const { install } = await import(`${base}js/index.js`);
    return await tasks[job.task]({ pyodide, install, base, output, job, report, startMs });
  } catch (error) {
    const { message = error, inStart = false } = error ?? {};
    return { error: String(message).slice(-2000), inStart };
  }
}

/** The same loadPyodide(), whose errors can be told from those of what comes after it. */
export function marked(loadPyodide) {
  return (options) =>
    loadPyodide(options).catch((error) => {
      throw Object.assign(error, { inStart: true });
    });
}

/** The Python tests that stock and ours share, through ours. */
async function parity({ pyodide, install, base, output, job }) {
  pyodide.FS.mkdirTree("/tests/python");
  for (const name of job.files) {
    const response = await fetch(`${base}tests/python/${name}`);
    if (!response.ok) throw new Error(`${name}: HTTP status ${response.status}`);
    pyodide.FS.writeFile(`/tests/python/${name}`, new Uint8Array(await response.arrayBuffer()));
  }
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  // Nothing of them asks the browser's storage, which may take long while other engines keep the disk busy.
  const zips = await install(pyodide, { storage: "memory", onWarning });
  if (!zips.active) throw new Error(`the importer could not be installed: ${warnings[0].message}`);
  // The suite installs the importer itself; it is taken out after each file, so that every file
  // starts as the first one does.
  zips.uninstall();
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const name of job.files.filter((file) => file.startsWith("test_"))) {
    const globals = pyodide.toPy({ file: name.replace(/py$/, "") });
    const counts = JSON.parse(pyodide.runPython(RUN_FILE, { globals }));
    globals.destroy();
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  return { warnings, ...total, output: output.filter(isNoCount).slice(-200) };
}

const RUN_FILE = `
import sys
if "/tests/python" not in sys.path:
    sys.path.insert(0, "/tests/python")
import run, pyodide_zipimport
try:
    run.main(["--importer", "ours", "--counts", "/tmp/counts.json", file])
finally:
    pyodide_zipimport.uninstall()
with open("/tmp/counts.json") as counts:
    text = counts.read()
text
`;

/** Leaves the lines that tell what failed. */
function isNoCount(line) {
  return !/^\d+ passed, 0 failed, \d+ skipped$/.test(line);
}

/** Install, import, uninstall, import, install again; tells from where the side module came. */
async function lifecycle({ pyodide, install, job }) {
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  const { wasmURL } = job;
  const steps = [];
  const step = (zips) =>
    steps.push({
      active: zips.active,
      importer: importerInUse(pyodide),
      answer: importFromArchive(pyodide, steps.length),
    });

  const first = await install(pyodide, { onWarning, wasmURL });
  step(first);
  const again = await install(pyodide, { onWarning, wasmURL });
  const { hits, archives } = first.stats();
  first.uninstall();
  step(first);
  const second = await install(pyodide, { onWarning, wasmURL });
  step(second);
  const fetched = performance
    .getEntriesByType("resource")
    .map(({ name }) => new URL(name).pathname);
  return {
    warnings,
    steps,
    sameHandle: again === first,
    disposal: [typeof Symbol.dispose, typeof first[Symbol.dispose ?? "undefined"]],
    hits,
    archives,
    sideModules: fetched
      .filter((path) => /zipimport\.wasm|inlined-wasm/.test(path))
      .map(decodeURIComponent),
  };
}

/** Install where no side module is to be had: for each of job.wasmURLs. */
async function degrade({ pyodide, install, job }) {
  const attempts = [];
  for (const wasmURL of job.wasmURLs) {
    const warnings = [];
    const onWarning = (message, code) => warnings.push({ message, code });
    const zips = await install(pyodide, { onWarning, wasmURL });
    const { active } = zips;
    const answer = importFromArchive(pyodide, attempts.length);
    attempts.push({
      warnings,
      active,
      importer: importerInUse(pyodide),
      answer,
      stats: zips.stats(),
    });
    zips.uninstall(); // so that the next install tries again
  }
  return { attempts };
}

function importerInUse(pyodide) {
  return pyodide.runPython(`
import sys, zipimport
hook = next(hook for hook in sys.path_hooks if getattr(hook, "__name__", "") == "zipimporter")
"ours" if any(base.__module__ == "pyodide_zipimport" for base in hook.__mro__) else "stock"
`);
}

/** Imports a package from an archive made for it; `round` keeps the names apart. Gives 42. */
function importFromArchive(pyodide, round) {
  return pyodide.runPython(`
import sys, zipfile
with zipfile.ZipFile("/tmp/round${round}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("round${round}/__init__.py", "from .inner import answer")
    archive.writestr("round${round}/inner.py", "answer = 42")
sys.path.insert(0, "/tmp/round${round}.zip")
import round${round}
round${round}.answer
`);
}
