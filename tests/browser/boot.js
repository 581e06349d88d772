// The job of boot-suite.mjs: one visit that starts Pyodide with boot(). Results are facts.

import { computeCRC32 as crc32 } from "../../js/base/crc32.js";
import { openers } from "./openers.js";
import { boot } from "../../js/index.js";
import { marked } from "./job.js";

export async function bootVisit({ job }) {
  const base = new URL("../../", import.meta.url).href;
  const { loadPyodide } = await import(
    `${base}node_modules/pyodide-${job.pyodideVersion}/pyodide.mjs`
  );
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  const { pyodide, zips } = await boot(marked(loadPyodide), { ...job.options, onWarning });
  const { start } = zips.stats();
  pyodide.runPython(`import ${job.imports}`);
  const { compiles } = zips.stats();
  const file = pyodide.runPython("import json; json.__file__");
  let hidden;
  for (const step of job.then ?? []) {
    if (step === "flush") await zips.flush();
    else if (step === "kept") await untilKept(await openStore(zips.stats().storage));
    else if (step === "hide") await hide(zips.stats().storage);
    else if (step === "be hidden") hidden = await beHidden(zips.stats().storage);
    else if (step === "damage") await damage(zips.stats().storage);
  }
  const { storage } = zips.stats();
  return { active: zips.active, start, compiles, file, storage, warnings, hidden };
}

/** A start from a self-hosted library, with stock's importer alone or with ours. */
export async function selfHostedVisit({ job }) {
  const base = new URL("../../", import.meta.url).href;
  const { loadPyodide } = await import(
    `${base}node_modules/pyodide-${job.pyodideVersion}/pyodide.mjs`
  );
  const settings = { stdLibURL: base + job.library };
  const { pyodide, zips } = job.ours
    ? await boot(marked(loadPyodide), { storage: "memory", pyodide: settings })
    : { pyodide: await marked(loadPyodide)(settings), zips: undefined };
  const sources = pyodide.runPython(`
import sys, zipimport
modules = [module for module in sys.modules.values() if type(module) is type(sys)]
[module.__name__ for module in modules if vars(module).get("__file__", "").endswith(".py")
 and type(vars(module).get("__loader__")).__name__ == "zipimporter"]`);
  pyodide.runPython("import inspect, json; assert 'def loads' in inspect.getsource(json.loads)");
  return { sources: sources.toJs(), start: zips?.stats().start, active: zips?.active };
}

/** Another way to the store that is in use. */
function openStore({ kind, where }) {
  return openers[kind](where);
}

/** What a page is told when it goes out of sight; waits for what it then has time to do. */
async function hide(storage) {
  const store = await openStore(storage);
  const kept = await keptIn(store);
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
  await untilKept(store, kept);
}

/**
 * Asks the test, by its address, to bring another page to the front, and waits until a library is kept. Gives
 * how long that took, and how long the browser makes a timer of 10 ms wait meanwhile.
 */
async function beHidden(storage) {
  const store = await openStore(storage);
  const hidden = new Promise((resolve) =>
    document.addEventListener("visibilitychange", resolve, { once: true }),
  );
  location.hash = "hide-me";
  await hidden;
  const began = performance.now();
  await untilKept(store);
  const keptMs = performance.now() - began;
  const turns = 3;
  const waits = performance.now();
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return { keptMs, timerMs: (performance.now() - waits) / turns };
}

/** Waits until a library is kept, and another one than before. */
async function untilKept(store, before = "") {
  for (let kept = before; kept === before || kept === ""; kept = await keptIn(store))
    await new Promise((resolve) => setTimeout(resolve, 250));
}

/** The names of the libraries in a store. */
async function keptIn(store) {
  const names = (await store.list())
    .map(({ name }) => name)
    .filter((name) => /^w.*\.zip$/.test(name));
  return names.sort().join();
}

/** Overwrites a few bytes of the library that is kept. */
async function damage(storage) {
  const store = await openStore(storage);
  for (const { name } of await store.list()) {
    if (!/^w.*\.zip$/.test(name)) continue;
    const bytes = (await store.get(name)).slice();
    const before = crc32(bytes);
    bytes.fill(0x55, bytes.length * 0.75, bytes.length * 0.75 + 100);
    if (crc32(bytes) === before) throw new Error("not damaged");
    await store.put(name, bytes);
  }
}
