// @ts-check
// This file knows the standard library that boot() starts Pyodide from: stock's archive, to which the
// bytecode of what a start imports was added by an earlier start. Only the start itself uses it; then
// stock's archive takes its place again, so that nothing later depends on how Pyodide was started.
//
// In a store it is
//
//     NAME.DIGEST.zip   NAME says of which Pyodide, for which settings, and of which archive; DIGEST is
//                       of all the bytes: a start checks nothing, and damaged bytecode can do anything
//     PLACE.txt         the NAME used last for an indexURL: what is read first

import { crc32 } from "./crc32.js";
import { describeError } from "./errors.js";
import { MAKE_BYTECODE } from "./make-bytecode.js";
import { runApart } from "./side-module.js";
import { pause } from "./steps.js";

/** @typedef {import("./stores/store.js").Store} Store */
/** @typedef {import("./stores/store.js").StoredEntry} StoredEntry */
/** @typedef {import("./packs.js").Pace} Pace */

export const SCHEMA = 1; // of these names and files
const FILE = /^(w(\d+)-.*-s([^-]+)-l([^-]+-\d+))\.([0-9a-f]+-\d+)\.zip$/;
const ARCHIVE = /^python\d+\.zip$/;
const COPY = "/lib/pyodide_zipimport/library.new";
const SOURCE = "/lib/pyodide_zipimport/library.old";
/** Larger sources take too long to compile in the background of a page. */
const PAGE_SOURCE_NBYTES_MAX = 64 * 1024;
/** How long a start waits for stock's archive, and for the store, before it goes on without. */
const ARCHIVE_TIMEOUT_MS = 10_000;
const STORE_TIMEOUT_MS = 2_000;
const POLL_MS = 2;

/** @typedef {{ file: string, bytes: Uint8Array }} Found */

export class Library {
  /** @type {Promise<Store | undefined>} */
  #opening;
  #settings;
  #place;
  #hasPlace;
  /** @type {Promise<Found | undefined>} */
  #first;
  /** @type {StoredEntry[]} those that are for these settings, in the order in which they are tried */
  #entries = [];
  /** @type {import("./index.js").StartStats} */
  #outcome = { library: "stock", reason: "none is kept yet", compiles: 0 };
  /** Of the standard library's archive, once Pyodide has started. */
  path = "";
  /** @type {Uint8Array | undefined} stock's archive, while another stands in its place */
  #stock;
  /** Of stock's archive, once it is known. */
  #digest = "";
  /** @type {string | undefined} the file that stood there */
  #used;
  /** @type {string[]} what is to be deleted */
  #useless = [];
  #pyodide = /** @type {any} */ (undefined);
  #name = "";
  /** @type {[name: string, path: string][]} modules that the start had to compile */
  #missing = [];

  /**
   * Begins to read what is kept.
   *
   * @param {Promise<Store> | undefined} opening
   * @param {Record<string, any>} options those of loadPyodide
   */
  constructor(opening, { indexURL, stdLibURL, args = [], env = {} }) {
    const { PYTHONOPTIMIZE, PYTHONNODEBUGRANGES } = env;
    this.#opening = Promise.resolve(opening);
    this.#settings = digestOfText([args, PYTHONOPTIMIZE, PYTHONNODEBUGRANGES].join("\n"));
    this.#hasPlace = indexURL !== undefined || stdLibURL !== undefined;
    const place = digestOfText(`${indexURL} ${stdLibURL}`);
    this.#place = `w${SCHEMA}-s${this.#settings}-at-${place}.txt`;
    this.#first = this.#findFirst().catch((error) => this.#fail(error));
  }

  /** For stats(). */
  describe() {
    return this.#outcome;
  }

