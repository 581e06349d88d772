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
import { childOf, hear } from "./directory.js";
import { Leaves } from "./leaves.js";

/** @typedef {import("./layer.js").Layer} Layer */

/** The root of an archive, as the side module numbers its nodes. */
const ROOT = 0;

/** @typedef {import("./directory.js").Directory} Directory */
/** @typedef {import("./directory.js").Shown} Shown */

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
    const root = this.#makeDirectory(parent, name, [{ layer, index: ROOT }], layer.time);
    this.#watchMoves(/** @type {Directory} */ (this.#directories.get(root)));
    // An empty directory can be removed, and made anew by the user, of which nobody tells.
    if (layer.isEmpty(ROOT)) layer.tellGone(ROOT);
    return root;
  }

  /**
   * Takes an archive's tree out of the file system. Files that are open keep their contents, and what the user
   * moved elsewhere stays there.
   *
   * @param {any} root that was planted
   * @returns {string[]} paths below the root of what the user made or changed
   */
  uproot(root) {
    /** @type {string[]} */
    const changed = [];
    this.#forget(root, "", changed);
    const siblings = root.parent.contents;
    if (siblings?.[root.name] === root) delete siblings[root.name];
    this.settle(); // all that the table of names still has of it, and what is open
    return changed;
  }

  /**
   * Makes a directory that is there one that archives can be laid over.
   *
   * @param {any} node of MEMFS
   * @param {(name: string) => void} note is told each name that is no archive's alone, and "" once the directory
   *   may be another one than that of its path
   */
  share(node, note) {
    Object.keys(node.contents).forEach(note);
    const directory = this.#adopt(node);
    directory.isMixed = false;
    directory.note = note;
    directory.count = Object.keys(node.contents).length;
    this.#watchMoves(directory);
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
   * @param {boolean} [isBelowMixed] then other archives' names may be here, under paths that they do not know
   */
  #lay(directory, shown, isBelowMixed = false) {
    const { layer, index } = shown;
    const isMixed = directory.isMixed || isBelowMixed;
    directory.shown.unshift(shown);
    if (isMixed) layer.tellChanged(index);
    for (const child of layer.children(index)) {
      const node = childOf(directory, child.name);
      const shownChild = { layer, index: child.index };
      if (!node) {
        // importlib.metadata, among others, asks by its time whether there is something new.
        this.#leaves.touch(directory.node);
        if (directory.isFilled) this.#makeChild(directory, [shownChild]);
      } else if (child.kind === KIND.directory) {
        this.#lay(this.#directories.get(node) ?? this.#adopt(node), shownChild, isMixed);
      } else {
        this.#leaves.replace(node);
        this.#fs.hashRemoveNode(node);
        this.#makeChild(directory, [shownChild]).mode = node.mode;
      }
    }
    if (directory.note) {
      directory.count = Object.keys(directory.children).length;
      if (directory.count === 0) directory.note(""); // as in plant()
    }
    const [newest, ...older] = directory.shown;
    directory.shown = [newest, ...older.filter((each) => this.#keepSeen(directory, each))];
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
    directory.note?.(""); // nobody tells of its names any more
    directory.note = undefined;
    directory.shown = [];
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
    const tellMounted = this.#guard(() => {
      this.#leave(directory);
      const parent = this.#directories.get(node.parent);
      if (parent) this.#setChild(parent, node.name, node);
    });
    hear(node, "mounted", tellMounted);
  }

  /**
   * What moves it, no directory of ours hears of.
   *
   * @param {Directory} directory
   */
  #watchMoves(directory) {
    const tell = this.#guard(() => this.#leave(directory));
    for (const key of ["name", "parent"]) hear(directory.node, key, tell);
  }

  /**
   * From now on the directory's path may mean something else.
   *
   * @param {Directory} directory
   */
  #leave({ shown, note }) {
    for (const { layer, index } of shown) layer.tellGone(index);
    note?.("");
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
    const { time } = layer;
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
    const before = childOf(directory, name);
    for (const { layer, index } of shown) layer.tellNameGone(index, name);
    this.#leaves.drop(before);
    if (node) children[name] = node;
    else delete children[name];
    const moved = this.#directories.get(node);
    if (moved) moved.isMixed = true;
    if (note) {
      note(name);
      const layers = before ? this.#layersOf(before) : [];
      directory.shown = shown.filter(
        (each) => !layers.includes(each.layer) || this.#keepSeen(directory, each),
      );
      directory.count = Number(directory.count) + Number(Boolean(node)) - Number(Boolean(before));
      // It is about to be removed, perhaps, of which nobody tells.
      if (directory.count === 0) note("");
    } else {
      directory.isMixed = true;
      for (const { layer, index } of shown) layer.tellChanged(index);
    }
    return true;
  }

  /**
   * Whether a directory has something left of an archive; if not, the archive is told so. Once nothing is left in a
   * shared folder, nothing else holds a layer but nodes that were moved elsewhere, and files that are open: with the
   * last of them it goes.
   *
   * @param {Directory} directory
   * @param {Shown} shown
   */
  #keepSeen(directory, shown) {
    const { layer, index } = shown;
    const isSeen = (/** @type {string} */ name) => {
      const node = childOf(directory, name);
      return node ? this.#layersOf(node).includes(layer) : !directory.isFilled;
    };
    if (shown.name !== undefined && isSeen(shown.name)) return true;
    // The last, since names are mostly removed from the first on.
    const names = directory.isFilled
      ? Object.keys(directory.children)
      : layer.children(index).map(({ name }) => name);
    shown.name = names.reverse().find(isSeen);
    if (shown.name !== undefined) return true;
    layer.tellGone(index);
    return false;
  }

  /**
   * @param {any} node
   * @returns {(Layer | undefined)[]} those that it shows something of
   */
  #layersOf(node) {
    const directory = this.#directories.get(node);
    return directory ? directory.shown.map(({ layer }) => layer) : [this.#leaves.layerOf(node)];
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
