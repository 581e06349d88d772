// @ts-check
// Brings packs from a store into Pyodide's file system, where Python reads them.
//
// Imports are synchronous and some stores are not: of such a store the packs of recent visits are
// read beforehand, and any other one when its archive is first used, in time for the next import.

import { PACKS, giveFile, hasFile, removeFile } from "../../pyodide/files.js";
import { takeValue } from "../../pyodide/python.js";
import { filesOf } from "../catalogue.js";
import { makeNote, parseName } from "../names.js";

/** @typedef {import("../catalogue.js").Entry} Entry */

export class Shelf {
  #owner;
  #store;
  /** The pack of each path that was used. */
  #paths = /** @type {Map<string, string>} */ (new Map());
  /** The pack that the store knows a path by; of a synchronous one, of paths that were used. */
  #notes = /** @type {Map<string, string | undefined>} */ (new Map());
  /** Files that were made here, and that the store has not taken. */
  unstored = /** @type {Set<string>} */ (new Set());
  /** @type {import("../names.js").Name | undefined} what names of this interpreter have in common */
  #own;
  /** What the record of the last visit says: paths, and their packs. */
  #recorded = /** @type {Set<string>} */ (new Set());
  /** Packs that were asked for before it was known what the store holds; undefined once it is. */
  #early = /** @type {Set<string> | undefined} */ (new Set());

  /** @param {import("./packs.js").Context} owner */
  constructor(owner) {
    this.#owner = owner;
    this.#store = owner.store;
    this.#fs.mkdirTree(PACKS);
  }

