// @ts-check
// Checks the rooms of js/: an import points into its own room or into one below, files import each other
// in no circle, and what the browser's entries reach names no module of Node.
//
//   node wasm/check-rooms.mjs

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** From the lowest up; the files beside them, which are the API, are a room too. */
const ROOMS = ["base", "pyodide", "platform", "kept", "mount", "packages", "", "cli"];
const ENTRIES = ["index.js", "drop-in.js", "drop-in-named.js"];
/** Those that stand in for Pyodide's module, and the name that they find it by. */
const STAND_INS = ["drop-in.js", "drop-in-named.js", "drop-in-node.js"];
const PYODIDE = "pyodide";
const source = fileURLToPath(new URL("../js", import.meta.url));

/** @param {string} file relative to js/ */
function rank(file) {
  return ROOMS.indexOf(file.includes("/") ? file.split("/")[0] : "");
}

/**
 * @param {string} file relative to js/
 * @returns {string[]} what it imports: files as paths relative to js/, others as they stand there
 */
function importsOf(file) {
  const text = readFileSync(join(source, file), "utf8").replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*(?:\/\*.*?\*\/\s*)*"([^"]+)"/g;
  return [...text.matchAll(pattern)].map(([, name]) =>
    name.startsWith(".") ? relative(source, normalize(join(source, dirname(file), name))) : name,
  );
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".js"),
);
const imports = new Map(files.map((file) => [file, importsOf(file)]));
/** @type {string[]} */
const faults = [];

for (const [file, names] of imports) {
  if (rank(file) < 0) faults.push(`js/${file} is in no room; expected ${ROOMS.join(" ")}`);
  for (const name of names) {
    if (imports.has(name)) {
      if (rank(name) > rank(file)) faults.push(`js/${file} imports ${name}, which is not below it`);
    } else if (!name.startsWith("node:") && !(name === PYODIDE && STAND_INS.includes(file))) {
      faults.push(`js/${file} imports ${name}, which is neither in js/ nor part of Node`);
    }
  }
}

/**
 * @param {string} file
 * @param {string[]} path how it was reached
 * @param {Set<string>} done
 */
function findCircle(file, path, done) {
  if (path.includes(file)) faults.push(`a circle: ${[...path, file].join(" imports ")}`);
  if (done.has(file) || path.includes(file)) return;
  for (const name of imports.get(file) ?? []) findCircle(name, [...path, file], done);
  done.add(file);
}
const done = /** @type {Set<string>} */ (new Set());
for (const file of files) findCircle(file, [], done);

const reached = new Set(ENTRIES);
for (const file of reached) {
  for (const name of imports.get(file) ?? []) {
    if (imports.has(name)) reached.add(name);
    else if (name !== PYODIDE)
      faults.push(`a browser's entry reaches ${file}, which imports ${name}`);
  }
}

for (const fault of faults) console.log(fault);
console.log(`rooms of js/: ${files.length} files, ${reached.size} of them for browsers`);
process.exitCode = faults.length === 0 ? 0 : 1;
