// @ts-check
// A start of Pyodide that an earlier one has prepared, with the importer installed: prepare() for programs
// that call loadPyodide() themselves, boot() for the others.

import { ZipImportUsageError, describeValue } from "./base/errors.js";
import { checkOptions } from "./base/option-rules.js";
import { orAborted, readSignal, throwIfAborted } from "./base/signals.js";
import { beginInstallation, checkPyodide, giveUp, installPrepared } from "./install.js";
import { Library } from "./kept/library/library.js";
import { readOptions } from "./options.js";
import { EarlyFiles, checkOnProgress, throwIfOver } from "./packages/fetch.js";
import { packagesOf } from "./packages/packages.js";
import { installationOf } from "./registry.js";

/** @typedef {import("./platform/platform.js").Platform} Platform */
/** @typedef {"prepare" | "boot" | "loadPyodide"} Caller for messages */

/**
 * Begins to open the store and to read.
 *
 * @param {Platform} platform
 * @param {any} [given]
 * @param {Caller} [caller]
 * @returns {import("./index.js").Preparation<any>}
 */
export function prepare(platform, given, caller = "prepare") {
  return begin(platform, given, caller).preparation;
}

/**
 * @param {Platform} platform
 * @param {any} given
 * @param {Caller} caller
 */
function begin(platform, given = {}, caller) {
  checkOptions(given, caller);
  const { pyodide: settings, signal: givenSignal, onProgress, ...rest } = given;
  const signal = readSignal({ signal: givenSignal }, caller);
  const watch = { onProgress: checkOnProgress(onProgress, caller), signal };
  const { packages, ...others } = checkSettings(settings, caller);
  const { options, named } = readOptions(platform, rest, caller);
  throwIfAborted(signal);
  // What loadPyodide() itself loads would be there before us.
  const names = options.mountPackages && packages ? [packages].flat() : [];
  const stock = names.length > 0 || !packages ? others : { ...others, packages };
  const early = names.length > 0 ? new EarlyFiles(platform, stock, names, watch) : undefined;
  const begun = beginInstallation(platform, options);
  // A snapshot is of a Python that has started already.
  const store = stock._loadSnapshot ? undefined : begun.store;
  const library = new Library(platform, store, stock);
  const fsInit = callOwn(stock.fsInit);
  /** Makes an ordinary one of a Pyodide that is not to have our importer. */
  const leaveAlone = (/** @type {any} */ pyodide) => {
    if (pyodide?.FS && library.isFor(pyodide)) library.settle(pyodide, "", false);
  };
  /** @type {import("./index.js").Preparation<any>} */
  const preparation = {
    loadPyodideOptions: {
      ...stock,
      fsInit: (/** @type {any} */ fs, /** @type {any} */ info) =>
        Promise.all([fsInit.call(fs, info), library.replace(fs)]).then(() => {}),
    },
    async finish(pyodide) {
      try {
        throwIfAborted(signal);
        if (fsInit.failure) throw fsInit.failure.error;
      } catch (error) {
        leaveAlone(pyodide);
        throw error;
      }
      checkPyodide(
        pyodide,
        caller === "prepare" ? "finish(): found" : `${caller}(): loadPyodide() gave`,
      );
      const own = library.isFor(pyodide) ? library : undefined;
      const isNew = !installationOf(pyodide);
      const prepared = { options, named, begun, library: own };
      const installing = installPrepared(platform, pyodide, prepared);
      const installation = installationOf(pyodide);
      try {
        const handle = await orAborted(installing, signal);
        if (early) await orAborted(loadPackages(pyodide, names, early, watch), signal);
        return handle;
      } catch (error) {
        // What was given up may come yet: then it is taken back.
        if (isNew && installation) giveUp(installation);
        throw error;
      }
    },
  };
  return { preparation, fsInit, leaveAlone };
}

/**
 * @param {Platform} platform
 * @param {(options?: any) => Promise<any>} loadPyodide
 * @param {any} [given]
 * @param {Caller} [caller]
 * @returns {Promise<{ pyodide: any, zips: import("./index.js").Handle }>}
 */
export async function boot(platform, loadPyodide, given, caller = "boot") {
  checkFunction(loadPyodide);
  const { preparation, fsInit, leaveAlone } = begin(platform, given, caller);
  const signal = given?.signal;
  let loading, pyodide;
  try {
    loading = loadPyodide(preparation.loadPyodideOptions);
    pyodide = await orAborted(Promise.resolve(loading), signal);
  } catch (error) {
    if (signal?.aborted) Promise.resolve(loading).then(leaveAlone, () => {});
    // What fails after the caller's fsInit may have failed because of it.
    throw fsInit.failure && !signal?.aborted ? fsInit.failure.error : error;
  }
  return { pyodide, zips: await preparation.finish(pyodide) };
}

/**
 * Loads packages as loadPyodide() does: without a word, but for what goes wrong.
 *
 * @param {any} pyodide
 * @param {string[]} names
 * @param {EarlyFiles} early
 * @param {import("./packages/fetch.js").Watch} watch
 */
async function loadPackages(pyodide, names, early, watch) {
  const endOffer = await packagesOf(pyodide)?.offer(early);
  try {
    await pyodide.loadPackage(names, { messageCallback() {}, ...watch });
  } finally {
    endOffer?.();
  }
  throwIfOver(watch);
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
