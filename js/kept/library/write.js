// @ts-check
// Makes a standard library with bytecode, and brings it into the store.

import { pause, rest } from "../../base/steps.js";
import { LIBRARY_COPY, LIBRARY_SOURCE, giveFile, removeFile } from "../../pyodide/files.js";
import { MAKE_BYTECODE } from "../../pyodide/make-bytecode.js";
import { runApart, takeValue } from "../../pyodide/python.js";
import { digestOf, makeLibraryFile } from "../names.js";

/** @typedef {import("../packs/packs.js").Pace} Pace */
/** @typedef {import("./library.js").Module} Module */

/** Larger sources take too long to compile in the background of a page. */
const PAGE_SOURCE_NBYTES_MAX = 64 * 1024;
/** As good as no limit, and a number that Python can take. */
const STEP_MS_MAX = 1e9;

/**
 * @typedef {object} Place
 * @property {import("../../platform/platform.js").Platform} platform
 * @property {any} pyodide
 * @property {import("../catalogue.js").Catalogue} store
 * @property {Pace & { maxBytes: number }} pace
 */

/**
 * @typedef {object} Task
 * @property {string} name of the library
 * @property {string} archive the path of stock's
 * @property {string} place where it is noted what was used last
 * @property {string | undefined} used the file that was started from, which is continued; else stock's is
 * @property {Module[]} missing modules to compile
 */

/**
 * @param {Place} place
 * @param {Task} task
 * @returns {Generator<any, { skipped: Module[], file: string | undefined }, any>} which yields what is to
 *   be awaited, and returns what was too large to compile now, and the new file if there is one
 */
export function* writeLibrary({ platform, pyodide, store, pace }, task) {
  const fs = pyodide.FS;
  const { missing, used } = task;
  const started = used && (yield store.get(used));
  // Another program put one of its own in that one's place, or cleared all. What is missing from stock's is
  // much more than what this start found missing, so nothing of use can be made now: the next start does it.
  if (used && !started) return { skipped: [], file: undefined };
  if (started) giveFile(fs, LIBRARY_SOURCE, started);
  const copy = runApart(pyodide, BEGIN, {
    archive: task.archive,
    source: started ? LIBRARY_SOURCE : task.archive,
    target: LIBRARY_COPY,
    modules: missing,
    // What is large is left for a time when nobody looks.
    max_source: pace.inBackground && platform.isPage() ? PAGE_SOURCE_NBYTES_MAX : undefined,
  });
  let skipped = /** @type {Module[]} */ ([]);
  let bytes;
  try {
    while (!copy.step(Math.min(stepMs(platform, pace), STEP_MS_MAX))) yield pause();
    yield* rest(stepMs(platform, pace));
    skipped = takeValue(copy.finish());
    if (skipped.length < missing.length) bytes = fs.readFile(LIBRARY_COPY);
  } finally {
    copy.destroy();
    for (const path of [LIBRARY_COPY, LIBRARY_SOURCE]) removeFile(fs, path);
  }
  if (!bytes) return { skipped, file: undefined };
  checkSize(bytes.length, pace.maxBytes);
  yield* rest(stepMs(platform, pace));
  const file = makeLibraryFile(task.name, digestOf(bytes, platform.crc32));
  yield store.put(file, bytes, pace.stepMs < Infinity);
  yield store.put(task.place, new TextEncoder().encode(task.name));
  // The new one holds all of it. Others go by the limit: they are in use elsewhere.
  if (used && used !== file) yield store.delete(used);
  return { skipped, file };
}

/**
 * Out of sight nobody sees a pause, and the browser makes each one last a second.
 *
 * @param {Place["platform"]} platform
 * @param {Pace} pace
 */
function stepMs(platform, pace) {
  return platform.isHidden() ? Infinity : pace.stepMs;
}

/**
 * @param {number} nbytes
 * @param {number} maxBytes
 */
function checkSize(nbytes, maxBytes) {
  if (nbytes <= maxBytes) return;
  throw new Error(`a standard library of ${nbytes} bytes, expected at most maxBytes, ${maxBytes}`);
}

const BEGIN = `
${MAKE_BYTECODE}
import zipimport
result = Copy(archive, source, target, modules, zipimport.zipimporter(archive).get_data, max_source)
`;
