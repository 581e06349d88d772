// @ts-check
// This file knows how to start a Pyodide that imports as one of the contenders does.

import { readFileSync } from "node:fs";
import { install } from "../js/index.js";

/** @typedef {"stock" | "ours" | "unpacked"} Contender unpacked: stock, with wheels unpacked first */

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
 * @param {string} version
 * @param {Contender} contender
 * @returns {Promise<any>} a Pyodide
 */
export async function start(version, contender) {
  const { loadPyodide } = await import(`${PREFIX}${version}/pyodide.mjs`);
  const pyodide = await loadPyodide();
  if (contender === "ours") {
    const { active } = await install(pyodide);
    if (!active) throw new Error("our importer is not in use");
  }
  return pyodide;
}
