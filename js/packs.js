// @ts-check
// This file knows how bytecode packs are written to a store, and when; shelf.js knows how they come back.
//
// What a store holds, by name:
//
//     NAME.DIGEST.zip   a pack file. NAME says of which archive and for which interpreter (see
//                       src/cache/pack.h), DIGEST what is in it.
//     PATHNAME.txt      the NAME of the archive that was at a path last
//
// Nobody changes a pack file: whoever has compiled something writes a new one with all that the
// files of that NAME hold, and only then deletes those. So nothing is lost when several processes do
// this at once, without a lock: there are then several files for a while, and the next to write
// merges them. Merging the same files gives the same file, hence the same name.

import { Catalogue } from "./catalogue.js";
import { describeError } from "./errors.js";
import { findUseless, isOurs } from "./eviction.js";
import { callFunction } from "./handle.js";
import { flushAtExit, forgetAtExit, isHidden, watchPage, willFlushAtExit } from "./moments.js";
import { Shelf, filesOf } from "./shelf.js";
import { pause, run, runNow } from "./steps.js";
import { warn } from "./warnings.js";

// Work that nobody waits for is done once nothing was compiled for so long, and in pieces no longer
// than a frame.
const IDLE_MS = 1000;
const STEP_MS = 8;

/** @typedef {import("./stores/store.js").Store} Store */
/** @typedef {import("./stores/store.js").StoredEntry} StoredEntry */

/**
 * @typedef {object} Settings
 * @property {Store} store
 * @property {number} maxBytes
 * @property {number} preloadBytes
 * @property {boolean} autoFlush
 * @property {((message: string, code: string) => void) | undefined} onWarning
 * @property {import("./library.js").Library | undefined} library written like a pack
 */

/**
 * @typedef {object} Pace
 * @property {number} stepMs how long to work before others have a turn
 * @property {boolean} [inBackground] whether nobody waits for it
 */

/**
 * A pack file that Pyodide's file system has, and the store has not.
 *
 * @typedef {object} Made
 * @property {string} file its name
 * @property {Uint8Array} bytes
 * @property {string[]} merged the files of its pack whose members it has taken over
 */

/**
 * Which build of Pyodide it is, for names.
 *
 * @param {any} pyodide
 */
export function buildOf(pyodide) {
  const build = String(pyodide._api?.config?.BUILD_ID ?? pyodide.version);
  return build.slice(0, 16).replaceAll(/[^0-9a-z]/gi, "_");
}

export class Packs {
  #pyodide;
  #module;
  #settings;
  #store;
  #shelf;
  /** @type {Promise<void>} the work under way, one after the other */
  #work = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #queuedLast = 0;
  #written = 0;
  #warned = false;
  /** @type {(() => void) | undefined} */
  #stopWatching;
  /** Packs to write, also such of which nothing is queued: of several files, or that the store refused. */
  #toWrite = /** @type {Set<string>} */ (new Set());

