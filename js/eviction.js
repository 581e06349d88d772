// @ts-check
// This file knows which files of a store nobody will read, and which have to make room.

import { SCHEMA as LIBRARY_SCHEMA } from "./library.js";
import { packOf, partition } from "./shelf.js";

// Of src/cache/pack.h, and of library.js.
const SCHEMAS = /** @type {Record<string, number>} */ ({ z: 1, w: LIBRARY_SCHEMA });
const OURS = /^([zw])(\d+)-/;
// Notes are small and the store lists them all: programs that import from a new temporary folder each
// time would leave one for each.
const NOTES_MAX = 500;

/** @typedef {import("./stores/store.js").StoredEntry} StoredEntry */

/**
 * Whether a file was written by this package, be it by another version of it.
 *
 * @param {StoredEntry} entry
 */
export function isOurs({ name }) {
  return OURS.test(name);
}

/**
 * What is of another schema, the oldest of too many notes, and the packs that were used longest ago,
 * until the rest fits.
 *
 * @param {StoredEntry[]} entries all of a store
 * @param {number} maxBytes
 * @returns {string[]} names, in the order in which they should go
 */
export function findUseless(entries, maxBytes) {
  const [ours, others] = partition(entries.filter(isOurs), ({ name }) => hasOurSchema(name));
  const notes = ours.filter(({ name }) => name.endsWith(".txt"));
  const old = notes.sort((a, b) => b.usedMs - a.usedMs).slice(NOTES_MAX);
  const useless = [...others, ...old].map(({ name }) => name);
  const packs = [...groupByPack(ours).values()].sort((a, b) => a.usedMs - b.usedMs);
  let total = packs.reduce((sum, { nbytes }) => sum + nbytes, 0);
  for (const { nbytes, files } of packs) {
    if (total <= maxBytes) break;
    useless.push(...files);
    total -= nbytes;
  }
  return useless;
}

/** @param {string} name */
function hasOurSchema(name) {
  const [, kind, schema] = OURS.exec(name) ?? [];
  return SCHEMAS[kind] === Number(schema);
}

/** @param {StoredEntry[]} entries */
function groupByPack(entries) {
  /** @type {Map<string, { nbytes: number, usedMs: number, files: string[] }>} */
  const packs = new Map();
  for (const { name: file, nbytes, usedMs } of entries) {
    const name = packOf(file);
    const pack = packs.get(name) ?? { nbytes: 0, usedMs: 0, files: [] };
    packs.set(name, pack);
    pack.nbytes += nbytes;
    pack.usedMs = Math.max(pack.usedMs, usedMs);
    pack.files.push(file);
  }
  return packs;
}
