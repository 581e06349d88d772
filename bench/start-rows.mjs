// @ts-check
// The rows of bench.mjs about starting Pyodide: with boot() from what an earlier start has compiled.

import { NEWEST, knownVersions } from "./contender.mjs";
import { inFolder } from "./kept-rows.mjs";
import { median } from "./processes.mjs";
import { NONE, compareTimes } from "./results.mjs";
import { formatTime } from "./table.mjs";

/** @typedef {import("./results.mjs").Row} Row */
/** @typedef {import("./results.mjs").Measure} Measure */

const ROUNDS = 7;
const IMPORTS =
  "asyncio, unittest, email.message, http.client, argparse, logging.handlers, xml.etree.ElementTree, " +
  "decimal, statistics, dataclasses, typing, json, csv, zipfile, tarfile, urllib.request";
/** @type {import("./run-one.mjs").Spec["steps"]} */
export const STEPS = [["run_import", { statement: `import ${IMPORTS}` }]];

/** @typedef {{ start: number, imports: number }} Times */

/**
 * Stock's starts and prepared ones, in turn.
 *
 * @param {Measure} measure
 * @param {string} pyodide
 * @param {number} rounds
 * @returns {Promise<Times[]>}
 */
function measureStarts(measure, pyodide, rounds) {
  return inFolder(async (folder) => {
    const spec = { pyodide, files: [], folder, steps: STEPS };
    await measure({ ...spec, contender: "booted", steps: [...STEPS, ["flush", {}]] });
    const contenders = /** @type {const} */ (["stock", "booted"]);
    const taken = contenders.map(() => /** @type {Times[]} */ ([]));
    for (let round = 0; round < rounds; round++)
      for (const [i, contender] of contenders.entries()) {
        const { startMs, stats, steps } = await measure({ ...spec, contender });
        if (contender === "booted" && stats?.start?.library !== "kept")
          throw new Error(`the start was an ordinary one: ${JSON.stringify(stats?.start)}`);
        taken[i].push({ start: startMs, imports: steps[0].ms[0] });
      }
    return taken.map((list) => ({
      start: median(list.map(({ start }) => start)),
      imports: median(list.map(({ imports }) => imports)),
    }));
  });
}

/**
 * The two rows of a version, which share their measurements.
 *
 * @param {string} pyodide
 * @param {Times} atLeast times faster than stock
 * @returns {Row[]}
 */
function startsOf(pyodide, atLeast) {
  /** @type {Promise<Times[]> | undefined} */
  let figures;
  const measureOnce = (/** @type {Measure} */ measure, /** @type {boolean} */ quick) =>
    (figures ??= measureStarts(measure, pyodide, quick ? 1 : ROUNDS));
  /** @type {(name: string, what: string, key: keyof Times) => Row} */
  const row = (name, what, key) => ({
    name: `${name}-${pyodide}`,
    what: `${what}, against stock ${pyodide}`,
    async run(measure, quick) {
      const [stock, booted] = await measureOnce(measure, quick);
      return compareTimes(stock[key], booted[key], atLeast[key]);
    },
  });
  return [
    row("start", "second start: `boot()` beside `loadPyodide()`", "start"),
    row("start-imports", "16 imports from the standard library after it", "imports"),
  ];
}

/** @type {Row} */
const firstStart = {
  name: "start-first",
  what: "a first start: `loadPyodide()` and `install()`, and `boot()`",
  async run(measure, quick) {
    const contenders = /** @type {const} */ (["kept", "booted"]);
    const taken = contenders.map(() => /** @type {number[]} */ ([]));
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++)
      for (const [i, contender] of contenders.entries())
        await inFolder(async (folder) => {
          const spec = { pyodide: NEWEST, contender, files: [], folder, steps: [] };
          taken[i].push((await measure(spec)).startMs);
        });
    const [installed, booted] = taken.map(median);
    const added = (100 * (booted - installed)) / installed;
    return {
      theirs: formatTime(installed),
      ours: formatTime(booted),
      ratio: `${added.toFixed(1)} % more`,
      bar: "3 % more",
      met: added < 3,
    };
  },
};

/**
 * What a start with boot() leaves for the end of its process: compiling the library that the next one starts
 * from. It happens once for each build of Pyodide.
 *
 * @type {Row}
 */
const firstExit = {
  name: "start-exit",
  what: "the exit of the process that compiles the library, once for each build of Pyodide",
  async run(measure, quick) {
    const contenders = /** @type {const} */ (["stock", "booted"]);
    const taken = contenders.map(() => /** @type {number[]} */ ([]));
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++)
      for (const [i, contender] of contenders.entries())
        await inFolder(async (folder) => {
          const spec = { pyodide: NEWEST, contender, files: [], folder, steps: [] };
          taken[i].push((await measure(spec)).exitMs);
        });
    const [stock, booted] = taken.map(median);
    return {
      theirs: formatTime(stock),
      ours: formatTime(booted),
      ratio: NONE,
      bar: NONE,
    };
  },
};

/** @type {Row[]} */
export const startRows = [
  ...startsOf(NEWEST, { start: 2.5, imports: 10 }),
  ...knownVersions()
    .filter((version) => version !== NEWEST)
    .flatMap((version) => startsOf(version, { start: 2.2, imports: 8 })),
  firstStart,
  firstExit,
];
