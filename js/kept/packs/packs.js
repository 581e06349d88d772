// @ts-check
// The bytecode packs of one Pyodide: what Python calls, and what the handle calls.
//
// Nobody changes a pack file: whoever has compiled something writes a new one with all that the
// files of that name hold, and only then deletes those. So nothing is lost when several processes do
// this at once, without a lock: there are then several files for a while, and the next to write
// merges them. Merging the same files gives the same file, hence the same name.

import { describeError } from "../../base/errors.js";
import { orAborted } from "../../base/signals.js";
import { run, runNow } from "../../base/steps.js";
import { warn } from "../../base/warnings.js";
import { callFunction, isAlive, takeValue } from "../../pyodide/python.js";
import { buildOf } from "../../pyodide/versions.js";
import { Catalogue } from "../catalogue.js";
import { MemoryStore } from "../stores/memory.js";
import { clearAll, clearPath } from "./clear.js";
import { flushAtOnce, flushSteps } from "./flush.js";
import { Schedule } from "./schedule.js";
import { Shelf } from "./shelf.js";

/** @typedef {import("../stores/store.js").Store} Store */
/** @typedef {import("../../platform/platform.js").Platform} Platform */
/** @typedef {import("../library/library.js").Library} Library */

/**
 * @typedef {object} Settings
 * @property {Platform} platform
 * @property {Store} store
 * @property {number} maxBytes
 * @property {number} preloadBytes
 * @property {boolean} autoFlush
 * @property {((message: string, code: string) => void) | undefined} onWarning
 * @property {Library | undefined} [library] see takeLibrary()
 * @property {import("./visit.js").Visit | undefined} [visit] what the last one used
 */

/**
 * What the files of this folder share.
 *
 * @typedef {object} Context
 * @property {any} pyodide
 * @property {Platform} platform
 * @property {Catalogue} store
 * @property {string} build of Pyodide, as names have it
 * @property {number} maxBytes
 * @property {Library} [library]
 * @property {import("./visit.js").Visit | undefined} visit
 * @property {Set<string>} toWrite packs to write, also such of which nothing is queued: of several files,
 *   or that the store refused
 * @property {(name: string, ...args: unknown[]) => any} call a function of the Python module
 * @property {() => boolean} isAlive false once nothing of Pyodide may be called
 * @property {(work: () => Promise<void>) => Promise<void>} enqueue behind the work under way; never rejected
 * @property {() => void} schedule says that there is something to write
 * @property {(error: unknown) => void} warn
 */

/** The same, with the shelf that is made of it. @typedef {Context & { shelf: Shelf }} FullContext */

/**
 * @typedef {object} Pace
 * @property {number} stepMs how long to work before others have a turn
 * @property {boolean} [inBackground] whether nobody waits for it
 */

const STEP_MS = 8;
const WARNINGS_MAX = 10;

export class Packs {
  #module;
  #settings;
  /** @type {FullContext} */
  #context;
  #schedule;
  /** @type {Promise<void>} the work under way, one after the other */
  #work = Promise.resolve();
  #running = /** @type {Set<Generator<any, any, any>>} */ (new Set());
  /** What was warned of. */
  #warned = /** @type {Set<string>} */ (new Set());
  /** false: Python is not to write bytecode, and what is kept is only read */
  #isWriting;

  /**
   * @param {any} pyodide
   * @param {any} module the PyProxy of the Python module, borrowed
   * @param {Settings} settings
   */
  constructor(pyodide, module, settings) {
    this.#module = module;
    this.#settings = settings;
    const { platform, store, maxBytes, visit } = settings;
    /** @type {Context} */
    const context = {
      ...{ pyodide, platform, maxBytes, visit },
      store: new Catalogue(store),
      build: buildOf(pyodide),
      toWrite: new Set(),
      call: (name, ...args) => callFunction(this.#module, name, (method) => method(...args)),
      isAlive: () => this.#module !== undefined && isAlive(pyodide),
      enqueue: (work) => this.#enqueue(work),
      schedule: () => {
        if (this.#isWriting) this.#schedule.begin();
      },
      warn: (error) => this.#warn(error),
    };
    this.#context = { ...context, shelf: new Shelf(context) };
    this.#schedule = new Schedule(platform, settings.autoFlush, {
      countQueued: () => this.#queued().reduce((sum, [, , count]) => sum + count, 0),
      isAlive: context.isAlive,
      flushIdle: () =>
        void this.#enqueue(() => this.#flush({ stepMs: STEP_MS, inBackground: true })),
      flushHidden: () => this.#flushHidden(),
      flushNow: () => this.flushNow(),
    });
    this.#isWriting = context.call("_use_store", this.#forPython(), context.build);
    if (settings.library) this.takeLibrary(settings.library);
  }

  /**
   * Has a standard library written like a pack: for a later start, which memory does not live to see.
   *
   * @param {Library} library that Pyodide was started from
   */
  takeLibrary(library) {
    if (this.#settings.store instanceof MemoryStore) return;
    this.#context.library = library;
    if (library.isIncomplete) this.#context.schedule();
  }

  /** What the Python module calls. */
  #forPython() {
    const { shelf, schedule } = this.#context;
    return {
      load: (/** @type {string} */ name, /** @type {string} */ path) => shelf.load(name, path),
      used: (/** @type {string} */ name, /** @type {string} */ path) => shelf.used(name, path),
      changed: schedule,
      flush: () => this.flush(),
      clear: (/** @type {string | undefined} */ path) => this.clear(path),
    };
  }

