// @ts-check
// The rows of bench.mjs about packages that loadPackage() loads.

import { findArchive } from "./archives.mjs";
import { NEWEST } from "./contender.mjs";
import { inFolder } from "./kept-rows.mjs";
import { median } from "./processes.mjs";
import { compareTimes } from "./results.mjs";

/** @typedef {import("./results.mjs").Row} Row */
/** @typedef {import("./results.mjs").Measure} Measure */
/** @typedef {import("./run-one.mjs").Spec} Spec */
/** @typedef {import("./run-one.mjs").Outcome} Outcome */

const ROUNDS = 5;
/** @type {Spec["steps"]} */
const IMPORT = [["run_import", { statement: "import sympy" }]];
const sympyFiles = () => [findArchive("sympy-"), findArchive("mpmath-")];

/** @param {Outcome} outcome */
const allSteps = ({ steps }) => steps.reduce((sum, { ms }) => sum + ms[0], 0);
/** @param {Outcome} outcome */
const installing = ({ steps }) => steps[0].counts.installMs;

/**
 * One process each, in turn: a machine that slows down meanwhile slows down both.
 *
 * @param {Measure} measure
 * @param {object} task
 * @param {string[]} task.files
 * @param {Spec["steps"]} task.steps
 * @param {string} [task.folder] of packs
 * @param {(outcome: Outcome) => number} figure
 * @param {number} rounds
 */
async function inTurn(measure, { folder, ...task }, figure, rounds) {
  const [stock, ours] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (let round = 0; round < rounds; round++) {
    stock.push(figure(await measure({ pyodide: NEWEST, contender: "loaded", ...task })));
    ours.push(figure(await measure({ pyodide: NEWEST, contender: "shown", ...task, folder })));
  }
  return [median(stock), median(ours)];
}

/** @type {Row} */
const ready = {
  name: "package",
  what: "`loadPackage()` of sympy from loopback until it can be imported, against stock",
  async run(measure, quick) {
    const task = { files: [findArchive("sympy-")], steps: [] };
    const [stock, ours] = await inTurn(measure, task, allSteps, quick ? 1 : ROUNDS);
    return compareTimes(stock, ours, 5);
  },
};

/** @type {Row} */
const unpacking = {
  name: "package-install",
  what: "the same without the download: `installPackage()`",
  async run(measure, quick) {
    const task = { files: [findArchive("sympy-")], steps: [] };
    const [stock, ours] = await inTurn(measure, task, installing, quick ? 1 : ROUNDS);
    return compareTimes(stock, ours, 50);
  },
};

/** @type {Row} */
const laterImport = {
  name: "package-kept",
  what: "`loadPackage()` and `import sympy` in a second process, against stock",
  run: (measure, quick) =>
    inFolder(async (folder) => {
      const task = { files: sympyFiles(), steps: IMPORT };
      const flush = /** @type {Spec["steps"]} */ ([...IMPORT, ["flush", {}]]);
      await measure({ pyodide: NEWEST, contender: "shown", ...task, steps: flush, folder });
      const [stock, ours] = await inTurn(
        measure,
        { ...task, folder },
        allSteps,
        quick ? 1 : ROUNDS,
      );
      return compareTimes(stock, ours, 7);
    }),
};

/** @type {Row[]} */
export const packageRows = [ready, unpacking, laterImport];
