// @ts-check
// A start of Pyodide that an earlier one has prepared, with the importer installed: prepare() for programs
// that call loadPyodide() themselves, boot() for the others.

import { ZipImportUsageError, describeValue } from "./base/errors.js";
import { orAborted, readSignal } from "./base/signals.js";
import { beginInstallation, checkPyodide, installPrepared } from "./install.js";
import { Library } from "./kept/library/library.js";
import { readOptions } from "./options.js";

/** @typedef {import("./platform/platform.js").Platform} Platform */

/**
 * Begins to open the store and to read.
 *
 * @param {Platform} platform
 * @param {any} [given]
 * @param {"prepare" | "boot"} [caller] for messages
 * @returns {import("./index.js").Preparation<any>}
 */
export function prepare(platform, given = {}, caller = "prepare") {
  const { pyodide: settings, signal: givenSignal, ...rest } = Object(given);
  const signal = readSignal({ signal: givenSignal }, caller);
  const stock = checkSettings(settings, caller);
  const { options, named } = readOptions(rest, caller);
  signal?.throwIfAborted();
  const begun = beginInstallation(platform, options);
  // A snapshot is of a Python that has started already.
  const store = stock._loadSnapshot ? undefined : begun.store;
  const library = new Library(platform, store, stock);
  const own = callOwn(stock.fsInit);
  return {
    loadPyodideOptions: {
      ...stock,
      fsInit: (/** @type {any} */ fs, /** @type {any} */ info) =>
        Promise.all([own.call(fs, info), library.replace(fs)]).then(() => {}),
    },
    async finish(pyodide) {
      signal?.throwIfAborted();
      if (own.failure) throw own.failure.error;
      checkPyodide(pyodide, caller === "boot" ? "boot(): loadPyodide() gave" : "finish(): found");
      return installPrepared(platform, pyodide, { options, named, begun, library });
    },
  };
}

/**
 * @param {Platform} platform
 * @param {(options?: any) => Promise<any>} loadPyodide
 * @param {any} [given]
 * @returns {Promise<{ pyodide: any, zips: import("./index.js").Handle }>}
 */
export async function boot(platform, loadPyodide, given) {
  checkFunction(loadPyodide);
  const { loadPyodideOptions, finish } = prepare(platform, given, "boot");
  const loading = loadPyodide(loadPyodideOptions);
  const signal = given?.signal;
  const pyodide = await (signal ? orAborted(Promise.resolve(loading), signal) : loading);
  return { pyodide, zips: await finish(pyodide) };
}

/**
 * Pyodide leaves it unhandled when fsInit rejects, and starts: what the caller's does is told later.
 *
 * @param {((fs: any, info: any) => any) | null | undefined} fsInit the caller's
 */
function callOwn(fsInit) {
  const own = {
    /** @type {{ error: unknown } | undefined} */
    failure: undefined,
    /**
     * @param {any} fs
     * @param {any} info
     */
    async call(fs, info) {
      try {
        await fsInit?.(fs, info);
      } catch (error) {
        own.failure = { error };
      }
    },
  };
  return own;
}

/** @param {unknown} loadPyodide */
function checkFunction(loadPyodide) {
  if (typeof loadPyodide === "function") return;
  throw new ZipImportUsageError(
    "not-pyodide",
    `boot(): found ${describeValue(loadPyodide)}, expected Pyodide's function loadPyodide`,
  );
}

/**
 * @param {unknown} settings
 * @param {string} caller
 * @returns {Record<string, any>} without those that are not given: null is no list of packages to Pyodide
 */
function checkSettings(settings, caller) {
  if (settings === undefined) return {};
  if (typeof settings === "object" && settings !== null && !Array.isArray(settings))
    return Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined && value !== null),
    );
  throw new ZipImportUsageError(
    "bad-option",
    `${caller}(): option "pyodide": found ${describeValue(settings)}, expected an object, the options of loadPyodide`,
  );
}
