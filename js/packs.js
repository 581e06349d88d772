// @ts-check
// This file knows what becomes of bytecode packs between a store and Pyodide's file system.
//
// What a store holds, by name:
//
//     NAME.DIGEST.zip   a pack file. NAME says of which archive and for which interpreter (see
//                       src/cache/pack.h), DIGEST what is in it.
//     PATHNAME.txt      the NAME that was kept last for the archive at a path
//
// Nobody changes a pack file: whoever has compiled something writes a new one with all that the
// files of that NAME hold, and only then deletes those. So nothing is lost when several processes do
// this at once, without a lock: there are then several files for a while, and the next to write
// merges them. Merging the same files gives the same file, hence the same name.
//
// Imports are synchronous and some stores are not: of such a store the packs of recent visits are
// read beforehand, and any other one when its archive is first used, in time for the next import.

import { Catalogue } from "./catalogue.js";
import { describeError } from "./errors.js";
import { callFunction } from "./handle.js";
import { warn } from "./warnings.js";

const FOLDER = "/lib/pyodide_zipimport/packs";
const SCHEMA = 1; // of src/cache/pack.h
const OURS = /^z(\d+)-/;
// Behind what all names of one Python begin with, in those of the standard library's packs. Other
// names have a part less there; it may begin with a b too.
const BUILD = /^b([^-]+)-[^-.]+-/;
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
 */

/**
 * @typedef {object} Pace
 * @property {number} stepMs how long to work before others have a turn
 * @property {boolean} [isLast] whether there may be no turn after that
 */

/** Those with something to write when the process ends. */
const unwritten = /** @type {Set<Packs>} */ (new Set());
let watchesExit = false;

/** A way through steps that must do their work now; see Packs.flush() for the other one. */
function runNow(/** @type {Generator<any, void, any>} */ steps) {
  for (let step = steps.next(); !step.done; step = steps.next(step.value));
}

