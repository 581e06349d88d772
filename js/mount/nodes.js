// @ts-check
// Nodes of Pyodide's file system that show an archive. They are MEMFS' own in all but this: a directory
// makes its children when they are looked for, a file gets its contents when somebody reads them. What the
// user changes is noticed where MEMFS keeps it, in a node's `contents`, whatever call came there.
//
// Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `FS.filesystems.MEMFS.createNode`; a
// directory's children by name in `contents`, a file's bytes in `contents` and their number in `usedBytes`,
// a link's text in `link`; times in `timestamp` or in `atime`, `mtime`, `ctime`; `FS.destroyNode`, which takes
// a node out of the table of names; `FS.streams`.

import { maskOf } from "../pyodide/files.js";
import { CHANGE, KIND } from "./bridge.js";
import { Contents } from "./contents.js";

/** The archive's root, as the side module numbers its nodes. */
const ROOT = 0;
const TIMES = ["timestamp", "atime", "mtime", "ctime"];
const MODE = { directory: 0o40777, file: 0o100666, link: 0o120777 };

/**
 * What is known of a directory that shows one of the archive.
 *
 * @typedef {object} Directory
 * @property {any} node
 * @property {number} index in the archive
 * @property {Record<string, any>} children nodes by name: those that were looked for, or all
 * @property {boolean} isFilled whether all are there; what is missing then, the user removed
 * @property {boolean} isMaking whether a child is being made, which is no change by the user
 */

/**
 * What is known of a file that shows a member.
 *
 * @typedef {object} File
 * @property {any} node
 * @property {number} index in the archive
 * @property {number} directory that it is in there
 * @property {Uint8Array} [bytes] its contents, if they are at hand
 * @property {boolean} isOwn whether its node keeps the contents itself: the user changed them
 */

export class Nodes {
  #fs;
  #memfs;
  #errno;
  #bridge;
  #mount;
  #mask;
  #isOpen = true;
  #contents = new Contents();
  #count = 0;
  /** @type {WeakMap<object, Directory>} */
  #directories = new WeakMap();
  /** @type {WeakMap<object, File>} */
  #files = new WeakMap();
  /** @type {WeakSet<object>} */
  #links = new WeakSet();
  /** @type {any} */
  #directoryOperations;
  /** @type {any} */
  #streamOperations;

  /**
   * @param {any} pyodide
   * @param {import("./bridge.js").Bridge} bridge
   * @param {number} mount the side module's number for it
   */
  constructor(pyodide, bridge, mount) {
    this.#fs = pyodide.FS;
    this.#memfs = pyodide.FS.filesystems.MEMFS;
    this.#errno = pyodide.ERRNO_CODES;
    this.#bridge = bridge;
    this.#mount = mount;
    this.#mask = maskOf(pyodide);
  }

