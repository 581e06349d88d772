// @ts-check
// Makes a Pyodide import the side module as the Python module `pyodide_zipimport`. The library is linked
// asynchronously first; Python's own import of it then finds it linked, and compiles nothing while the
// caller waits.
//
// Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `_module.LDSO.loadedLibsByName`, with the
// main module's exports under `__main__`; Emscripten's `_module.loadWebAssemblyModule`, which takes a compiled
// module too, and `_module.preloadedWasm`; `_api.config`, which has loadPyodide()'s options, `_makeSnapshot` and
// `_loadSnapshot` among them.

import { ZipImportInternalError, describeError } from "../base/errors.js";
import { VERSION } from "../base/version.js";
import { giveFile, sideModule } from "./files.js";
import { loadLibrary } from "./libraries.js";
import { runApart } from "./python.js";

const NAME = "pyodide_zipimport";

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

const DROP = `
import gc, sys
sys.modules.pop(name, None)
gc.collect()
`;

/**
 * The Python module, loaded unless this Pyodide has it already.
 *
 * @param {any} pyodide
 * @param {() => Promise<import("./wasm-file.js").WasmFile>} readWasm
 * @returns {Promise<any>} a PyProxy, the caller's to destroy
 * @throws {ZipImportInternalError}
 */
export async function loadPythonModule(pyodide, readWasm) {
  const loaded = runApart(pyodide, FIND, { name: NAME });
  const module = loaded ?? (await load(pyodide, await readWasm()));
  try {
    checkVersion(module.__version__, loaded ? "a loaded side module" : "the side module");
  } catch (error) {
    module.destroy();
    throw error;
  }
  return module;
}

/**
 * Lets go of the Python module. It stays loaded, for Python code that uses it and for the next install(), but
 * in a Pyodide of which a memory snapshot is to be made: what comes out of that has no functions of ours,
 * and its first garbage collection would call them.
 *
 * @param {any} pyodide
 * @param {any} module a PyProxy
 */
export function releasePythonModule(pyodide, module) {
  module.destroy();
  if (pyodide._api?.config?._makeSnapshot) runApart(pyodide, DROP, { name: NAME });
}

/**
 * @param {any} pyodide
 * @returns {string} where the file of the side module is to be
 */
function choosePath(pyodide) {
  // What came out of a snapshot believes that it has loaded the files which were loaded there.
  const isRestored = pyodide._api?.config?._loadSnapshot;
  return sideModule(isRestored ? `-${Math.random().toString(36).slice(2)}` : "");
}

/**
 * The side module's own functions, for calls that do not pass through Python.
 *
 * @typedef {object} Library
 * @property {Record<string, (...args: number[]) => number>} exports
 * @property {() => Uint8Array} memory Pyodide's, as it is now: it moves when it grows
 */

/**
 * @param {any} pyodide
 * @param {any} module the PyProxy of the Python module
 * @returns {Library}
 */
export function findLibrary({ _module: main }, module) {
  const { exports } = main.LDSO.loadedLibsByName[module.__file__];
  return { exports, memory: () => main.HEAPU8 };
}

/**
 * @param {any} pyodide
 * @param {import("./wasm-file.js").WasmFile} file
 */
async function load(pyodide, { bytes, module }) {
  // Before it is loaded: what was loaded once, Pyodide keeps.
  const [section] = WebAssembly.Module.customSections(module, NAME);
  if (section) checkVersion(new TextDecoder().decode(section), "the side module");
  const path = choosePath(pyodide);
  try {
    checkImports(pyodide, module);
    giveFile(pyodide.FS, path, bytes);
    await linkLibrary(pyodide, module, path);
    return runApart(pyodide, LOAD, { name: NAME, path });
  } catch (error) {
    // Emscripten keeps a library that failed to link, and would take it for a good one next time.
    delete pyodide._module?.LDSO?.loadedLibsByName?.[path];
    throw new ZipImportInternalError(
      "load-failed",
      `Pyodide ${pyodide.version} could not load the side module (${describeError(error)})`,
      { cause: error },
    );
  }
}

/**
 * @param {unknown} version
 * @param {string} what it is of
 */
function checkVersion(version, what) {
  if (version === VERSION) return;
  throw new ZipImportInternalError(
    "version-mismatch",
    `found ${what} of version ${version}, expected ${VERSION}, as the JavaScript has it; ` +
      "parts of two releases are mixed, by a cache perhaps",
  );
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

/**
 * Pyodide's loaders take what was instantiated before, and then compile nothing.
 *
 * @param {any} pyodide
 * @param {WebAssembly.Module} module
 * @param {string} path
 */
async function linkLibrary(pyodide, module, path) {
  const { loadWebAssemblyModule, preloadedWasm } = pyodide._module;
  const flags = { loadAsync: true, nodelete: true };
  try {
    preloadedWasm[path] = await loadWebAssemblyModule(module, flags, path, {});
  } catch {
    // It instantiates at once, which an engine may refuse on a page's thread. Then the loader compiles the
    // file itself; what is wrong otherwise it finds too.
  }
  try {
    await loadLibrary(pyodide, path);
  } finally {
    delete preloadedWasm[path];
  }
}
