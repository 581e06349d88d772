// @ts-check
// Runs measurements in one fresh process and prints what they took as one line of JSON:
//
//   node run-one.mjs '{"pyodide":"314.0.7","contender":"ours","files":[],"steps":[["invalidate",{"rounds":9}]]}'
//
// See Spec for the argument; the steps are functions of measures.py.

import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "./contender.mjs";
import { makeArchive } from "./corpus.mjs";

const SERVE = fileURLToPath(new URL("serve.mjs", import.meta.url));
/** What can be repeated is first repeated for so long. */
const WARM_UP_MS = 250;

/**
 * @typedef {object} Spec
 * @property {string} pyodide a version
 * @property {import("./contender.mjs").Contender} contender
 * @property {string[]} files archives to put under /archives and on sys.path; "1500" stands for a
 *   generated one of that many entries, which is not put on sys.path
 * @property {[name: string, args: Record<string, unknown>][]} steps one after the other; "flush"
 *   writes packs, "flush_turns" does so too and gives the longest turn of the event loop meanwhile,
 *   "ready_again" gets a file ready to be imported and takes it away again
 * @property {string} [folder] of packs
 */

/**
 * @typedef {object} Step
 * @property {string} measure
 * @property {number[]} ms a figure for each round
 * @property {number} cpuMs what all of it took of the processors, preparations and threads included
 * @property {Record<string, number>} counts whatever else the measurement returned
 */

/**
 * @typedef {object} Outcome
 * @property {Spec} spec
 * @property {number} startMs
 * @property {import("../js/index.js").Stats} [stats] of our importer at the end
 * @property {Step[]} steps
 * @property {number} heapBytes Pyodide's memory, which never shrinks, at the end
 * @property {number} maxRssBytes the process's memory at its peak
 * @property {number} exitMs what the process took to end after all of that, as who started it saw it
 */

/**
 * @param {Spec} spec
 * @returns {Promise<Omit<Outcome, "exitMs">>}
 */
