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
import { contentsOf, findLibrary, untilLibrary } from "../../pyodide/files.js";
import { digestOf, makeLibraryName, parseName } from "../names.js";
import { Candidates } from "./candidates.js";
import { keyOf } from "./key.js";
import { settleModules } from "./settle.js";
import { writeLibrary } from "./write.js";

/** @typedef {import("../stores/store.js").Store} Store */
/** @typedef {import("../packs/packs.js").Pace} Pace */
/** @typedef {import("../../platform/platform.js").Platform} Platform */
/** @typedef {[name: string, path: string]} Module */

const CHANGED = "the program has put another archive into the place of Pyodide's own";

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
  /** What the file held that was left there for the start. */
  #left = /** @type {unknown} */ (undefined);
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

  /** Whether a start has asked for what is kept: of a Pyodide that this is for, it was that one's. */
  get wasAsked() {
    return this.#fs !== undefined;
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
      this.#left = contentsOf(fs, path);
      const found = await this.#candidates.take(digestOf(stock, this.#platform.crc32));
      if (!found || this.#pyodide || this.#isChanged(fs, path)) return;
      fs.writeFile(path, found.bytes, { canOwn: true });
      this.#left = contentsOf(fs, path);
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
      const isChanged = this.#isChanged(pyodide.FS, this.path);
      this.#left = undefined;
      if (isChanged) {
        // What stands there is the program's, and stays.
        this.#stock = this.#used = undefined;
        this.#fail(CHANGED);
      }
      const settled = settleModules(pyodide, this.path, this.isReplaced);
      const { magic, missing, bytecode, settings } = settled;
      this.#outcome.compiles = missing.length;
      if (!isInstalled) return;
      if (this.#stock) pyodide.FS.writeFile(this.path, this.#stock, { canOwn: true });
      const archive = digestOf(pyodide.FS.readFile(this.path), this.#platform.crc32);
      this.#name = makeLibraryName({
        ...{ version: pyodide.version, build, magic },
        ...{ settings: this.#key.settings, archive },
      });
      const obstacle = isChanged ? CHANGED : this.#obstacle(bytecode, settings);
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
   * Whether the program has put an archive of its own there meanwhile.
   *
   * @param {any} fs
   * @param {string} path
   */
  #isChanged(fs, path) {
    return this.#left !== undefined && this.#left !== contentsOf(fs, path);
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
