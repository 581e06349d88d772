// @ts-check
// This file knows how to make a Pyodide import the side module as the Python module
// `pyodide_zipimport`. The library is linked asynchronously first; Python's own import of it then
// finds it linked, and compiles nothing while the caller waits.

import { ZipImportInternalError, describeError } from "./errors.js";

const MODULE_NAME = "pyodide_zipimport";
// A folder of its own that is not on sys.path: the module is loaded by an explicit spec, and what
// stands beside it cannot be imported by accident.
const FOLDER = "/lib/pyodide_zipimport";
const PATH = `${FOLDER}/pyodide_zipimport.abi3.so`;
const NAMES = { name: MODULE_NAME, path: PATH };

const FIND = `
import sys
result = sys.modules.get(name)
`;

const LOAD = `
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location

spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, path))
module = sys.modules[name] = module_from_spec(spec)
try:
    spec.loader.exec_module(module)
except BaseException:
    del sys.modules[name]
    raise
result = module
`;

/**
 * The versions whose loaders and ABI the side module is tested with.
 *
 * @param {string} version
 */
export function isSupported(version) {
  return /^(0\.(27|28|29)|314|315)(?!\d)/.test(version);
}

/**
 * The Python module, loaded unless this Pyodide has it already.
 *
 * @param {any} pyodide
 * @param {() => ReturnType<typeof import("./wasm-file.js").readWasmFile>} readWasm
 * @returns {Promise<any>} a PyProxy, the caller's to destroy
 * @throws {ZipImportInternalError}
 */
export async function loadPythonModule(pyodide, readWasm) {
  const loaded = runApart(pyodide, FIND, NAMES);
  if (loaded) return loaded;
  const { bytes, module } = await readWasm();
  try {
    checkImports(pyodide, module);
    pyodide.FS.mkdirTree(FOLDER);
    pyodide.FS.writeFile(PATH, bytes, { canOwn: true });
    await linkLibrary(pyodide);
    return runApart(pyodide, LOAD, NAMES);
  } catch (error) {
    // Emscripten keeps a library that failed to link, and would take it for a good one next time.
    delete pyodide._module?.LDSO?.loadedLibsByName?.[PATH];
    throw new ZipImportInternalError(
      "load-failed",
      `Pyodide ${pyodide.version} could not load the side module (${describeError(error)})`,
      { cause: error },
    );
  }
}

/**
 * Emscripten links a function that is missing to a stub, whose call would end the interpreter.
 *
 * @param {any} pyodide
 * @param {WebAssembly.Module} module
 */
function checkImports(pyodide, module) {
  const offered = pyodide._module.LDSO.loadedLibsByName.__main__.exports;
  const missing = WebAssembly.Module.imports(module)
    .filter(({ kind, name }) => kind === "function" && !(name in offered))
    .map(({ name }) => name);
  if (missing.length > 0) throw new Error(`it lacks ${missing.join(", ")}`);
}

/** @param {any} pyodide */
async function linkLibrary(pyodide) {
  if (!pyodide.version.startsWith("0.27.")) {
    await pyodide._api.loadDynlib(PATH);
    return;
  }
  // 0.27's own loader prints some failures instead of throwing them, and tolerates missing symbols.
  const flags = { loadAsync: true, nodelete: true, global: false, fs: pyodide.FS };
  await pyodide._module.loadDynamicLibrary(PATH, flags, {});
}

/**
 * Runs a piece of Python in a namespace of its own, so that the user's stays as it is. By exec(): for the
 * value of a last expression, which nobody wants here, runPython() takes its code through Python's ast
 * module, several milliseconds of a start.
 *
 * @param {any} pyodide
 * @param {string} code
 * @param {Record<string, unknown>} names what it finds there
 * @returns {any} what it leaves there as `result`
 */
export function runApart(pyodide, code, names) {
  const globals = pyodide.toPy(names);
  const builtins = pyodide.pyimport("builtins");
  try {
    builtins.exec(code, globals);
    return globals.get("result");
  } finally {
    builtins.destroy();
    globals.destroy();
  }
}
