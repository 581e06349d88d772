// @ts-check
// Deletes what is kept, of one archive or all, from the store and from memory.

import { filesOf } from "../catalogue.js";
import { SCHEMA, makeNote } from "../names.js";

/** @typedef {import("./packs.js").FullContext} Context */
/** @typedef {import("../catalogue.js").Entry} Entry */

/**
 * @param {Context} context
 * @returns {Generator<any, void, any>}
 */
export function* clearAll(context) {
  const { shelf, store } = context;
  const entries = /** @type {Entry[]} */ (yield store.list());
  const own = entries.filter(({ parsed }) => parsed.schema === SCHEMA);
  yield Promise.all(own.map(({ name }) => store.delete(name)));
  context.library?.forget();
  context.visit?.forget();
  context.toWrite.clear();
  context.call("_forget_packs");
  shelf.clear();
}

/**
 * @param {Context} context
 * @param {string} path
 * @returns {Generator<any, void, any>}
 */
export function* clearPath(context, path) {
  const { library, shelf, store } = context;
  if (path === library?.path) for (const file of library.forget()) yield store.delete(file);
  const [name, pathName] = shelf.packNames(path);
  const note = makeNote(pathName);
  const noted = yield store.get(note);
  const names = [name, noted && new TextDecoder().decode(noted)].filter((each) => each);
  const entries = /** @type {Entry[]} */ (yield store.list());
  for (const each of names) {
    for (const file of filesOf(each, entries)) {
      yield store.delete(file);
      shelf.remove(file);
    }
    context.toWrite.delete(each);
    context.call("_forget_packs", each);
  }
  yield store.delete(note);
  shelf.setNote(pathName);
}
