// @ts-check
// Says what of a store has to go: what was used longest ago, until the rest fits, and what an older
// version of this package left.

import { SCHEMA } from "./names.js";
import { isLongUnused, isOlder } from "./older.js";

// Notes are small and the store lists them all: programs that import from a new temporary folder each
// time would leave one for each.
const NOTES_MAX = 500;

/** @typedef {import("./catalogue.js").Entry} Entry */

/**
 * @param {Entry[]} entries all of a store
 * @param {number} maxBytes
 * @returns {string[]} names, in the order in which they should go
 */
export function findUseless(entries, maxBytes) {
  const current = entries.filter(({ parsed }) => parsed.schema === SCHEMA);
  return [...findOlder(entries), ...findOldNotes(current), ...findOldest(current, maxBytes)];
}

/**
 * What older schemas left, where nothing of a schema has been used for long. A newer one's never.
 *
 * @param {Entry[]} entries
 */
function findOlder(entries) {
  const bySchema = groupBy(entries, ({ parsed }) => parsed.schema);
  return [...bySchema]
    .filter(([schema, group]) => isOlder(schema) && isLongUnused(group))
    .flatMap(([, group]) => group.map(({ name }) => name));
}

/** @param {Entry[]} entries */
function findOldNotes(entries) {
  return entries
    .filter(({ parsed }) => ["note", "visit", "place"].includes(parsed.kind))
    .sort((a, b) => b.usedMs - a.usedMs)
    .slice(NOTES_MAX)
    .map(({ name }) => name);
}

/**
 * @param {Entry[]} entries
 * @param {number} maxBytes
 */
function findOldest(entries, maxBytes) {
  const groups = [...groupBy(entries, ({ parsed }) => parsed.group).values()]
    .map((group) => ({
      names: group.map(({ name }) => name),
      nbytes: group.reduce((sum, { nbytes }) => sum + nbytes, 0),
      usedMs: Math.max(...group.map(({ usedMs }) => usedMs)),
    }))
    .sort((a, b) => a.usedMs - b.usedMs);
  let total = groups.reduce((sum, { nbytes }) => sum + nbytes, 0);
  /** @type {string[]} */
  const oldest = [];
  for (const { names, nbytes } of groups) {
    if (total <= maxBytes) break;
    oldest.push(...names);
    total -= nbytes;
  }
  return oldest;
}

/**
 * @template T, K
 * @param {T[]} items
 * @param {(item: T) => K} keyOf
 * @returns {Map<K, T[]>}
 */
function groupBy(items, keyOf) {
  /** @type {Map<K, T[]>} */
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
