// @ts-check
// Shows what people gain: Python's own zip importer and ours on the same archives, each in processes of
// its own, a row as soon as it is measured. node bench/demo.mjs, or with PYODIDE=0.27.8 in the environment.

import { basename } from "node:path";
import { subjects } from "./archives.mjs";
import { NEWEST, knownVersions } from "./contender.mjs";
import { describeEnvironment, environment } from "./environment.mjs";
import { inFolder } from "./kept-rows.mjs";
import { measure, median } from "./processes.mjs";
import { STEPS as LIBRARY_IMPORTS } from "./start-rows.mjs";
import { formatRatio, formatTime } from "./table.mjs";

/** @typedef {import("./archives.mjs").Subject} Subject */
/** @typedef {import("./run-one.mjs").Spec} Spec */

const STARTS = 2;
const ROUNDS = 9;
/** The last is the largest, and the archive that the caches are shown with. */
const ARCHIVES = ["networkx", "Django", "sympy + mpmath"];
const WIDTHS = [64, 9, 9, 13];

/** @param {string[]} cells */
function printRow(cells) {
  const [what, ...figures] = cells.map((cell, i) =>
    i ? cell.padStart(WIDTHS[i]) : cell.padEnd(WIDTHS[i]),
  );
  console.log(`${what}${figures.join("")}`);
}

/**
 * @param {string} what
 * @param {number} stock
 * @param {number} ours
 */
function show(what, stock, ours) {
  printRow([what, formatTime(stock), formatTime(ours), formatRatio(stock / ours)]);
}

/**
 * A start with boot() from what an earlier one has left, beside stock's.
 *
 * @param {string} pyodide
 */
function showStarts(pyodide) {
  return inFolder(async (folder) => {
    const spec = { pyodide, files: [], folder, steps: LIBRARY_IMPORTS };
    await measure({ ...spec, contender: "booted", steps: [...LIBRARY_IMPORTS, ["flush", {}]] });
    /** @type {Record<"stock" | "booted", import("./run-one.mjs").Outcome[]>} */
    const taken = { stock: [], booted: [] };
    for (let round = 0; round < STARTS; round++)
      for (const contender of /** @type {const} */ (["stock", "booted"]))
        taken[contender].push(await measure({ ...spec, contender }));
    const [stock, booted] = [taken.stock, taken.booted].map((outcomes) => ({
      start: median(outcomes.map(({ startMs }) => startMs)),
      imports: median(outcomes.map(({ steps }) => steps[0].ms[0])),
    }));
    show("Pyodide starts: loadPyodide(), and boot() the second time", stock.start, booted.start);
    show("  16 imports from the standard library after it", stock.imports, booted.imports);
  });
}

/**
 * An archive's import in a second process, and more of the same processes if asked.
 *
 * @param {string} pyodide
 * @param {Subject} subject
 * @param {boolean} more
 */
function showArchive(pyodide, { files, statement, module }, more) {
  return inFolder(async (folder) => {
    const path = `/archives/${basename(files[0])}`;
    /** @type {Spec["steps"]} */
    const steps = [["run_import", { statement }]];
    const first = await measure({
      ...{ pyodide, contender: "kept", files, folder },
      steps: [...steps, ["flush", {}]],
    });
    if (more)
      steps.push(
        ["directory_read", { path, rounds: ROUNDS }],
        ["invalidate", { rounds: ROUNDS }],
        ["lookup_unchanged", { rounds: ROUNDS }],
        ["find_spec", { path, name: module, rounds: ROUNDS, loops: 1 }],
      );
    const spec = { pyodide, files, folder, steps };
    const stock = await measure({ ...spec, contender: "stock" });
    const kept = await measure({ ...spec, contender: "kept" });
    const figures = [stock, kept].map((each) => each.steps.map(({ ms }) => median(ms)));
    const row = (/** @type {string} */ what, /** @type {number} */ i) =>
      show(what, figures[0][i], figures[1][i]);
    const shown = statement.split("\n").at(-1) ?? statement;
    row(`${shown}, in a second process`, 0);
    if (!more) return;
    show("  the same in the first process, which compiles", figures[0][0], first.steps[0].ms[0]);
    row("  reading the directory of its archive", 1);
    row("  importlib.invalidate_caches()", 2);
    row("  the first import that fails after it, nothing changed", 3);
    row("  find_spec() of the package", 4);
  });
}

async function main() {
  const pyodide = process.env.PYODIDE || NEWEST;
  if (!knownVersions().includes(pyodide))
    throw new Error(`PYODIDE=${pyodide}: expected one of ${knownVersions().join(", ")}`);
  console.log(describeEnvironment(environment([pyodide])));
  console.log(
    "Each figure is from processes of its own. make bench measures more, and more often.\n",
  );
  printRow(["", "stock", "ours", "times faster"]);
  await showStarts(pyodide);
  for (const name of ARCHIVES) {
    const subject = subjects().find((each) => each.name === name);
    if (!subject) throw new Error(`no archive ${name}`);
    await showArchive(pyodide, subject, name === ARCHIVES.at(-1));
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
