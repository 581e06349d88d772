// @ts-check
// Errors of Pyodide's file system, which are no Error: they have no message, and no path. Seen in 0.27.8, 0.28.3,
// 0.29.5, 314.0.7 and 315.0.0-alpha.2: `FS.ErrnoError` with `errno`.

import { runApart } from "./python.js";

const DESCRIBE = `
import os
result = str(OSError(errno, os.strerror(errno), path))
`;

/**
 * Does something with a file.
 *
 * @template T
 * @param {any} pyodide
 * @param {string} path of the file, for the message
 * @param {() => T} work
 * @returns {T}
 * @throws {Error} with the text of Python's OSError where the file system refuses it
 */
export function asOSError(pyodide, path, work) {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof pyodide.FS.ErrnoError)) throw error;
    const { errno } = /** @type {any} */ (error);
    throw new Error(runApart(pyodide, DESCRIBE, { errno, path }), { cause: error });
  }
}
