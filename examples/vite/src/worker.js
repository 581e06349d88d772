// Without this package: import { loadPyodide } from "pyodide";
import { loadPyodide } from "pyodide-zipimport/pyodide";

const served = (path) => new URL(import.meta.env.BASE_URL + path, location.href).href;

const pyodide = await loadPyodide({ indexURL: served("pyodide/") });
for (const name of ["mpmath-1.3.0-py3-none-any.whl", "sympy-1.14.0-py3-none-any.whl"])
  await pyodide.zipimport.mount(served(`wheels/${name}`), {
    onProgress: (progress) => postMessage({ progress }),
  });
onmessage = ({ data: code }) => postMessage({ result: run(code) });
postMessage({ result: "ready" });

function run(code) {
  const began = performance.now();
  let text;
  try {
    text = String(pyodide.runPython(code));
  } catch (error) {
    text = error.message;
  }
  const { start, compiles, packHits } = pyodide.zipimport.stats();
  const ms = Math.round(performance.now() - began);
  return `${text}\n${ms} ms. Modules compiled: ${start.compiles + compiles}, found compiled: ${packHits}.`;
}
