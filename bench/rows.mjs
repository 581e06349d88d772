// @ts-check
// What bench.mjs measures: one entry for each row of its table, with the bar it is held against.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { findArchive } from "./archives.mjs";
import { NEWEST } from "./contender.mjs";
import { makeArchive } from "./corpus.mjs";
import { keptRows } from "./kept-rows.mjs";
import { mountRows } from "./mount-rows.mjs";
import { packageRows } from "./package-rows.mjs";
import { median } from "./processes.mjs";
import { NONE, compareTimes } from "./results.mjs";
import { startRows } from "./start-rows.mjs";
import { formatCount, formatTime } from "./table.mjs";

/** @typedef {import("./run-one.mjs").Spec} Spec */
/** @typedef {import("./run-one.mjs").Outcome} Outcome */
/** @typedef {import("./results.mjs").Measure} Measure */
/** @typedef {import("./results.mjs").Row} Row */

/** The version that still reads directories eagerly, once for each importer. */
const EAGER = "0.27.8";
const WASM_FILE = new URL("../js/pyodide_zipimport.wasm", import.meta.url);

/** @param {Outcome} outcome */
const lastMedian = ({ steps }) => median(steps[steps.length - 1].ms);

/**
 * A row that compares stock with ours, each in one process.
 *
 * @param {object} row
 * @param {string} row.name
 * @param {string} row.what
 * @param {string} [row.pyodide]
 * @param {() => string[]} row.files
 * @param {(rounds: number, contender: "stock" | "ours") => Spec["steps"]} row.steps the last is compared
 * @param {{ stock: number, ours: number }} row.rounds stock is slow, and its figures differ less
 * @param {number} row.atLeast
 * @returns {Row}
 */
function comparison({ name, what, pyodide = NEWEST, files, steps, rounds, atLeast }) {
  return {
    name,
    what: `${what}, against stock ${pyodide}`,
    async run(measure, quick) {
      const figures = [];
      for (const contender of /** @type {const} */ (["stock", "ours"])) {
        const count = quick ? 3 : rounds[contender];
        const spec = { pyodide, contender, files: files(), steps: steps(count, contender) };
        figures.push(lastMedian(await measure(spec)));
      }
      return compareTimes(figures[0], figures[1], atLeast);
    },
  };
}

/**
 * @param {number} entries
 * @param {number} atLeast
 */
function directoryRead(entries, atLeast) {
  return comparison({
    name: `directory-${entries}`,
    what: `directory read, ${formatCount(entries)} entries`,
    files: () => [String(entries)],
    steps: (rounds) => [["directory_read", { path: `/archives/${entries}`, rounds }]],
    rounds: entries > 10_000 ? { stock: 7, ours: 21 } : { stock: 21, ours: 51 },
    atLeast,
  });
}

const LINEAR_COUNTS = ["opens", "reads", "read_bytes", "allocations"];

/**
 * Counts what reading a directory takes: it must not grow faster than the number of entries. The
 * times beside the counts prove nothing.
 *
 * @type {Row}
 */
const linear = {
  name: "linear",
  what: "operations for 60,000 and for 1,000,000 entries",
  async run(measure) {
    const sizes = [60_000, 1_000_000];
    /** @type {import("./run-one.mjs").Step[]} */
    const steps = [];
    for (const entries of sizes) steps.push((await countDirectory(measure, entries)).steps[0]);
    const [small, large] = steps.map(({ counts }) => counts);
    // Names get longer with their number: bytes may grow by that much more.
    const growth = (1.1 * sizes[1]) / sizes[0];
    const met = LINEAR_COUNTS.every((name) => large[name] <= small[name] * growth);
    const times = steps.map(({ ms }) => formatTime(ms[0])).join(" and ");
    const shown = ["reads", "allocations"].map(
      (name) => `${small[name]} and ${large[name]} ${name}`,
    );
    return {
      theirs: NONE,
      ours: [...shown, times].join(", "),
      ratio: NONE,
      bar: "linear",
      met,
    };
  },
};

/**
 * @param {Measure} measure
 * @param {number} entries
 */
function countDirectory(measure, entries) {
  const path = `/archives/${entries}`;
  return measure({
    pyodide: NEWEST,
    contender: "ours",
    files: [String(entries)],
    steps: [["directory_counts", { path }]],
  });
}

const sympyFiles = () => [findArchive("sympy-"), findArchive("mpmath-")];
const sympyPath = () => `/archives/${basename(findArchive("sympy-"))}`;
/** @type {Spec["steps"][number]} */
const importSympy = ["run_import", { statement: "import sympy" }];

/**
 * A comparison with sympy imported.
 *
 * @param {string} name
 * @param {string} what
 * @param {(rounds: number) => Spec["steps"][number]} step
 * @param {number} atLeast
 * @param {string} [pyodide]
 */
function withSympy(name, what, step, atLeast, pyodide) {
  return comparison({
    name,
    what,
    pyodide,
    files: sympyFiles,
    steps: (rounds) => [importSympy, step(rounds)],
    rounds: { stock: 15, ours: 51 },
    atLeast,
  });
}

