// @ts-check
// The two classes of error this package raises, and how an unknown error is described in one line.

/** The caller's fault: an argument that cannot be used. Nothing has been changed. */
export class ZipImportUsageError extends TypeError {
  /**
   * @param {import("../index.js").UsageErrorCode} code
   * @param {string} message what was found, what was expected, the likely cause
   */
  constructor(code, message) {
    super(message);
    this.name = "ZipImportUsageError";
    this.code = code;
  }
}

/** Ours, or the environment's: what was asked for is right and could not be done. */
export class ZipImportInternalError extends Error {
  /**
   * @param {import("../index.js").InternalErrorCode} code
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "ZipImportInternalError";
    this.code = code;
  }
}

/**
 * One line for an error of any origin. Pyodide's PythonError carries a whole traceback, whose last
 * line is the exception itself; its file system throws objects that have a number for a message.
 *
 * @param {unknown} error
 */
export function describeError(error) {
  let line;
  try {
    const { name, message, errno } = Object(error);
    const text = message || (errno === undefined ? String(error) : `${name} ${errno}`);
    line = String(text).trim().split("\n").at(-1);
  } catch {
    // Anything can be thrown, also what has no text, or fails when it is asked for it.
  }
  return line || "unknown error";
}

/**
 * A value as an error message shows it: short, and never by running the value's own code.
 *
 * @param {unknown} value
 */
export function describeValue(value) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "an array" : "an object";
    case "function":
      return "a function";
    default:
      return String(value);
  }
}
