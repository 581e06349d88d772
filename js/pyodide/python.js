// @ts-check
// Calls into Python that leave nothing behind: no name in the user's namespace, no PyProxy alive. Seen in
// 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `toPy`, `pyimport` and PyProxy's `destroy`, `toJs`.

import { ZipImportInternalError, describeError } from "../base/errors.js";

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

/**
 * Takes a function off our Python module, lets it be called, and lets go of it.
 *
 * @param {any} module the PyProxy of the Python module
 * @param {string} name
 * @param {(method: any) => any} call
 * @throws {ZipImportInternalError} "python-failed"
 */
export function callFunction(module, name, call) {
  let method;
  try {
    method = module[name];
    return call(method);
  } catch (error) {
    throw new ZipImportInternalError(
      "python-failed",
      `pyodide_zipimport.${name}() failed: ${describeError(error)}`,
      { cause: error },
    );
  } finally {
    method?.destroy();
  }
}

/**
 * @param {any} proxy used up
 * @returns {any} its value in JavaScript, dicts as objects
 */
export function takeValue(proxy) {
  try {
    return proxy.toJs({ dict_converter: Object.fromEntries });
  } finally {
    proxy.destroy();
  }
}

/**
 * False once Pyodide has exited or failed fatally: then nothing of it may be called. Seen in 0.27.8 to
 * 315.0.0-alpha.2: after a fatal error every property of the Pyodide object throws.
 *
 * @param {any} pyodide
 */
export function isAlive(pyodide) {
  try {
    return Boolean(pyodide.FS);
  } catch {
    return false;
  }
}
