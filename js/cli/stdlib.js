// @ts-check
// `stdlib`: the standard library of a Pyodide, with the bytecode of what its start imports.

import { stat } from "node:fs/promises";

import { addBytecode } from "./bytecode.js";
import { Distribution, PYODIDE_OPTION } from "./distribution.js";
import { Failure, UsageError } from "./failures.js";
import { count, listSkipped, ms } from "./figures.js";
import { compareStarts } from "./measure.js";
import { OUTPUT_OPTION, Output, STORE_OPTION } from "./output.js";
import { lookAt } from "./started.js";

/** @typedef {import("./bytecode.js").Figures} Figures */
/** @typedef {import("./measure.js").Comparison} Comparison */

const ROUNDS = 5;
const ROUNDS_MAX = 1000;

/** @type {import("./help.js").Command} */
export const command = {
  name: "stdlib",
  summary: "make a standard library for self-hosted Pyodide, with bytecode in it",
  operands: [],
  options: {
    pyodide: PYODIDE_OPTION,
    output: OUTPUT_OPTION,
    all: { type: "boolean", help: "bytecode of every module, not only of what a start imports" },
    store: STORE_OPTION,
    rounds: {
      type: "string",
      value: "N",
      help: `how often each is started to be measured: ${ROUNDS} unless given; 0 measures nothing`,
    },
  },
  details: `Serve the file as python_stdlib.zip beside the rest of that Pyodide: it starts faster from the
first visit on. Sources stay in it. Prints what there is more to download, and how much sooner
loadPyodide() is done, measured on this machine.`,
  example: "pyodide-zipimport stdlib --pyodide public/pyodide -o public/python_stdlib.zip",
  run,
};

/**
 * @param {import("./arguments.js").Values} values
 * @param {import("./progress.js").Progress} progress
 */
async function run({ options }, progress) {
  const { all = false, store = false } = options;
  const rounds = readRounds(options.rounds);
  const distribution = await Distribution.find(options.pyodide);
  const place = await Output.prepare(options.output, distribution.libraryPath);
  let [archive, python] = ["", ""];
  const begin = async () => {
    progress.show(`starting Pyodide ${distribution.version}`);
    const pyodide = await distribution.startToCompile();
    const started = await lookAt(pyodide);
    ({ archive, python } = started);
    // A library that has bytecode already is asked about its sources all the same.
    const members = started.members.map((member) => member.replace(/\.pyc$/, ".py"));
    const title = distribution.libraryPath;
    const task = { title, source: archive, paths: { zip: archive }, store };
    return { pyodide, task: all ? task : { ...task, members } };
  };
  const { bytes, figures } = await addBytecode(begin, progress);

  let start = /** @type {Comparison | null} */ (null);
  await place.write(bytes, async (path) => {
    if (rounds === 0) return;
    start = await compareStarts(distribution, path, rounds, progress);
    checkStart(start, figures);
  });
  const { size } = await stat(distribution.libraryPath);
  const stock = { path: distribution.libraryPath, bytes: size };
  const addedBytes = figures.bytes - stock.bytes;
  const result = {
    command: command.name,
    ...{ pyodide: distribution.version, python, path: archive, all, stored: store, stock },
    output: { path: options.output, bytes: figures.bytes, members: figures.members },
    ...{ modules: figures.modules, replaced: figures.replaced, skipped: figures.skipped },
    ...{ addedBytes, start },
    breakEvenMbitPerSecond: breakEven(addedBytes, start),
  };
  return { figures: result, text: describe(result) };
}

/** @param {string | undefined} given */
function readRounds(given) {
  if (given === undefined) return ROUNDS;
  const rounds = Number(given);
  // One start tells nothing of how much the next will differ.
  if (/^\d+$/.test(given) && rounds !== 1 && rounds <= ROUNDS_MAX) return rounds;
  throw new UsageError(`--rounds: found "${given}", expected 0, or 2 to ${ROUNDS_MAX}`);
}

/**
 * @param {Comparison} start
 * @param {Figures} figures
 */
function checkStart({ output }, { skipped }) {
  if (output.compiled > skipped.length)
    throw new Failure(
      `found ${output.compiled} modules compiled in a start with the new file, expected none; ` +
        "nothing was written: please report it",
    );
}

/**
 * @param {number} addedBytes
 * @param {Comparison | null} start
 * @returns {number | null} how fast a connection must be for the start to win more time than the
 *   download loses; null if it wins none
 */
function breakEven(addedBytes, start) {
  if (!start || start.savedMs <= 0) return null;
  return (addedBytes * 8) / 1e6 / (start.savedMs / 1000);
}

/** @param {any} result */
function describe({ stock, output, addedBytes, ...result }) {
  const kind = result.stored ? "stored" : "deflated";
  const which = result.all ? "all modules" : "what loadPyodide() imports";
  return [
    `${output.path}: the standard library of Pyodide ${result.pyodide}, Python ${result.python}`,
    `bytecode  of ${count(result.modules, "module")} (${which}), ${kind}`,
    ...listSkipped(result.skipped),
    `download  ${count(output.bytes, "byte")}, ${count(addedBytes)} more than stock's ${count(stock.bytes)}`,
    ...(result.start ? describeStart(result.start) : ["start     not measured"]),
    ...describeBreakEven(result),
  ].join("\n");
}

/** @param {Comparison} start */
function describeStart({ stock, output, savedMs, noisePercent, isClear }) {
  const percent = Math.round((100 * savedMs) / stock.medianMs);
  return [
    `start     stock ${range(stock)}, this ${range(output)}`,
    isClear
      ? `saved     ${ms(savedMs)} of each start, ${percent} %`
      : "saved     cannot be told: some starts with it took longer than some without; a quieter machine tells",
    `noise     up to ${Math.round(noisePercent)} % from the median of ${count(stock.allMs.length)} starts each, ` +
      "in turn, each in a process of its own",
  ];
}

/** @param {any} result */
function describeBreakEven({ start, breakEvenMbitPerSecond: speed }) {
  if (!start?.isClear || speed === null || speed <= 0) return [];
  return [
    `pays      on connections faster than ${speed.toFixed(1)} Mbit/s, and wherever the file is cached`,
  ];
}

/** @param {import("./measure.js").Times} times */
function range({ medianMs, minMs, maxMs }) {
  return `${ms(medianMs)} (${count(minMs)} to ${count(maxMs)})`;
}
