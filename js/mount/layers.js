// @ts-check
// Archives laid over directories that are there already, site-packages above all: each is as if it had been
// unpacked there, but nothing of it is made before it is looked for.

import { describeError } from "../base/errors.js";
import { giveFile, hasFile, removeFile } from "../pyodide/files.js";
import { callFunction, isAlive, takeValue } from "../pyodide/python.js";
import { findLibrary } from "../pyodide/side-module.js";
import { Bridge } from "./bridge.js";
import { countMount } from "./notes.js";
import { Layer } from "./layer.js";
import { NoArchive } from "./no-archive.js";
import { Nodes, Unfit } from "./nodes.js";
import { addUp } from "./totals.js";
import { archivePathOf } from "./tree.js";

export { Unfit };

/**
 * @typedef {object} Shared a directory that archives are laid over
 * @property {string} path as the file system itself calls it
 * @property {Nodes} nodes
 * @property {any} node
 */

/** @typedef {{ mount: number, archivePath: string, nbytes: number }} Archive */

export class Layers {
  #pyodide;
  #module;
  #bridge;
  /** @type {Map<string, Shared>} by path */
  #shared = new Map();
  /** @type {Map<number, Archive & { layer: WeakRef<Layer> }>} by what the side module calls the mount */
  #archives = new Map();
  /** An archive of which nothing is left in the file system goes, with its memory. */
  #finalizers = new FinalizationRegistry((/** @type {Archive} */ archive) =>
    this.#release(archive),
  );

  /**
   * @param {any} pyodide
   * @param {any} module the PyProxy of the Python module, whose owner calls close() before it is destroyed
   */
  constructor(pyodide, module) {
    this.#pyodide = pyodide;
    this.#module = module;
    this.#bridge = new Bridge(findLibrary(pyodide, module));
  }

  /**
   * Does what the first archive over a directory costs beyond its own part.
   *
   * @param {string} path of the directory; it is made if it is missing
   * @throws {Unfit} where none can be laid
   */
  prepare(path) {
    this.#share(path);
  }

  /**
   * Lays an archive over a directory.
   *
   * @param {string} path of the directory; it is made if it is missing
   * @param {string} name of the archive's file
   * @param {Uint8Array} bytes the archive's from now on
   * @returns {{ folders: () => string[], files: () => Iterable<{ path: string, nbytes: number }> }} the
   *   names of its own folders, not of those in them; and all its files, by their paths below the directory
   * @throws {NoArchive} for bytes that are none; then nothing has changed
   * @throws {Unfit} for an archive that cannot be laid there; the same
   */
  add(path, name, bytes) {
    const shared = this.#share(path);
    const archivePath = this.#chooseArchivePath(shared.path, name);
    const mount = this.#register(shared.path, archivePath, bytes);
    const layer = new Layer(this.#pyodide, this.#bridge, mount, bytes);
    const archive = { mount, archivePath, nbytes: bytes.length };
    this.#archives.set(mount, { ...archive, layer: new WeakRef(layer) });
    try {
      shared.nodes.lay(shared.node, layer);
    } catch (error) {
      this.#release(archive);
      throw error;
    }
    this.#finalizers.register(layer, archive);
    return {
      folders: () => this.#bridge.folders(mount),
      files: () => this.#bridge.files(mount),
    };
  }

  /** What is laid over all directories, taken together. */
  describe() {
    return addUp(
      [...this.#archives.values()].map(({ nbytes }) => nbytes),
      [...this.#shared.values()].map(({ nodes }) => nodes.stats()),
    );
  }

  /** Makes all files what they would be had they been unpacked, and lets go of the archives. */
  close() {
    if (!isAlive(this.#pyodide)) return;
    for (const { nodes } of this.#shared.values()) {
      nodes.settle();
      countMount(this.#pyodide, -1);
    }
    this.#shared.clear();
    for (const archive of [...this.#archives.values()]) {
      archive.layer.deref()?.close();
      this.#release(archive);
    }
  }

  /** @param {string} wanted */
  #share(wanted) {
    const { FS } = this.#pyodide;
    FS.mkdirTree(wanted);
    const { node } = FS.lookupPath(wanted, { follow: true });
    const path = FS.getPath(node);
    const known = this.#shared.get(path);
    if (known && known.node === node) return known;
    if (node.mount.type !== FS.filesystems.MEMFS)
      throw new Unfit("the folder is not one of Pyodide's own, in memory");
    const folder = callFunction(this.#module, "_share", (method) => method(path));
    const nodes = known?.nodes ?? new Nodes(this.#pyodide, this.#bridge);
    nodes.share(node, (name) => this.#bridge.note(folder, name));
    const shared = { path, nodes, node };
    this.#shared.set(path, shared);
    if (!known) countMount(this.#pyodide, 1);
    return shared;
  }

  /**
   * @param {string} path
   * @param {string} name
   */
  #chooseArchivePath(path, name) {
    const wanted = `${archivePathOf(path)}/${name}`;
    let chosen = wanted;
    for (let i = 1; hasFile(this.#pyodide.FS, chosen); i++) chosen = `${wanted}.${i}`;
    return chosen;
  }

  /**
   * @param {string} path
   * @param {string} archivePath
   * @param {Uint8Array} bytes
   * @returns {number}
   */
  #register(path, archivePath, bytes) {
    giveFile(this.#pyodide.FS, archivePath, bytes);
    try {
      return takeValue(
        callFunction(this.#module, "_mount", (method) => method(path, archivePath)),
      )[0];
    } catch (error) {
      removeFile(this.#pyodide.FS, archivePath);
      const { cause } = Object(error);
      if (cause?.type === "ZipImportError") throw new NoArchive(cause);
      if (cause?.type === "ValueError") {
        const reason = describeError(cause).replace(/^ValueError: found/, "it has");
        throw new Unfit(reason, { cause });
      }
      throw error;
    }
  }

  /** @param {Archive} archive of which nothing can be asked any more */
  #release({ mount, archivePath }) {
    if (!this.#archives.delete(mount) || !isAlive(this.#pyodide)) return;
    callFunction(this.#module, "_unmount", (method) => method(mount));
    removeFile(this.#pyodide.FS, archivePath);
  }
}
