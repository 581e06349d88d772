// @ts-check
// What a page of bench/browser.mjs does for the time that its user waits: from the navigation until an
// import is done, with the parts of it. tests/browser/job.js calls it.

import { boot } from "../../js/index.js";
import { provide } from "./visit.js";

/**
 * @typedef {object} Job
 * @property {"stock" | "ours"} contender
 * @property {import("../../js/index.js").InstallOptions} [options]
 * @property {string} pyodideVersion
 * @property {string[]} archives addresses, relative to the project's
 * @property {string} statement
 * @property {boolean} [flush] whether what was compiled is written
 */

/**
 * @typedef {object} Navigation milliseconds: each part, from one mark to the next
 * @property {number} page until the page's script has its job
 * @property {number} wasm until Pyodide's WebAssembly is compiled and instantiated, its download included
 * @property {number} start until loadPyodide() has resolved, the store read meanwhile
 * @property {number} install what boot() does after that
 * @property {number} archives downloading them
 * @property {number} import
 * @property {number} total from the navigation
 * @property {import("../../js/index.js").StartStats} [started]
 * @property {number} [compiles]
 */

/**
 * @param {{ job: Job }} place
 * @returns {Promise<Navigation>}
 */
export async function navigate({ job }) {
  const base = new URL("../../", import.meta.url).href;
  const marks = [performance.now()];
  const mark = () => void marks.push(performance.now());
  const { loadPyodide } = await import(
    `${base}node_modules/pyodide-${job.pyodideVersion}/pyodide.mjs`
  );
  const load = async (/** @type {object} */ settings) => {
    const pyodide = await loadPyodide({ ...settings, ...fsInitOf(settings, mark) });
    mark();
    return pyodide;
  };
  const { pyodide, zips } =
    job.contender === "ours"
      ? await boot(load, { ...job.options, autoFlush: false })
      : { pyodide: await load({}), zips: undefined };
  mark();
  await Promise.all(job.archives.map((archive) => provide(pyodide, base, archive)));
  mark();
  pyodide.runPython(job.statement);
  mark();
  const [page, ...parts] = marks.map((at, i) => at - (marks[i - 1] ?? 0));
  const [wasm, start, install, archives, importing] = parts;
  const { start: started, compiles } = zips?.stats() ?? {};
  if (job.flush) await zips?.flush();
  const total = /** @type {number} */ (marks.at(-1));
  return { page, wasm, start, install, archives, import: importing, total, started, compiles };
}

/**
 * Pyodide calls fsInit once its WebAssembly is there.
 *
 * @param {any} settings
 * @param {() => void} mark
 */
function fsInitOf({ fsInit }, mark) {
  return {
    fsInit(/** @type {any} */ fs, /** @type {any} */ info) {
      mark();
      return fsInit?.(fs, info);
    },
  };
}
