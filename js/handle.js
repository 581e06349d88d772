// @ts-check
// The object that install() gives: the Python module's functions as methods. Without a Python module
// (the start degraded, or uninstall() was called) every method checks its arguments and does nothing.

import { defineDisposal } from "./base/disposal.js";
import { ZipImportInternalError } from "./base/errors.js";
import { readSignal, throwIfAborted } from "./base/signals.js";
import { nameCounters } from "./counters.js";
import { checkPath } from "./paths.js";
import { callFunction, isAlive, takeValue } from "./pyodide/python.js";
import { releasePythonModule } from "./pyodide/side-module.js";
import { formatTrace, readSwitch, readTraceFormat } from "./trace.js";

export class Handle {
  #pyodide;
  /** @type {any} the PyProxy of the Python module, owned by this handle */
  #module;
  /** @type {import("./kept/packs/packs.js").Packs | undefined} */
  #packs;
  #describeStart;
  /** @type {import("./packages/packages.js").Packages | undefined} */
  #packages;
  #mounts;
  /** @type {(() => void) | undefined} called once, since by a second time another handle may be in use */
  #onUninstall;

  /**
   * @param {any} pyodide
   * @param {any} module a PyProxy, which the handle takes over; undefined for a degraded start
   * @param {() => void} onUninstall called once the importer is gone
   * @param {object} kept
   * @param {import("./kept/packs/packs.js").Packs} [kept.packs] none where bytecode is not kept
   * @param {() => import("./index.js").StartStats | undefined} kept.describeStart by boot()
   * @param {import("./packages/packages.js").Packages} [kept.packages] none where they are unpacked
   * @param {import("./mount/mounts.js").Mounts} mounts
   */
  constructor(pyodide, module, onUninstall, { packs, packages, describeStart }, mounts) {
    this.#pyodide = pyodide;
    this.#module = module;
    this.#packs = packs;
    this.#describeStart = describeStart;
    this.#packages = packages;
    this.#mounts = mounts;
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
    const counts = this.active ? takeValue(this.#call("stats")) : {};
    const storage = this.#packs?.describe();
    const start = this.#describeStart();
    const packages = this.#packages?.describe();
    const kept = {
      ...(packages && { packages }),
      ...(storage && { storage }),
      ...(start && { start }),
    };
    const mounts = this.#mounts.describe();
    return /** @type {any} */ ({ ...nameCounters(counts), mounts, ...kept });
  }

  /**
   * @param {object} [options]
   * @returns {any} see the overloads in index.d.ts
   */
  trace(options) {
    const format = readTraceFormat(options);
    const records = this.active ? takeValue(this.#call("trace")) : [];
    return formatTrace(records, format);
  }

  /** @param {boolean} on */
  setTracing(on) {
    this.#call("set_tracing", readSwitch(on));
  }

  /**
   * @param {any} source
   * @param {any} [options]
   * @returns {Promise<any>} see index.d.ts
   */
  async mount(source, options) {
    return this.#mounts.mount(source, options);
  }

  /** @param {{ signal?: AbortSignal }} [options] */
  async flush(options) {
    const signal = readSignal(options, "flush");
    throwIfAborted(signal);
    await this.#packs?.flush(signal);
  }

  /** @param {string} [path] */
  async clear(path) {
    if (path !== undefined) checkPath(path, "clear");
    await this.#packs?.clear(path);
  }

  uninstall() {
    // Of a Pyodide that has ended there is nothing to give back, and all the rest to let go of.
    const hasEnded = !isAlive(this.#pyodide);
    this.#packages?.close();
    this.#packages = undefined;
    this.#mounts.close();
    if (!hasEnded) this.#call("uninstall");
    const [module, packs, onUninstall] = [this.#module, this.#packs, this.#onUninstall];
    this.#module = this.#packs = this.#onUninstall = undefined;
    try {
      packs?.close();
    } finally {
      onUninstall?.();
      if (module && !hasEnded) releasePythonModule(this.#pyodide, module);
    }
  }

  static {
    defineDisposal(this.prototype, Symbol.dispose, function () {
      this.uninstall();
    });
    defineDisposal(this.prototype, Symbol.asyncDispose, async function () {
      await this.flush();
      this.uninstall();
    });
  }

  /**
   * @param {string} name
   * @param {unknown[]} args
   */
  #call(name, ...args) {
    if (!this.#module) return undefined;
    if (!isAlive(this.#pyodide))
      throw new ZipImportInternalError(
        "python-failed",
        `${name}(): found a Pyodide that has ended, by a fatal error or its exit; expected one that runs`,
      );
    return callFunction(this.#module, name, (method) => method(...args));
  }
}
