// One Pyodide for each test file, which Node runs in a process of its own. All of them share what was compiled.

import { loadPyodide } from "pyodide-zipimport/pyodide";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const wheel = (name) => fileURLToPath(new URL(`../wheels/${name}`, import.meta.url));

export const pyodide = await loadPyodide();
await pyodide.loadPackage([
  wheel("mpmath-1.3.0-py3-none-any.whl"),
  wheel("sympy-1.14.0-py3-none-any.whl"),
]);

after(() => {
  const { start, compiles, packHits } = pyodide.zipimport.stats();
  console.log(`Modules compiled: ${start.compiles + compiles}, found compiled: ${packHits}.`);
});
