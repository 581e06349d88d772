// @ts-check
// Checks the built side module: it exports exactly what wasm/exports.txt lists, imports only what
// wasm/imports.txt allows and every supported Pyodide exports, and stays within its size.
//
//   node wasm/check-symbols.mjs MODULE.wasm

import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MAX_BYTES = 96 * 1024;
const MAX_GZIPPED_BYTES = 42.25 * 1024;

// What Emscripten's loader itself hands to any side module.
const LOADER_IMPORTS = new Set([
  "__indirect_function_table",
  "__memory_base",
  "__stack_pointer",
  "__table_base",
  "memory",
]);

/**
 * The names in a list file: one a line, without blank lines and comments.
 *
 * @param {string} file
 */
function readNames(file) {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return new Set(lines.filter((line) => line !== ""));
}

/** The names that each installed Pyodide's main module exports, by the Pyodide's name. */
function readPyodides() {
  const packages = new URL("../node_modules/", import.meta.url);
  const names = readdirSync(packages).filter((name) => name.startsWith("pyodide-"));
  return names.map((name) => {
    const main = new WebAssembly.Module(
      readFileSync(new URL(`${name}/pyodide.asm.wasm`, packages)),
    );
    return { name, exports: new Set(WebAssembly.Module.exports(main).map(({ name }) => name)) };
  });
}

const path = process.argv[2];
const bytes = readFileSync(path);
const wasm = new WebAssembly.Module(bytes);
// The same symbol may come as a function, as an address ("GOT.mem") and as a table slot
// ("GOT.func"): one name, one permission.
const imports = new Set(
  WebAssembly.Module.imports(wasm)
    .map(({ name }) => name)
    .filter((name) => !LOADER_IMPORTS.has(name)),
);
const exports = new Set(WebAssembly.Module.exports(wasm).map(({ name }) => name));
const allowedImports = readNames("imports.txt");
const listedExports = readNames("exports.txt");
const pyodides = readPyodides();
const gzippedBytes = gzipSync(bytes, { level: 9 }).length;

const faults = [
  ...[...imports]
    .filter((name) => !allowedImports.has(name))
    .map((name) => `imports ${name}, which wasm/imports.txt does not allow`),
  ...[...exports]
    .filter((name) => !listedExports.has(name))
    .map((name) => `exports ${name}, which wasm/exports.txt does not list`),
  ...[...listedExports]
    .filter((name) => !exports.has(name))
    .map((name) => `does not export ${name}, which wasm/exports.txt lists`),
  ...pyodides.flatMap((pyodide) =>
    [...imports]
      .filter((name) => !pyodide.exports.has(name))
      .map((name) => `imports ${name}, which ${pyodide.name} does not export`),
  ),
];
if (bytes.length > MAX_BYTES) faults.push(`has ${bytes.length} bytes, more than ${MAX_BYTES}`);
if (gzippedBytes > MAX_GZIPPED_BYTES)
  faults.push(`has ${gzippedBytes} bytes gzipped, more than ${MAX_GZIPPED_BYTES}`);

for (const fault of faults) console.log(`${path} ${fault}`);
console.log(
  `wasm module: ${exports.size} exports, ${imports.size} imports found in ${pyodides.length} Pyodides, ${bytes.length} bytes, ${gzippedBytes} gzipped`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
