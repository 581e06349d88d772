// @ts-check
// A store in a folder, for Node: one file for each entry, named like it. Synchronous, since packs are
// read within imports and written at the end of a process.

import { runNow } from "../../base/steps.js";
import { isTemporary, makeTemporary, parseFolderName } from "../names.js";
import { emptyUnused, isOlder } from "../older.js";
import { REMOVE_OLDER, checkEntry, checkName, isValidName } from "./store.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../../platform/platform.js").Folders} Folders */

// A temporary file that is older was left behind by a process that was killed: writing one takes
// seconds at most.
const ABANDONED_MS = 60 * 60 * 1000;

/** @implements {Store} */
export class DirectoryStore {
  sync = true;
  kind = "directory";
  /** The folder's path. */
  where;
  #fs;
  #process;
  #user;

  /**
   * @param {string} folder made if it is missing
   * @param {Pick<Folders, "fs" | "process" | "user">} folders
   * @throws {Error} if it cannot be made, or is not this user's alone to write
   */
  constructor(folder, { fs, process, user }) {
    this.where = folder;
    this.#fs = fs;
    this.#process = process;
    this.#user = user;
    this.#makeFolder();
    this.#removeAbandoned();
  }

  /** Also before each put: somebody may have removed the cache meanwhile. */
  #makeFolder() {
    checkFolder(this.where, { fs: this.#fs, user: this.#user });
  }

  /** @param {string} name */
  get(name) {
    const path = this.#path(name);
    const bytes = unlessMissing(() => this.#fs.readFileSync(path));
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes
   */
  put(name, bytes) {
    checkEntry(name, bytes);
    this.#makeFolder();
    const path = this.#path(name);
    const written = `${this.where}/${makeTemporary(this.#process)}`;
    try {
      this.#write(written, bytes);
      this.#fs.renameSync(written, path);
    } catch (error) {
      this.#removeQuietly(written);
      throw error;
    }
    this.#syncFolder();
  }

  /**
   * put() without holding up the thread: a disk may take long for a large value.
   *
   * @param {string} name
   * @param {Uint8Array} bytes
   */
  async putAsync(name, bytes) {
    checkEntry(name, bytes);
    this.#makeFolder();
    const { open, rename } = this.#fs.promises;
    const path = this.#path(name);
    const written = `${this.where}/${makeTemporary(this.#process)}`;
    try {
      const file = await open(written, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(written, path);
    } catch (error) {
      this.#removeQuietly(written);
      throw error;
    }
    await this.#syncFolderAsync();
  }

  /** @param {string} name */
  delete(name) {
    const path = this.#path(name);
    unlessMissing(() => this.#fs.unlinkSync(path));
  }

  list() {
    const all = unlessMissing(() => this.#fs.readdirSync(this.where)) ?? [];
    const names = all.filter(isValidName);
    const entries = names.map((name) => {
      try {
        const status = this.#fs.statSync(this.#path(name));
        return status.isFile() ? [{ name, nbytes: status.size, usedMs: status.mtimeMs }] : [];
      } catch {
        return []; // gone, or what cannot be read: a user's link that leads nowhere, say
      }
    });
    return entries.flat();
  }

  /** @param {string} name */
  touch(name) {
    const path = this.#path(name);
    const now = new Date();
    try {
      this.#fs.utimesSync(path, now, now);
    } catch {
      // Read-only, or gone meanwhile: then it is as old as it looks.
    }
  }

  /** Deletes what an older version of this package left in a folder beside this one. */
  [REMOVE_OLDER]() {
    const parent = this.where.slice(0, this.where.lastIndexOf("/"));
    for (const name of this.#fs.readdirSync(parent)) {
      if (!isOlder(parseFolderName(name))) continue;
      try {
        const folders = { fs: this.#fs, process: this.#process, user: this.#user };
        const isEmpty = runNow(emptyUnused(new DirectoryStore(`${parent}/${name}`, folders)));
        if (isEmpty) this.#fs.rmdirSync(`${parent}/${name}`);
      } catch {
        // It holds something else too, or is somebody else's.
      }
    }
  }

  /** @param {string} name */
  #path(name) {
    checkName(name);
    return `${this.where}/${name}`;
  }

  /**
   * A new file, on the disk before it gets its name: a name never stands for half a file.
   *
   * @param {string} path
   * @param {Uint8Array} bytes
   */
  #write(path, bytes) {
    const fd = this.#fs.openSync(path, "wx", 0o600);
    try {
      for (let at = 0; at < bytes.length;) {
        at += this.#fs.writeSync(fd, bytes, at, bytes.length - at);
      }
      this.#fs.fsyncSync(fd);
    } finally {
      this.#fs.closeSync(fd);
    }
  }

  /** Puts the new name on the disk too, where the platform can. */
  #syncFolder() {
    try {
      const fd = this.#fs.openSync(this.where, "r");
      try {
        this.#fs.fsyncSync(fd);
      } finally {
        this.#fs.closeSync(fd);
      }
    } catch {
      // Then a crash of the whole machine may undo the renaming, and the old value is back.
    }
  }

  async #syncFolderAsync() {
    try {
      const folder = await this.#fs.promises.open(this.where, "r");
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch {
      // As above.
    }
  }

  #removeAbandoned() {
    const eldest = Date.now() - ABANDONED_MS;
    for (const name of this.#fs.readdirSync(this.where)) {
      if (!isTemporary(name)) continue;
      const path = `${this.where}/${name}`;
      const status = unlessMissing(() => this.#fs.statSync(path));
      if (status && status.mtimeMs < eldest) this.#removeQuietly(path);
    }
  }

  /** @param {string} path */
  #removeQuietly(path) {
    try {
      this.#fs.unlinkSync(path);
    } catch {
      // It was never made, or cannot be removed; the next process that opens the folder tries again.
    }
  }
}

/**
 * @template T
 * @param {() => T} action
 * @returns {T | undefined}
 */
function unlessMissing(action) {
  try {
    return action();
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Makes a folder if it is missing. What it holds is executed: nobody else may write to it.
 *
 * @param {string} folder
 * @param {Pick<Folders, "fs" | "user">} folders
 * @throws {Error} if it cannot be made, or is not this user's alone to write
 */
export function checkFolder(folder, { fs, user }) {
  if (user === undefined) fs.mkdirSync(folder, { recursive: true });
  else makeFolders(folder, fs);
  const { uid, mode } = fs.statSync(folder);
  if (user === undefined) return; // Windows: what lies below a user's profile is the user's
  if (uid !== user)
    throw new Error(`${folder} belongs to user ${uid}, expected ${user}, who runs this`);
  if (mode & 0o022)
    throw new Error(
      `${folder} has mode ${(mode & 0o777).toString(8)}, expected one that lets nobody else write, such as 700`,
    );
}

/**
 * On POSIX, where Node's own `recursive` never ends below a folder that takes none, as /proc.
 *
 * @param {string} folder an absolute path
 * @param {Folders["fs"]} fs
 */
function makeFolders(folder, fs) {
  const isThere = () => fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory();
  if (isThere()) return;
  const parent = folder.slice(0, folder.lastIndexOf("/"));
  if (parent) makeFolders(parent, fs);
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!isThere()) throw error; // another process may have been first
  }
}