  /** Where it is kept, and how much. */
  describe() {
    try {
      return this.#context.store.describe();
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  /** Ends what is under way, writes what was compiled where that can be done at once, and lets go of Python. */
  close() {
    this.#schedule.end();
    for (const steps of this.#running) {
      try {
        steps.return(undefined);
      } catch {
        // It is what called this, and ends with its next step: there is no module any more.
      }
    }
    // The library of a start is for a later one, and takes its time.
    this.#context.library = undefined;
    try {
      if (this.#settings.autoFlush) this.flushNow();
      if (!this.#context.isAlive()) return;
      this.#context.call("_use_store", undefined, "");
      this.#context.shelf.clear();
    } finally {
      this.#module = undefined;
    }
  }

  /**
   * Of a store that imports cannot wait for, takes what the last visit used; what else they may want is
   * read in the background.
   */
  async preload() {
    const { shelf, visit } = this.#context;
    if (visit) await this.#enqueue(async () => shelf.takeRecalled(await visit.takeRecalled()));
    void this.#enqueue(() => shelf.readRest(this.#settings.preloadBytes));
  }

  /**
   * Writes everything that was compiled. What the store refuses is a warning; the promise is only rejected
   * where the signal is aborted, and then no step begins that was not under way.
   *
   * @param {AbortSignal} [signal]
   */
  flush(signal) {
    return orAborted(
      this.#enqueue(() => this.#flush({ stepMs: STEP_MS }, signal)),
      signal,
    );
  }

  /** The same at once, for a store that can: at the end of a process there is no later. */
  flushNow() {
    if (!this.#isWriting || !this.#context.store.sync || !this.#context.isAlive()) return;
    try {
      runNow(flushSteps(this.#context, this.#names(), { stepMs: Infinity }));
      this.#endFlush();
    } catch (error) {
      this.#warn(error);
    }
  }

  /**
   * Deletes the packs of an archive, or all, from the store and from memory.
   *
   * @param {string} [path]
   */
  clear(path) {
    const context = this.#context;
    return this.#enqueue(
      () => this.#run(path === undefined ? clearAll(context) : clearPath(context, path)),
      "kept code could not be deleted",
    );
  }

  /**
   * @template T
   * @param {Generator<any, T, any>} steps
   * @param {AbortSignal} [signal]
   */
  async #run(steps, signal) {
    this.#running.add(steps);
    try {
      await run(steps, signal);
    } finally {
      this.#running.delete(steps);
    }
  }

  /**
   * @param {Pace} pace
   * @param {AbortSignal} [signal]
   */
  async #flush(pace, signal) {
    if (!this.#isWriting) return;
    await this.#run(flushSteps(this.#context, this.#names(), pace), signal);
    if (this.#module) this.#endFlush();
  }

  /** The page is going out of sight, and may never come back. */
  #flushHidden() {
    // Not behind the work under way: merging does not mind two flushes.
    const done = flushAtOnce(this.#context, this.#names())
      .then(() => this.#module && this.#endFlush())
      .catch((error) => this.#warn(error));
    this.#work = this.#work.then(() => done);
    // If it goes on, out of sight, there is time for what would have taken too long before.
    if (this.#context.library?.isIncomplete) void this.flush();
  }

  #endFlush() {
    // Something may have been compiled meanwhile.
    const isDone = this.#context.toWrite.size === 0 && this.#queued().length === 0;
    if (isDone && !this.#context.library?.isIncomplete) this.#schedule.done();
  }

  /** The packs that are to be written. */
  #names() {
    const { toWrite } = this.#context;
    for (const [name] of this.#queued()) toWrite.add(name);
    return [...toWrite];
  }

  /** @returns {[name: string, pathName: string, count: number][]} */
  #queued() {
    return takeValue(this.#context.call("_queued_packs"));
  }

  /**
   * @param {() => Promise<void>} work
   * @param {string} [failure] what it means that it failed
   */
  #enqueue(work, failure) {
    const done = this.#work.then(async () => {
      try {
        if (this.#context.isAlive()) await work();
      } catch (error) {
        this.#warn(error, failure);
      }
    });
    this.#work = done;
    return done;
  }

  /**
   * @param {unknown} error
   * @param {string} [failure]
   */
  #warn(error, failure) {
    // After close() there is nothing left to work on.
    if (!this.#module) return;
    const reason = describeError(error);
    // Each thing that is wrong is told once. Sizes and names differ where it is the same thing.
    const kind = reason.replaceAll(/[^\s'"]*\d[^\s'"]*/g, "");
    if (this.#warned.has(kind) || this.#warned.size === WARNINGS_MAX) return;
    this.#warned.add(kind);
    const text = failure
      ? `${failure} (${reason})`
      : `compiled code could not be kept (${reason}); it stays in memory`;
    warn(this.#settings.onWarning, text, "store-failed");
  }
}
