// @ts-check
// A visit that leaves a store in which much lies of other pages: notes, and packs that the page itself never uses.

import { openIndexedDB } from "../../js/kept/stores/indexeddb.js";
import { provide } from "./visit.js";

/**
 * @param {object} place
 * @param {any} place.pyodide
 * @param {typeof import("../../js/index.js").install} place.install
 * @param {string} place.base
 * @param {import("./visit.js").Job & { notes: number, nbytes: number }} place.job `notes`, and `nbytes` of packs, at
 *   the least
 * @returns {Promise<{ notes: number, nbytes: number }>}
 */
export async function crowd({ pyodide, install, base, job }) {
  const zips = await install(pyodide, { ...job.options, autoFlush: false });
  for (const archive of job.archives) await provide(pyodide, base, archive);
  pyodide.runPython(String(job.statement));
  await zips.flush();
  const store = await openIndexedDB(String(zips.stats().storage?.where));
  const written = await store.list();
  const nameOf = (/** @type {RegExp} */ form) =>
    String(written.map(({ name }) => name).find((name) => form.test(name)));
  const [pack, note] = [nameOf(/\.zip$/), nameOf(/-at-/)];
  const [packed, noted] = [await store.get(pack), await store.get(note)];
  if (!packed || !noted) throw new Error("the visit has kept nothing");
  let nbytes = 0;
  // Of other archives, by their names.
  for (let i = 1; nbytes < job.nbytes; i++, nbytes += packed.length)
    await store.put(pack.replace(/[0-9a-f]+(?=-\d+\.[0-9a-f]+-\d+\.zip$)/, i.toString(16)), packed);
  for (let i = 1; i <= job.notes; i++)
    await store.put(note.replace(/at-.*/, `at-${i.toString(16)}-9.txt`), noted);
  for (const { name } of written) await store.delete(name);
  return { notes: job.notes, nbytes };
}
