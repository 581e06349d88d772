// @ts-check
// A store as the rest of this package sees it: only what is ours in it, and what it held when it was last
// asked or told, since a store that must be awaited cannot be asked within an import.

import { describeValue } from "../base/errors.js";
import { inTime } from "../base/patience.js";
import { parseName } from "./names.js";
import { REMOVE_OLDER } from "./stores/store.js";

/** @typedef {import("./stores/store.js").Store} Store */
/** @typedef {import("./stores/store.js").StoredEntry & { parsed: import("./names.js").Name }} Entry */

const READ_TIMEOUT_MS = 10_000;
const WRITE_TIMEOUT_MS = 60_000;

export class Catalogue {
  #store;
  /** @type {Map<string, Entry>} */
  #known = new Map();
  #hasRemovedOlder = false;

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

  /** @returns {Entry[]} now, where the store is synchronous; else as of the last time */
  known() {
    return this.sync ? ours(this.#ask(() => this.#store.list())) : [...this.#known.values()];
  }

  /** @returns {any} of Entry[] */
  list() {
    return this.#ask(
      () => this.#store.list(),
      (all) => {
        const entries = ours(all);
        this.#known = new Map(entries.map((entry) => [entry.name, entry]));
        return entries;
      },
    );
  }

  /** @param {string} name */
  get(name) {
    return this.#ask(() => this.#store.get(name));
  }

  /**
   * @param {string[]} names
   * @param {(error: unknown) => void} onError told of one that cannot be read, which is as if it were missing
   * @returns {Promise<(Uint8Array | undefined)[]>} their values, read at once where the store can
   */
  async getMany(names, onError) {
    try {
      const { getMany } = this.#store;
      if (getMany) return await this.#ask(() => getMany.call(this.#store, names));
    } catch (error) {
      onError(error);
      return [];
    }
    const reads = names.map(async (name) => this.get(name));
    return Promise.all(reads.map((read) => read.catch((error) => void onError(error))));
  }

  /**
   * Notes that the store holds something, before it has been asked what it holds.
   *
   * @param {string} name
   * @param {number} nbytes
   */
  learn(name, nbytes) {
    if (parseName(name)) this.#known.set(name, makeEntry(name, nbytes));
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes
   * @param {boolean} [mayWait] whether it is to be awaited, also where the store is synchronous
   */
  put(name, bytes, mayWait = false) {
    const nbytes = bytes.length;
    if (mayWait && this.sync && this.#store.putAsync)
      return answerOf(this.#store.putAsync(name, bytes), WRITE_TIMEOUT_MS);
    return this.#ask(
      () => this.#store.put(name, bytes),
      () => this.learn(name, nbytes),
      WRITE_TIMEOUT_MS,
    );
  }

  /** @param {string} name */
  delete(name) {
    return this.#ask(
      () => this.#store.delete(name),
      () => void this.#known.delete(name),
      WRITE_TIMEOUT_MS,
    );
  }

  /** Deletes what an older version of this package left elsewhere: once, and nothing depends on it. */
  removeOlder() {
    if (this.#hasRemovedOlder) return undefined;
    this.#hasRemovedOlder = true;
    const removing = /** @type {any} */ (this.#store)[REMOVE_OLDER]?.();
    return removing && answerOf(removing).catch(() => {});
  }

  /**
   * Marks an entry as used. Nothing depends on it, and nobody waits for it.
   *
   * @param {string} name
   */
  touch(name) {
    touchQuietly(this.#store, name);
  }

  /**
   * Asks at once. What a store that must be awaited throws is made a rejection: thrown among several calls it
   * would leave the promises of those before it unhandled.
   *
   * @param {() => any} ask
   * @param {(value: any) => any} [use]
   * @param {number} [limitMs]
   */
  #ask(ask, use = (value) => value, limitMs = READ_TIMEOUT_MS) {
    if (this.sync) return use(plain(ask()));
    return (async () => use(await answerOf(ask(), limitMs)))();
  }
}

/**
 * @param {any} value of a store, or the promise of one
 * @param {number} [limitMs]
 * @returns {Promise<any>} rejected where it takes longer
 */
export function answerOf(value, limitMs = READ_TIMEOUT_MS) {
  const late = `no answer from the store within ${limitMs / 1000} s`;
  return inTime(Promise.resolve(value), limitMs, late);
}

/**
 * @param {any} answer of a store that is synchronous
 * @throws for a promise, which nobody would await
 */
function plain(answer) {
  if (typeof answer?.then !== "function") return answer;
  Promise.resolve(answer).catch(() => {});
  throw new TypeError("the store: found a promise, expected a value, as its `sync` says");
}

/**
 * A store that is only read may refuse it, at once or later.
 *
 * @param {Store} store
 * @param {string} name
 */
export function touchQuietly(store, name) {
  try {
    store.touch?.(name)?.catch?.(() => {});
  } catch {
    // Then it is as old as it looks.
  }
}

/**
 * With a size or a time that is none, the limit would delete all there is.
 *
 * @param {import("./stores/store.js").StoredEntry[]} entries
 * @returns {Entry[]}
 * @throws {TypeError} if one of ours has such
 */
function ours(entries) {
  return entries.flatMap((entry) => {
    const parsed = parseName(entry.name);
    if (!parsed) return [];
    for (const key of /** @type {const} */ (["nbytes", "usedMs"]))
      if (!Number.isFinite(entry[key]))
        throw new TypeError(
          `list(): found ${key} ${describeValue(entry[key])}, expected a finite number`,
        );
    return [{ ...entry, parsed }];
  });
}

/**
 * @param {string} name ours
 * @param {number} nbytes
 * @returns {Entry} as the store lists it when it was just put
 */
export function makeEntry(name, nbytes) {
  const parsed = /** @type {import("./names.js").Name} */ (parseName(name));
  return { name, nbytes, usedMs: Date.now(), parsed };
}

/**
 * The files of a pack, in the order in which they are searched.
 *
 * @param {string} pack its name
 * @param {Entry[]} entries
 */
export function filesOf(pack, entries) {
  return entries
    .filter(({ parsed }) => parsed.kind === "pack" && parsed.group === pack)
    .map(({ name }) => name)
    .sort();
}
