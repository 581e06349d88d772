// @ts-check
// Fetches the files of packages, with progress and an end that the program can ask for: Pyodide's own download has neither.

import { ZipImportUsageError, describeValue } from "../base/errors.js";
import { isFunction } from "../base/option-rules.js";
import { readSignal, throwIfAborted } from "../base/signals.js";
import { makeURL } from "../base/urls.js";
import { openSource, readSource } from "../mount/source.js";
import { findWanted } from "./lock.js";

/** @typedef {import("../platform/platform.js").Platform} Platform */
/** @typedef {import("./lock.js").Wanted} Wanted */

/**
 * What one call asks for.
 *
 * @typedef {object} Watch
 * @property {(progress: { name: string, loaded: number, total: number | undefined }) => void} [onProgress]
 * @property {AbortSignal} [signal]
 * @property {{ error: unknown }} [failure] what onProgress threw
 */

/**
 * @param {unknown} options those of loadPackage()
 * @returns {Watch | undefined} undefined without any of ours
 * @throws {ZipImportUsageError} "bad-option"
 */
export function readWatch(options) {
  const { onProgress, signal } = Object(options);
  if (onProgress === undefined && signal === undefined) return undefined;
  return {
    onProgress: checkOnProgress(onProgress, "loadPackage"),
    signal: readSignal({ signal }, "loadPackage"),
  };
}

/**
 * @param {unknown} value
 * @param {string} caller for messages
 * @returns {Watch["onProgress"]}
 */
export function checkOnProgress(value, caller) {
  if (value === undefined || isFunction(value)) return /** @type {any} */ (value);
  throw new ZipImportUsageError(
    "bad-option",
    `${caller}(): option "onProgress": found ${describeValue(value)}, expected a function`,
  );
}

/**
 * Throws what ends the call: the signal's reason, or what onProgress threw.
 *
 * @param {Watch} watch
 */
export function throwIfOver({ signal, failure }) {
  throwIfAborted(signal);
  if (failure) throw failure.error;
}

/**
 * @param {Platform} platform
 * @param {Wanted} wanted its checksum is checked where Pyodide would: not in Node
 * @param {Watch} watch
 * @returns {Promise<Uint8Array | undefined>} undefined if it failed. Pyodide tries once more then, and says why
 * @throws as throwIfOver()
 */
export async function fetchPackage(platform, { name, address, sha256 }, watch) {
  const { onProgress, signal } = watch;
  const tell = (/** @type {{ loaded: number, total: number | undefined }} */ progress) => {
    try {
      onProgress?.({ name, ...progress });
    } catch (error) {
      watch.failure ??= { error };
      throw error;
    }
  };
  try {
    throwIfOver(watch);
    const source = openSource(platform, makeURL(address, platform.toURL));
    const request = sha256 && !platform.folders ? { integrity: toIntegrity(sha256) } : undefined;
    const { bytes } = await readSource(source, { request, onProgress: tell, signal });
    return bytes;
  } catch {
    throwIfOver(watch);
    return undefined;
  }
}

/** Files that are fetched before Pyodide asks for them, as it is not there yet. Each is given out once. */
export class EarlyFiles {
  /** @type {{ key: string, href: string, fetching: Promise<Uint8Array | undefined> }[]} */
  #files = [];
  /** Fulfilled once each is being fetched. */
  begun;

  /**
   * @param {Platform} platform
   * @param {Record<string, any>} settings the options of loadPyodide()
   * @param {string[]} names
   * @param {Watch} watch
   */
  constructor(platform, settings, names, watch) {
    const begin = (/** @type {Wanted} */ wanted) => {
      const fetching = fetchPackage(platform, wanted, watch);
      fetching.catch(() => {}); // whoever takes it will see
      this.#files.push({ key: keyOf(wanted), href: hrefOf(platform, wanted.address), fetching });
    };
    this.begun = findWanted(platform, settings, names)
      .then((all) => all.forEach(begin))
      .catch(() => {}); // Pyodide will say what is wrong with its lock file, or an address
  }

  /**
   * @param {Wanted} wanted
   * @returns {Promise<Uint8Array | undefined>} undefined if it was not fetched
   */
  async take(wanted) {
    await this.begun;
    return this.#takeFirst(({ key }) => key === keyOf(wanted));
  }

  /**
   * @param {string} address absolute
   * @returns {Promise<Uint8Array | undefined>} undefined if nothing was fetched from there
   */
  async takeFrom(address) {
    return this.#takeFirst(({ href }) => href === address);
  }

  /** @param {(file: { key: string, href: string }) => boolean} isWanted */
  #takeFirst(isWanted) {
    const index = this.#files.findIndex(isWanted);
    return index < 0 ? undefined : this.#files.splice(index, 1)[0].fetching;
  }
}

/**
 * By its checksum it is the same file, wherever it is.
 *
 * @param {Wanted} wanted
 */
const keyOf = ({ address, sha256 }) => sha256 || address;

/**
 * @param {Platform} platform
 * @param {string} address
 */
function hrefOf(platform, address) {
  try {
    return makeURL(address, platform.toURL).href;
  } catch {
    return address; // which nobody can fetch
  }
}

/** @param {string} sha256 in hexadecimal */
function toIntegrity(sha256) {
  const bytes = (sha256.match(/../g) ?? []).map((each) => Number.parseInt(each, 16));
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}
