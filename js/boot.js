// @ts-check
// boot(): a start of Pyodide that an earlier one has prepared, with the importer installed.

import { ZipImportUsageError, describeValue } from "./base/errors.js";
import { beginInstallation, installBegun } from "./install.js";
import { Library } from "./kept/library/library.js";
import { readOptions } from "./options.js";

/**
 * @param {import("./platform/platform.js").Platform} platform
 * @param {(options?: any) => Promise<any>} loadPyodide
 * @param {import("./index.js").BootOptions} [given]
 * @returns {Promise<{ pyodide: any, zips: import("./index.js").Handle }>}
 */
export async function boot(platform, loadPyodide, given = {}) {
  checkFunction(loadPyodide);
  const { pyodide: settings = {}, ...rest } = Object(given);
  checkSettings(settings);
  const { options } = readOptions(rest, "boot");
  const { packages = [], fsInit, ...others } = settings;

  const begun = beginInstallation(platform, options);
  // A snapshot is of a Python that has started already.
  const library = new Library(platform, settings._loadSnapshot ? undefined : begun.store, settings);
  const pyodide = await loadPyodide({
    ...others,
    fsInit: (/** @type {any} */ fs, /** @type {any} */ info) =>
      Promise.all([fsInit?.(fs, info), library.replace(fs)]),
  });
  const zips = await installBegun(platform, pyodide, options, { ...begun, library });
  // As loadPyodide() loads them, but through the importer.
  if (packages.length > 0) await pyodide.loadPackage(packages, { messageCallback() {} });
  return { pyodide, zips };
}

/** @param {unknown} loadPyodide */
function checkFunction(loadPyodide) {
  if (typeof loadPyodide === "function") return;
  throw new ZipImportUsageError(
    "not-pyodide",
    `boot(): found ${describeValue(loadPyodide)}, expected Pyodide's function loadPyodide`,
  );
}

/** @param {unknown} settings */
function checkSettings(settings) {
  if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) return;
  throw new ZipImportUsageError(
    "bad-option",
    `boot(): option "pyodide": found ${describeValue(settings)}, expected an object, the options of loadPyodide`,
  );
}
