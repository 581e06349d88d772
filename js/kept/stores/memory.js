// @ts-check
// A store that lasts as long as the object.

import { checkEntry, checkName } from "./store.js";

/** @typedef {import("./store.js").Store} Store */

/** @implements {Store} */
export class MemoryStore {
  sync = true;
  kind = "memory";
  /** @type {Map<string, { bytes: Uint8Array, usedMs: number }>} */
  #entries = new Map();

  /** @param {string} name */
  get(name) {
    checkName(name);
    return this.#entries.get(name)?.bytes;
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes kept as they are, not copied
   */
  put(name, bytes) {
    checkEntry(name, bytes);
    this.#entries.set(name, { bytes, usedMs: Date.now() });
  }

  /** @param {string} name */
  delete(name) {
    checkName(name);
    this.#entries.delete(name);
  }

  list() {
    return [...this.#entries].map(([name, { bytes, usedMs }]) => ({
      name,
      nbytes: bytes.length,
      usedMs,
    }));
  }

  /** @param {string} name */
  touch(name) {
    checkName(name);
    const entry = this.#entries.get(name);
    if (entry) entry.usedMs = Date.now();
  }
}