/** @type {(theirs: "stock" | "unpacked", what: string, atLeast: number) => Row} */
const importRow = (theirs, what, atLeast) => ({
  name: theirs === "stock" ? "import" : "import-unpacked",
  what,
  async run(measure, quick) {
    /** @type {Record<string, number[]>} */
    const taken = { [theirs]: [], ours: [] };
    // In turn, so that a machine that slows down meanwhile slows down both.
    for (let round = 0; round < (quick ? 1 : 5); round++)
      for (const contender of /** @type {const} */ ([theirs, "ours"])) {
        const files = sympyFiles();
        const spec = { pyodide: NEWEST, contender, files, steps: [importSympy] };
        const { steps } = await measure(spec);
        taken[contender].push(steps.reduce((sum, { ms }) => sum + ms[0], 0));
      }
    return compareTimes(median(taken[theirs]), median(taken.ours), atLeast);
  },
});

/** @type {Row} */
const looks = {
  name: "look",
  what: "an unchanged archive after an invalidation, sympy, Django and 60,000 entries, looked at by its stamp, and by its directory's bytes",
  async run(measure, quick) {
    const archives = [findArchive("sympy-"), findArchive("django-"), "60000"];
    const rounds = quick ? 3 : 51;
    /** @type {number[][]} */
    const figures = [];
    for (const file of archives) {
      const path = `/archives/${basename(file)}`;
      const taken = [];
      for (const explicit of [false, true]) {
        /** @type {Spec["steps"]} */
        const steps = [["look_unchanged", { path, rounds, explicit }]];
        const spec = {
          pyodide: NEWEST,
          contender: /** @type {const} */ ("ours"),
          files: [file],
          steps,
        };
        taken.push(lastMedian(await measure(spec)));
      }
      figures.push(taken);
    }
    return {
      theirs: NONE,
      ours: figures.map((taken) => taken.map(formatTime).join(" and ")).join(", "),
      ratio: NONE,
      bar: "bytes within 5 ms",
      met: figures.every(([, bytes]) => bytes <= 5),
    };
  },
};

/** @type {Row} */
const indexMemory = {
  name: "memory",
  what: "index memory beside the directory, 10,000 entries, an entry or implicit directory",
  async run(measure) {
    const entries = 10_000;
    const { counts } = (await countDirectory(measure, entries)).steps[0];
    const nbytes = counts.index_bytes / (entries + makeArchive(entries).folders);
    return {
      theirs: NONE,
      ours: `${nbytes.toFixed(1)} bytes`,
      ratio: NONE,
      bar: "64 bytes",
      met: nbytes <= 64,
    };
  },
};

/** @type {Row} */
const moduleSize = {
  name: "size",
  what: "the wasm module, and gzipped",
  async run() {
    const bytes = readFileSync(WASM_FILE);
    const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length].map((size) => size / 1024);
    return {
      theirs: NONE,
      ours: sizes.map((size) => `${size.toFixed(1)} KiB`).join(", "),
      ratio: NONE,
      bar: "96 KiB, 40 KiB",
      met: sizes[0] <= 96 && sizes[1] <= 40,
    };
  },
};

/** @type {Row[]} */
export const rows = [
  directoryRead(1_500, 100),
  directoryRead(10_000, 100),
  directoryRead(60_000, 60),
  linear,
  withSympy(
    "invalidate-eager",
    "`importlib.invalidate_caches()`, sympy imported",
    (rounds) => ["invalidate", { rounds }],
    3_000,
    EAGER,
  ),
  withSympy(
    "invalidate",
    "`importlib.invalidate_caches()`, sympy imported",
    (rounds) => ["invalidate", { rounds }],
    1,
  ),
  withSympy(
    "lookup-unchanged",
    "first failing import after each invalidation, nothing changed",
    (rounds) => ["lookup_unchanged", { rounds }],
    70,
  ),
  withSympy(
    "share-unchanged",
    "the zip importers' own share of it",
    (rounds) => ["share_unchanged", { rounds }],
    1_000,
  ),
  looks,
  withSympy(
    "lookup-rewritten",
    "first failing import after each invalidation, sympy's archive rewritten",
    (rounds) => ["lookup_rewritten", { path: sympyPath(), rounds }],
    50,
  ),
  comparison({
    name: "find-spec",
    what: "`find_spec` of a package with a 12 KB `__init__.py`",
    files: () => [findArchive("django-")],
    steps: (rounds, contender) => [
      [
        "find_spec",
        {
          path: `/archives/${basename(findArchive("django-"))}/django/core`,
          name: "django.core.mail",
          rounds,
          loops: contender === "ours" ? 100 : 1,
        },
      ],
    ],
    rounds: { stock: 31, ours: 51 },
    atLeast: 100,
  }),
  importRow("stock", `\`import sympy\` from the zip, nothing cached, against stock ${NEWEST}`, 1.8),
  importRow("unpacked", "the same, against unpacking and importing", 1),
  ...keptRows,
  ...mountRows,
  ...packageRows,
  ...startRows,
  indexMemory,
  moduleSize,
];
