// @ts-check
// The object that install() gives: the Python module's functions as methods. Without a Python module
// (the start degraded, or uninstall() was called) every method checks its arguments and does nothing.

import { ZipImportInternalError, describeError } from "./errors.js";
import { checkPath } from "./paths.js";

/** The counters of stats(), as Python names them. */
const COUNTERS = [
  "opens",
  "reads",
  "read_bytes",
  "stats",
  "parses",
  "revalidations",
  "retries",
  "allocations",
  "compiles",
  "unmarshals",
  "inflates",
  "hits",
  "misses",
  "invalidations",
  "archives",
  "entries",
  "index_bytes",
  "directory_bytes",
];

export class Handle {
  /** @type {any} the PyProxy of the Python module, owned by this handle */
  #module;
  /** @type {(() => void) | undefined} called once, since by a second time another handle may be in use */
  #onUninstall;

  /**
   * @param {any} module a PyProxy, which the handle takes over; undefined for a degraded start
   * @param {() => void} onUninstall called once the importer is gone
   */
  constructor(module, onUninstall) {
    this.#module = module;
    this.#onUninstall = onUninstall;
  }

  get active() {
    return this.#module !== undefined;
  }

  /** @param {string} [path] */
  invalidate(path) {
    if (path === undefined) this.#call("invalidate");
    else this.#call("invalidate", checkPath(path, "invalidate"));
  }

  /** @param {string} path */
  pin(path) {
    this.#call("pin", checkPath(path, "pin"));
  }

  /** @param {string} path */
  unpin(path) {
    this.#call("unpin", checkPath(path, "unpin"));
  }

  /** @returns {import("./index.js").Stats} */
  stats() {
    const counts = this.active ? toObject(this.#call("stats")) : {};
    const named = COUNTERS.map((name) => [camelCase(name), counts[name] ?? 0]);
    return Object.fromEntries(named);
  }

  uninstall() {
    this.#call("uninstall");
    this.#module?.destroy();
    this.#module = undefined;
    this.#onUninstall?.();
    this.#onUninstall = undefined;
  }

  /**
   * @param {string} name
   * @param {unknown[]} args
   */
  #call(name, ...args) {
    return this.#module && callFunction(this.#module, name, (method) => method(...args));
  }
}

/**
 * Takes a function off a Python module, lets it be called, and lets go of it.
 *
 * @param {any} module
 * @param {string} name
 * @param {(method: any) => any} call
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
      {
        cause: error,
      },
    );
  } finally {
    method?.destroy();
  }
}

/**
 * @param {any} dict the PyProxy of a dict of numbers, used up
 * @returns {Record<string, number>}
 */
function toObject(dict) {
  try {
    return dict.toJs({ dict_converter: Object.fromEntries });
  } finally {
    dict.destroy();
  }
}

/** @param {string} name */
function camelCase(name) {
  return name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
}
