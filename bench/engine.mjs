// @ts-check
// Has pages of one browser visit what bench/browser/ measures: a page of its own for each visit, with a
// Pyodide of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { browsers } from "../tests/browser/browsers.mjs";
import { startServer } from "../tests/browser/server.mjs";
import { subjects } from "./archives.mjs";
import { NEWEST } from "./contender.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TIMEOUT_MS = 5 * 60_000;

/** What other pages have left. */
export const CROWD = { notes: 500, nbytes: 60 * 2 ** 20 };

export const engines = Object.keys(browsers);

/** What was measured in this process, with their versions. */
export const measured = /** @type {string[]} */ ([]);

const subject = subjects().find(({ name }) => name.startsWith("sympy"));
if (!subject) throw new Error("no sympy; run: make archives");
export const { files, statement } = subject;
const archives = files.map((file) => relative(ROOT, file));

/** @typedef {import("./browser/visit.js").Visit} Visit */
/** @typedef {import("./browser/navigate.js").Navigation} Navigation */
/** @typedef {(job: object) => Promise<any>} Ask */

/**
 * The visits of one engine.
 *
 * @param {Ask} ask
 * @param {number} rounds
 */
async function visits(ask, rounds) {
  const common = { archives, module: "bench/browser/visit.js" };
  const inWindow = (/** @type {object} */ job) =>
    ask({ ...common, task: "visit", version: NEWEST, place: "window", ...job });
  /** @type {Record<string, Visit[]>} */
  const taken = {
    stock: [],
    first: [],
    second: [],
    memory: [],
    worker: [],
    empty: [],
    crowded: [],
  };
  await crowd(ask);
  for (let round = 0; round < rounds; round++) {
    const ours = { contender: "ours", options: { namespace: `bench${round}` } };
    taken.stock.push(await inWindow({ contender: "stock", statement }));
    taken.first.push(await inWindow({ ...ours, statement, flush: true }));
    taken.second.push(await inWindow({ ...ours, statement, large: round === 0 }));
    taken.memory.push(await inWindow({ contender: "ours", options: { storage: "memory" } }));
    for (const namespace of /** @type {const} */ (["empty", "crowded"]))
      taken[namespace].push(await inWindow({ contender: "ours", options: { namespace } }));
    const worker = { contender: "ours", options: { namespace: `worker${round}` } };
    const task = { task: "visitInWorker", inWorker: NEWEST, place: "window" };
    taken.worker.push(await ask({ ...common, ...task, ...worker, statement, flush: true }));
  }
  if (Number(taken.crowded[0].storage?.entries) < CROWD.notes)
    throw new Error("nothing was left in the namespace that was to be crowded");
  const compiled = taken.second.filter(({ compiles }) => compiles !== 0).length;
  if (compiled > 0) throw new Error(`${compiled} second visits compiled something`);
  return taken;
}

/**
 * Makes the databases of the namespaces "empty" and "crowded".
 *
 * @param {Ask} ask
 */
async function crowd(ask) {
  const common = { archives, version: NEWEST, place: "window", contender: "ours" };
  const options = { namespace: "crowded" };
  const task = { module: "bench/browser/crowd.js", task: "crowd", ...CROWD };
  await ask({ ...common, ...task, options, statement });
  const module = "bench/browser/visit.js";
  await ask({ ...common, module, task: "visit", options: { namespace: "empty" } });
}

/**
 * From the navigation to the import, by a page with stock's importer, and by the second visit to one
 * that starts with boot().
 *
 * @param {Ask} ask
 * @param {number} rounds
 */
async function navigations(ask, rounds) {
  const options = { namespace: "navigation" };
  const job = {
    ...{ archives, statement, module: "bench/browser/navigate.js", task: "navigate" },
    ...{ place: "window", pyodideVersion: NEWEST, options },
  };
  await ask({ ...job, contender: "ours", flush: true });
  /** @type {Record<"stock" | "ours", Navigation[]>} */
  const taken = { stock: [], ours: [] };
  for (let round = 0; round < rounds; round++)
    for (const contender of /** @type {const} */ (["stock", "ours"]))
      taken[contender].push(await ask({ ...job, contender }));
  const late = taken.ours.filter(
    ({ started, compiles }) => started?.library !== "kept" || compiles,
  );
  if (late.length > 0) throw new Error(`${late.length} second visits compiled something`);
  return taken;
}

/**
 * @typedef {object} Figures
 * @property {string} version of the browser
 * @property {Awaited<ReturnType<typeof navigations>>} navigated
 * @property {Awaited<ReturnType<typeof visits>>} taken
 */

/**
 * @param {string} name of the engine
 * @param {number} rounds
 * @returns {Promise<Figures>}
 */
export async function measureEngine(name, rounds) {
  const server = await startServer();
  // An ordinary window's: WebKit's other sessions keep nothing and take no Blobs.
  const profile = mkdtempSync(join(tmpdir(), "profile-"));
  const browser = await browsers[name]({ measures: true, profile });
  console.error(browser.version);
  measured.push(browser.version.replace("/", " "));
  try {
    const ask = (/** @type {object} */ job) => server.ask(browser.open, "csp", job, TIMEOUT_MS);
    const navigated = await navigations(ask, rounds);
    const taken = await visits(ask, rounds);
    return { version: browser.version, navigated, taken };
  } finally {
    await browser.close();
    await server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
