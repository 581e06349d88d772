import * as Comlink from "../node_modules/comlink/dist/esm/comlink.mjs";

// Imported here and not above: a worker that waits in an import statement loses the messages that come meanwhile.
const pyodideModule =
  "http://127.0.0.1:8002/pyodide-zipimport.mjs?pyodide=http://127.0.0.1:8001/pyodide.mjs";
const WHEELS = "http://127.0.0.1:8001/wheels/";

const ready = start();

async function start() {
  const { loadPyodide } = await import(pyodideModule);
  const pyodide = await loadPyodide();
  await pyodide.loadPackage([
    `${WHEELS}mpmath-1.3.0-py3-none-any.whl`,
    `${WHEELS}sympy-1.14.0-py3-none-any.whl`,
  ]);
  pyodide.runPython("import sympy");
  return pyodide;
}

Comlink.expose({
  async solve(equation) {
    const pyodide = await ready;
    pyodide.globals.set("equation", equation);
    return pyodide.runPython("str(sympy.solve(equation))");
  },
  async count() {
    const { start, compiles, packHits } = (await ready).zipimport.stats();
    return { compiled: start.compiles + compiles, found: packHits };
  },
});