  /**
   * @param {any} pyodide
   * @param {any} module the PyProxy of the Python module, borrowed
   * @param {Settings} settings
   */
  constructor(pyodide, module, settings) {
    this.#pyodide = pyodide;
    this.#module = module;
    this.#settings = settings;
    this.#store = new Catalogue(settings.store);
    const build = buildOf(pyodide);
    this.#shelf = new Shelf({
      ...{ pyodide, store: this.#store, build },
      call: (name, ...args) => this.#call(name, ...args),
      isAlive: () => this.#isAlive,
      enqueue: (work) => this.#enqueue(work),
      writeLater: (name) => this.#writeLater(name),
      noteLater: () => this.#schedule(),
      warn: (error) => this.#warn(error),
    });
    const store = {
      load: (/** @type {string} */ name, /** @type {string} */ pathName) =>
        this.#shelf.load(name, pathName),
      used: (/** @type {string} */ name, /** @type {string} */ pathName) =>
        this.#shelf.used(name, pathName),
      changed: () => this.#schedule(),
      flush: () => this.flush(),
      clear: (/** @type {string | undefined} */ path) => this.clear(path),
    };
    this.#call("_use_store", store, build);
    if (settings.autoFlush) this.#stopWatching = watchPage(() => this.#flushBeforeEnd());
    if (settings.library?.isIncomplete) this.#schedule();
  }

  /** Where it is kept, and how much. */
  describe() {
    try {
      return this.#store.describe();
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  /** False once Pyodide has exited or failed fatally: then nothing of it may be called. */
  get #isAlive() {
    try {
      return Boolean(this.#module && this.#pyodide.FS);
    } catch {
      return false;
    }
  }

  /** Writes everything that was compiled, and lets go of Python. */
  close() {
    clearTimeout(this.#timer);
    this.#stopWatching?.();
    // The library of a start is for a later one, and takes its time.
    this.#settings = { ...this.#settings, library: undefined };
    if (this.#settings.autoFlush) this.flushNow();
    forgetAtExit(this);
    this.#call("_use_store", undefined, "");
    this.#shelf.clear();
    this.#module = undefined;
  }

  /** Reads what imports may want of a store that they cannot wait for. */
  preload() {
    return this.#enqueue(() => this.#shelf.preload(this.#settings.preloadBytes));
  }

  /** Writes everything that was compiled. Never rejected: what the store refuses is a warning. */
  flush() {
    return this.#enqueue(() => run(this.#flushSteps({ stepMs: STEP_MS })));
  }

  /** The same at once, for a store that can: at the end of a process there is no later. */
  flushNow() {
    if (!this.#store.sync || !this.#isAlive) return;
    try {
      runNow(this.#flushSteps({ stepMs: Infinity }));
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
    return this.#enqueue(() => run(path === undefined ? this.#clearAll() : this.#clearPath(path)));
  }

  /** @param {() => Promise<void>} work */
  #enqueue(work) {
    const done = this.#work.then(async () => {
      try {
        if (this.#isAlive) await work();
      } catch (error) {
        this.#warn(error);
      }
    });
    this.#work = done;
    return done;
  }

  // --- flushing ---

  /** @param {string} name */
  #writeLater(name) {
    this.#toWrite.add(name);
    this.#schedule();
  }

  /** Called within an import, when there is something to write. */
  #schedule() {
    if (!this.#settings.autoFlush) return;
    flushAtExit(this);
    this.#timer ??= this.#startTimer();
  }

  #startTimer() {
    const timer = setTimeout(() => this.#flushWhenIdle(), IDLE_MS);
    // In Node it must not keep the process.
    /** @type {any} */ (timer).unref?.();
    return timer;
  }

  #flushWhenIdle() {
    this.#timer = undefined;
    if (!this.#isAlive) return;
    const queued = this.#queued().reduce((sum, [, , count]) => sum + count, 0);
    if (queued === this.#queuedLast) {
      this.#queuedLast = 0;
      void this.#enqueue(() => run(this.#flushSteps({ stepMs: STEP_MS, inBackground: true })));
    } else {
      this.#queuedLast = queued;
      this.#timer = this.#startTimer();
    }
  }

  /** The page is going out of sight, and may never come back. */
  #flushBeforeEnd() {
    if (!willFlushAtExit(this) || !this.#isAlive) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Not behind the work under way either: merging does not mind two flushes.
    const done = this.#flushAtOnce().catch((error) => this.#warn(error));
    this.#work = this.#work.then(() => done);
    // If it goes on, out of sight, there is time for what would have taken too long before.
    if (this.#settings.library?.isIncomplete) void this.flush();
  }

  /** @returns {[name: string, pathName: string, count: number][]} */
  #queued() {
    const list = this.#call("_queued_packs");
    const queued = list.toJs();
    list.destroy();
    return queued;
  }

  /** The packs that are to be written. */
  #names() {
    for (const [name] of this.#queued()) this.#toWrite.add(name);
    return [...this.#toWrite];
  }

  /**
   * @param {Pace} pace
   * @returns {Generator<any, void, any>} which yields what is to be awaited, where that is possible
   */
  *#flushSteps(pace) {
    const names = this.#names();
    for (const name of names) {
      try {
        yield* this.#flushPack(name, pace.stepMs);
        this.#toWrite.delete(name);
      } catch (error) {
        // It stays in Pyodide's file system, in use, and the next flush offers it to the store again.
        this.#warn(error);
      }
    }
    const hasNoted = yield* this.#writeNotes();
    const hasLibrary = yield* this.#flushLibrary(pace);
    if (names.length > 0 || hasNoted || hasLibrary) yield* this.#tidy();
    this.#endFlush();
  }

  /**
   * @param {Pace} pace
   * @returns {Generator<any, boolean | undefined, any>} whether something was written
   */
  *#flushLibrary(pace) {
    const { library, maxBytes } = this.#settings;
    try {
      return library && (yield* library.writeSteps(this.#store, { ...pace, maxBytes }));
    } catch (error) {
      // What could not be kept is compiled at the next start, as at this one.
      this.#warn(error);
      return false;
    }
  }

  /**
   * @param {string} name
   * @param {number} stepMs
   * @returns {Generator<any, void, any>}
   */
  *#flushPack(name, stepMs) {
    const shelf = this.#shelf;
    const kept = filesOf(name, yield* this.#listed());
    for (const file of kept) if (!shelf.has(file)) shelf.provide(file, yield* this.#got(file));
    const made = yield* this.#make(name, kept, stepMs);
    if (made) yield* this.#put(made);
  }

  /**
   * The same for a page that may have no other turn: all is on its way to the store before anything
   * is awaited. What would have to be read from there first stays beside it, to be merged another time.
   */
  async #flushAtOnce() {
    const names = this.#names();
    /** @type {string[]} */
    const begun = [];
    const puts = names.map(async (name) => {
      try {
        const held = filesOf(name, this.#store.known()).filter((file) => this.#shelf.has(file));
        const made = runNow(this.#make(name, held, Infinity));
        if (made) begun.push(name);
        if (made) await run(this.#put(made));
        this.#toWrite.delete(name);
      } catch (error) {
        this.#warn(error);
      }
    });
    await Promise.all([...puts, run(this.#writeNotes(begun))]);
    if (names.length > 0) await run(this.#tidy());
    this.#endFlush();
  }

  #endFlush() {
    // Something may have been compiled meanwhile.
    const isDone = this.#toWrite.size === 0 && this.#queued().length === 0;
    if (isDone && !this.#settings.library?.isIncomplete) forgetAtExit(this);
  }

  /**
   * Writes a pack to Pyodide's file system, where it is in use from then on.
   *
   * @param {string} name
   * @param {string[]} kept files of that name
   * @param {number} stepMs
   * @returns {Generator<any, Made | undefined, any>} undefined if there is nothing to store
   */
  *#make(name, kept, stepMs) {
    const { maxBytes } = this.#settings;
    const shelf = this.#shelf;
    const written = `${++this.#written}.new`;
    const others = kept.filter((file) => shelf.has(file)).map((file) => shelf.path(file));
    const writer = this.#call("_write_pack", name, shelf.path(written), others);
    if (!writer) return undefined;
    try {
      while (!writer.step(isHidden() ? Infinity : stepMs)) yield pause();
      const digest = writer.finish();
      const [crc, nbytes, members] = digest.toJs();
      digest.destroy();
      if (members === 0) return undefined;
      const file = `${name}.${crc.toString(16)}-${nbytes}.zip`;
      const bytes = shelf.read(written);
      shelf.rename(written, file);
      writer.commit(shelf.path(file));
      if (nbytes <= maxBytes) return { file, bytes, merged: kept.filter((old) => old !== file) };
      // Offering it again would not make it smaller.
      this.#warn(new Error(`a pack of ${nbytes} bytes, expected at most maxBytes, ${maxBytes}`));
      return undefined;
    } finally {
      writer.destroy();
      shelf.remove(written);
    }
  }

  /**
   * @param {Made} made
   * @returns {Generator<any, void, any>}
   */
  *#put({ file, bytes, merged }) {
    yield this.#store.put(file, bytes);
    for (const old of merged) {
      yield this.#store.delete(old);
      this.#shelf.remove(old);
    }
  }

  /**
   * Also those of paths that only read their packs: the archive there may change next.
   *
   * @param {string[]} [begun] names of packs that are on their way to the store
   * @returns {Generator<any, boolean, any>} whether there was one
   */
  *#writeNotes(begun = []) {
    const unnoted = this.#shelf.unnoted();
    if (unnoted.length === 0) return false;
    try {
      const entries = this.#store.known();
      const useful = unnoted.filter(
        ([, name]) => begun.includes(name) || filesOf(name, entries).length > 0,
      );
      yield Promise.all(
        useful.map(([path, name]) =>
          this.#store.put(`${path}.txt`, new TextEncoder().encode(name)),
        ),
      );
      for (const [path, name] of useful) this.#shelf.setNote(path, name);
      return useful.length > 0;
    } catch {
      // A store that is only read, say. Nothing is lost unless an archive changes, and then little.
      return false;
    }
  }

  /**
   * A pack file that cannot be read is as good as missing, and goes once there is a new one.
   *
   * @param {string} file
   * @returns {Generator<any, Uint8Array | undefined, any>}
   */
  *#got(file) {
    try {
      return yield this.#store.get(file);
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  /** @returns {Generator<any, StoredEntry[], any>} */
  *#listed() {
    return yield this.#store.list();
  }

  /**
   * Deletes what nobody will read, and what was used longest ago, until the rest fits.
   *
   * @returns {Generator<any, void, any>}
   */
  *#tidy() {
    for (const file of findUseless(yield* this.#listed(), this.#settings.maxBytes))
      yield this.#store.delete(file);
  }

  // --- clearing ---

  /** @returns {Generator<any, void, any>} */
  *#clearAll() {
    for (const { name } of (yield* this.#listed()).filter(isOurs)) yield this.#store.delete(name);
    this.#settings.library?.forget();
    this.#toWrite.clear();
    this.#call("_forget_packs");
    this.#shelf.clear();
  }

  /**
   * @param {string} path
   * @returns {Generator<any, void, any>}
   */
  *#clearPath(path) {
    const store = this.#store;
    const library = this.#settings.library;
    if (path === library?.path) for (const file of library.forget()) yield store.delete(file);
    const [name, pathName] = this.#shelf.packNames(path);
    const noted = yield store.get(`${pathName}.txt`);
    const names = [name, noted && new TextDecoder().decode(noted)].filter((each) => each);
    const entries = yield* this.#listed();
    for (const each of names) {
      for (const file of filesOf(each, entries)) {
        yield store.delete(file);
        this.#shelf.remove(file);
      }
      this.#toWrite.delete(each);
      this.#call("_forget_packs", each);
    }
    yield store.delete(`${pathName}.txt`);
    this.#shelf.setNote(pathName);
  }

  // --- the rest ---

  /**
   * @param {string} name
   * @param {unknown[]} args
   */
  #call(name, ...args) {
    return callFunction(this.#module, name, (method) => method(...args));
  }

  /** @param {unknown} error */
  #warn(error) {
    // After close() there is nothing left to work on.
    if (this.#warned || !this.#module) return;
    this.#warned = true;
    const text = `compiled code could not be kept (${describeError(error)}); it stays in memory`;
    warn(this.#settings.onWarning, text, "store-failed");
  }
}
