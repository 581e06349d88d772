// @ts-check
// The rows of bench.mjs about packages that loadPackage() loads.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { findArchive, findWheel, someWheels } from "./archives.mjs";
import { NEWEST } from "./contender.mjs";
import { inFolder } from "./kept-rows.mjs";
import { FIRST_MODEL, PYDANTIC, describeMemory, extensionFiles } from "./mount-rows.mjs";
import { median } from "./processes.mjs";
import { compareShares, compareTimes } from "./results.mjs";

/** @typedef {import("./results.mjs").Row} Row */
/** @typedef {import("./results.mjs").Measure} Measure */
/** @typedef {import("./run-one.mjs").Spec} Spec */
/** @typedef {import("./run-one.mjs").Outcome} Outcome */

/** @typedef {import("./contender.mjs").Contender} Contender */

const ROUNDS = 5;
const MANY = 60;
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
 * @param {Contender} [other] than stock as it is
 */
async function inTurn(measure, { folder, ...task }, figure, rounds, other = "loaded") {
  const [stock, ours] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (let round = 0; round < rounds; round++) {
    stock.push(figure(await measure({ pyodide: NEWEST, contender: other, ...task })));
    ours.push(figure(await measure({ pyodide: NEWEST, contender: "shown", ...task, folder })));
  }
  return [median(stock), median(ours)];
}

/**
 * @param {string} name
 * @param {string} what
 * @param {() => string[]} find the wheels
 * @returns {Row}
 */
const untilReady = (name, what, find) => ({
  name,
  what: `\`loadPackage()\` of ${what} from loopback until it can be imported, against stock`,
  async run(measure, quick) {
    const task = { files: find(), steps: [] };
    const [stock, ours] = await inTurn(measure, task, allSteps, quick ? 1 : ROUNDS);
    return compareTimes(stock, ours, 5);
  },
});

const ready = untilReady("package", "sympy", () => [findArchive("sympy-")]);

const streamlit = untilReady("package-streamlit", "streamlit's wheel", () => [
  findWheel("wheels-full", "streamlit"),
]);

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

/**
 * @param {string} name
 * @param {string} what
 * @param {() => string[]} find the wheels
 * @param {Spec["steps"]} steps
 * @param {number} bar
 * @param {Contender} [other] than stock as it is
 * @returns {Row}
 */
const secondProcess = (name, what, find, steps, bar, other) => ({
  name,
  what: `\`loadPackage()\` and ${what}`,
  run: (measure, quick) =>
    inFolder(async (folder) => {
      const files = find();
      /** @type {Spec["steps"]} */
      const first = [...steps, ["flush", {}]];
      await measure({ pyodide: NEWEST, contender: "shown", files, steps: first, folder });
      const task = { files, steps, folder };
      const rounds = quick ? 1 : ROUNDS;
      const [stock, ours] = await inTurn(measure, task, allSteps, rounds, other);
      return compareTimes(stock, ours, bar);
    }),
});

const laterImport = secondProcess(
  "package-kept",
  "`import sympy` in a second process, against stock",
  sympyFiles,
  IMPORT,
  7,
);

const pydanticFiles = () => extensionFiles(PYDANTIC);

const pydantic = secondProcess(
  "package-pydantic",
  "a first model of pydantic in a second process, against stock",
  pydanticFiles,
  FIRST_MODEL,
  2.5,
);

const pydanticOnDemand = secondProcess(
  "package-pydantic-demand",
  "the same, against stock that leaves `.so` files to the import",
  pydanticFiles,
  FIRST_MODEL,
  2.5,
  "loaded on demand",
);

/** @type {Row} */
const memory = {
  name: "package-memory",
  what: "memory for the files of 20 wheels after `loadPackage()`, beyond the wheels themselves",
  async run(measure) {
    const files = someWheels(20);
    const { stats } = await measure({ pyodide: NEWEST, contender: "shown", files, steps: [] });
    return describeMemory(stats);
  },
};

/** @type {Row} */
const firstMiss = {
  name: "package-missing",
  what: `the first failing import after \`loadPackage()\`: of one wheel, of ${MANY}`,
  run: (measure, quick) =>
    inFolder(async (folder) => {
      const files = writeWheels(folder, MANY);
      /** @type {number[][]} */
      const taken = [[], []];
      for (let round = 0; round < (quick ? 1 : 2 * ROUNDS); round++)
        for (const [i, some] of [files.slice(0, 1), files].entries()) {
          /** @type {Spec["steps"]} */
          const steps = [["miss_once", {}]];
          const outcome = await measure({
            pyodide: NEWEST,
            contender: "shown",
            files: some,
            steps,
          });
          taken[i].push(outcome.steps[1].ms[0]);
        }
      const [one, many] = taken.map(median);
      return compareShares(one, many, 1.2);
    }),
};

/**
 * So many wheels, of a package with one module each.
 *
 * @param {string} folder
 * @param {number} count
 */
function writeWheels(folder, count) {
  return Array.from({ length: count }, (_, i) => {
    const name = `bench_${i}`;
    const path = join(folder, `${name}-1.0-py3-none-any.whl`);
    const text = strToU8(`Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`);
    const info = `${name}-1.0.dist-info`;
    const wheel = strToU8("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
    const files = {
      [`${name}/__init__.py`]: new Uint8Array(0),
      [`${info}/METADATA`]: text,
      [`${info}/WHEEL`]: wheel,
      [`${info}/RECORD`]: new Uint8Array(0),
    };
    writeFileSync(path, zipSync(files));
    return path;
  });
}

/** @type {Row[]} */
export const packageRows = [
  ready,
  unpacking,
  streamlit,
  laterImport,
  pydantic,
  pydanticOnDemand,
  memory,
  firstMiss,
];
