// @ts-check
// A store that lasts as long as the object.

import { checkName } from "./store.js";

/** @typedef {import("./store.js").Store} Store */

/** @implements {Store} */
export class MemoryStore {
  sync = true;
  /** @type {Map<string, { bytes: Uint8Array, usedMs: number }>} */
  #entries = new Map();

  /** @param {string} name */
  get(name) {
    checkName(name);
    const entry = this.#entries.get(name);
    if (entry) entry.usedMs = Date.now();
    return entry?.bytes;
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes kept as they are, not copied
   */
  put(name, bytes) {
    checkName(name);
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
}