  get #fs() {
    return this.#owner.pyodide.FS;
  }

  // --- from the store ---

  /**
   * Takes what was read of a store that an import cannot wait for: what the last visit used.
   *
   * @param {import("./visit.js").Recalled} recalled
   */
  async takeRecalled({ lines, files, missing, error }) {
    if (error) this.#owner.warn(error);
    const own = lines.filter(({ file }) => this.isOwn(file));
    for (const { pathName, file } of own) {
      const name = parseName(file)?.group;
      this.#notes.set(pathName, name);
      this.#recorded.add(`${pathName} ${name}`);
      const bytes = files.get(file);
      if (!bytes) continue;
      this.provide(file, bytes);
      this.#store.learn(file, bytes.length);
    }
    await this.#fetchAll(missing.filter((file) => this.isOwn(file)));
    this.#reloadEarly();
  }

  /**
   * Reads the rest in the background: the notes, and the packs that were used last, newest first, as many
   * as fit into the limit.
   *
   * @param {number} nbytesMax
   */
  async readRest(nbytesMax) {
    try {
      if (!this.#store.sync) await this.#readAhead(nbytesMax);
    } finally {
      this.#reloadEarly();
      this.#early = undefined;
    }
  }

  /** Says of packs that were asked for too early that they are there now. */
  #reloadEarly() {
    if (!this.#owner.isAlive()) return;
    for (const name of this.#early ?? []) {
      if (filesOf(name, this.#store.known()).length === 0 && !this.#isReplaced(name)) continue;
      this.#early?.delete(name);
      this.#owner.call("_reload_pack", name);
    }
  }

  /**
   * @param {string} name of a pack
   * @returns {boolean} whether a path that has it now had another one before
   */
  #isReplaced(name) {
    return [...this.#paths].some(([path, pack]) => pack === name && this.#notes.get(path) !== name);
  }

  /** @param {number} nbytesMax */
  async #readAhead(nbytesMax) {
    const stored = /** @type {Entry[]} */ (await this.#store.list());
    if (!this.#owner.isAlive()) return;
    const entries = stored
      .filter(({ name }) => this.isOwn(name))
      .sort((a, b) => b.usedMs - a.usedMs);
    await this.#readNotes(entries.filter(({ parsed }) => parsed.kind === "note"));
    for (const name of this.#early ?? [])
      await this.#fetchAll(filesOf(name, entries).filter((file) => !this.has(file)));
    let room = nbytesMax;
    for (const { name, parsed, nbytes } of entries) {
      if (parsed.kind !== "pack" || nbytes > room) continue;
      room -= nbytes;
      if (!this.#owner.isAlive()) return;
      if (!this.has(name)) await this.#fetchAll([name]);
    }
  }

  /** @param {Entry[]} entries */
  async #readNotes(entries) {
    const names = entries.map(({ name }) => name);
    const values = await this.#store.getMany(names, this.#owner.warn);
    for (const [i, { parsed }] of entries.entries()) {
      const bytes = values[i];
      // What this visit has noted is newer.
      if (bytes && !this.#paths.has(parsed.group))
        this.#notes.set(parsed.group, new TextDecoder().decode(bytes));
    }
  }

  /**
   * @param {string} name
   * @returns {boolean} whether it is for this interpreter
   */
  isOwn(name) {
    this.#own ??= parseName(makeNote(this.packNames("/")[1]));
    const { schema, identity, build } = parseName(name) ?? {};
    return (
      schema === this.#own?.schema &&
      identity === this.#own?.identity &&
      (build === undefined || build === this.#owner.build)
    );
  }

  /**
   * What this visit used, for the next one: newest first.
   *
   * @param {Entry[]} entries files that are stored, or on their way there
   * @returns {import("./visit.js").Line[]}
   */
  lines(entries) {
    const sizes = new Map(entries.map(({ name, nbytes }) => [name, nbytes]));
    return [...this.#paths].reverse().flatMap(([pathName, name]) =>
      filesOf(name, entries).map((file) => {
        this.#recorded.add(`${pathName} ${name}`);
        return { pathName, file, nbytes: sizes.get(file) ?? 0 };
      }),
    );
  }

  /** @param {string} path of an archive */
  packNames(path) {
    const names = takeValue(this.#owner.call("_pack_names", path));
    return /** @type {[name: string | undefined, pathName: string]} */ (names);
  }

  /**
   * @param {string[]} names of entries of a store that must be awaited
   * @returns {Promise<boolean>} whether any of them came
   */
  async #fetchAll(names) {
    const came = await Promise.all(names.map((name) => this.#fetch(name)));
    const missing = names.filter((_, i) => !came[i]).map((name) => parseName(name)?.group ?? "");
    const packs = new Set(missing);
    if (packs.size > 0 && this.#owner.isAlive()) {
      // Another tab has merged them into files that were not there when the store was listed.
      const entries = /** @type {Entry[]} */ (await this.#store.list());
      const files = [...packs].flatMap((pack) => filesOf(pack, entries));
      const others = files.filter((file) => !this.has(file));
      came.push(...(await Promise.all(others.map((file) => this.#fetch(file)))));
    }
    return came.includes(true);
  }

  /**
   * @param {string} name
   * @returns {Promise<boolean>} whether there is such an entry, and it can be read
   */
  async #fetch(name) {
    try {
      const bytes = await this.#store.get(name);
      if (this.#owner.isAlive()) this.provide(name, bytes);
      return bytes !== undefined;
    } catch (error) {
      // The others come all the same.
      this.#owner.warn(error);
      return false;
    }
  }

  /**
   * Called within an import, hence synchronous and without exceptions.
   *
   * @param {string} name
   * @param {string} pathName
   * @returns {string[]} paths of pack files
   */
  load(name, pathName) {
    try {
      this.used(name, pathName);
      const files = this.#loadFiles(name, name);
      if (!this.#store.sync && files.length === 0) this.#early?.add(name);
      // More than one process wrote at the same time; the next flush makes one file of theirs.
      if (files.length > 1) {
        this.#owner.toWrite.add(name);
        this.#owner.schedule();
      }
      if (files.length > 0) return files;
      const other = this.#notes.get(pathName);
      return other && other !== name ? this.#loadFiles(other, name) : [];
    } catch (error) {
      this.#owner.warn(error);
      return [];
    }
  }

  /**
   * @param {string} name
   * @param {string} asker the name of the pack that these files are for
   * @returns {string[]}
   */
  #loadFiles(name, asker) {
    const files = this.#store.sync ? this.#readFiles(name) : this.#heldFiles(name, asker);
    for (const file of files) this.#store.touch(file);
    if (files.length > 0) this.prune(name, files);
    return files.map((file) => this.path(file));
  }

  /** @param {string} name */
  #readFiles(name) {
    for (let tries = 0; tries < 3; tries++) {
      const files = filesOf(name, this.#store.known());
      // A file that went meanwhile was merged into another one: look again.
      if (files.every((file) => this.provide(file, this.#store.get(file)))) return files;
    }
    return [];
  }

  /**
   * Those that are here already; the others are on their way.
   *
   * @param {string} name
   * @param {string} asker
   */
  #heldFiles(name, asker) {
    const files = filesOf(name, this.#store.known());
    const [held, others] = partition(files, (file) => this.has(file));
    if (others.length > 0)
      void this.#owner.enqueue(async () => {
        if (await this.#fetchAll(others)) this.#owner.call("_reload_pack", asker);
      });
    return held;
  }

  // --- notes ---

  /**
   * Called within an import too: a pack that is loaded is that of one more path.
   *
   * @param {string} name
   * @param {string} pathName
   */
  used(name, pathName) {
    this.#paths.set(pathName, name);
    try {
      const note = this.#store.sync && this.#store.get(makeNote(pathName));
      if (note) this.#notes.set(pathName, new TextDecoder().decode(note));
    } catch (error) {
      this.#owner.warn(error);
    }
    const isNoted = this.#notes.get(pathName) === name;
    if (isNoted) this.#store.touch(makeNote(pathName));
    const isRecorded = this.#store.sync || this.#recorded.has(`${pathName} ${name}`);
    if (!isNoted || !isRecorded) this.#owner.schedule();
  }

  /**
   * What the store does not know of paths that were used.
   *
   * @returns {[pathName: string, name: string][]}
   */
  unnoted() {
    return [...this.#paths].filter(([pathName, name]) => this.#notes.get(pathName) !== name);
  }

  /**
   * Remembers what the store was told.
   *
   * @param {string} pathName
   * @param {string} [name] nothing any more, if it is missing
   */
  setNote(pathName, name) {
    if (name === undefined) this.#notes.delete(pathName);
    else this.#notes.set(pathName, name);
  }

  // --- files ---

  /**
   * Puts a pack file where Python can read it.
   *
   * @param {string} file its name
   * @param {Uint8Array | undefined} bytes
   * @returns {string | undefined} its path
   */
  provide(file, bytes) {
    if (!bytes) return undefined;
    const path = this.path(file);
    if (!this.has(file)) giveFile(this.#fs, path, bytes);
    return path;
  }

  /** @param {string} file */
  path(file) {
    return `${PACKS}/${file}`;
  }

  /** @param {string} file */
  has(file) {
    return hasFile(this.#fs, this.path(file));
  }

  /** @param {string} file */
  read(file) {
    return this.#fs.readFile(this.path(file));
  }

  /**
   * @param {string} from
   * @param {string} to
   */
  rename(from, to) {
    this.#fs.rename(this.path(from), this.path(to));
  }

  /** @param {string} file which may be missing */
  remove(file) {
    removeFile(this.#fs, this.path(file));
  }

  /**
   * A new file of a pack is in use; one that the store has refused before has nothing more than it.
   *
   * @param {string} name of the pack
   * @param {string} file
   */
  madeInstead(name, file) {
    for (const old of this.unstored) {
      if (old === file || parseName(old)?.group !== name) continue;
      this.unstored.delete(old);
      this.remove(old);
    }
    this.unstored.add(file);
  }

  /**
   * Removes the files of a pack that others have merged into one that is there: nobody asks for them again.
   *
   * @param {string} name of the pack
   * @param {string[]} stored its files as the store has them
   */
  prune(name, stored) {
    for (const file of this.#fs.readdir(PACKS)) {
      const isOld = parseName(file)?.group === name && !stored.includes(file);
      if (isOld && !this.unstored.has(file)) this.remove(file);
    }
  }

  /** Removes all packs, and forgets all notes. */
  clear() {
    for (const file of this.#fs.readdir(PACKS)) if (parseName(file)) this.remove(file);
    this.#notes.clear();
    this.unstored.clear();
  }
}

/**
 * @template T
 * @param {T[]} list
 * @param {(item: T) => boolean} test
 * @returns {[T[], T[]]}
 */
function partition(list, test) {
  return [list.filter(test), list.filter((item) => !test(item))];
}
