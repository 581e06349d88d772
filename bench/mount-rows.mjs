// @ts-check
// The rows of bench.mjs about mounted archives.

import { findArchive } from "./archives.mjs";
import { NEWEST } from "./contender.mjs";
import { inFolder } from "./kept-rows.mjs";
import { median } from "./processes.mjs";
import { compareTimes } from "./results.mjs";
import { formatTime } from "./table.mjs";

/** @typedef {import("./results.mjs").Row} Row */
/** @typedef {import("./results.mjs").Measure} Measure */
/** @typedef {import("./contender.mjs").Contender} Contender */
/** @typedef {Omit<import("./run-one.mjs").Spec, "pyodide" | "contender">} Task */

const ROUNDS = 5;
/** @type {Task["steps"]} */
const IMPORT = [["run_import", { statement: "import sympy" }]];
const sympyFiles = () => [findArchive("sympy-"), findArchive("mpmath-")];

/**
 * What all steps of each contender take together, one process each, in turn: a machine that slows down
 * meanwhile slows down both.
 *
 * @param {Measure} measure
 * @param {Contender[]} contenders
 * @param {Task} task
 * @param {number} rounds
 */
async function inTurn(measure, contenders, task, rounds) {
  const taken = contenders.map(() => /** @type {number[]} */ ([]));
  for (let round = 0; round < rounds; round++)
    for (const [i, contender] of contenders.entries()) {
      const { steps } = await measure({ pyodide: NEWEST, contender, ...task });
      taken[i].push(steps.reduce((sum, { ms }) => sum + ms[0], 0));
    }
  return taken.map(median);
}

/**
 * @param {string} name
 * @param {string} what
 * @param {() => Task} prepare
 * @param {number} bar how many times faster mounting has to be
 * @returns {Row}
 */
const besideUnpacking = (name, what, prepare, bar) => ({
  name,
  what,
  async run(measure, quick) {
    const rounds = quick ? 1 : ROUNDS;
    const [unpacked, mounted] = await inTurn(measure, ["unpacked", "mounted"], prepare(), rounds);
    return compareTimes(unpacked, mounted, bar);
  },
});

const ready = besideUnpacking(
  "mount",
  "sympy ready to import: `mount()` beside `unpackArchive()`",
  () => ({ files: [findArchive("sympy-")], steps: [] }),
  100,
);

const firstImport = besideUnpacking(
  "mount-import",
  "`mount()` and `import sympy`, nothing cached, against unpacking and importing",
  () => ({ files: sympyFiles(), steps: IMPORT }),
  1,
);

/** @type {Row} */
const laterImport = {
  name: "mount-kept",
  what: "the same in a second process, against the plain zip",
  run: (measure, quick) =>
    inFolder(async (folder) => {
      const task = { files: sympyFiles(), steps: IMPORT, folder };
      const contenders = /** @type {Contender[]} */ (["kept", "mounted"]);
      for (const contender of contenders)
        await measure({ pyodide: NEWEST, contender, ...task, steps: [...IMPORT, ["flush", {}]] });
      const [zip, mounted] = await inTurn(measure, contenders, task, quick ? 1 : 2 * ROUNDS);
      const ratio = mounted / zip;
      return {
        theirs: formatTime(zip),
        ours: formatTime(mounted),
        ratio: `${ratio.toFixed(2)} of it`,
        bar: "1.05 of it",
        met: ratio <= 1.05,
      };
    }),
};

/** @type {Row[]} */
export const mountRows = [ready, firstImport, laterImport];