async function run(spec) {
  const { pyodide, zips, startMs } = await start(spec.pyodide, spec.contender, spec.folder);
  pyodide.FS.mkdir("/archives");
  const steps = [];
  if (spec.contender === "unpacked") steps.push(unpack(pyodide, spec.files));
  else if (spec.contender === "mounted") steps.push(await mount(zips, spec.files));
  else if (isLoaded(spec.contender)) {
    if (spec.contender === "loaded on demand") leaveExtensionsToImports(pyodide);
    steps.push(await load(pyodide, spec.files));
  } else for (const file of spec.files) provide(pyodide, file);

  const globals = pyodide.toPy({});
  const source = readFileSync(new URL("measures.py", import.meta.url), "utf8");
  execute(pyodide, source, globals);
  if (spec.contender === "floor") installFloor(pyodide, String(spec.folder));
  /** @type {Record<string, (args: Record<string, unknown>) => Promise<Step>>} */
  const ownSteps = {
    flush: () => flush(zips),
    flush_turns: () => flushTurns(zips),
    ready_again: (args) => getReadyAgain(pyodide, zips, args),
  };
  for (const [measure, args] of spec.steps)
    steps.push(await (ownSteps[measure]?.(args) ?? runStep(globals, measure, args)));
  return {
    spec,
    startMs,
    stats: zips?.stats(),
    steps,
    heapBytes: pyodide._module.HEAP8.length,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/**
 * Runs what belongs to no contender. Not by runPython(), which takes code through Python's ast: after a few
 * lines of it V8 compiles that once more, in the background and for a tenth of a second, beside what is
 * measured.
 *
 * @param {any} pyodide
 * @param {string} source
 * @param {any} globals
 */
function execute(pyodide, source, globals) {
  const builtins = pyodide.pyimport("builtins");
  builtins.exec(source, globals);
  builtins.destroy();
}

/**
 * @param {any} pyodide
 * @param {string} file
 */
function provide(pyodide, file) {
  const generated = /^\d+$/.test(file);
  const bytes = generated ? makeArchive(Number(file)).bytes : new Uint8Array(readFileSync(file));
  const path = `/archives/${basename(file)}`;
  pyodide.FS.writeFile(path, bytes, { canOwn: true });
  if (generated) return;
  const globals = pyodide.toPy({ path });
  execute(pyodide, "import sys; sys.path.append(path)", globals);
  globals.destroy();
}

/**
 * @param {any} pyodide
 * @param {string[]} files
 * @returns {Step}
 */
function unpack(pyodide, files) {
  const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
  const archives = files.map((file) => new Uint8Array(readFileSync(file)));
  const cpu = process.cpuUsage();
  const begin = performance.now();
  for (const bytes of archives) pyodide.unpackArchive(bytes, "wheel", { extractDir });
  const ms = [performance.now() - begin];
  return { measure: "unpack", ms, cpuMs: cpuMsSince(cpu), counts: {} };
}

/**
 * @param {import("../js/index.js").Handle | undefined} zips
 * @param {string[]} files
 * @returns {Promise<Step>}
 */
async function mount(zips, files) {
  const archives = files.map((file) => ({
    name: basename(file),
    bytes: new Uint8Array(readFileSync(file)),
  }));
  const cpu = process.cpuUsage();
  const begin = performance.now();
  for (const { name, bytes } of archives) await zips?.mount(bytes, { name });
  const ms = [performance.now() - begin];
  return { measure: "mount", ms, cpuMs: cpuMsSince(cpu), counts: {} };
}

/**
 * Mounts a file, or unpacks it where nobody mounts, again and again; see sample() of measures.py.
 *
 * @param {any} pyodide
 * @param {import("../js/index.js").Handle | undefined} zips
 * @param {Record<string, unknown>} args file, rounds
 * @returns {Promise<Step>}
 */
async function getReadyAgain(pyodide, zips, { file, rounds }) {
  const archive = readFileSync(String(file));
  const extractDir = "/archives/unpacked";
  const globals = pyodide.toPy({ extractDir });
  const cpu = process.cpuUsage();
  const spent = [];
  for (let ready = 0, warm = 0; ready < Number(rounds);) {
    const bytes = new Uint8Array(archive);
    let mount;
    const begin = performance.now();
    if (zips) mount = await zips.mount(bytes);
    else pyodide.unpackArchive(bytes, "wheel", { extractDir });
    const ms = performance.now() - begin;
    if (mount) mount.unmount();
    else execute(pyodide, "import shutil; shutil.rmtree(extractDir)", globals);
    if (warm >= WARM_UP_MS) ready = spent.push(ms);
    warm += ms;
  }
  globals.destroy();
  return { measure: "ready_again", ms: spent, cpuMs: cpuMsSince(cpu), counts: {} };
}

/**
 * Stock compiles and loads every extension module of a package that it installs. Its next version is to leave
 * them to the import, as this makes the one of today do.
 *
 * @param {any} pyodide
 */
function leaveExtensionsToImports(pyodide) {
  const source = "import pyodide._package_loader as loader; loader.get_dynlibs = lambda *given: []";
  const globals = pyodide.toPy({});
  execute(pyodide, source, globals);
  globals.destroy();
}

/** @param {Spec["contender"]} contender */
function isLoaded(contender) {
  return ["loaded", "loaded on demand", "shown"].includes(contender);
}

/**
 * @param {any} pyodide
 * @param {string[]} files wheels
 * @returns {Promise<Step>} installMs: what installing them took, without downloading
 */
async function load(pyodide, files) {
  const server = spawn(process.execPath, [SERVE, ...files], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const port = Number(await new Promise((resolve) => server.stdout.once("data", resolve)));
  const urls = files.map((file) => `http://127.0.0.1:${port}/${basename(file)}`);
  const manager = pyodide._api.packageManager;
  const { installPackage } = manager;
  let installMs = 0;
  manager.installPackage = async (/** @type {any[]} */ ...args) => {
    const begin = performance.now();
    await installPackage.apply(manager, args);
    installMs += performance.now() - begin;
  };
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await pyodide.loadPackage(urls, { messageCallback() {} });
  const ms = [performance.now() - begin];
  const cpuMs = cpuMsSince(cpu);
  server.stdin.end();
  return { measure: "load", ms, cpuMs, counts: { installMs } };
}

/**
 * @param {any} pyodide
 * @param {string} folder
 */
function installFloor(pyodide, folder) {
  pyodide.FS.mkdir("/packs");
  for (const name of readdirSync(folder, { encoding: "utf8", recursive: true }))
    if (name.endsWith(".zip"))
      pyodide.FS.writeFile(
        `/packs/${basename(name)}`,
        new Uint8Array(readFileSync(join(folder, name))),
      );
  const source = readFileSync(new URL("floor.py", import.meta.url), "utf8");
  const globals = pyodide.toPy({});
  execute(pyodide, `${source}\ninstall("/packs")`, globals);
  globals.destroy();
}

/**
 * @param {import("../js/index.js").Handle | undefined} zips
 * @returns {Promise<Step>}
 */
async function flush(zips) {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await zips?.flush();
  const ms = [performance.now() - begin];
  const { packWrites = 0, writeBytes = 0 } = zips?.stats() ?? {};
  return { measure: "flush", ms, cpuMs: cpuMsSince(cpu), counts: { packWrites, writeBytes } };
}

/**
 * @param {import("../js/index.js").Handle | undefined} zips
 * @returns {Promise<Step>} whose figure is the longest turn of the event loop
 */
async function flushTurns(zips) {
  const cpu = process.cpuUsage();
  let longest = 0;
  let isOver = false;
  let last = performance.now();
  const note = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(note);
  };
  setImmediate(note);
  await zips?.flush();
  isOver = true;
  note();
  return { measure: "flush_turns", ms: [longest], cpuMs: cpuMsSince(cpu), counts: {} };
}

/**
 * @param {any} globals the namespace of measures.py
 * @param {string} measure
 * @param {Record<string, unknown>} args
 * @returns {Step}
 */
function runStep(globals, measure, args) {
  const action = globals.get(measure);
  const cpu = process.cpuUsage();
  const result = action.callKwargs(args);
  const cpuMs = cpuMsSince(cpu);
  const { ms, ...counts } = result.toJs({ dict_converter: Object.fromEntries });
  result.destroy();
  action.destroy();
  return { measure, ms, cpuMs, counts };
}

/** @param {NodeJS.CpuUsage} earlier */
function cpuMsSince(earlier) {
  const { user, system } = process.cpuUsage(earlier);
  return (user + system) / 1000;
}

try {
  console.log(JSON.stringify(await run(JSON.parse(process.argv[2]))));
} catch (error) {
  // By its message alone: where Pyodide throws is a line of a megabyte.
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 1;
}
