// @ts-check
// What every store of this folder does: keep byte arrays by name.
//
// A store promises one thing: put() is atomic, so that a name has its old value or its new one, whole,
// whatever happens meanwhile. For packs it needs no locks, since nobody overwrites what another process may
// have extended; see ../packs/packs.js.

/**
 * @typedef {object} StoredEntry
 * @property {string} name
 * @property {number} nbytes
 * @property {number} usedMs when it was last put or touched, in ms since the epoch
 */

/**
 * Methods of a store that is `sync` give plain values, others promises; whoever calls them awaits
 * either, or asks first. All but list() throw a TypeError for a name that isValidName() refuses.
 *
 * @typedef {object} Store
 * @property {boolean} [sync]
 * @property {string} [kind] what stats() calls it
 * @property {string} [where] and where it is
 * @property {(name: string) => any} get the value, which is not to be changed; undefined if there is none
 * @property {(name: string, bytes: Uint8Array) => any} put at least one byte; the store may keep the
 *   array itself
 * @property {(name: string, bytes: Uint8Array) => Promise<void>} [putAsync] of one that is `sync`: the same
 *   without holding up the thread, for large values when there is time
 * @property {(name: string) => any} delete no error if there is none
 * @property {() => any} list of StoredEntry, in no order
 * @property {(names: string[]) => Promise<(Uint8Array | undefined)[]>} [getMany] the values of many names
 *   at the cost of one
 * @property {(name: string) => any} [touch] marks an entry as used now; no error if there is none
 */

/**
 * Names the method of this folder's stores that deletes what an older version of this package left beside
 * them. A symbol: a program's own store may have a method of any name, which does something else.
 */
export const REMOVE_OLDER = Symbol("removeOlder");

/**
 * Whether a value has all methods that a store must have.
 *
 * @param {any} value
 * @returns {value is Store}
 */
export function isStore(value) {
  return ["get", "put", "delete", "list"].every((name) => typeof value?.[name] === "function");
}

/**
 * Whether a string may name an entry. Names become file names.
 *
 * @param {string} name
 */
export function isValidName(name) {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/.test(name);
}

/** @param {string} name */
export function checkName(name) {
  if (!isValidName(name))
    throw new TypeError(
      `found the name ${JSON.stringify(name)}, expected 1 to 200 of A-Z a-z 0-9 . _ - with no dot in front`,
    );
}

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 */
export function checkEntry(name, bytes) {
  checkName(name);
  // In some stores nothing is what a write that was stopped leaves.
  if (bytes.length === 0) throw new TypeError(`found no bytes for ${name}, expected at least one`);
}
