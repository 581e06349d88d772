// @ts-check
// The small entries of a store in the origin private file system: all in one file, since to open one takes
// as long there as to read many. The file is JSON, a list of [name, usedMs, value], the bytes of a value
// as characters.
//
// Whoever changes it reads it, and writes it anew, whole, under a Web Lock: of two tabs that do so at the
// same time the second one reads what the first one wrote, so nothing is lost. Without the lock the one
// that closes its file last would take the other's entries away. The file has its new contents once it is
// closed, so a tab that is killed at any moment leaves the old ones. Readers take no lock.
//
// What is not guaranteed: a file that is damaged counts as empty. Its entries only save work.

import { isValidName } from "./store.js";

/** No entry has such a name. */
const FILE = "small@entries";
/** A tab that holds the lock for longer has come to a halt. What then fails is tried again by the next flush. */
const LOCK_TIMEOUT_MS = 10_000;
const READ_TRIES_MAX = 5;

/** @typedef {Map<string, { usedMs: number, bytes: Uint8Array }>} Entries */
/** @typedef {(entries: Entries) => unknown} Change changes them in place; says whether it did */

export class SmallEntries {
  #folder;
  #lock;
  /** What waits for the lock, to be done at once. @type {{ changes: Change[], done: Promise<void> } | undefined} */
  #waiting;

  /**
   * @param {FileSystemDirectoryHandle} folder
   * @param {string} where it is: two folders have different locks
   */
  constructor(folder, where) {
    this.#folder = folder;
    this.#lock = `pyodide-zipimport ${where}`;
  }

  /** @returns {Promise<Entries>} */
  async read() {
    for (let tries = 0; ; tries++) {
      try {
        const handle = await this.#folder.getFileHandle(FILE);
        return parse(await (await handle.getFile()).text());
      } catch (error) {
        const { name } = /** @type {Error} */ (error);
        if (["NotFoundError", "SyntaxError", "TypeError"].includes(name)) return new Map();
        // Another tab has written it meanwhile.
        if (tries === READ_TRIES_MAX) throw error;
      }
    }
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes
   */
  put(name, bytes) {
    const copy = bytes.slice();
    return this.#change((entries) => entries.set(name, { usedMs: Date.now(), bytes: copy }));
  }

  /** @param {string} name */
  delete(name) {
    return this.#change((entries) => entries.delete(name));
  }

  /** @param {string} name */
  touch(name) {
    return this.#change((entries) => {
      const entry = entries.get(name);
      if (entry) entry.usedMs = Date.now();
      return entry;
    });
  }

  /**
   * Changes that come while others wait for the lock are done together with those.
   *
   * @param {Change} change
   */
  #change(change) {
    this.#waiting ??= this.#begin();
    this.#waiting.changes.push(change);
    return this.#waiting.done;
  }

  #begin() {
    const changes = /** @type {Change[]} */ ([]);
    const begun = { changes, done: this.#apply(changes) };
    return begun;
  }

  /** @param {Change[]} changes */
  async #apply(changes) {
    const signal = AbortSignal.timeout(LOCK_TIMEOUT_MS);
    const close = () => {
      if (this.#waiting?.changes === changes) this.#waiting = undefined;
    };
    try {
      await navigator.locks.request(this.#lock, { signal }, async () => {
        close();
        const entries = await this.read();
        if (changes.map((change) => change(entries)).some(Boolean)) await this.#write(entries);
      });
    } finally {
      close(); // also where the lock was not to be had
    }
  }

  /** @param {Entries} entries */
  async #write(entries) {
    const list = [...entries].map(([name, { usedMs, bytes }]) => [name, usedMs, toText(bytes)]);
    await writeFile(this.#folder, FILE, new TextEncoder().encode(JSON.stringify(list)));
  }
}

/**
 * The file has its new contents once it is closed, all of them.
 *
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} name
 * @param {Uint8Array} bytes
 */
export async function writeFile(folder, name, bytes) {
  const handle = await folder.getFileHandle(name, { create: true });
  const file = await handle.createWritable();
  try {
    await file.write(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
    await file.close();
  } catch (error) {
    await file.abort().catch(() => {}); // it is broken already
    throw error;
  }
}

/**
 * @param {string} text
 * @returns {Entries}
 */
function parse(text) {
  const entries = new Map();
  for (const [name, usedMs, value] of JSON.parse(text))
    if (isValidName(name) && Number.isFinite(usedMs) && typeof value === "string" && value)
      entries.set(name, { usedMs, bytes: toBytes(value) });
  return entries;
}

/** @param {Uint8Array} bytes */
function toText(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** @param {string} text */
function toBytes(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
