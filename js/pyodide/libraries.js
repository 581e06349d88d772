// @ts-check
// Dynamic libraries: loads one asynchronously, as an engine may want for a large one on a page's thread.
//
// Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `_module.LDSO.loadedLibsByName`; from 0.28 on
// `_api.loadDynlib`; in 0.27 Emscripten's `_module.loadDynamicLibrary`.

import { runApart, takeValue } from "./python.js";

const SUFFIXES = `
import _imp
result = _imp.extension_suffixes()
`;

/**
 * @param {any} pyodide
 * @returns {string[]} how names of extension modules end that this Pyodide imports
 */
export function extensionSuffixes(pyodide) {
  return [...takeValue(runApart(pyodide, SUFFIXES, {}))];
}

/**
 * @param {any} pyodide
 * @param {string} path
 */
export function isLibraryLoaded({ _module: { LDSO } }, path) {
  return path in LDSO.loadedLibsByName;
}

/**
 * Loads a library, which an import finds loaded then.
 *
 * @param {any} pyodide
 * @param {string} path in its file system
 * @throws what the loader throws. The library counts as not loaded then: Emscripten keeps one that failed,
 *   and would take it for a good one next time
 */
export async function loadLibrary(pyodide, path) {
  const { LDSO, loadDynamicLibrary } = pyodide._module;
  try {
    if (!pyodide.version.startsWith("0.27.")) {
      await pyodide._api.loadDynlib(path);
    } else {
      // 0.27's own loader prints some failures instead of throwing them, and tolerates missing symbols.
      const flags = { loadAsync: true, nodelete: true, global: false, fs: pyodide.FS };
      await loadDynamicLibrary(path, flags, {});
    }
  } catch (error) {
    delete LDSO.loadedLibsByName[path];
    throw error;
  }
}
