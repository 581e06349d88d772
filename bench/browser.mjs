// @ts-check
// Measures what browsers keep from one visit to the next, and prints a table for each engine:
//
//   node bench/browser.mjs [--quick] [ENGINE...]
//
// Every visit is a page of its own with a Pyodide of its own. Figures are kept in build/bench/.

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { NEWEST } from "./contender.mjs";
import { engines, files, measureEngine, statement } from "./engine.mjs";
import { describeEnvironment, environment } from "./environment.mjs";
import { measure, median } from "./processes.mjs";
import { NONE } from "./results.mjs";
import { formatRatio, formatTable, formatTime } from "./table.mjs";

const FOLDER = new URL("../build/bench/", import.meta.url);
const ROUNDS = 5;
const HEAD = ["what", "figure", "bar", "met"];
const NAVIGATION_HEAD = ["second visit", "theirs", "ours", "times faster", "bar", "met"];
const METHOD = `\
Medians; of pauses the longest. Each visit is a page of its own in one profile, in turn: stock, a first
visit, a second one, one with storage "memory". Before the clock runs, the page has opened a database
once.`;

/** @typedef {import("./browser/visit.js").Visit} Visit */
/** @typedef {import("./engine.mjs").Figures} Figures */

const PARTS = /** @type {const} */ ({
  page: "page and script",
  wasm: "WebAssembly: download, compile, instantiate",
  start: "Python's start, the store read meanwhile",
  install: "`install()`, the packs read",
  archives: "download of the archives",
  import: "`import sympy`",
  total: "**navigation to `import sympy` done**",
});

/**
 * @param {Figures["navigated"]} taken
 * @param {boolean} hasBar
 */
function navigationRows({ stock, ours }, hasBar) {
  return Object.entries(PARTS).map(([key, what]) => {
    const part = /** @type {keyof typeof PARTS} */ (key);
    const [theirs, mine] = [stock, ours].map((list) => median(list.map((each) => each[part])));
    const ratio = theirs / mine;
    const bar = hasBar && part === "total";
    return [
      what,
      formatTime(theirs),
      formatTime(mine),
      formatRatio(ratio),
      bar ? "at least 5" : NONE,
      bar ? (ratio >= 5 ? "yes" : "**no**") : NONE,
    ];
  });
}

/** `import sympy` in Node, its pack in a folder. */
async function warmInNode(/** @type {number} */ rounds) {
  const folder = mkdtempSync(join(tmpdir(), "packs-"));
  try {
    /** @type {import("./run-one.mjs").Spec} */
    const spec = {
      ...{ pyodide: NEWEST, contender: "kept", files, folder },
      steps: [["run_import", { statement }]],
    };
    await measure({ ...spec, steps: [...spec.steps, ["flush", {}]] });
    const taken = [];
    for (let round = 0; round < rounds; round++) taken.push((await measure(spec)).steps[0].ms[0]);
    return median(taken);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {Figures["taken"]} taken
 * @param {number} nodeMs
 * @param {boolean} hasBars the bars are Chromium's
 */
function rowsOf({ stock, first, second, memory, worker }, nodeMs, hasBars) {
  const time = (/** @type {Visit[]} */ list, /** @type {string} */ what) =>
    median(list.map(({ ms }) => ms[what]));
  const pause = (/** @type {Visit[]} */ list, /** @type {"install" | "flush"} */ what) =>
    Math.max(...list.map(({ pauses }) => pauses[what] ?? 0));
  const [stockMs, warmMs] = [time(stock, "import"), time(second, "import")];
  // Not beside the first visit, whose install() makes its database.
  const reading = time(second, "install") - time(memory, "install");
  const opening = time(first, "install") - time(memory, "install");
  const bytes = second[0].storage?.bytes ?? 0;
  const MiB = (bytes / 2 ** 20).toFixed(1);
  /** @type {[what: string, figure: string, bar?: string, met?: boolean][]} */
  const rows = [
    ["start: `loadPyodide()`", formatTime(time(stock, "start"))],
    ["`import sympy`, stock", formatTime(stockMs)],
    ["the same, first visit", formatTime(time(first, "import"))],
    ["the same, second visit", formatTime(warmMs)],
    [
      "times faster than stock",
      formatRatio(stockMs / warmMs),
      "at least 10",
      stockMs / warmMs >= 10,
    ],
    [
      `beside Node's second run, ${formatTime(nodeMs)}`,
      formatRatio(warmMs / nodeMs),
      "at most 1.5",
      warmMs / nodeMs <= 1.5,
    ],
    [
      `\`install()\`: reading what is kept, ${MiB} MiB`,
      formatTime(Math.max(0, reading)),
      "under 60 ms",
      reading < 60,
    ],
    [
      "`install()`: an empty store instead of none",
      formatTime(Math.max(0, opening)),
      "at most 15 ms",
      opening <= 15,
    ],
    ["flush", formatTime(time(first, "flush"))],
    ["longest pause: flush in the window", ...under50(pause(first, "flush"))],
    ["longest pause: flush in a worker", ...under50(pause(worker, "flush"))],
    ["longest pause: `install()` reading it", formatTime(pause(second, "install"))],
  ];
  return rows.map(([what, figure, bar, met]) => [
    what,
    figure,
    (hasBars || bar === "under 50 ms") && bar ? bar : NONE,
    (hasBars || bar === "under 50 ms") && bar ? (met ? "yes" : "**no**") : NONE,
  ]);
}

/**
 * @param {number} ms
 * @returns {[string, string, boolean]}
 */
function under50(ms) {
  return [formatTime(ms), "under 50 ms", ms < 50];
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false } },
  });
  const unknown = positionals.filter((name) => !engines.includes(name));
  if (unknown.length > 0)
    throw new Error(`no engine ${unknown.join(", ")}; there are ${engines.join(", ")}`);
  const chosen = positionals.length > 0 ? positionals : engines;
  const rounds = values.quick ? 1 : ROUNDS;
  const where = environment([NEWEST]);
  const nodeMs = await warmInNode(rounds);
  const parts = [];
  const kept = [];
  for (const name of chosen) {
    const { version, navigated, taken } = await measureEngine(name, rounds);
    kept.push({ version, nodeMs, navigated, taken });
    const large = taken.second[0].large
      .map(([module, ms]) => `\`${module}\` ${formatTime(ms)}`)
      .join(", ");
    parts.push(
      `### ${version}`,
      formatTable(NAVIGATION_HEAD, navigationRows(navigated, name === "Chromium")),
      formatTable(HEAD, rowsOf(taken, nodeMs, name === "Chromium")),
      large ? `Modules whose bytecode alone takes more than 8 ms: ${large}.` : "",
    );
  }
  const size = (statSync(files[0]).size / 2 ** 20).toFixed(1);
  const text = [
    ...parts.filter(Boolean),
    `${describeEnvironment(where)}; sympy's archive has ${size} MiB${values.quick ? "; a quick run" : ""}.\n${METHOD}`,
  ].join("\n\n");
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL("browser.json", FOLDER), `${JSON.stringify({ where, kept }, null, 1)}\n`);
  writeFileSync(new URL("browser.md", FOLDER), `${text}\n`);
  console.log(text);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
