// @ts-check
// The standard library that boot() starts Pyodide from: stock's archive, to which the bytecode of what a
// start imports was added by an earlier start. Only the start itself uses it; then stock's archive takes
// its place again, so that nothing later depends on how Pyodide was started.
//
// A start goes through these states:
//
//     reading    the store is asked, and Python is not there yet
//     replaced   one that fits stands in the place of stock's archive; #stock holds that one
//     settled    stock's archive is back, and #missing holds what the start had to compile

import { describeError } from "../../base/errors.js";
import { findLibrary, untilLibrary } from "../../pyodide/files.js";
import { digestOf, makeLibraryName, parseName } from "../names.js";
import { Candidates } from "./candidates.js";
import { keyOf } from "./key.js";
import { settleModules } from "./settle.js";
import { writeLibrary } from "./write.js";

/** @typedef {import("../stores/store.js").Store} Store */
/** @typedef {import("../packs/packs.js").Pace} Pace */
/** @typedef {import("../../platform/platform.js").Platform} Platform */
/** @typedef {[name: string, path: string]} Module */

export class Library {
  #platform;
  #key;
  #candidates;
  /** @type {import("../../index.js").StartStats} */
  #outcome = { library: "stock", reason: "none is kept yet", compiles: 0 };
  /** The file system of the Pyodide whose start called what boot() gave to loadPyodide(). */
  #fs = /** @type {any} */ (undefined);
  /** Of the standard library's archive, once Pyodide has started. */
  path = "";
  /** @type {Uint8Array | undefined} stock's archive, while another stands in its place */
  #stock;
  /** Of stock's archive, once it is known. */
  #archive = "";
  /** @type {string | undefined} the file that Pyodide was started from */
  #used;
  #pyodide = /** @type {any} */ (undefined);
  #name = "";
  /** Modules that the start had to compile. */
  #missing = /** @type {Module[]} */ ([]);

  /**
   * Begins to read what is kept.
   *
   * @param {Platform} platform
   * @param {Promise<Store> | undefined} opening
   * @param {Record<string, any>} options those of loadPyodide
   */
  constructor(platform, opening, options) {
    this.#platform = platform;
    this.#key = keyOf(platform, options);
    this.#candidates = new Candidates(platform, opening, this.#key, (error) => this.#fail(error));
  }

  /** For stats(). */
  describe() {
    return this.#outcome;
  }

  /**
   * Whether it is for this Pyodide: only the first that is started with the same options finds it.
   *
   * @param {any} pyodide
   */
  isFor(pyodide) {
    return this.#fs === undefined || this.#fs === pyodide.FS;
  }

  /** Whether the archive with bytecode stands in the place of stock's. */
  get isReplaced() {
    return this.#stock !== undefined;
  }

  /** @param {unknown} error why it is an ordinary start */
  #fail(error) {
    const { compiles } = this.#outcome;
    this.#outcome = { library: "stock", reason: describeError(error), compiles };
  }

  // --- before Python starts ---

  /**
   * Puts the archive with bytecode into the place of stock's, if there is one for it. Called within
   * fsInit, before Python starts; never rejected.
   *
   * @param {any} fs
   */
  async replace(fs) {
    // What is kept is for the first; and one that runs already is to stay as it is.
    if (this.#fs || this.#pyodide) return;
    this.#fs = fs;
    try {
      if (!(await this.#candidates.areThere())) return;
      const path = await untilLibrary(fs);
      if (!path) return void this.#fail("stock's archive did not come in time");
      const stock = fs.readFile(path);
      this.#archive = digestOf(stock, this.#platform.crc32);
      const found = await this.#candidates.take(this.#archive);
      if (!found || this.#pyodide) return;
      fs.writeFile(path, found.bytes, { canOwn: true });
      this.#stock = stock;
      this.#used = found.file;
      this.#outcome = { library: "kept", bytes: found.bytes.length, compiles: 0 };
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#candidates.letGo(); // the bytes are the file's now
    }
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
      this.path = findLibrary(pyodide.FS) ?? "";
      const settled = settleModules(pyodide, this.path, this.isReplaced);
      const { magic, missing, bytecode, settings } = settled;
      this.#outcome.compiles = missing.length;
      if (!isInstalled) return;
      if (this.#stock) pyodide.FS.writeFile(this.path, this.#stock, { canOwn: true });
      this.#archive ||= digestOf(pyodide.FS.readFile(this.path), this.#platform.crc32);
      this.#name = makeLibraryName({
        ...{ version: pyodide.version, build, magic },
        ...{ settings: this.#key.settings, archive: this.#archive },
      });
      const obstacle = this.#obstacle(bytecode, settings);
      if (obstacle && !this.isReplaced) this.#fail(obstacle);
      if (!obstacle && this.#key.isWritable) this.#missing = missing;
      this.#stock = undefined;
    } catch (error) {
      this.#fail(error);
    }
    // One that another build made of the very same archive is that build's.
    if (parseName(this.#used ?? "")?.group !== this.#name) this.#used = undefined;
  }

  /**
   * Why what this start compiled cannot be kept for another one.
   *
   * @param {number} bytecode
   * @param {import("./key.js").Settings} settings
   */
  #obstacle(bytecode, settings) {
    if (!this.#fs) return "loadPyodide() was not given the options that boot() made";
    if (bytecode > 0 && !this.isReplaced) return "Pyodide's own archive holds bytecode";
    const { optimization, hasRanges } = this.#key.compiler;
    if (optimization !== settings.optimization || hasRanges !== settings.hasRanges)
      return "Python was started with other args or env than boot() was given";
    return undefined;
  }

  /**
   * Lets go of what is kept.
   *
   * @returns {string[]} names in the store
   */
  forget() {
    const files = this.#used ? [this.#used, this.#key.place] : [this.#key.place];
    this.#used = undefined;
    this.#missing = [];
    return files;
  }

  /** Whether there is something to write. */
  get isIncomplete() {
    return this.#missing.length > 0 || this.#candidates.damaged.length > 0;
  }

  /**
   * Compiles what the start had to compile, and stores all of it for the next one.
   *
   * @param {import("../catalogue.js").Catalogue} store
   * @param {Pace & { maxBytes: number }} pace
   * @returns {Generator<any, boolean, any>} which yields what is to be awaited, and returns whether
   *   something was written
   */
  *writeSteps(store, pace) {
    for (const file of this.#candidates.damaged.splice(0)) yield store.delete(file);
    const missing = this.#missing.splice(0);
    if (missing.length === 0) return false;
    // Where this is stopped, and not where it fails, the next time takes it up again.
    let left = missing;
    try {
      const { skipped, file } = yield* writeLibrary(
        { platform: this.#platform, pyodide: this.#pyodide, store, pace },
        { name: this.#name, archive: this.path, place: this.#key.place, used: this.#used, missing },
      );
      left = skipped;
      if (file) this.#used = file;
      return file !== undefined;
    } catch (error) {
      left = [];
      throw error;
    } finally {
      this.#missing = left;
    }
  }
}
