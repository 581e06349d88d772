// @ts-check
// The object that install() gives: the Python module's functions as methods. Without a Python module
// (the start degraded, or uninstall() was called) every method checks its arguments and does nothing.

import { ZipImportInternalError, describeError } from "./errors.js";
import { checkPath } from "./paths.js";
import { formatTrace, readTraceOptions } from "./trace.js";

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
  "writes",
  "write_bytes",
  "pack_hits",
  "pack_misses",
  "pack_other_source",
  "pack_other_magic",
  "pack_damaged",
  "pack_loads",
  "packs_refused",
  "pack_bytes",
  "pack_writes",
];

export class Handle {
  /** @type {any} the PyProxy of the Python module, owned by this handle */
  #module;
  /** @type {import("./packs.js").Packs | undefined} */
  #packs;
  /** @type {import("./library.js").Library | undefined} */
  #library;
  /** @type {(() => void) | undefined} called once, since by a second time another handle may be in use */
  #onUninstall;

  /**
   * @param {any} module a PyProxy, which the handle takes over; undefined for a degraded start
   * @param {() => void} onUninstall called once the importer is gone
   * @param {object} kept
   * @param {import("./packs.js").Packs} [kept.packs] none where bytecode is not kept
   * @param {import("./library.js").Library} [kept.library] that boot() started from
   */
  constructor(module, onUninstall, { packs, library }) {
    this.#module = module;
    this.#packs = packs;
    this.#library = library;
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
    const storage = this.#packs?.describe();
    const start = this.#library?.describe();
    return { ...Object.fromEntries(named), ...(storage && { storage }), ...(start && { start }) };
  }

  /**
   * @param {object} [options]
   * @returns {any} see the overloads in index.d.ts
   */
  trace(options) {
    const { on, format } = readTraceOptions(options);
    const records = this.active ? traceInPython(this.#module, on) : [];
    return formatTrace(records, format);
  }

  async flush() {
    await this.#packs?.flush();
  }

  /** @param {string} [path] */
  async clear(path) {
    await this.#packs?.clear(path === undefined ? path : checkPath(path, "clear"));
  }

  uninstall() {
    this.#call("uninstall");
    this.#packs?.close();
    this.#packs = undefined;
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
 * @param {any} module
 * @param {boolean | undefined} on
 * @returns {any[]}
 */
function traceInPython(module, on) {
  const list = callFunction(module, "trace", (method) => method.callKwargs({ on }));
  try {
    return list.toJs({ dict_converter: Object.fromEntries });
  } finally {
    list.destroy();
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
