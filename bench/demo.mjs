// @ts-check
// Imports real archives with Python's own zip importer and with ours, each in a process of its own,
// and prints what that took: node bench/demo.mjs, or with PYODIDE=0.27.8 in the environment.

import { basename } from "node:path";
import { subjects } from "./archives.mjs";
import { NEWEST, knownVersions } from "./contender.mjs";
import { describeEnvironment, environment } from "./environment.mjs";
import { measure, median } from "./processes.mjs";
import { formatCount, formatRatio, formatTable, formatTime } from "./table.mjs";

/** @typedef {import("./archives.mjs").Subject} Subject */

const ROUNDS = 9;
const COLUMNS = [
  "archive",
  "",
  "directory read",
  "invalidate_caches()",
  "lookup, unchanged",
  "lookup, rewritten",
  "find_spec",
  "import",
];

/**
 * @param {Subject} subject
 * @returns {import("./run-one.mjs").Spec["steps"]}
 */
function stepsOf({ files, module, statement }) {
  const path = `/archives/${basename(files[0])}`;
  return [
    ["run_import", { statement }],
    ["directory_read", { path, rounds: ROUNDS }],
    ["invalidate", { rounds: ROUNDS }],
    ["lookup_unchanged", { rounds: ROUNDS }],
    ["lookup_rewritten", { path, rounds: ROUNDS }],
    ["find_spec", { path, name: module, rounds: ROUNDS, loops: 1 }],
  ];
}

/**
 * @param {string} pyodide
 * @param {Subject} subject
 * @param {import("./contender.mjs").Contender} contender
 * @returns {Promise<number[]>} the medians, in the order of the columns
 */
async function runSubject(pyodide, subject, contender) {
  console.error(`${subject.name}: ${contender}`);
  const { files } = subject;
  const { steps } = await measure({ pyodide, contender, files, steps: stepsOf(subject) });
  const [imported, ...others] = steps.map(({ ms }) => median(ms));
  return [...others, imported];
}

async function main() {
  const pyodide = process.env.PYODIDE || NEWEST;
  if (!knownVersions().includes(pyodide))
    throw new Error(`PYODIDE=${pyodide}: expected one of ${knownVersions().join(", ")}`);
  const rows = [];
  for (const subject of subjects()) {
    const stock = await runSubject(pyodide, subject, "stock");
    const ours = await runSubject(pyodide, subject, "ours");
    rows.push(
      [subject.name, "stock", ...stock.map(formatTime)],
      [`${formatCount(subject.entries)} entries`, "ours", ...ours.map(formatTime)],
      ["", "ratio", ...stock.map((ms, i) => formatRatio(ms / ours[i]))],
    );
  }
  console.log(describeEnvironment(environment([pyodide])));
  console.log(`
Each archive is imported from its file on sys.path; stock and ours run in processes of their own.
Medians of ${ROUNDS} rounds, but for the import, which happens once. A lookup is the first import that
fails after importlib.invalidate_caches(), the standard library and folders included.
`);
  console.log(formatTable(COLUMNS, rows));
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
