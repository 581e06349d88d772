// @ts-check
// Starts a Pyodide that imports as one of the contenders does.

import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { boot, install } from "../js/node.js";

/**
 * Who imports:
 * - stock
 * - unpacked: stock, with wheels unpacked first
 * - loaded: stock, with wheels loaded first by loadPackage(), from a server on loopback
 * - loaded on demand: the same, with their extension modules compiled when they are imported
 * - shown: ours, with wheels loaded first by loadPackage(), which shows them; with a folder of packs if one is given
 * - mounted: ours, with wheels mounted first; with a folder of packs if one is given
 * - ours: with nothing compiled before, and what is compiled queued
 * - unkept: ours, with bytecode packs turned off
 * - kept: ours, with packs in a folder
 * - booted: ours, started by boot() with what an earlier start left in a folder
 * - floor: nobody: all bytecode is in memory; see floor.py
 *
 * @typedef {"stock" | "unpacked" | "loaded" | "loaded on demand" | "shown" | "mounted" | "ours" | "unkept" | "kept" | "booted" | "floor"} Contender
 */

/** @type {string} */
export const NEWEST = "314.0.7";
const PREFIX = "pyodide-";

/** The versions that package.json installs. */
export function knownVersions() {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return Object.keys(JSON.parse(text).devDependencies)
    .filter((name) => /^pyodide-\d/.test(name))
    .map((name) => name.slice(PREFIX.length));
}

/**
 * @param {Contender} contender
 * @param {string | undefined} folder
 * @returns {import("../js/node.js").InstallOptions | undefined} undefined where ours is not installed
 */
function optionsOf(contender, folder) {
  if (contender === "ours") return { storage: "memory" };
  if (contender === "mounted" || contender === "shown") {
    const storage = folder === undefined ? "memory" : { directory: folder };
    return { storage, mountPackages: contender === "shown" };
  }
  if (contender === "unkept") return { maxBytes: 0 };
  if (contender === "kept" || contender === "booted")
    return { storage: { directory: String(folder) } };
  return undefined;
}

/**
 * @param {string} version
 * @param {Contender} contender
 * @param {string} [folder] of packs
 * @returns {Promise<{ pyodide: any, zips: import("../js/node.js").Handle | undefined, startMs: number }>}
 *   startMs: what all of the start took, without loading JavaScript
 */
export async function start(version, contender, folder) {
  const { loadPyodide } = await import(`${PREFIX}${version}/pyodide.mjs`);
  const begin = performance.now();
  const started = await startWith(loadPyodide, contender, optionsOf(contender, folder));
  const startMs = performance.now() - begin;
  // At each turn of its event loop Node waits until V8's compilers in the background have caught up. What
  // comes next is measured without them: where cores are few, they take half of it.
  await setImmediate();
  if (started.zips && !started.zips.active) throw new Error("our importer is not in use");
  return { ...started, startMs };
}

/**
 * @param {() => Promise<any>} loadPyodide
 * @param {Contender} contender
 * @param {import("../js/node.js").InstallOptions | undefined} options
 */
async function startWith(loadPyodide, contender, options) {
  if (contender === "booted") return boot(loadPyodide, options);
  const pyodide = await loadPyodide();
  return { pyodide, zips: options && (await install(pyodide, options)) };
}
