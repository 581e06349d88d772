// @ts-check
// An archive as a directory of Pyodide's file system: as if it had been unpacked there, but nothing is made
// before it is looked for. Python's imports ask the side module itself (src/python/mount).

import { giveFile, hasFile, removeFile } from "../pyodide/files.js";
import { callFunction, takeValue } from "../pyodide/python.js";
import { findLibrary } from "../pyodide/side-module.js";
import { Bridge } from "./bridge.js";
import { countMount } from "./notes.js";
import { Layer } from "./layer.js";
import { Nodes } from "./nodes.js";

/** For the archives' files, each under the path of its mount: bytecode is kept under their names. */
const ARCHIVES = "/lib/pyodide_zipimport/archives";

/** @typedef {{ crc: number, nbytes: number }} ContentKey CRC-32 and size of an archive's directory */

/**
 * Where the archive of a mount lies.
 *
 * @param {string} path the mount's
 */
export function archivePathOf(path) {
  return `${ARCHIVES}${path}`;
}

/**
 * Tells one archive from another, before it is mounted.
 *
 * @param {any} module the PyProxy of the Python module
 * @param {string} archivePath of a file in Pyodide's file system
 * @returns {ContentKey}
 * @throws {import("../base/errors.js").ZipImportInternalError} "python-failed", whose cause is a PythonError
 *   of the type ZipImportError where the file is no archive
 */
export function describeArchive(module, archivePath) {
  const [crc, nbytes] = takeValue(
    callFunction(module, "_archive_key", (method) => method(archivePath)),
  );
  return { crc, nbytes };
}

/**
 * Mounts an archive. The folders above the mount are made; sys.path stays as it is.
 *
 * @param {any} pyodide
 * @param {any} module the PyProxy of the Python module, the caller's
 * @param {object} where
 * @param {string} where.path absolute, without a slash at its end; there must be nothing yet
 * @param {string} where.archivePath of a file that the caller gave with giveFile(), best at
 *   archivePathOf(path). The tree owns it once it is grown: nobody else changes it, and remove() deletes it
 * @returns {Tree}
 * @throws as describeArchive(); then nothing is mounted, and the file is still the caller's
 */
export function growTree(pyodide, module, { path, archivePath }) {
  return new Tree(pyodide, module, path, archivePath);
}

/**
 * What is mounted at one path.
 */
class Tree {
  #pyodide;
  #module;
  #bridge;
  #isRemoved = false;
  /** @type {number} what the side module calls the mount */
  #mount;
  /** @type {Layer} */
  #layer;
  /** @type {Nodes} */
  #nodes;
  /** @type {any} */
  #root;

  /**
   * @param {any} pyodide
   * @param {any} module
   * @param {string} path
   * @param {string} archivePath
   */
  constructor(pyodide, module, path, archivePath) {
    this.#pyodide = pyodide;
    this.#module = module;
    this.path = path;
    this.archivePath = archivePath;
    this.#bridge = new Bridge(findLibrary(pyodide, module));
    [this.#mount, this.key] = this.#register();
    [this.#layer, this.#nodes, this.#root] = this.#grow();
    countMount(pyodide, 1);
  }

  /**
   * The key is of the archive's directory alone: an archive whose members are damaged has the key of the whole one.
   *
   * @param {Uint8Array} bytes
   */
  shows(bytes) {
    return this.#layer.isOf(bytes);
  }

  /**
   * Puts another archive in this one's place. Where that is none, all stays as it was.
   *
   * @param {Uint8Array} bytes the file's from now on
   * @returns {{ changed: string[] }} as remove()
   * @throws as growTree()
   */
  replace(bytes) {
    const { FS } = this.#pyodide;
    this.#makeParent();
    const previous = this.#layer.archive;
    giveFile(FS, this.archivePath, bytes);
    let mount, key;
    try {
      [mount, key] = this.#register();
    } catch (error) {
      giveFile(FS, this.archivePath, previous);
      describeArchive(this.#module, this.archivePath); // so that the bytes are looked at again
      throw error;
    }
    // What is open is read from the bytes that it was opened of.
    giveFile(FS, this.archivePath, previous);
    const changed = this.#uproot();
    giveFile(FS, this.archivePath, bytes);
    this.#mount = mount;
    this.key = key;
    [this.#layer, this.#nodes, this.#root] = this.#grow();
    return { changed };
  }

  /**
   * Takes the mount away, with all that the user made there; if the user has moved it, it is left where it is, as
   * ordinary files. Files that are open keep their contents, modules
   * that were imported stay; what is looked for below the path is not there any more.
   *
   * @returns {{ changed: string[] }} what the user made or changed there, as paths below the mount's
   */
  remove() {
    if (this.#isRemoved) return { changed: [] };
    this.#isRemoved = true;
    const changed = this.#uproot();
    removeFile(this.#pyodide.FS, this.archivePath);
    countMount(this.#pyodide, -1);
    return { changed };
  }

  /** Whether its path leads to it: the user may have moved or removed it. */
  isInPlace() {
    const { FS } = this.#pyodide;
    return hasFile(FS, this.path) && FS.lookupPath(this.path).node === this.#root;
  }

  /**
   * How many nodes were made, contents filled and dropped again, and the bytes that are kept of them.
   */
  stats() {
    return this.#nodes.stats();
  }

  /** The archive's files, by their paths below the mount's; no node is made for it. */
  files() {
    return this.#bridge.files(this.#mount);
  }

  /** @returns {[number, ContentKey]} */
  #register() {
    const call = (/** @type {any} */ method) => method(this.path, this.archivePath);
    const [mount, crc, nbytes] = takeValue(callFunction(this.#module, "_mount", call));
    return [mount, { crc, nbytes }];
  }

  /** @param {number} mount */
  #unregister(mount) {
    callFunction(this.#module, "_unmount", (method) => method(mount));
  }

  /** @returns {any} the node of the folder above the mount */
  #makeParent() {
    const { FS, ERRNO_CODES } = this.#pyodide;
    const path = this.path.slice(0, this.path.lastIndexOf("/"));
    FS.mkdirTree(path);
    const { node } = FS.lookupPath(path || "/", { follow: true });
    if (!FS.isDir(node.mode)) throw new FS.ErrnoError(ERRNO_CODES.ENOTDIR);
    return node;
  }

  /** @returns {[Layer, Nodes, any]} */
  #grow() {
    const { FS } = this.#pyodide;
    try {
      const parent = this.#makeParent();
      const nodes = new Nodes(this.#pyodide, this.#bridge);
      const archive = FS.lookupPath(this.archivePath).node.contents;
      const layer = new Layer(this.#pyodide, this.#bridge, this.#mount, archive);
      return [
        layer,
        nodes,
        nodes.plant(parent, this.path.slice(this.path.lastIndexOf("/") + 1), layer),
      ];
    } catch (error) {
      this.#unregister(this.#mount);
      throw error;
    }
  }

  #uproot() {
    const { parent, name } = this.#root;
    const isMoved = !this.isInPlace() && parent.contents?.[name] === this.#root;
    const changed = isMoved ? [] : this.#nodes.uproot(this.#root);
    if (isMoved) this.#nodes.settle();
    this.#layer.close();
    this.#unregister(this.#mount);
    return changed;
  }
}
