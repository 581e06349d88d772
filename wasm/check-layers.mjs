// @ts-check
// Checks the structure of src/: an #include points into its own room or into one below, and no
// files of one room include each other in a circle. A .c and its .h count as one file. Python's
// headers need no check here: the Makefile gives their include path to src/python alone.
//
//   node wasm/check-layers.mjs

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

// From below to above. src/python's own files are the floor of its rooms, but for the module.
const ROOMS = [
  "base",
  "zip",
  "cache",
  "python",
  "python/packs",
  "python/importer",
  "python/mount",
  "python/takeover",
  "top",
];
const TOP = ["python/module.c"];
const source = fileURLToPath(new URL("../src", import.meta.url));

/**
 * How high a file of src/ stands; src/bridge.* stands on top.
 *
 * @param {string} file relative to src/
 */
function rank(file) {
  return TOP.includes(file) || dirname(file) === "."
    ? ROOMS.length - 1
    : ROOMS.indexOf(dirname(file));
}

/** @param {string} file */
const withoutSuffix = (file) => file.replace(/\.[ch]$/, "");

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) =>
  /\.[ch]$/.test(file),
);
/** @type {Map<string, Set<string>>} */
const uses = new Map();
let includeCount = 0;
let faultCount = 0;

/** @param {string} fault */
function report(fault) {
  console.log(fault);
  faultCount++;
}

for (const file of files) {
  const text = readFileSync(join(source, file), "utf8");
  const name = withoutSuffix(file);
  const used = uses.get(name) ?? new Set();
  uses.set(name, used);
  if (rank(file) < 0) report(`src/${file} is in no room`);
  for (const [, included] of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    const target = relative(source, normalize(join(source, dirname(file), included)));
    includeCount++;
    if (target.startsWith("..") || rank(target) > rank(file))
      report(`src/${file} includes ${target}, which is not below it`);
    if (withoutSuffix(target) !== name) used.add(withoutSuffix(target));
  }
}

/** @type {Set<string>} */
const done = new Set();

/**
 * Walks down from a file; reports the circle when the walk meets a file of its own path.
 *
 * @param {string} name
 * @param {string[]} path
 */
function walk(name, path) {
  const met = path.indexOf(name);
  if (met >= 0) return report(`a circle: ${[...path.slice(met), name].join(" -> ")}`);
  if (done.has(name)) return;
  for (const used of uses.get(name) ?? []) walk(used, [...path, name]);
  done.add(name);
}
for (const name of uses.keys()) walk(name, []);

console.log(`include layers: ${includeCount} includes in ${files.length} files point down`);
process.exitCode = faultCount === 0 ? 0 : 1;
