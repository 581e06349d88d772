// @ts-check
// The kept standard libraries that a start could use: finds them in the store while Pyodide loads, and
// reads the likeliest one ahead.

import { inTime } from "../../base/patience.js";
import { touchQuietly } from "../catalogue.js";
import { digestOf, parseName, SCHEMA } from "../names.js";
import { MemoryStore } from "../stores/memory.js";

/** @typedef {import("../stores/store.js").Store} Store */
/** @typedef {import("../stores/store.js").StoredEntry} StoredEntry */
/** @typedef {{ file: string, bytes: Uint8Array }} Found */

/** How long a start waits for the store, at least, before it goes on without. */
const STORE_TIMEOUT_MS = 2_000;

export class Candidates {
  /** @type {Promise<Store | undefined>} */
  #opening;
  #platform;
  #key;
  #fail;
  #began = performance.now();
  /** Those for these settings, in the order in which they are tried. */
  #entries = /** @type {StoredEntry[]} */ ([]);
  /** @type {Promise<Found | undefined>} */
  #first;
  /** Files that are not what was written: to be deleted. */
  damaged = /** @type {string[]} */ ([]);

  /**
   * @param {import("../../platform/platform.js").Platform} platform
   * @param {Promise<Store> | undefined} opening
   * @param {import("./key.js").Key} key
   * @param {(error: unknown) => void} fail told why nothing is used
   */
  constructor(platform, opening, key, fail) {
    this.#opening = Promise.resolve(opening);
    this.#platform = platform;
    this.#key = key;
    this.#fail = fail;
    this.#first = this.#findFirst().catch((error) => void fail(error));
  }

  /** Whether there are any: only then it is worth while to wait for stock's archive. */
  async areThere() {
    await this.#inTime(this.#first);
    return this.#entries.length > 0;
  }

  /**
   * @param {string} archive the digest of stock's archive
   * @returns {Promise<Found | undefined>} one made of that, sound
   */
  async take(archive) {
    const first = await this.#first;
    const fits = (/** @type {string} */ file) => parseName(file)?.archive === archive;
    const other = this.#entries.find(({ name }) => fits(name) && name !== this.#entries[0].name);
    const found =
      first && fits(first.file) ? first : other && (await this.#inTime(this.#read(other.name)));
    const store = await this.#opening;
    if (found && store) touchQuietly(store, found.file);
    else if (first) this.#fail("what is kept is of another Pyodide");
    return found;
  }

  letGo() {
    this.#first = Promise.resolve(undefined);
  }

  async #findFirst() {
    const store = await this.#opening;
    if (!store || store instanceof MemoryStore) return void this.#fail("nothing is kept");
    const note = await store.get(this.#key.place);
    const noted = note && new TextDecoder().decode(note);
    const isNoted = (/** @type {string} */ name) => Number(parseName(name)?.group === noted);
    this.#entries = /** @type {StoredEntry[]} */ (await store.list())
      .filter(({ name }) => {
        const parsed = parseName(name);
        return (
          parsed?.kind === "library" &&
          parsed.schema === SCHEMA &&
          parsed.settings === this.#key.settings
        );
      })
      .sort((a, b) => isNoted(b.name) - isNoted(a.name) || b.usedMs - a.usedMs);
    return this.#entries.length > 0 ? this.#read(this.#entries[0].name) : undefined;
  }

  /**
   * @param {string} file
   * @returns {Promise<Found | undefined>} undefined if it is not what was written
   */
  async #read(file) {
    const bytes = await (await this.#opening)?.get(file);
    if (bytes && digestOf(bytes, this.#platform.crc32) === parseName(file)?.digest)
      return { file, bytes };
    this.damaged.push(file);
    this.#fail("what was kept is damaged");
    return undefined;
  }

  /**
   * Nobody waits for a store longer than its content could save. Where others use the machine too, workers that
   * start at the same time for example, that is more: as much as the start took up to here.
   *
   * @template T
   * @param {Promise<T>} reading
   * @returns {Promise<T>}
   */
  #inTime(reading) {
    const limitMs = Math.max(STORE_TIMEOUT_MS, performance.now() - this.#began);
    return inTime(reading, limitMs, "the store did not answer in time");
  }
}
