// @ts-check
// Files and links that show an archive's, as nodes of Pyodide's file system. A file gets its contents when
// somebody reads them; from the first write on they are its own.
//
// Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `FS.filesystems.MEMFS.createNode`; a file's bytes
// in `contents` and their number in `usedBytes`, a link's text in `link`; times in `timestamp` or in `atime`,
// `mtime`, `ctime`; `FS.streams`.

import { maskOf } from "../pyodide/files.js";
import { Contents } from "./contents.js";

/** @typedef {import("./layer.js").Layer} Layer */
/** @typedef {import("./layer.js").Facts} Facts */

/**
 * What is known of a file that shows a member.
 *
 * @typedef {object} File
 * @property {any} node
 * @property {Layer} layer
 * @property {number} index in it
 * @property {Uint8Array} [bytes] its contents, if they are at hand
 * @property {any} empty what its node would have for contents if it had none
 * @property {boolean} isOwn whether its node keeps the contents itself: the user changed them
 */

const TIMES = ["timestamp", "atime", "mtime", "ctime"];
const TIMES_OF_CHANGE = ["timestamp", "mtime", "ctime"];
const MODE = { directory: 0o40777, file: 0o100666, link: 0o120777 };

export class Leaves {
  #fs;
  #memfs;
  #bridge;
  #guard;
  #mask;
  #contents;
  /** @type {any} a stream that is about to be closed */
  #closing;
  #count = 0;
  /** @type {WeakMap<object, File>} */
  #files = new WeakMap();
  /** @type {WeakSet<object>} */
  #links = new WeakSet();
  /** @type {any} */
  #streamOperations;
  /** @type {any} */
  #nodeOperations;

  /**
   * @param {any} pyodide
   * @param {import("./bridge.js").Bridge} bridge
   * @param {<Call extends (...args: any[]) => any>(call: Call) => Call} guard
   */
  constructor(pyodide, bridge, guard) {
    this.#fs = pyodide.FS;
    this.#memfs = pyodide.FS.filesystems.MEMFS;
    this.#bridge = bridge;
    this.#guard = guard;
    this.#mask = maskOf(pyodide);
    this.#contents = new Contents(() => this.#listOpen());
  }

