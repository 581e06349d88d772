// @ts-check
// A store in the origin private file system, for pages and workers: one file for each archive, named like
// it, and one for all small entries: see opfs-small.js. An archive's last use is the age of an empty file
// beside it, since a file's own can only be changed by writing it. An empty file of an entry's name is none:
// whoever made it was stopped before it had contents.
//
// An entry that is small may have a file of its own too, which an earlier state of this package has made.
// What is among the small ones is newer.

import { run } from "../../base/steps.js";
import { isSmall, parseFolderName } from "../names.js";
import { emptyUnused, isOlder } from "../older.js";
import { SmallEntries, writeFile } from "./opfs-small.js";
import { REMOVE_OLDER, checkEntry, checkName, isValidName } from "./store.js";

/** @typedef {import("./store.js").Store} Store */

const USED = "@used"; // behind a name; no entry's name has an @

/**
 * @param {string} base the name of a folder, made if it is missing
 * @param {string} name that of one in it, the same
 * @returns {Promise<OPFSStore>}
 * @throws {Error} if there is no such file system here, or none that can replace a whole file at once
 */
export async function openOPFS(base, name) {
  if (!globalThis.navigator?.storage?.getDirectory)
    throw new Error("there is no origin private file system here");
  // Synchronous access handles, which are older, write in place: a file may be torn.
  if (!globalThis.FileSystemFileHandle?.prototype.createWritable)
    throw new Error("the origin private file system has no createWritable() here");
  if (!globalThis.navigator.locks) throw new Error("there are no Web Locks here");
  const root = await navigator.storage.getDirectory();
  const parent = await root.getDirectoryHandle(base, { create: true });
  const folder = await parent.getDirectoryHandle(name, { create: true });
  return new OPFSStore(`${base}/${name}`, folder, parent);
}

/** @implements {Store} */
export class OPFSStore {
  sync = false;
  kind = "opfs";
  /** The folder's path. */
  where;
  #folder;
  #parent;
  #small;
  /** What touch() is at: a file that is being written cannot be deleted. */
  #touching = Promise.resolve();

  /**
   * @param {string} where
   * @param {FileSystemDirectoryHandle} folder
   * @param {FileSystemDirectoryHandle} parent
   */
  constructor(where, folder, parent) {
    this.where = where;
    this.#folder = folder;
    this.#parent = parent;
    this.#small = new SmallEntries(folder, where);
  }

  /** @param {string} name */
  async get(name) {
    checkName(name);
    const small = isSmall(name) && (await this.#small.read()).get(name)?.bytes;
    return small || this.#getOwn(name);
  }

  /**
   * @param {string[]} names
   * @returns {Promise<(Uint8Array | undefined)[]>}
   */
  async getMany(names) {
    names.forEach(checkName);
    const small = await this.#small.read();
    return Promise.all(names.map((name) => small.get(name)?.bytes ?? this.#getOwn(name)));
  }

  /**
   * @param {string} name
   * @returns {Promise<Uint8Array | undefined>} what its own file holds
   */
  async #getOwn(name) {
    const bytes = await unlessMissing(async () => {
      const handle = await this.#folder.getFileHandle(name);
      return (await handle.getFile()).arrayBuffer();
    });
    return bytes?.byteLength ? new Uint8Array(bytes) : undefined;
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes
   */
  async put(name, bytes) {
    checkEntry(name, bytes);
    if (isSmall(name)) await this.#small.put(name, bytes);
    else await writeFile(this.#folder, name, bytes);
  }

  /** @param {string} name */
  async delete(name) {
    checkName(name);
    await this.#touching;
    await unlessMissing(() => this.#folder.removeEntry(name));
    await this.#folder.removeEntry(name + USED).catch(() => {}); // missing, or another tab writes it
    if (isSmall(name)) await this.#small.delete(name);
  }

  async list() {
    const handles = /** @type {any} */ (this.#folder).values();
    /** @type {Map<string, File>} */
    const files = new Map();
    for await (const handle of handles) {
      // Other than ours are the browser's: what createWritable() has written and not closed yet.
      if (handle.kind !== "file" || !isValidName(handle.name.replace(USED, ""))) continue;
      const file = await unlessMissing(() => handle.getFile());
      if (file) files.set(handle.name, file);
    }
    const small = await this.#small.read();
    const entries = [...small].map(([name, { usedMs, bytes }]) => ({
      ...{ name, usedMs },
      nbytes: bytes.length,
    }));
    const others = [...files]
      .filter(([name, { size }]) => isValidName(name) && size > 0 && !small.has(name))
      .map(([name, { size, lastModified }]) => ({
        name,
        nbytes: size,
        usedMs: Math.max(lastModified, files.get(name + USED)?.lastModified ?? 0),
      }));
    return [...entries, ...others];
  }

  /** @param {string} name */
  async touch(name) {
    checkName(name);
    if (isSmall(name)) return this.#small.touch(name);
    const done = this.#touching.then(async () => {
      if (await unlessMissing(() => this.#folder.getFileHandle(name)))
        await writeFile(this.#folder, name + USED, new Uint8Array());
    });
    this.#touching = done.catch(() => {});
    await done;
  }

  /** Deletes what an older version of this package left in a folder beside this one. */
  async [REMOVE_OLDER]() {
    const parent = /** @type {any} */ (this.#parent);
    for await (const { kind, name } of parent.values()) {
      if (kind !== "directory" || !isOlder(parseFolderName(name))) continue;
      const folder = await parent.getDirectoryHandle(name);
      const isEmpty = await run(emptyUnused(new OPFSStore(name, folder, parent)));
      if (isEmpty) await parent.removeEntry(name).catch(() => {}); // it holds something else too
    }
  }
}

/**
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T | undefined>}
 */
async function unlessMissing(action) {
  try {
    return await action();
  } catch (error) {
    if (/** @type {Error} */ (error).name === "NotFoundError") return undefined;
    throw error;
  }
}