async function run(/** @type {Generator<any, void, any>} */ steps) {
  let step = steps.next();
  while (!step.done) {
    let value;
    try {
      value = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
}

export class Packs {
  #pyodide;
  #module;
  #settings;
  #store;
  #build;
  /** The packs that a path had last, where the store cannot be asked in time. */
  #notes = /** @type {Map<string, string>} */ (new Map());
  /** @type {Promise<void>} the work under way, one after the other */
  #work = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #queuedLast = 0;
  #written = 0;
  #warned = false;
  /** @type {(() => void) | undefined} */
  #stopWatching;
  /** Packs to write though nothing is queued: of several files, or that the store refused. */
  #toWrite = /** @type {Map<string, string>} */ (new Map());

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
    this.#fs.mkdirTree(FOLDER);
    const store = {
      load: (/** @type {string} */ name, /** @type {string} */ pathName) =>
        this.#load(name, pathName),
      changed: () => this.#schedule(),
      flush: () => this.flush(),
      clear: (/** @type {string | undefined} */ path) => this.clear(path),
    };
    const build = String(pyodide._api?.config?.BUILD_ID ?? pyodide.version);
    this.#build = build.slice(0, 16).replaceAll(/[^0-9a-z]/gi, "_");
    this.#call("_use_store", store, this.#build);
    if (settings.autoFlush) this.#stopWatching = watchPage(() => this.#flushBeforeEnd());
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

  get #fs() {
    return this.#pyodide.FS;
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
    if (this.#settings.autoFlush) this.flushNow();
    unwritten.delete(this);
    this.#call("_use_store", undefined, "");
    this.#removeFiles();
    this.#module = undefined;
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
        // After close() there is nothing left to work on.
        if (this.#module) this.#warn(error);
      }
    });
    this.#work = done;
    return done;
  }

  // --- loading ---

  /**
   * Reads what an import may want of a store that it could not wait for: the packs that were used
   * last, newest first, as many as fit into the limit.
   */
  preload() {
    return this.#enqueue(async () => {
      if (this.#store.sync) return;
      /** @type {StoredEntry[]} */
      const stored = await this.#store.list();
      const entries = stored.filter(this.#fitsThisPython()).sort((a, b) => b.usedMs - a.usedMs);
      let room = this.#settings.preloadBytes;
      const wanted = entries.filter(({ name, nbytes }) => {
        if (name.endsWith(".txt")) return true;
        room -= nbytes;
        return room >= 0;
      });
      await Promise.all(wanted.map(({ name }) => this.#fetch(name)));
    });
  }

  /** @returns {(entry: StoredEntry) => boolean} */
  #fitsThisPython() {
    const [, pathName] = this.#packNames("/");
    const [identity] = pathName.split("at-");
    return ({ name }) => {
      if (!name.startsWith(identity)) return false;
      const build = BUILD.exec(name.slice(identity.length));
      return !build || build[1] === this.#build;
    };
  }

  /** @param {string} path of an archive */
  #packNames(path) {
    const pair = this.#call("_pack_names", path);
    const names = pair.toJs();
    pair.destroy();
    return /** @type {[name: string | undefined, pathName: string]} */ (names);
  }

  /** @param {string} name of an entry of a store that must be awaited */
  async #fetch(name) {
    const bytes = await this.#store.get(name);
    if (bytes && name.endsWith(".txt"))
      this.#notes.set(name.slice(0, -".txt".length), new TextDecoder().decode(bytes));
    else if (this.#isAlive) this.#provide(name, bytes);
  }

  /**
   * Called within an import, hence synchronous and without exceptions.
   *
   * @param {string} name
   * @param {string} pathName
   * @returns {string[]} paths of pack files
   */
  #load(name, pathName) {
    try {
      const files = this.#loadFiles(name, name);
      // More than one process wrote at the same time; the next flush makes one file of theirs.
      if (files.length > 1) this.#writeLater(name, pathName);
      if (files.length > 0) return files;
      const other = this.#noteOf(pathName);
      return other && other !== name ? this.#loadFiles(other, name) : [];
    } catch (error) {
      this.#warn(error);
      return [];
    }
  }

  /** @param {string} pathName */
  #noteOf(pathName) {
    if (!this.#store.sync) return this.#notes.get(pathName);
    const note = this.#store.get(`${pathName}.txt`);
    return note && new TextDecoder().decode(note);
  }

  /**
   * @param {string} name
   * @param {string} asker the name of the pack that these files are for
   * @returns {string[]}
   */
  #loadFiles(name, asker) {
    const files = this.#store.sync ? this.#readFiles(name) : this.#heldFiles(name, asker);
    for (const file of files) this.#store.touch(file);
    return files.map((file) => `${FOLDER}/${file}`);
  }

  /** @param {string} name */
  #readFiles(name) {
    for (let tries = 0; tries < 3; tries++) {
      const files = filesOf(name, this.#store.known());
      // A file that went meanwhile was merged into another one: look again.
      if (files.every((file) => this.#provide(file, this.#store.get(file)))) return files;
    }
    return [];
  }

  /**
   * Those that are here already; the others are on their way.
   *
   * @param {string} name
   * @param {string} asker
   */
  #heldFiles(name, asker) {
    const files = filesOf(name, this.#store.known());
    const [held, others] = partition(files, (file) => this.#exists(`${FOLDER}/${file}`));
    if (others.length > 0)
      void this.#enqueue(async () => {
        await Promise.all(others.map((file) => this.#fetch(file)));
        this.#call("_reload_pack", asker);
      });
    return held;
  }

  /**
   * Puts a pack file where Python can read it.
   *
   * @param {string} file its name
   * @param {Uint8Array | undefined} bytes
   */
  #provide(file, bytes) {
    if (!bytes) return undefined;
    const path = `${FOLDER}/${file}`;
    if (!this.#exists(path)) this.#fs.writeFile(path, bytes, { canOwn: true });
    return path;
  }

  // --- flushing ---

  /**
   * @param {string} name
   * @param {string} pathName
   */
  #writeLater(name, pathName) {
    this.#toWrite.set(name, pathName);
    this.#schedule();
  }

  /** Called within an import, when the first thing is queued. */
  #schedule() {
    if (!this.#settings.autoFlush) return;
    unwritten.add(this);
    watchExit();
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
      void this.flush();
    } else {
      this.#queuedLast = queued;
      this.#timer = this.#startTimer();
    }
  }

  /** The page is going out of sight, and may never come back. */
  #flushBeforeEnd() {
    if (!unwritten.has(this)) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Nothing may be waited for before it is on its way to the store.
    void this.#enqueue(() => run(this.#flushSteps({ stepMs: Infinity, isLast: true })));
  }

  /** @returns {[name: string, pathName: string, count: number][]} */
  #queued() {
    const list = this.#call("_queued_packs");
    const queued = list.toJs();
    list.destroy();
    return queued;
  }

  /**
   * @param {Pace} pace
   * @returns {Generator<any, void, any>} which yields what is to be awaited, where that is possible
   */
  *#flushSteps(pace) {
    const packs = new Map(this.#toWrite);
    this.#toWrite.clear();
    for (const [name, pathName] of this.#queued()) packs.set(name, pathName);
    for (const [name, pathName] of packs) yield* this.#flushPack(name, pathName, pace);
    if (packs.size > 0) yield* this.#tidy();
    // Something may have been compiled meanwhile.
    if (this.#toWrite.size === 0 && this.#queued().length === 0) unwritten.delete(this);
  }

  /**
   * @param {string} name
   * @param {string} pathName
   * @param {Pace} pace
   * @returns {Generator<any, void, any>}
   */
  *#flushPack(name, pathName, { stepMs, isLast }) {
    const { maxBytes } = this.#settings;
    const store = this.#store;
    const kept = filesOf(name, isLast ? store.known() : yield* this.#listed());
    const others = [];
    for (const file of kept) {
      const path = `${FOLDER}/${file}`;
      others.push(this.#exists(path) ? path : this.#provide(file, yield store.get(file)));
    }
    const written = `${FOLDER}/${++this.#written}.new`;
    const writer = this.#call("_write_pack", name, written, others.filter(Boolean));
    if (!writer) return;
    try {
      while (!writer.step(isHidden() ? Infinity : stepMs)) yield pause();
      const digest = writer.finish();
      const [crc, nbytes, members] = digest.toJs();
      digest.destroy();
      if (members === 0) return;
      const file = `${name}.${crc.toString(16)}-${nbytes}.zip`;
      const path = `${FOLDER}/${file}`;
      const bytes = this.#fs.readFile(written);
      this.#fs.rename(written, path);
      writer.commit(path);
      if (nbytes > maxBytes)
        throw new Error(`a pack of ${nbytes} bytes, expected at most maxBytes, ${maxBytes}`);
      yield store.put(file, bytes);
      yield store.put(`${pathName}.txt`, new TextEncoder().encode(name));
      this.#notes.set(pathName, name);
      for (const old of kept) {
        if (old === file) continue;
        yield store.delete(old);
        this.#remove(`${FOLDER}/${old}`);
      }
    } catch (error) {
      // It stays in Pyodide's file system, in use, and the next flush offers it to the store again.
      this.#toWrite.set(name, pathName);
      this.#warn(error);
    } finally {
      writer.destroy();
      this.#remove(written);
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
    const { maxBytes } = this.#settings;
    const store = this.#store;
    const entries = (yield* this.#listed()).filter(({ name }) => OURS.test(name));
    const [ours, others] = partition(entries, ({ name }) => schemaOf(name) === SCHEMA);
    for (const { name } of others) yield store.delete(name);
    const packs = [...groupByPack(ours).values()].sort((a, b) => a.usedMs - b.usedMs);
    let total = packs.reduce((sum, { nbytes }) => sum + nbytes, 0);
    for (const { nbytes, files } of packs) {
      if (total <= maxBytes) break;
      for (const file of files) yield store.delete(file);
      total -= nbytes;
    }
  }

  // --- clearing ---

  /** @returns {Generator<any, void, any>} */
  *#clearAll() {
    for (const { name } of yield* this.#listed())
      if (OURS.test(name)) yield this.#store.delete(name);
    this.#toWrite.clear();
    this.#notes.clear();
    this.#call("_forget_packs");
    this.#removeFiles();
  }

  /**
   * @param {string} path
   * @returns {Generator<any, void, any>}
   */
  *#clearPath(path) {
    const store = this.#store;
    const [name, pathName] = this.#packNames(path);
    const noted = yield store.get(`${pathName}.txt`);
    const names = [name, noted && new TextDecoder().decode(noted)].filter((each) => each);
    const entries = yield* this.#listed();
    for (const each of names) {
      for (const file of filesOf(each, entries)) {
        yield store.delete(file);
        this.#remove(`${FOLDER}/${file}`);
      }
      this.#toWrite.delete(each);
      this.#call("_forget_packs", each);
    }
    yield store.delete(`${pathName}.txt`);
    this.#notes.delete(pathName);
  }

  // --- the rest ---

  #removeFiles() {
    for (const file of this.#fs.readdir(FOLDER))
      if (OURS.test(file)) this.#remove(`${FOLDER}/${file}`);
  }

  /** @param {string} path in Pyodide's file system, of a file that may be missing */
  #remove(path) {
    if (this.#exists(path)) this.#fs.unlink(path);
  }

  /** @param {string} path */
  #exists(path) {
    return this.#fs.analyzePath(path).exists;
  }

  /**
   * @param {string} name
   * @param {unknown[]} args
   */
  #call(name, ...args) {
    return callFunction(this.#module, name, (method) => method(...args));
  }

  /** @param {unknown} error */
  #warn(error) {
    if (this.#warned) return;
    this.#warned = true;
    const text = `compiled code could not be kept (${describeError(error)}); it stays in memory`;
    warn(this.#settings.onWarning, text, "store-failed");
  }
}

/**
 * The pack files of a name, in the order in which they are searched.
 *
 * @param {string} name
 * @param {StoredEntry[]} entries
 */
function filesOf(name, entries) {
  return entries
    .map((entry) => entry.name)
    .filter((file) => file.startsWith(`${name}.`) && file.endsWith(".zip"))
    .sort();
}

/** @param {string} name */
function schemaOf(name) {
  return Number(OURS.exec(name)?.[1]);
}

/** @param {StoredEntry[]} entries */
function groupByPack(entries) {
  /** @type {Map<string, { nbytes: number, usedMs: number, files: string[] }>} */
  const packs = new Map();
  for (const { name: file, nbytes, usedMs } of entries) {
    const name = file.slice(0, file.indexOf("."));
    const pack = packs.get(name) ?? { nbytes: 0, usedMs: 0, files: [] };
    packs.set(name, pack);
    pack.nbytes += nbytes;
    pack.usedMs = Math.max(pack.usedMs, usedMs);
    pack.files.push(file);
  }
  return packs;
}

/**
 * @template T
 * @param {T[]} list
 * @param {(item: T) => boolean} test
 * @returns {[T[], T[]]}
 */
function partition(list, test) {
  return [list.filter(test), list.filter((item) => !test(item))];
}

/** Lets the page do what it has to do, before the next piece of work. */
function pause() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Out of sight nobody sees a pause, and the browser makes each timer wait for a second. */
function isHidden() {
  return globalThis.document?.visibilityState === "hidden";
}

/**
 * @param {() => void} onHide
 * @returns {(() => void) | undefined} ends it; nothing to watch in a worker and in Node
 */
function watchPage(onHide) {
  const { document } = globalThis;
  if (!document?.addEventListener) return undefined;
  const onChange = () => {
    if (isHidden()) onHide();
  };
  document.addEventListener("visibilitychange", onChange);
  globalThis.addEventListener("pagehide", onHide);
  return () => {
    document.removeEventListener("visibilitychange", onChange);
    globalThis.removeEventListener("pagehide", onHide);
  };
}

function watchExit() {
  if (watchesExit || typeof process !== "object" || typeof process.prependListener !== "function")
    return;
  watchesExit = true;
  // Before others' listeners, which may take away what this one needs.
  process.prependListener("exit", () => {
    for (const packs of unwritten) packs.flushNow();
  });
}