  stats() {
    const { fills, nbytes, drops } = this.#contents;
    return { nodes: this.#count, fills, filledBytes: nbytes, drops };
  }

  /** @param {any} node */
  layerOf(node) {
    return this.#files.get(node)?.layer;
  }

  /**
   * @param {any} node
   * @returns {boolean} whether it shows an archive's, unchanged
   */
  isShown(node) {
    return this.#files.get(node)?.isOwn === false || this.#links.has(node);
  }

  /**
   * @param {any} parent
   * @param {string} name
   * @param {number} time
   */
  makeDirectory(parent, name, time) {
    return this.#makeNode(parent, name, MODE.directory & ~this.#mask, time);
  }

  /**
   * @param {any} parent
   * @param {Layer} layer
   * @param {number} index
   * @param {Facts} facts
   * @param {number} time
   */
  makeFile(parent, layer, index, { name, nbytes }, time) {
    const node = this.#makeNode(parent, name, MODE.file & ~this.#mask, time);
    /** @type {File} */
    const file = { node, layer, index, empty: node.contents, isOwn: false };
    if (nbytes === 0) file.bytes = file.empty;
    const fill = this.#guard(() => this.#fill(file));
    this.#files.set(node, file);
    node.usedBytes = nbytes;
    Object.defineProperty(node, "contents", {
      configurable: true,
      enumerable: true,
      get: () => file.bytes ?? fill(),
      set: this.#guard((contents) => {
        this.#keep(file, contents);
        this.#own(file);
      }),
    });
    node.stream_ops = this.#streamOperations ??= this.#makeStreamOperations(node.stream_ops);
    node.node_ops = this.#nodeOperations ??= this.#makeNodeOperations(node.node_ops);
    return node;
  }

  /**
   * @param {any} parent
   * @param {Layer} layer
   * @param {number} index
   * @param {Facts} facts
   * @param {number} time
   */
  makeLink(parent, layer, index, { name }, time) {
    const text = layer.readLink(index);
    const node = this.#makeNode(parent, name, MODE.link, time);
    node.link = text;
    this.#links.add(node);
    return node;
  }

  /**
   * Lets go of a file's contents, which can be had again.
   *
   * @param {any} node that may be anything
   */
  drop(node) {
    const file = this.#files.get(node);
    if (file && !file.isOwn) this.#contents.forget(file);
  }

  /** Files that are open keep their contents, whatever becomes of the archive. */
  keepOpen() {
    for (const stream of this.#fs.streams) if (stream) this.settle(stream.node);
  }

  /**
   * Lets go of a file that has no name any more: whoever has it open keeps its contents.
   *
   * @param {any} node that may be anything
   */
  replace(node) {
    if (this.#listOpen().includes(node)) this.settle(node);
    else this.drop(node);
  }

  /**
   * Makes a file as it would be had it been unpacked.
   *
   * @param {any} node
   */
  settle(node) {
    const file = this.#files.get(node);
    if (!file || file.isOwn) return;
    try {
      this.#keep(file, node.contents);
    } catch {
      // It is damaged: reading it failed before, and fails later.
    }
  }

  /** @param {any} usual */
  #makeNodeOperations(usual) {
    // MEMFS of some versions gets the contents before it makes a file empty: they may be large, or damaged.
    const empty = (/** @type {File} */ file) => {
      this.#keep(file, file.empty);
      this.#own(file);
      file.node.usedBytes = 0;
    };
    const setattr = (/** @type {any} */ node, /** @type {any} */ attributes) => {
      const file = this.#files.get(node);
      if (file && !file.isOwn && attributes.size === 0) empty(file);
      return usual.setattr(node, attributes);
    };
    return { ...usual, setattr: this.#guard(setattr) };
  }

  /** @param {any} usual */
  #makeStreamOperations(usual) {
    /**
     * Calls one of the usual operations once the contents are there. Getting them may have made the memory
     * grow, which ends the view of it that the caller gave.
     *
     * @param {"read" | "write" | "msync"} name
     * @param {(file: File) => void} prepare
     */
    const after = (name, prepare) =>
      this.#guard((/** @type {any} */ stream, /** @type {any} */ buffer, ...rest) => {
        const file = this.#files.get(stream.node);
        const { byteOffset, byteLength } = buffer;
        const isMemory = buffer.buffer === this.#bridge.memory().buffer;
        if (file && !file.isOwn) prepare(file);
        if (isMemory) buffer = this.#bridge.memory().subarray(byteOffset, byteOffset + byteLength);
        return usual[name](stream, buffer, ...rest);
      });
    // Bytes of the same length are written in their place, of which the node hears nothing.
    const own = (/** @type {File} */ file) => {
      this.#keep(file, file.node.contents);
      this.#own(file);
    };
    const fillAndRead = after("read", (file) => file.node.contents);
    /** @type {(stream: any, ...rest: any[]) => any} */
    const read = (stream, buffer, offset, length, position) => {
      const file = this.#files.get(stream.node);
      return file && !file.isOwn && !file.bytes
        ? fillAndRead(stream, buffer, offset, length, position)
        : usual.read(stream, buffer, offset, length, position);
    };
    return {
      ...usual,
      read,
      write: after("write", own),
      msync: after("msync", own),
      close: (/** @type {any} */ stream) => {
        const file = this.#files.get(stream.node);
        this.#closing = stream;
        this.#contents.close(file?.isOwn ? undefined : file);
        this.#closing = undefined;
      },
    };
  }

  /** The nodes of files that stay open. A descriptor that was dup'ed is a stream of its own. */
  #listOpen() {
    return this.#fs.streams
      .filter((/** @type {any} */ stream) => stream && stream !== this.#closing)
      .map((/** @type {any} */ { node }) => node);
  }

  /** @param {File} file whose bytes are not at hand */
  #fill(file) {
    const bytes = file.layer.read(file.index);
    if (file.layer.isPart(bytes)) file.bytes = bytes;
    else this.#contents.add(file, bytes);
    return bytes;
  }

  /**
   * Makes the contents the node's own, as in any file.
   *
   * @param {File} file
   * @param {any} contents
   */
  #keep(file, contents) {
    this.#contents.release(file);
    file.bytes = undefined;
    if (file.layer.isPart(contents)) contents = contents.slice();
    Object.defineProperty(file.node, "contents", {
      configurable: true,
      enumerable: true,
      writable: true,
      value: contents,
    });
  }

  /** @param {File} file that the user changed */
  #own(file) {
    file.isOwn = true;
    file.layer.tellWritten(file.index);
  }

  /**
   * Gives a directory the times that it has once something was put into it.
   *
   * @param {any} node
   */
  touch(node) {
    const now = Date.now();
    for (const each of TIMES_OF_CHANGE) if (each in node) node[each] = now;
  }

  /**
   * @param {any} parent whose times stay as they are
   * @param {string} name
   * @param {number} mode
   * @param {number} time
   */
  #makeNode(parent, name, mode, time) {
    const before = TIMES.map((each) => parent[each]);
    const node = this.#memfs.createNode(parent, name, mode, 0);
    for (const [i, each] of TIMES.entries()) {
      if (each in node) node[each] = time;
      if (each in parent) parent[each] = before[i];
    }
    this.#count++;
    return node;
  }
}