  /**
   * @param {any} parent a node
   * @param {string} name nothing there has
   * @returns {any} the node of the archive's root
   */
  plant(parent, name) {
    const root = this.#makeDirectory(parent, name, ROOT, Date.now());
    // What moves it, no directory of ours hears of.
    for (const key of ["name", "parent"]) {
      let current = root[key];
      Object.defineProperty(root, key, {
        configurable: true,
        enumerable: true,
        get: () => current,
        set: this.#guard((value) => {
          current = value;
          this.#tell(ROOT, CHANGE.gone);
        }),
      });
    }
    return root;
  }

  stats() {
    const { fills, nbytes, drops } = this.#contents;
    return { nodes: this.#count, fills, filledBytes: nbytes, drops };
  }

  /**
   * Takes the tree out of the file system. Files that are open keep their contents.
   *
   * @param {any} root
   * @returns {string[]} paths below the root of what the user made or changed
   */
  uproot(root) {
    for (const stream of this.#fs.streams) {
      const file = stream && this.#files.get(stream.node);
      if (file && !file.isOwn) this.#keepOpen(file);
    }
    /** @type {string[]} */
    const changed = [];
    this.#forget(root, "", changed);
    const siblings = root.parent.contents;
    if (siblings?.[root.name] === root) delete siblings[root.name];
    this.#isOpen = false;
    return changed;
  }

  /** @param {File} file that is open */
  #keepOpen(file) {
    try {
      this.#keep(file, file.node.contents);
    } catch {
      // It is damaged: reading it failed before, and fails later.
    }
  }

  /**
   * @param {any} node
   * @param {string} path
   * @param {string[]} changed
   */
  #forget(node, path, changed) {
    const directory = this.#directories.get(node);
    const isOurs = directory || this.#files.get(node)?.isOwn === false || this.#links.has(node);
    if (path && !isOurs) changed.push(path);
    this.#fs.destroyNode(node);
    if (!this.#fs.isDir(node.mode)) return;
    const children = directory?.children ?? node.contents;
    for (const [name, child] of Object.entries(children))
      this.#forget(child, path ? `${path}/${name}` : name, changed);
  }

  // --- directories

  /**
   * @param {any} parent
   * @param {string} name
   * @param {number} index
   * @param {number} mtime
   */
  #makeDirectory(parent, name, index, mtime) {
    const node = this.#makeNode(parent, name, MODE.directory & ~this.#mask, mtime);
    const children = Object.create(null);
    /** @type {Directory} */
    const directory = { node, index, children, isFilled: false, isMaking: false };
    const noticing = new Proxy(children, {
      set: (_, key, value) => this.#setChild(directory, String(key), value),
      deleteProperty: (_, key) => this.#setChild(directory, String(key), undefined),
    });
    this.#directories.set(node, directory);
    Object.defineProperty(node, "contents", {
      configurable: true,
      enumerable: true,
      get: this.#guard(() => {
        if (directory.isMaking) return children;
        this.#fill(directory);
        return noticing;
      }),
    });
    node.node_ops = this.#directoryOperations ??= this.#makeDirectoryOperations(node.node_ops);
    return node;
  }

  /** @param {any} usual */
  #makeDirectoryOperations(usual) {
    const lookup = (/** @type {any} */ parent, /** @type {string} */ name) => {
      const directory = this.#directories.get(parent);
      if (directory && !directory.isFilled && !(name in directory.children)) {
        this.#check();
        const index = this.#bridge.find(this.#mount, directory.index, name);
        if (index >= 0) return this.#makeChild(directory, index);
      }
      return usual.lookup(parent, name);
    };
    return { ...usual, lookup: this.#guard(lookup) };
  }

  /**
   * Makes all children that were not made yet. They come in the archive's order, as if it had been unpacked.
   *
   * @param {Directory} directory
   */
  #fill(directory) {
    if (directory.isFilled) return;
    this.#check();
    const { children } = directory;
    const made = { ...children };
    for (const index of this.#bridge.children(this.#mount, directory.index)) {
      const { name } = this.#bridge.describe(this.#mount, index);
      const child = made[name] ?? this.#makeChild(directory, index);
      delete children[name];
      children[name] = child;
    }
    directory.isFilled = true;
  }

  /**
   * @param {Directory} directory that has not this child
   * @param {number} index
   */
  #makeChild(directory, index) {
    const { name, kind, nbytes, mtime } = this.#bridge.describe(this.#mount, index);
    const times = mtime || directory.node.mtime || directory.node.timestamp;
    directory.isMaking = true;
    try {
      if (kind === KIND.directory) return this.#makeDirectory(directory.node, name, index, times);
      if (kind === KIND.link) return this.#makeLink(directory.node, name, index, times);
      return this.#makeFile(directory, name, index, nbytes, times);
    } finally {
      directory.isMaking = false;
    }
  }

  /**
   * What the user does to a directory.
   *
   * @param {Directory} directory
   * @param {string} name
   * @param {any} node undefined where it is removed
   */
  #setChild(directory, name, node) {
    const previous = this.#directories.get(directory.children[name]);
    if (previous) this.#tell(previous.index, CHANGE.gone);
    this.#tell(directory.index, CHANGE.within);
    if (node) directory.children[name] = node;
    else delete directory.children[name];
    return true;
  }

  // --- files

  /**
   * @param {Directory} directory
   * @param {string} name
   * @param {number} index
   * @param {number} nbytes
   * @param {number} mtime
   */
  #makeFile(directory, name, index, nbytes, mtime) {
    const node = this.#makeNode(directory.node, name, MODE.file & ~this.#mask, mtime);
    /** @type {File} */
    const file = { node, index, directory: directory.index, isOwn: false };
    const empty = node.contents;
    this.#files.set(node, file);
    node.usedBytes = nbytes;
    Object.defineProperty(node, "contents", {
      configurable: true,
      enumerable: true,
      get: this.#guard(() => (nbytes > 0 ? this.#bytesOf(file) : empty)),
      set: this.#guard((contents) => {
        this.#keep(file, contents);
        this.#own(file);
      }),
    });
    node.stream_ops = this.#streamOperations ??= this.#makeStreamOperations(node.stream_ops);
    return node;
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
    return {
      ...usual,
      read: after("read", (file) => file.node.contents),
      write: after("write", own),
      msync: after("msync", own),
      close: this.#guard((/** @type {any} */ { node }) => {
        const file = this.#files.get(node);
        this.#contents.close(file?.isOwn ? undefined : file);
      }),
    };
  }

  /** @param {File} file */
  #bytesOf(file) {
    if (file.bytes) {
      this.#contents.use(file);
      return file.bytes;
    }
    this.#check();
    const { bytes, errno } = this.#bridge.read(this.#mount, file.index);
    if (!bytes) throw new this.#fs.ErrnoError(errno);
    this.#contents.add(file, bytes);
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
    this.#tell(file.directory, CHANGE.within);
  }

  // --- links, and what all nodes have

  /**
   * @param {any} parent
   * @param {string} name
   * @param {number} index
   * @param {number} mtime
   */
  #makeLink(parent, name, index, mtime) {
    const { text, errno } = this.#bridge.readLink(this.#mount, index);
    if (text === undefined) throw new this.#fs.ErrnoError(errno);
    const node = this.#makeNode(parent, name, MODE.link, mtime);
    node.link = text;
    this.#links.add(node);
    return node;
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

  /** Fails what is looked for in a tree that was taken away. */
  #check() {
    if (!this.#isOpen) throw new this.#fs.ErrnoError(this.#errno.ENOENT);
  }

  /**
   * @param {number} directory
   * @param {number} change of CHANGE
   */
  #tell(directory, change) {
    if (this.#isOpen) this.#bridge.change(this.#mount, directory, change);
  }

  /**
   * Emscripten takes any other error than its own for the end of the program.
   *
   * @template {(...args: any[]) => any} Call
   * @param {Call} call
   * @returns {Call}
   */
  #guard(call) {
    const guarded = (/** @type {unknown[]} */ ...args) => {
      try {
        return call(...args);
      } catch (error) {
        if (error instanceof this.#fs.ErrnoError) throw error;
        throw new this.#fs.ErrnoError(this.#errno.EIO);
      }
    };
    return /** @type {Call} */ (guarded);
  }
}
