// A program of Node: the second run compiles nothing.

// Without this package: import { loadPyodide } from "pyodide";
import { loadPyodide } from "pyodide-zipimport/pyodide";
import { fileURLToPath } from "node:url";

const wheel = (name) => fileURLToPath(new URL(`../wheels/${name}`, import.meta.url));

const began = performance.now();
const pyodide = await loadPyodide();
await pyodide.loadPackage([
  wheel("mpmath-1.3.0-py3-none-any.whl"),
  wheel("sympy-1.14.0-py3-none-any.whl"),
]);
const factors = pyodide.runPython("import sympy; str(sympy.factorint(2**64 - 1))");
const ms = Math.round(performance.now() - began);
const { start, compiles, packHits } = pyodide.zipimport.stats();
console.log(`The factors are ${factors}, after ${ms} ms.`);
console.log(`Modules compiled: ${start.compiles + compiles}, found compiled: ${packHits}.`);
