// @ts-check
// Nodes of Pyodide's file system that show archives. They are MEMFS' own in all but this: a directory
// makes its children when they are looked for, a file gets its contents when somebody reads them (leaves.js).
// What the user changes is noticed where MEMFS keeps it, in a node's `contents`, whatever call came there.
//
// A directory may show those of several archives, the layers. It is then what unpacking one archive after the
// other would leave: of a file that several have, that of the one which came last.
//
// Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: a directory's children by name in `contents`;
// `FS.destroyNode` and `FS.hashRemoveNode`, which take a node out of the table of names; that table,
// `FS.nameTable`, whose nodes are chained by `name_next`.

import { KIND } from "./bridge.js";
import { Leaves } from "./leaves.js";

/** @typedef {import("./layer.js").Layer} Layer */

/** The root of an archive, as the side module numbers its nodes. */
const ROOT = 0;

/** @typedef {{ layer: Layer, index: number }} Shown a node of an archive */

/**
 * What is known of a directory that shows some of archives.
 *
 * @typedef {object} Directory
 * @property {any} node
 * @property {Shown[]} shown the newest layer's first
 * @property {Record<string, any>} children nodes by name: those that were looked for, or all
 * @property {boolean} isFilled whether all are there; what is missing then, the user removed
 * @property {boolean} isMaking whether a child is being made, which is no change by the user
 * @property {boolean} isMixed whether it has names, or lacks some, by the user
 * @property {(name: string) => void} [note] of a shared folder: hears of names that are the user's
 */

/** What cannot lie over what is there already. */
export class Unfit extends Error {}

export class Nodes {
  #fs;
  #errno;
  #leaves;
  /** @type {WeakMap<object, Directory>} */
  #directories = new WeakMap();
  /** @type {any} */
  #usualOperations;
  /** @type {any} */
  #operations;

  /**
   * @param {any} pyodide
   * @param {import("./bridge.js").Bridge} bridge
   */
  constructor(pyodide, bridge) {
    this.#fs = pyodide.FS;
    this.#errno = pyodide.ERRNO_CODES;
    this.#leaves = new Leaves(pyodide, bridge, (call) => this.#guard(call));
  }

  stats() {
    return this.#leaves.stats();
  }

