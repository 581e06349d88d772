// @ts-check
// Checks the layers of src/: an #include points into its own folder or into a layer below. Python's
// headers need no check here: the Makefile gives their include path to src/python alone.
//
//   node wasm/check-layers.mjs

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const LAYERS = ["base", "zip", "cache", "python"];
const source = fileURLToPath(new URL("../src", import.meta.url));

/**
 * How high a file of src/ stands; files outside the layers' folders stand beside src/python.
 *
 * @param {string} file relative to src/
 */
function rank(file) {
  const layer = LAYERS.indexOf(dirname(file).split("/")[0]);
  return layer === -1 ? LAYERS.length - 1 : layer;
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) =>
  /\.[ch]$/.test(file),
);
let includeCount = 0;
let faultCount = 0;
for (const file of files) {
  const text = readFileSync(join(source, file), "utf8");
  for (const [, included] of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    const target = relative(source, normalize(join(source, dirname(file), included)));
    includeCount++;
    if (target.startsWith("..") || rank(target) > rank(file)) {
      console.log(`src/${file} includes ${target}, which is not below it`);
      faultCount++;
    }
  }
}
console.log(`include layers: ${includeCount} includes in ${files.length} files point down`);
process.exitCode = faultCount === 0 ? 0 : 1;
