// @ts-check
// This file knows how to start a Pyodide that imports as one of the contenders does.

import { readFileSync } from "node:fs";
import { install } from "../js/index.js";

/**
 * Who imports:
 * - stock
 * - unpacked: stock, with wheels unpacked first
 * - ours: with nothing compiled before, and what is compiled queued
 * - unkept: ours, with bytecode packs turned off
 * - kept: ours, with packs in a folder
 * - floor: nobody: all bytecode is in memory; see floor.py
 *
 * @typedef {"stock" | "unpacked" | "ours" | "unkept" | "kept" | "floor"} Contender
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
 * @returns {import("../js/index.js").InstallOptions | undefined} undefined where ours is not installed
 */
function optionsOf(contender, folder) {
  if (contender === "ours") return { storage: "memory" };
  if (contender === "unkept") return { maxBytes: 0 };
  if (contender === "kept") return { storage: { directory: String(folder) } };
  return undefined;
}

/**
 * @param {string} version
 * @param {Contender} contender
 * @param {string} [folder] of packs
 * @returns {Promise<{ pyodide: any, zips: import("../js/index.js").Handle | undefined }>}
 */
export async function start(version, contender, folder) {
  const { loadPyodide } = await import(`${PREFIX}${version}/pyodide.mjs`);
  const pyodide = await loadPyodide();
  const options = optionsOf(contender, folder);
  if (!options) return { pyodide, zips: undefined };
  const zips = await install(pyodide, options);
  if (!zips.active) throw new Error("our importer is not in use");
  return { pyodide, zips };
}
