// @ts-check
// What a string given by the caller names: a URL, or a path inside Pyodide's file system.

import { ZipImportUsageError, describeValue } from "./base/errors.js";
import { hasScheme } from "./base/urls.js";

/**
 * @param {unknown} path
 * @param {string} method the method it was given to, for the message
 * @returns {string} a path inside Pyodide's file system
 */
export function checkPath(path, method) {
  if (path instanceof URL || (typeof path === "string" && hasScheme(path))) {
    throw new ZipImportUsageError(
      "url-unavailable",
      `${method}(): found the URL "${path}", expected a path in Pyodide's file system`,
    );
  }
  if (typeof path !== "string" || path === "") {
    throw new ZipImportUsageError(
      "bad-path",
      `${method}(): found ${describeValue(path)}, expected the path of an archive in Pyodide's file system`,
    );
  }
  // Nothing lies there: C's strings end at the one, and UTF-8 has no form of the other.
  if (/\0|\p{Surrogate}/u.test(path)) {
    throw new ZipImportUsageError(
      "bad-path",
      `${method}(): found ${JSON.stringify(path)}, expected a path without null characters and lone surrogates`,
    );
  }
  return path;
}
