// @ts-check
// Remembers which Pyodide has which handle: on the Pyodide object itself, so that two copies of this package
// on one page, of whatever version, know of each other.

const KEY = Symbol.for("pyodide-zipimport");

/**
 * @typedef {object} Installation
 * @property {import("./options.js").Options} options
 * @property {Promise<any>} handle
 */

/**
 * @param {any} pyodide
 * @returns {Installation | undefined}
 */
export function installationOf(pyodide) {
  return pyodide[KEY];
}

/**
 * @param {any} pyodide
 * @param {Installation} installation
 */
export function remember(pyodide, installation) {
  Object.defineProperty(pyodide, KEY, { value: installation, configurable: true });
}

/**
 * @param {any} pyodide
 * @param {Installation} installation unless another has taken its place
 */
export function forget(pyodide, installation) {
  try {
    if (pyodide[KEY] === installation) delete pyodide[KEY];
  } catch {
    // It has ended, and throws whatever is asked of it.
  }
}
