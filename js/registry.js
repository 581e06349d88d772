// @ts-check
// Remembers which Pyodide has which handle: on the Pyodide object itself, so that two copies of this package
// on one page, of whatever version, know of each other. Of an object that takes no more properties, or keeps
// those that it has, only this copy knows.

const KEY = Symbol.for("pyodide-zipimport");

/**
 * @typedef {object} Installation
 * @property {import("./options.js").Options} options
 * @property {Promise<any>} handle
 * @property {import("./kept/packs/packs.js").Packs} [packs] none where bytecode is not kept
 * @property {import("./kept/library/library.js").Library} [library] that the Pyodide was started from
 * @property {boolean} [isShared] somebody else has asked for the handle too
 * @property {boolean} [isOver] the handle was uninstalled, or is about to be
 * @property {Promise<void>} [ending] then until when
 */

/** @type {WeakMap<object, Installation>} */
const frozen = new WeakMap();

/**
 * @param {any} pyodide
 * @returns {Installation[]} those that are noted, also such as are over
 */
function noted(pyodide) {
  return [pyodide[KEY], frozen.get(pyodide)].filter((each) => each);
}

/**
 * @param {any} pyodide
 * @returns {Installation | undefined}
 */
export function installationOf(pyodide) {
  return noted(pyodide).find((each) => !each.isOver);
}

/**
 * @param {any} pyodide
 * @returns {Promise<void> | undefined} until when one that was given up is still there
 */
export function endingOf(pyodide) {
  return noted(pyodide).find((each) => each.ending)?.ending;
}

/**
 * @param {any} pyodide
 * @param {Installation} installation
 */
export function remember(pyodide, installation) {
  try {
    Object.defineProperty(pyodide, KEY, { value: installation, configurable: true });
  } catch {
    frozen.set(pyodide, installation);
  }
}

/**
 * @param {any} pyodide
 * @param {Installation} installation
 */
export function forget(pyodide, installation) {
  installation.isOver = true;
  try {
    // Unless another has taken its place.
    if (pyodide[KEY] === installation) delete pyodide[KEY];
  } catch {
    // It has ended, and throws whatever is asked of it; or it is frozen.
  }
}
