// @ts-check
// This file knows what a store holds, as far as that can be known without asking it: a store that
// must be awaited cannot be asked within an import.

/** @typedef {import("./stores/store.js").Store} Store */
/** @typedef {import("./stores/store.js").StoredEntry} StoredEntry */

/** A store, and what it held when it was last asked or told. */
export class Catalogue {
  #store;
  /** @type {Map<string, StoredEntry>} */
  #known = new Map();

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  get sync() {
    return this.#store.sync === true;
  }

  /** What it is, for stats(). */
  describe() {
    const { kind = "custom", where } = this.#store;
    const entries = this.known();
    const bytes = entries.reduce((sum, { nbytes }) => sum + nbytes, 0);
    return { kind, ...(where === undefined ? {} : { where }), bytes, entries: entries.length };
  }

  /** @returns {StoredEntry[]} now, where the store is synchronous; else as of the last time */
  known() {
    return this.sync ? this.#store.list() : [...this.#known.values()];
  }

  /** @returns {any} of StoredEntry[] */
  list() {
    return this.#after(this.#store.list(), (/** @type {StoredEntry[]} */ entries) => {
      this.#known = new Map(entries.map((entry) => [entry.name, entry]));
      return entries;
    });
  }

  /** @param {string} name */
  get(name) {
    return this.#store.get(name);
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes
   */
  put(name, bytes) {
    const entry = { name, nbytes: bytes.length, usedMs: Date.now() };
    return this.#after(this.#store.put(name, bytes), () => void this.#known.set(name, entry));
  }

  /** @param {string} name */
  delete(name) {
    return this.#after(this.#store.delete(name), () => void this.#known.delete(name));
  }

  /**
   * Marks an entry as used. Nothing depends on it, and nobody waits for it.
   *
   * @param {string} name
   */
  touch(name) {
    const done = this.#store.touch?.(name);
    done?.catch?.(() => {});
  }

  /**
   * @template T, U
   * @param {T | Promise<T>} value
   * @param {(value: T) => U} use
   * @returns {U | Promise<U>}
   */
  #after(value, use) {
    if (this.sync) return use(/** @type {T} */ (value));
    return Promise.resolve(value).then(use);
  }
}
