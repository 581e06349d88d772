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

import { describeError } from "./errors.js";
import { callFunction } from "./handle.js";
import { warn } from "./warnings.js";

const FOLDER = "/lib/pyodide_zipimport/packs";
const SCHEMA = 1; // of src/cache/pack.h
const OURS = /^z(\d+)-/;
// Work that nobody waits for is done once nothing was compiled for so long, and in pieces no longer
// than a frame.
const IDLE_MS = 1000;
const STEP_MS = 8;

/** @typedef {import("./stores/store.js").Store} Store */

/**
 * @typedef {object} Settings
 * @property {Store} store
 * @property {number} maxBytes
 * @property {boolean} autoFlush
 * @property {((message: string, code: string) => void) | undefined} onWarning
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
  /** @type {Promise<void>} the work under way, one after the other */
  #work = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #queuedLast = 0;
  #written = 0;
  #warned = false;
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
    this.#fs.mkdirTree(FOLDER);
    const store = {
      load: (/** @type {string} */ name, /** @type {string} */ pathName) =>
        this.#load(name, pathName),
      changed: () => this.#schedule(),
      flush: () => this.flush(),
      clear: (/** @type {string | undefined} */ path) => this.clear(path),
    };
    const build = String(pyodide._api?.config?.BUILD_ID ?? pyodide.version);
    this.#call("_use_store", store, build.slice(0, 16).replaceAll(/[^0-9a-z]/gi, "_"));
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
    if (this.#settings.autoFlush) this.flushNow();
    unwritten.delete(this);
    this.#call("_use_store", undefined, "");
    this.#module = undefined;
  }

  /** Writes everything that was compiled. Never rejected: what the store refuses is a warning. */
  flush() {
    return this.#enqueue(() => run(this.#flushSteps(STEP_MS)));
  }

  /** The same at once, for a store that can: at the end of a process there is no later. */
  flushNow() {
    if (!this.#settings.store.sync || !this.#isAlive) return;
    try {
      runNow(this.#flushSteps(Infinity));
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

  // --- loading ---

  /**
   * Called within an import, hence synchronous and without exceptions.
   *
   * @param {string} name
   * @param {string} pathName
   * @returns {string[]} paths of pack files
   */
  #load(name, pathName) {
    const { store } = this.#settings;
    try {
      if (!store.sync) return [];
      const files = this.#loadFiles(name);
      // More than one process wrote at the same time; the next flush makes one file of theirs.
      if (files.length > 1) this.#writeLater(name, pathName);
      if (files.length > 0) return files;
      const other = store.get(`${pathName}.txt`);
      return other ? this.#loadFiles(new TextDecoder().decode(other)) : [];
    } catch (error) {
      this.#warn(error);
      return [];
    }
  }

  /** @param {string} name */
  #loadFiles(name) {
    const { store } = this.#settings;
    for (let tries = 0; tries < 3; tries++) {
      const files = filesOf(name, store.list()).map((file) => this.#provide(file, store.get(file)));
      // A file that went meanwhile was merged into another one: look again.
      if (!files.includes(undefined)) return /** @type {string[]} */ (files);
    }
    return [];
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
    if (!this.#fs.analyzePath(path).exists) this.#fs.writeFile(path, bytes, { canOwn: true });
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

  /** @returns {[name: string, pathName: string, count: number][]} */
  #queued() {
    const list = this.#call("_queued_packs");
    const queued = list.toJs();
    list.destroy();
    return queued;
  }

  /**
   * @param {number} stepMs
   * @returns {Generator<any, void, any>} which yields what is to be awaited, where that is possible
   */
  *#flushSteps(stepMs) {
    const packs = new Map(this.#toWrite);
    this.#toWrite.clear();
    for (const [name, pathName] of this.#queued()) packs.set(name, pathName);
    for (const [name, pathName] of packs) yield* this.#flushPack(name, pathName, stepMs);
    if (packs.size > 0) yield* this.#tidy();
    // Something may have been compiled meanwhile.
    if (this.#toWrite.size === 0 && this.#queued().length === 0) unwritten.delete(this);
  }

  /**
   * @param {string} name
   * @param {string} pathName
   * @param {number} stepMs
   * @returns {Generator<any, void, any>}
   */
  *#flushPack(name, pathName, stepMs) {
    const { store, maxBytes } = this.#settings;
    const kept = filesOf(name, yield* this.#listed());
    const others = [];
    for (const file of kept) others.push(this.#provide(file, yield store.get(file)));
    const written = `${FOLDER}/${++this.#written}.new`;
    const writer = this.#call("_write_pack", name, written, others.filter(Boolean));
    if (!writer) return;
    try {
      while (!writer.step(stepMs)) yield new Promise((resolve) => setTimeout(resolve));
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

  /** @returns {Generator<any, import("./stores/store.js").StoredEntry[], any>} */
  *#listed() {
    return yield this.#settings.store.list();
  }

  /**
   * Deletes what nobody will read, and what was used longest ago, until the rest fits.
   *
   * @returns {Generator<any, void, any>}
   */
  *#tidy() {
    const { store, maxBytes } = this.#settings;
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
    const { store } = this.#settings;
    for (const { name } of yield* this.#listed()) if (OURS.test(name)) yield store.delete(name);
    this.#toWrite.clear();
    this.#call("_forget_packs");
    for (const file of this.#fs.readdir(FOLDER)) this.#remove(`${FOLDER}/${file}`);
  }

  /**
   * @param {string} path
   * @returns {Generator<any, void, any>}
   */
  *#clearPath(path) {
    const { store } = this.#settings;
    const pair = this.#call("_pack_names", path);
    const [name, pathName] = pair.toJs();
    pair.destroy();
    const noted = yield store.get(`${pathName}.txt`);
    const names = [name, noted && new TextDecoder().decode(noted)].filter(Boolean);
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
  }

  // --- the rest ---

  /** @param {string} path in Pyodide's file system, of a file that may be missing */
  #remove(path) {
    if (this.#fs.analyzePath(path).exists) this.#fs.unlink(path);
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
 * @param {import("./stores/store.js").StoredEntry[]} entries
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

/** @param {import("./stores/store.js").StoredEntry[]} entries */
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

function watchExit() {
  if (watchesExit || typeof process !== "object" || typeof process.prependListener !== "function")
    return;
  watchesExit = true;
  // Before others' listeners, which may take away what this one needs.
  process.prependListener("exit", () => {
    for (const packs of unwritten) packs.flushNow();
  });
}