  /** @param {unknown} error */
  #fail(error) {
    const { compiles } = this.#outcome;
    this.#outcome = { library: "stock", reason: describeError(error), compiles };
    return undefined;
  }

  // --- before Python starts ---

  async #findFirst() {
    const store = await this.#opening;
    if (!store) return this.#fail("nothing is kept");
    const note = await store.get(this.#place);
    const noted = note && new TextDecoder().decode(note);
    /** @type {StoredEntry[]} */
    const entries = await store.list();
    const rank = (/** @type {StoredEntry} */ { name }) => Number(name.split(".")[0] === noted);
    this.#entries = entries
      .filter(({ name }) => {
        const [, , schema, settings] = FILE.exec(name) ?? [];
        return Number(schema) === SCHEMA && settings === this.#settings;
      })
      .sort((a, b) => rank(b) - rank(a) || b.usedMs - a.usedMs);
    return this.#entries.length > 0 ? this.#read(this.#entries[0].name) : undefined;
  }

  /**
   * @param {string} file
   * @returns {Promise<Found | undefined>} undefined if it is not what was written
   */
  async #read(file) {
    const bytes = await (await this.#opening)?.get(file);
    if (bytes && digestOf(bytes) === FILE.exec(file)?.[5]) return { file, bytes };
    this.#useless.push(file);
    return this.#fail("what was kept is damaged");
  }

  /**
   * Puts the archive with bytecode into the place of stock's, if there is one for it. Called within
   * fsInit, before Python starts; never rejected.
   *
   * @param {any} fs
   */
  async replace(fs) {
    try {
      const first = await this.#inTime(this.#first);
      if (this.#entries.length === 0) return;
      const path = await untilThere(fs);
      if (!path) return void this.#fail("stock's archive did not come in time");
      const stock = fs.readFile(path);
      const digest = (this.#digest = digestOf(stock));
      const fits = (/** @type {string} */ file) => FILE.exec(file)?.[4] === digest;
      const other = this.#entries.find(({ name }) => fits(name) && name !== this.#entries[0].name);
      const found =
        first && fits(first.file) ? first : other && (await this.#inTime(this.#read(other.name)));
      if (!found) return this.#giveUp(first);
      fs.writeFile(path, found.bytes, { canOwn: true });
      (await this.#opening)?.touch?.(found.file)?.catch?.(() => {});
      this.#stock = stock;
      this.#used = found.file;
      this.#outcome = { library: "kept", bytes: found.bytes.length, compiles: 0 };
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#first = Promise.resolve(undefined); // the bytes are the file's now
    }
  }

  /** @param {Found | undefined} first made of another archive than the one that is there */
  #giveUp(first) {
    if (!first) return;
    this.#fail("what is kept is of another Pyodide");
    if (this.#hasPlace) this.#useless.push(first.file);
  }

  /**
   * Nobody waits for a store longer than its content could save.
   *
   * @template T
   * @param {Promise<T>} reading
   * @returns {Promise<T>}
   */
  #inTime(reading) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error("the store did not answer in time")),
        STORE_TIMEOUT_MS,
      );
      reading.finally(() => clearTimeout(timer)).then(resolve, reject);
    });
  }

  // --- after it started ---

  /**
   * Makes everything what stock would have made it. Never fails: what cannot be done is not kept.
   *
   * @param {any} pyodide
   * @param {string} build which build of Pyodide it is
   * @param {boolean} isInstalled whether our importer is in use; stock's keeps the directory of the file
   *   that it started from, which so has to stay where it is
   */
  settle(pyodide, build, isInstalled) {
    this.#pyodide = pyodide;
    try {
      this.path = findArchive(pyodide.FS) ?? "";
      const { magic, missing, bytecode } = this.#settleModules();
      this.#outcome.compiles = missing.length;
      if (!isInstalled) return;
      if (this.#stock) pyodide.FS.writeFile(this.path, this.#stock, { canOwn: true });
      this.#name = this.#nameOf(build, magic);
      if (bytecode > 0 && !this.#stock) this.#fail("Pyodide's own archive holds bytecode");
      else this.#missing = missing;
      this.#stock = undefined;
    } catch (error) {
      this.#fail(error);
    }
    if (this.#used && !this.#used.startsWith(`${this.#name}.`)) {
      this.#useless.push(this.#used);
      this.#used = undefined;
    }
  }

  /** @returns {{ magic: number, missing: [name: string, path: string][], bytecode: number }} */
  #settleModules() {
    const isReplaced = this.#stock !== undefined;
    const answer = runApart(this.#pyodide, SETTLE, { archive: this.path, is_replaced: isReplaced });
    try {
      const [magic, missing, bytecode] = answer.toJs();
      return { magic, missing, bytecode };
    } finally {
      answer.destroy();
    }
  }

  /**
   * @param {string} build
   * @param {number} magic
   */
  #nameOf(build, magic) {
    const { version, FS } = this.#pyodide;
    this.#digest ||= digestOf(FS.readFile(this.path));
    const release = version.replaceAll(/[^0-9a-z]/gi, "_");
    return `w${SCHEMA}-${release}-b${build}-p${magic}-s${this.#settings}-l${this.#digest}`;
  }

  /**
   * Lets go of what is kept.
   *
   * @returns {string[]} names in the store
   */
  forget() {
    const files = this.#used ? [this.#used, this.#place] : [this.#place];
    this.#used = undefined;
    this.#missing = [];
    return files;
  }

  /** Whether there is something to write. */
  get isIncomplete() {
    return this.#missing.length > 0 || this.#useless.length > 0;
  }

  /**
   * Compiles what the start had to compile, and stores all of it for the next one.
   *
   * @param {import("./catalogue.js").Catalogue} store
   * @param {Pace & { maxBytes: number }} pace
   * @returns {Generator<any, boolean, any>} which yields what is to be awaited, and returns whether
   *   something was written
   */
  *writeSteps(store, { stepMs, inBackground, maxBytes }) {
    for (const file of this.#useless.splice(0)) yield store.delete(file);
    const modules = this.#missing.splice(0);
    if (modules.length === 0) return false;
    const started = this.#used && (yield store.get(this.#used));
    const copy = this.#begin(modules, started, inBackground && typeof document === "object");
    let bytes;
    try {
      while (!copy.step(Math.min(stepMs, 1e9))) yield pause();
      const skipped = copy.finish();
      this.#missing = skipped.toJs();
      skipped.destroy();
      if (this.#missing.length < modules.length) bytes = this.#pyodide.FS.readFile(COPY);
    } finally {
      copy.destroy();
      for (const path of [COPY, SOURCE]) this.#remove(path);
    }
    if (!bytes) return false;
    if (bytes.length > maxBytes)
      throw new Error(
        `a standard library of ${bytes.length} bytes, expected at most maxBytes, ${maxBytes}`,
      );
    yield* this.#put(store, bytes);
    return true;
  }

  /**
   * @param {[name: string, path: string][]} modules
   * @param {Uint8Array | undefined} started what was started from, which is continued; else stock's is
   * @param {boolean | undefined} isPage whether large sources are left for a time when nobody looks
   */
  #begin(modules, started, isPage) {
    if (started) this.#pyodide.FS.writeFile(SOURCE, started, { canOwn: true });
    return runApart(this.#pyodide, BEGIN, {
      archive: this.path,
      source: started ? SOURCE : this.path,
      target: COPY,
      modules,
      max_source: isPage ? PAGE_SOURCE_NBYTES_MAX : undefined,
    });
  }

  /**
   * @param {import("./catalogue.js").Catalogue} store
   * @param {Uint8Array} bytes
   * @returns {Generator<any, void, any>}
   */
  *#put(store, bytes) {
    const file = `${this.#name}.${digestOf(bytes)}.zip`;
    yield store.put(file, bytes);
    yield store.put(this.#place, new TextEncoder().encode(this.#name));
    this.#used = file;
    for (const { name } of yield store.list())
      if (name.startsWith(`${this.#name}.`) && name !== file) yield store.delete(name);
  }

  /** @param {string} path of a file that may be missing */
  #remove(path) {
    const fs = this.#pyodide.FS;
    if (fs.analyzePath(path).exists) fs.unlink(path);
  }
}

