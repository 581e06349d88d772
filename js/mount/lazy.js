// @ts-check
// Archives as trees of nodes that fill themselves (tree.js), which their files lie beside.

import { FOLDER, giveFile, removeFile } from "../pyodide/files.js";
import { NoArchive } from "./no-archive.js";
import { archivePathOf, describeArchive, growTree } from "./tree.js";

/** @typedef {import("./mounts.js").Key} Key */
/** @typedef {import("./mounts.js").Tree} Tree */
/** @typedef {import("./mounts.js").Trees} Trees */

/** An archive that is not mounted yet. */
const ARRIVED = `${FOLDER}/arrived.zip`;

/** @implements {Trees} */
export class LazyTrees {
  #pyodide;
  #module;

  /**
   * @param {any} pyodide
   * @param {any} module the PyProxy of the Python module, borrowed
   */
  constructor(pyodide, module) {
    this.#pyodide = pyodide;
    this.#module = module;
  }

  /** @param {Uint8Array} bytes */
  describe(bytes) {
    const fs = this.#pyodide.FS;
    giveFile(fs, ARRIVED, bytes);
    try {
      return asArchive(() => describeArchive(this.#module, ARRIVED));
    } finally {
      removeFile(fs, ARRIVED);
    }
  }

  /**
   * @param {string} path
   * @param {Uint8Array} bytes
   */
  grow(path, bytes) {
    const fs = this.#pyodide.FS;
    const archivePath = archivePathOf(path);
    giveFile(fs, archivePath, bytes);
    try {
      const tree = asArchive(() => growTree(this.#pyodide, this.#module, { path, archivePath }));
      return new LazyTree(tree);
    } catch (error) {
      removeFile(fs, archivePath);
      throw error;
    }
  }
}

/** @implements {Tree} */
class LazyTree {
  #tree;

  /** @param {ReturnType<typeof growTree>} tree */
  constructor(tree) {
    this.#tree = tree;
  }

  get key() {
    return /** @type {Key} */ (this.#tree.key);
  }

  /** @param {Uint8Array} bytes */
  shows(bytes) {
    return this.#tree.shows(bytes);
  }

  /** @param {Uint8Array} bytes */
  replace(bytes) {
    return asArchive(() => this.#tree.replace(bytes));
  }

  remove() {
    return this.#tree.remove();
  }

  isInPlace() {
    return this.#tree.isInPlace();
  }

  files() {
    return this.#tree.files();
  }

  stats() {
    return this.#tree.stats();
  }
}

/**
 * @template T
 * @param {() => T} open
 * @returns {T}
 */
function asArchive(open) {
  try {
    return open();
  } catch (error) {
    const { cause } = Object(error);
    throw cause?.type === "ZipImportError" ? new NoArchive(cause) : error;
  }
}
