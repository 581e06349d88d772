// @ts-check
// Makes what a module exports that stands in for Pyodide's own: `loadPyodide` and `version`, with boot() inside.

import { ZipImportUsageError, describeValue } from "./base/errors.js";
import { isObject } from "./base/option-rules.js";
import { makeURL } from "./base/urls.js";
import { boot } from "./boot.js";

/** @typedef {import("./platform/platform.js").Platform} Platform */
/** @typedef {{ loadPyodide: (options?: any) => Promise<any>, version: string }} PyodideModule */

/**
 * @param {Platform} platform
 * @param {PyodideModule} real
 * @param {string} here the address of the module that stands in for it
 * @returns {PyodideModule}
 */
export function standInFor(platform, real, here) {
  return {
    version: real.version,
    async loadPyodide(given) {
      const { zipimport, ...settings } = given ?? {};
      if (isGuess(platform, settings.indexURL, here)) delete settings.indexURL;
      const options = { ...checkOwn(zipimport), pyodide: settings };
      const { pyodide, zips } = await boot(platform, real.loadPyodide, options, "loadPyodide");
      if (Object.isExtensible(pyodide))
        Object.defineProperty(pyodide, "zipimport", { value: zips, configurable: true });
      return pyodide;
    },
  };
}

/** @param {any} zipimport */
function checkOwn(zipimport = {}) {
  if (isObject(zipimport) && !("pyodide" in zipimport)) return zipimport;
  const found = isObject(zipimport) ? `one with "pyodide" in it` : describeValue(zipimport);
  throw new ZipImportUsageError(
    "bad-option",
    `loadPyodide(): option "zipimport": found ${found}, expected an object with options of install(); ` +
      "those of Pyodide stand beside it",
  );
}

/**
 * Clients that are told where Pyodide's module is take what stands before the last slash for the folder of
 * its files. Of this module's address that is this module's folder, or the address itself as far as some slash
 * in its query. Without an indexURL Pyodide knows its own folder.
 *
 * @param {Platform} platform
 * @param {unknown} indexURL
 * @param {string} here
 */
function isGuess(platform, indexURL, here) {
  // A bundle that is no module has no address.
  if (typeof indexURL !== "string" || !URL.canParse(here)) return false;
  const own = new URL(here);
  const url = resolve(platform, indexURL, here);
  if (url?.protocol !== own.protocol || url.host !== own.host) return false;
  const folder = own.pathname.slice(0, own.pathname.lastIndexOf("/"));
  return [own.pathname, folder, `${folder}/`].includes(url.pathname);
}

/**
 * @param {Platform} platform
 * @param {string} indexURL
 * @param {string} here
 */
function resolve(platform, indexURL, here) {
  for (const fromPath of [platform.toURL, (/** @type {string} */ path) => new URL(path, here)]) {
    try {
      return makeURL(indexURL, fromPath);
    } catch {
      // A worker that was made of a Blob has no address that anything is relative to.
    }
  }
  return undefined;
}
