// @ts-check
// One archive, as the nodes of Pyodide's file system see it. What it throws are Emscripten's errors, since it is
// asked inside of Python's system calls.

import { CHANGE } from "./bridge.js";

/** @typedef {import("./bridge.js").Facts} Facts */
/** @typedef {Facts & { index: number }} Child */

export class Layer {
  /**
   * The modification time of all that it shows, as if it had been unpacked now: linecache, template engines and
   * others see by that whether what lies at a path is new, and archives that were made anew may have the old times.
   */
  time = Date.now();
  #fs;
  #errno;
  #bridge;
  #mount;
  #archive;
  #isOpen = true;

  /**
   * @param {any} pyodide
   * @param {import("./bridge.js").Bridge} bridge
   * @param {number} mount the side module's number for it
   * @param {Uint8Array} archive its file's bytes
   */
  constructor(pyodide, bridge, mount, archive) {
    this.#fs = pyodide.FS;
    this.#errno = pyodide.ERRNO_CODES;
    this.#bridge = bridge;
    this.#mount = mount;
    this.#archive = archive;
  }

  /** The archive's file, also where the user has removed that. */
  get archive() {
    return this.#archive;
  }

  /** From now on nothing is there: the archive is about to go. */
  close() {
    this.#isOpen = false;
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {boolean} whether they are the archive's
   */
  isOf(bytes) {
    const archive = this.#archive;
    if (bytes.length !== archive.length) return false;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== archive[i]) return false;
    return true;
  }

  /** @param {number} index of a node */
  describe(index) {
    this.#check();
    return this.#bridge.describe(this.#mount, index);
  }

  /** @param {number} directory */
  isEmpty(directory) {
    this.#check();
    return this.#bridge.isEmpty(this.#mount, directory);
  }

  /**
   * @param {number} directory
   * @returns {Child[]} in the archive's order
   */
  children(directory) {
    this.#check();
    const indices = this.#bridge.children(this.#mount, directory);
    return indices.map((index) => ({ ...this.describe(index), index }));
  }

  /**
   * @param {number} directory
   * @param {string} name
   * @returns {number} negative where there is none
   */
  find(directory, name) {
    this.#check();
    return this.#bridge.find(this.#mount, directory, name);
  }

  /**
   * @param {number} file
   * @returns {Uint8Array} its contents: not to be changed where they {@link isPart}
   */
  read(file) {
    this.#check();
    const { bytes, errno } = this.#bridge.read(this.#mount, file, this.#archive);
    if (!bytes) throw new this.#fs.ErrnoError(errno);
    return bytes;
  }

  /**
   * @param {any} contents of a file
   * @returns {boolean} whether they are a part of the archive's file itself
   */
  isPart(contents) {
    return contents?.buffer === this.#archive.buffer;
  }

  /** @param {number} link */
  readLink(link) {
    this.#check();
    const { text, errno } = this.#bridge.readLink(this.#mount, link);
    if (text === undefined) throw new this.#fs.ErrnoError(errno);
    return text;
  }

  /** @param {number} directory in which a name was made, removed or replaced */
  tellChanged(directory) {
    if (this.#isOpen) this.#bridge.change(this.#mount, directory, CHANGE.within);
  }

  /** @param {number} file that was written to */
  tellWritten(file) {
    if (this.#isOpen) this.#bridge.change(this.#mount, file, CHANGE.within);
  }

  /** @param {number} index of what was removed, moved or replaced */
  tellGone(index) {
    if (this.#isOpen) this.#bridge.change(this.#mount, index, CHANGE.gone);
  }

  /**
   * @param {number} directory
   * @param {string} name in it
   */
  tellNameGone(directory, name) {
    if (!this.#isOpen) return;
    const index = this.#bridge.find(this.#mount, directory, name);
    if (index >= 0) this.tellGone(index);
  }

  #check() {
    if (!this.#isOpen) throw new this.#fs.ErrnoError(this.#errno.ENOENT);
  }
}
