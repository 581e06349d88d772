// @ts-check
// The counters of stats(), as Python names them, and as JavaScript does.

export const COUNTERS = [
  "opens",
  "reads",
  "read_bytes",
  "stats",
  "parses",
  "revalidations",
  "retries",
  "allocations",
  "compiles",
  "unmarshals",
  "inflates",
  "hits",
  "misses",
  "invalidations",
  "archives",
  "entries",
  "index_bytes",
  "directory_bytes",
  "writes",
  "write_bytes",
  "pack_hits",
  "pack_misses",
  "pack_other_source",
  "pack_other_magic",
  "pack_damaged",
  "pack_loads",
  "packs_refused",
  "pack_bytes",
  "pack_writes",
];

/**
 * @param {Record<string, number>} counts as Python gives them
 * @returns {Record<string, number>} all of them, 0 where Python gives none
 */
export function nameCounters(counts) {
  return Object.fromEntries(COUNTERS.map((name) => [camelCase(name), counts[name] ?? 0]));
}

/** @param {string} name */
function camelCase(name) {
  return name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
}
