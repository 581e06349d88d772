// @ts-check
// What older versions of this package left: in folders and databases of their own beside ours, and under
// names of their own in a store that a program brings along. It goes once nothing has used it for long. A
// newer version's never does.

import { SCHEMA, parseName } from "./names.js";

const LONG_MS = 30 * 24 * 60 * 60 * 1000;

/** @param {number | undefined} schema */
export function isOlder(schema) {
  return schema !== undefined && schema < SCHEMA;
}

/** @param {{ usedMs: number }[]} entries */
export function isLongUnused(entries) {
  return entries.every(({ usedMs }) => usedMs < Date.now() - LONG_MS);
}

/**
 * Deletes all that is this package's in an older version's store, if nothing of it was used for long.
 *
 * @param {import("./stores/store.js").Store} store
 * @returns {Generator<any, boolean, any>} which yields what is to be awaited, and returns whether that
 *   was all of the store. One that was empty before may be anybody's
 */
export function* emptyUnused(store) {
  const entries = /** @type {import("./stores/store.js").StoredEntry[]} */ (yield store.list());
  const ours = entries.filter(({ name }) => parseName(name));
  if (!isLongUnused(ours)) return false;
  for (const { name } of ours) yield store.delete(name);
  return ours.length > 0 && ours.length === entries.length;
}
