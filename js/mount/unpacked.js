// @ts-check
// Archives unpacked by Pyodide itself: what mount() does where the importer is not in use, so that a page works
// there as well, only slower. Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `unpackArchive`.

import { FOLDER, hasFile, listFiles, removeTree } from "../pyodide/files.js";
import { NoArchive } from "./no-archive.js";

/** @typedef {import("./mounts.js").Key} Key */
/** @typedef {import("./mounts.js").Tree} Tree */
/** @typedef {import("./mounts.js").Trees} Trees */
/** @typedef {import("../platform/platform.js").Platform} Platform */

/** An archive on its way to its path, where nobody mounts anything. */
const BESIDE = `${FOLDER}/unpacked`;

/** @implements {Trees} */
export class UnpackedTrees {
  #pyodide;
  #platform;

  /**
   * @param {any} pyodide
   * @param {Platform} platform
   */
  constructor(pyodide, platform) {
    this.#pyodide = pyodide;
    this.#platform = platform;
  }

  /** @param {Uint8Array} bytes */
  describe(bytes) {
    return { crc: this.#platform.crc32(bytes), nbytes: bytes.length };
  }

  /**
   * @param {string} path
   * @param {Uint8Array} bytes
   */
  grow(path, bytes) {
    return new UnpackedTree(this.#pyodide, path, bytes, (given) => this.describe(given));
  }
}

/** @implements {Tree} */
class UnpackedTree {
  #pyodide;
  #path;
  #describe;

  /**
   * @param {any} pyodide
   * @param {string} path
   * @param {Uint8Array} bytes
   * @param {(bytes: Uint8Array) => Key} describe
   */
  constructor(pyodide, path, bytes, describe) {
    this.#pyodide = pyodide;
    this.#path = path;
    this.#describe = describe;
    this.key = describe(bytes);
    this.#unpack(path, bytes);
  }

  /** @param {Uint8Array} bytes */
  shows(bytes) {
    const { crc, nbytes } = this.#describe(bytes);
    return crc === this.key.crc && nbytes === this.key.nbytes;
  }

  /** @param {Uint8Array} bytes */
  replace(bytes) {
    const fs = this.#pyodide.FS;
    const key = this.#describe(bytes);
    if (hasFile(fs, BESIDE)) removeTree(fs, BESIDE);
    this.#unpack(BESIDE, bytes);
    this.remove();
    fs.mkdirTree(this.#path.slice(0, this.#path.lastIndexOf("/")));
    fs.rename(BESIDE, this.#path);
    this.key = key;
    return { changed: [] }; // nobody has kept watch
  }

  isInPlace() {
    return hasFile(this.#pyodide.FS, this.#path);
  }

  remove() {
    if (this.isInPlace()) removeTree(this.#pyodide.FS, this.#path);
    return { changed: [] };
  }

  files() {
    return listFiles(this.#pyodide.FS, this.#path);
  }

  stats() {
    return { nodes: 0, fills: 0, filledBytes: 0, drops: 0 };
  }

  /**
   * @param {string} path
   * @param {Uint8Array} bytes
   */
  #unpack(path, bytes) {
    const fs = this.#pyodide.FS;
    fs.mkdirTree(path);
    try {
      this.#pyodide.unpackArchive(bytes, "zip", { extractDir: path });
    } catch (error) {
      removeTree(fs, path);
      throw new NoArchive(error);
    }
  }
}
