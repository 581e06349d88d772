// @ts-check
// One flush: every pack that has something new, the notes, the standard library, and then what has to
// go to stay within the limit.

import { run, runNow } from "../../base/steps.js";
import { filesOf } from "../catalogue.js";
import { findUseless } from "../eviction.js";
import { makeNote } from "../names.js";
import { makePack, putPack } from "./write.js";

/** @typedef {import("./packs.js").FullContext} Context */
/** @typedef {import("./packs.js").Pace} Pace */

/**
 * @param {Context} context
 * @param {string[]} names of packs to write
 * @param {Pace} pace
 * @returns {Generator<any, void, any>} which yields what is to be awaited, where that is possible
 */
export function* flushSteps(context, names, pace) {
  for (const name of names) {
    try {
      yield* flushPack(context, name, pace.stepMs);
      context.toWrite.delete(name);
    } catch (error) {
      // It stays in Pyodide's file system, in use, and the next flush offers it to the store again.
      context.warn(error);
    }
  }
  const hasNoted = yield* writeNotes(context);
  const hasLibrary = yield* flushLibrary(context, pace);
  if (names.length > 0 || hasNoted || hasLibrary) yield* tidy(context);
}

/**
 * The same for a page that may have no other turn: all is on its way to the store before anything
 * is awaited. What would have to be read from there first stays beside it, to be merged another time.
 *
 * @param {Context} context
 * @param {string[]} names
 */
export async function flushAtOnce(context, names) {
  const { shelf, store, toWrite } = context;
  /** @type {import("./write.js").Made[]} */
  const begun = [];
  const puts = names.map(async (name) => {
    try {
      const held = filesOf(name, store.known()).filter((file) => shelf.has(file));
      const made = runNow(makePack(context, name, held, Infinity));
      if (made) begun.push(made);
      if (made) await run(putPack(context, made, Infinity));
      toWrite.delete(name);
    } catch (error) {
      context.warn(error);
    }
  });
  await Promise.all([...puts, run(writeNotes(context, begun))]);
  if (names.length > 0) await run(tidy(context));
}

/**
 * @param {Context} context
 * @param {string} name
 * @param {number} stepMs
 * @returns {Generator<any, void, any>}
 */
function* flushPack(context, name, stepMs) {
  const { shelf, store } = context;
  const kept = filesOf(name, yield store.list());
  for (const file of kept)
    if (!shelf.has(file)) shelf.provide(file, yield* readFile(context, file));
  const made = yield* makePack(context, name, kept, stepMs);
  if (made) yield* putPack(context, made, stepMs);
}

/**
 * A pack file that cannot be read is as good as missing, and goes once there is a new one.
 *
 * @param {Context} context
 * @param {string} file
 * @returns {Generator<any, Uint8Array | undefined, any>}
 */
function* readFile(context, file) {
  try {
    return yield context.store.get(file);
  } catch (error) {
    context.warn(error);
    return undefined;
  }
}

/**
 * Also those of paths that only read their packs: the archive there may change next; and what this visit
 * used.
 *
 * @param {Context} context
 * @param {import("./write.js").Made[]} [begun] packs that are on their way to the store
 * @returns {Generator<any, boolean, any>} whether there was something to note
 */
function* writeNotes({ shelf, store, visit }, begun = []) {
  try {
    const entries = [...store.known(), ...begun.map(({ entry }) => entry)];
    const useful = shelf.unnoted().filter(([, name]) => filesOf(name, entries).length > 0);
    const puts = useful.map(([pathName, name]) =>
      store.put(makeNote(pathName), new TextEncoder().encode(name)),
    );
    const record = visit?.write(store, shelf.lines(entries), ({ file }) => shelf.isOwn(file));
    if (record) puts.push(record);
    if (puts.length === 0) return false;
    yield Promise.all(puts);
    for (const [pathName, name] of useful) shelf.setNote(pathName, name);
    return true;
  } catch {
    // A store that is only read, say. Nothing is lost unless an archive changes, and then little.
    return false;
  }
}

/**
 * @param {Context} context
 * @param {Pace} pace
 * @returns {Generator<any, boolean, any>} whether something was written
 */
function* flushLibrary(context, pace) {
  const { library, store, maxBytes } = context;
  if (!library) return false;
  try {
    return yield* library.writeSteps(store, { ...pace, maxBytes });
  } catch (error) {
    // What could not be kept is compiled at the next start, as at this one.
    context.warn(error);
    return false;
  }
}

/**
 * @param {Context} context
 * @returns {Generator<any, void, any>}
 */
function* tidy({ store, maxBytes }) {
  for (const file of findUseless(yield store.list(), maxBytes)) yield store.delete(file);
  yield store.removeOlder();
}