  /**
   * Makes a directory that shows an archive.
   *
   * @param {any} parent a node
   * @param {string} name nothing there has
   * @param {Layer} layer
   * @returns {any} its node
   */
  plant(parent, name, layer) {
    const root = this.#makeDirectory(parent, name, [{ layer, index: ROOT }], Date.now());
    // What moves it, no directory of ours hears of.
    for (const key of ["name", "parent"]) {
      let current = root[key];
      Object.defineProperty(root, key, {
        configurable: true,
        enumerable: true,
        get: () => current,
        set: this.#guard((value) => {
          current = value;
          layer.tellGone(ROOT);
        }),
      });
    }
    return root;
  }

  /**
   * Takes an archive's tree out of the file system. Files that are open keep their contents.
   *
   * @param {any} root that was planted
   * @param {Layer} layer of it, which is closed
   * @returns {string[]} paths below the root of what the user made or changed
   */
  uproot(root, layer) {
    this.#leaves.keepOpen();
    /** @type {string[]} */
    const changed = [];
    this.#forget(root, "", changed);
    const siblings = root.parent.contents;
    if (siblings?.[root.name] === root) delete siblings[root.name];
    layer.close();
    return changed;
  }

  /**
   * Makes a directory that is there one that archives can be laid over.
   *
   * @param {any} node
   * @param {(name: string) => void} note is told each name that is no archive's alone
   */
  share(node, note) {
    if (node.mount.type !== this.#fs.filesystems.MEMFS)
      throw new Unfit("the folder is not one of Pyodide's own, in memory");
    Object.keys(node.contents).forEach(note);
    this.#adopt(node).note = note;
  }

  /**
   * Lays an archive over a shared directory, as if it were unpacked there.
   *
   * @param {any} node of the directory
   * @param {Layer} layer
   * @throws {Unfit} where it cannot be; then nothing has changed
   */
  lay(node, layer) {
    const directory = /** @type {Directory} */ (this.#directories.get(node));
    const shown = { layer, index: ROOT };
    this.#checkFit(directory, shown, "");
    this.#lay(directory, shown);
  }

  /** Makes all files and directories what they would be had they been unpacked. */
  settle() {
    /** @type {any[]} */
    const nodes = [];
    for (let node of this.#fs.nameTable) for (; node; node = node.name_next) nodes.push(node);
    for (const node of nodes) this.#settle(node);
    this.#leaves.keepOpen();
  }

  // --- laying one over another

  /**
   * @param {Directory} directory
   * @param {Shown} shown
   * @param {string} path of the directory, with a slash at its end
   */
  #checkFit(directory, { layer, index }, path) {
    for (const { name, kind, index: child } of layer.children(index)) {
      const node = childOf(directory, name) ?? this.#lookup(directory, name);
      if (!node) continue;
      const isDirectory = this.#fs.isDir(node.mode) && !this.#fs.isMountpoint(node);
      if (isDirectory ? kind !== KIND.directory : kind !== KIND.file || !this.#fs.isFile(node.mode))
        throw new Unfit(`${path}${name} is there, and of another kind`);
      if (!isDirectory) continue;
      const existing = this.#directories.get(node) ?? this.#describeForeign(node);
      this.#checkFit(existing, { layer, index: child }, `${path}${name}/`);
    }
  }

  /**
   * @param {Directory} directory of which all children are made that the layer has too
   * @param {Shown} shown
   */
  #lay(directory, shown) {
    const { layer, index } = shown;
    directory.shown.unshift(shown);
    if (directory.isMixed) layer.tellChanged(index);
    for (const child of layer.children(index)) {
      const node = childOf(directory, child.name);
      const shownChild = { layer, index: child.index };
      if (!node) {
        // importlib.metadata, among others, asks by its time whether there is something new.
        this.#leaves.touch(directory.node);
        if (directory.isFilled) this.#makeChild(directory, [shownChild]);
      } else if (child.kind === KIND.directory) {
        this.#lay(this.#directories.get(node) ?? this.#adopt(node), shownChild);
      } else {
        this.#leaves.settle(node); // it may be open
        this.#fs.hashRemoveNode(node);
        this.#makeChild(directory, [shownChild]).mode = node.mode;
      }
    }
  }

  /**
   * @param {any} node of a directory that is the user's
   * @returns {Directory}
   */
  #describeForeign(node) {
    const children = node.contents;
    const isMixed = Object.keys(children).length > 0;
    return { node, shown: [], children, isFilled: true, isMaking: false, isMixed };
  }

  /** @param {any} node of a directory that is the user's */
  #adopt(node) {
    const directory = this.#describeForeign(node);
    this.#watch(directory);
    return directory;
  }

  // --- taking away

  /**
   * @param {any} node
   * @param {string} path
   * @param {string[]} changed
   */
  #forget(node, path, changed) {
    const directory = this.#directories.get(node);
    if (path && !directory && !this.#leaves.isShown(node)) changed.push(path);
    this.#fs.destroyNode(node);
    if (!this.#fs.isDir(node.mode)) return;
    const children = directory?.children ?? node.contents;
    for (const [name, child] of Object.entries(children))
      this.#forget(child, path ? `${path}/${name}` : name, changed);
  }

  /** @param {any} node */
  #settle(node) {
    const directory = this.#directories.get(node);
    if (!directory) return this.#leaves.settle(node);
    this.#fill(directory);
    this.#directories.delete(node);
    Object.defineProperty(node, "contents", {
      configurable: true,
      enumerable: true,
      writable: true,
      value: directory.children,
    });
    if (node.node_ops === this.#operations) node.node_ops = this.#usualOperations;
    for (const child of Object.values(directory.children)) this.#settle(child);
  }

  // --- directories

  /**
   * @param {any} parent
   * @param {string} name
   * @param {Shown[]} shown
   * @param {number} time
   */
  #makeDirectory(parent, name, shown, time) {
    const node = this.#leaves.makeDirectory(parent, name, time);
    const children = Object.create(null);
    this.#watch({ node, shown, children, isFilled: false, isMaking: false, isMixed: false });
    this.#usualOperations ??= node.node_ops;
    node.node_ops = this.#operations ??= this.#makeOperations(node.node_ops);
    return node;
  }

  /** @param {Directory} directory */
  #watch(directory) {
    const { node, children } = directory;
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
  }

  /** @param {any} usual */
  #makeOperations(usual) {
    const lookup = (/** @type {any} */ parent, /** @type {string} */ name) => {
      const directory = this.#directories.get(parent);
      return (directory && this.#lookup(directory, name)) ?? usual.lookup(parent, name);
    };
    return { ...usual, lookup: this.#guard(lookup) };
  }

  /**
   * Makes a child that was not made yet.
   *
   * @param {Directory} directory
   * @param {string} name
   * @returns {any} undefined where there is none to be made
   */
  #lookup(directory, name) {
    if (directory.isFilled || childOf(directory, name)) return undefined;
    const shown = [];
    for (const { layer, index } of directory.shown) {
      const child = layer.find(index, name);
      if (child >= 0) shown.push({ layer, index: child });
    }
    return shown.length > 0 ? this.#makeChild(directory, shown) : undefined;
  }

  /**
   * Makes all children that were not made yet. They come in the archives' order, as if they had been
   * unpacked.
   *
   * @param {Directory} directory
   */
  #fill(directory) {
    if (directory.isFilled) return;
    const { children } = directory;
    const made = Object.assign(Object.create(null), children);
    for (const [name, shown] of this.#childrenOf(directory)) {
      const child = made[name] ?? this.#makeChild(directory, shown);
      delete children[name];
      children[name] = child;
    }
    directory.isFilled = true;
  }

  /** @param {Directory} directory */
  #childrenOf({ shown }) {
    /** @type {Map<string, Shown[]>} */
    const found = new Map();
    for (const { layer, index } of [...shown].reverse()) {
      for (const { name, index: child } of layer.children(index))
        found.set(name, [{ layer, index: child }, ...(found.get(name) ?? [])]);
    }
    return found;
  }

  /**
   * @param {Directory} directory that has not this child
   * @param {Shown[]} shown
   */
  #makeChild(directory, shown) {
    const { node } = directory;
    const [{ layer, index }] = shown;
    const facts = layer.describe(index);
    const time = facts.mtime || node.mtime || node.timestamp;
    directory.isMaking = true;
    try {
      if (facts.kind === KIND.directory) return this.#makeDirectory(node, facts.name, shown, time);
      if (facts.kind === KIND.link) return this.#leaves.makeLink(node, layer, index, facts, time);
      return this.#leaves.makeFile(node, layer, index, facts, time);
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
    const { shown, children, note } = directory;
    for (const { layer, index } of shown) layer.tellNameGone(index, name);
    this.#leaves.drop(childOf(directory, name));
    if (node) children[name] = node;
    else delete children[name];
    if (note) {
      note(name);
      directory.shown = shown.filter(({ layer }) => this.#isSeen(directory, layer));
    } else {
      directory.isMixed = true;
      for (const { layer, index } of shown) layer.tellChanged(index);
    }
    return true;
  }

  /**
   * Whether something of an archive is left in a shared folder. Nothing else of it holds a layer then but
   * nodes that were moved elsewhere, and files that are open: with the last of them it goes.
   *
   * @param {Directory} directory
   * @param {Layer} layer
   */
  #isSeen(directory, layer) {
    return layer.children(ROOT).some(({ name }) => {
      const node = childOf(directory, name);
      if (!node) return false;
      const shown = this.#directories.get(node)?.shown ?? [];
      return this.#leaves.layerOf(node) === layer || shown.some((each) => each.layer === layer);
    });
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

/**
 * Some versions keep a directory's children in an object that inherits names.
 *
 * @param {Directory} directory
 * @param {string} name
 * @returns {any} the node, if it is made and there
 */
function childOf({ children }, name) {
  return Object.hasOwn(children, name) ? children[name] : undefined;
}