/** @param {Uint8Array} bytes */
function digestOf(bytes) {
  return `${crc32(bytes).toString(16)}-${bytes.length}`;
}

/** @param {string} text */
function digestOfText(text) {
  return crc32(new TextEncoder().encode(text)).toString(16);
}

/**
 * @param {any} fs
 * @returns {string | undefined} the path of the standard library's archive
 */
function findArchive(fs) {
  const name = fs.readdir("/lib").find((/** @type {string} */ each) => ARCHIVE.test(each));
  return name && `/lib/${name}`;
}

/**
 * Waits for the standard library, which Pyodide loads while fsInit runs.
 *
 * @param {any} fs
 */
async function untilThere(fs) {
  const end = performance.now() + ARCHIVE_TIMEOUT_MS;
  for (;;) {
    const path = fs.analyzePath("/lib").exists && findArchive(fs);
    if (path || performance.now() > end) return path;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Gives the bytecode's magic number, the modules that were compiled from sources of the archive, and how
 * many came from its bytecode. That is nobody's business where the archive is only there for the start.
 */
const SETTLE = `
import sys
import _frozen_importlib
import _frozen_importlib_external as external

def source_of(path):
    inside = isinstance(path, str) and path.startswith(archive + "/")
    return path[:-1] if inside and path.endswith(".pyc") else None

missing, bytecode = {}, 0
for module in list(sys.modules.values()):
    if type(module) is not type(sys):
        continue
    names = vars(module)
    spec = names.get("__spec__")
    if type(spec) is _frozen_importlib.ModuleSpec:
        source = source_of(spec.origin)
        if source:
            bytecode += 1
            if is_replaced:
                spec.origin, spec.cached = source, external._get_cached(source)
        elif isinstance(spec.origin, str) and spec.origin.startswith(archive + "/") and spec.origin.endswith(".py"):
            missing[spec.name] = spec.origin
    for name in "__file__", "__cached__":
        source = source_of(names.get(name))
        if source and is_replaced:
            names[name] = source if name == "__file__" else external._get_cached(source)
result = [int.from_bytes(external.MAGIC_NUMBER[:2], "little"), list(missing.items()), bytecode]
`;

const BEGIN = `
${MAKE_BYTECODE}
import zipimport
result = Copy(archive, source, target, modules, zipimport.zipimporter(archive).get_data, max_source)
`;
