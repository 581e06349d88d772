// @ts-check
// Makes one pack file, and brings it into the store.

import { pause, rest } from "../../base/steps.js";
import { makeEntry } from "../catalogue.js";
import { makeDigest, makePackFile } from "../names.js";
import { takeValue } from "../../pyodide/python.js";

/** @typedef {import("./packs.js").FullContext} Context */

/**
 * A pack file that Pyodide's file system has, and the store has not.
 *
 * @typedef {object} Made
 * @property {string} file its name
 * @property {Uint8Array} bytes
 * @property {import("../catalogue.js").Entry} entry as the store will list it
 * @property {string[]} merged the files of its pack whose members it has taken over
 */

let written = 0;

/**
 * Writes a pack to Pyodide's file system, where it is in use from then on.
 *
 * @param {Context} context
 * @param {string} name
 * @param {string[]} kept files of that name
 * @param {number} stepMs
 * @returns {Generator<any, Made | undefined, any>} undefined if there is nothing to store
 */
export function* makePack(context, name, kept, stepMs) {
  const { maxBytes, platform, shelf } = context;
  const patience = () => (platform.isHidden() ? Infinity : stepMs);
  const temporary = `${++written}.new`;
  const others = kept.filter((file) => shelf.has(file)).map((file) => shelf.path(file));
  const writer = context.call("_write_pack", name, shelf.path(temporary), others);
  if (!writer) return undefined;
  try {
    while (!writer.step(patience())) yield pause();
    yield* rest(patience());
    const [crc, nbytes, members] = takeValue(writer.finish());
    if (members === 0) return undefined;
    const file = makePackFile(name, makeDigest(crc, nbytes));
    yield* rest(patience());
    const bytes = shelf.read(temporary);
    yield* rest(patience());
    shelf.rename(temporary, file);
    writer.commit(shelf.path(file));
    shelf.madeInstead(name, file);
    const merged = kept.filter((old) => old !== file);
    if (nbytes <= maxBytes) return { file, bytes, entry: makeEntry(file, nbytes), merged };
    // Offering it again would not make it smaller.
    context.warn(new Error(`a pack of ${nbytes} bytes, expected at most maxBytes, ${maxBytes}`));
    return undefined;
  } finally {
    writer.destroy();
    shelf.remove(temporary);
  }
}

/**
 * @param {Context} context
 * @param {Made} made
 * @param {number} stepMs
 * @returns {Generator<any, void, any>}
 */
export function* putPack({ shelf, store }, { file, bytes, entry, merged }, stepMs) {
  yield store.put(file, bytes, stepMs < Infinity);
  shelf.unstored.delete(file);
  for (const old of merged) yield store.delete(old);
  shelf.prune(entry.parsed.group, [file]);
}
