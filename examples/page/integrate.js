// What this page uses Python for, with whichever loadPyodide() it is given.

const WHEELS = "http://127.0.0.1:8001/wheels/";

export async function integrate(loadPyodide) {
  const began = performance.now();
  const pyodide = await loadPyodide();
  await pyodide.loadPackage([
    `${WHEELS}mpmath-1.3.0-py3-none-any.whl`,
    `${WHEELS}sympy-1.14.0-py3-none-any.whl`,
  ]);
  const integral = pyodide.runPython(`
import sympy
x = sympy.Symbol("x")
str(sympy.integrate(sympy.exp(-x**2), (x, -sympy.oo, sympy.oo)))`);
  const ms = Math.round(performance.now() - began);
  return `The integral is ${integral}, after ${ms} ms.\n${describe(pyodide.zipimport)}`;
}

function describe(zips) {
  if (!zips) return "Python compiled what it imported.";
  const { start, compiles, packHits } = zips.stats();
  return `Modules compiled: ${start.compiles + compiles}, found compiled: ${packHits}.`;
}
