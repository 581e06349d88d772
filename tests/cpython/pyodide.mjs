// Child process: boots one Pyodide, mounts a test tree, and runs suites.py in it with the stock
// importer or with ours. The latter is started by boot(): an ordinary start where nothing is kept yet,
// else one from bytecode.
//
//   node pyodide.mjs PYODIDE_PACKAGE TREE REPORT stock|ours

import { dirname, basename, join } from "node:path";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [packageName, tree, report, importer] = process.argv.slice(2);

try {
  const { loadPyodide } = await import(`${packageName}/pyodide.mjs`);
  const pyodide = await (importer === "ours" ? startOurs(loadPyodide) : loadPyodide());
  mount(pyodide, tree, "/t");
  mount(pyodide, dirname(report), "/report");
  pyodide.FS.writeFile("/home/pyodide/suites.py", readFileSync(join(here, "suites.py")));
  pyodide.globals.set("arguments", pyodide.toPy(["/t", `/report/${basename(report)}`, importer]));
  pyodide.runPython(`
import sys
tree, report, importer = arguments
sys.path.append("/home/pyodide")
import suites
if importer == "ours":
    import pyodide_zipimport
    suites.main(tree, report, pyodide_zipimport)
else:
    suites.main(tree, report)
`);
} catch (error) {
  // Only the message: the stack of a fatal error holds Pyodide's minified source.
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
process.exit(0);

async function startOurs(loadPyodide) {
  const { boot } = await import("../../js/node.js");
  const storage = { directory: process.env.PACKS };
  const { pyodide, zips } = await boot(loadPyodide, { storage });
  const { start } = zips.stats();
  if (process.env.STARTED && start.library !== process.env.STARTED)
    throw new Error(`started from ${start.library}: ${start.reason}`);
  return pyodide;
}

function mount(pyodide, folder, at) {
  pyodide.FS.mkdir(at);
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: folder }, at);
}
