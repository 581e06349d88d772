// @ts-check
// Imports the real Pyodide for a module that stands in for it.

import { ZipImportInternalError, describeError } from "./base/errors.js";

/** @typedef {import("./stand-in.js").PyodideModule} PyodideModule */

/**
 * Where the real Pyodide may be: where `?pyodide=` on the module's own address says; else what the name
 * `pyodide` means, to an import map or to Node; else in a folder beside.
 *
 * @typedef {object} Place
 * @property {string} here the module's own address
 * @property {() => Promise<any>} importByName
 * @property {string} beside an address relative to the module's
 */

/**
 * @param {Place} place
 * @returns {Promise<PyodideModule>}
 * @throws {ZipImportInternalError} "pyodide-unreachable"
 */
export async function findPyodide({ here, importByName, beside }) {
  const named = readParameter(here);
  /** @type {string[]} */
  const failures = [];
  for (const find of named === null
    ? [() => importOther(here, importByName), () => importFrom(beside, here)]
    : [() => importFrom(named, here)]) {
    try {
      return await find();
    } catch (error) {
      failures.push(describeError(error));
    }
  }
  throw new ZipImportInternalError(
    "pyodide-unreachable",
    `pyodide-zipimport: could not import Pyodide (${failures.join("; ")}); expected the address of ` +
      "pyodide.mjs as ?pyodide=<address> on the address of this module",
  );
}

/**
 * @param {string} here
 * @param {() => Promise<any>} importByName
 */
async function importOther(here, importByName) {
  checkIsOther(import.meta.resolve?.("pyodide"), here);
  return checkModule(await importByName(), "pyodide");
}

/**
 * An import map may give this module the name of Pyodide. It would wait for itself for ever.
 *
 * @param {string | undefined} address
 * @param {string} here
 */
function checkIsOther(address, here) {
  if (address?.split("#")[0] === here.split("#")[0])
    throw new Error(`${here} is this module itself`);
}

/**
 * What `?pyodide=` says. A plus sign is one: in other queries it stands for a space.
 *
 * @param {string} here
 */
function readParameter(here) {
  const { search } = new URL(here);
  return new URLSearchParams(search.replaceAll("+", "%2B")).get("pyodide");
}

/**
 * @param {string} address of the module, or of its folder with a slash behind
 * @param {string} here what it may be relative to
 */
async function importFrom(address, here) {
  const { href } = new URL(address.endsWith("/") ? `${address}pyodide.mjs` : address, here);
  checkIsOther(href, here);
  return checkModule(await import(/* webpackIgnore: true */ /* @vite-ignore */ href), href);
}

/**
 * @param {any} module
 * @param {string} place
 * @returns {PyodideModule}
 */
function checkModule(module, place) {
  if (typeof module.loadPyodide === "function") return module;
  throw new Error(`${place} exports no function loadPyodide`);
}
