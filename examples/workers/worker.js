import { loadPyodide } from "http://127.0.0.1:8002/pyodide-zipimport.mjs?pyodide=http://127.0.0.1:8001/pyodide.mjs";

const WHEELS = "http://127.0.0.1:8001/wheels/";

const pyodide = await loadPyodide();
await pyodide.loadPackage([
  `${WHEELS}mpmath-1.3.0-py3-none-any.whl`,
  `${WHEELS}sympy-1.14.0-py3-none-any.whl`,
]);
pyodide.runPython("import sympy");
const stats = pyodide.zipimport?.stats();
postMessage(
  stats
    ? `compiled ${stats.start.compiles + stats.compiles} modules, found ${stats.packHits} compiled,`
    : "compiled what it imported",
);
