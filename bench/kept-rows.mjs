// @ts-check
// The rows of bench.mjs about bytecode packs: the second run, and what it costs the first.

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findArchive, subjects } from "./archives.mjs";
import { NEWEST } from "./contender.mjs";
import { median } from "./processes.mjs";
import { NONE, compareShares, compareTimes } from "./results.mjs";
import { formatCount, formatTime } from "./table.mjs";

/** @typedef {import("./results.mjs").Row} Row */
/** @typedef {import("./results.mjs").Measure} Measure */
/** @typedef {import("./archives.mjs").Subject} Subject */

const ROUNDS = 5;
/** For each of stock's: what takes little is measured more often, since single runs differ by a fifth. */
const PAIRS = 3;

/**
 * @template T
 * @param {(folder: string) => Promise<T>} use
 */
export async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), "packs-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Each contender's import time, one process each, in turn: a machine that slows down meanwhile slows
 * down all of them. Who stands in the list several times runs as often in each round.
 *
 * @param {Measure} measure
 * @param {import("./run-one.mjs").Spec} spec the contender left open
 * @param {import("./contender.mjs").Contender[]} contenders
 * @param {number} rounds
 */
async function inTurn(measure, spec, contenders, rounds) {
  const taken = new Map(contenders.map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < rounds; round++)
    for (const contender of contenders) {
      const { steps } = await measure({ ...spec, contender });
      taken.get(contender)?.push(steps[0].ms[0]);
    }
  return [...taken.values()].map(median);
}

/**
 * The two rows of a subject, which share their measurements.
 *
 * @param {Subject["name"]} name
 * @param {string} what
 * @param {number} atLeast times faster than stock
 * @param {number} [atMost] times the floor
 * @returns {Row[]}
 */
function secondRun(name, what, atLeast, atMost) {
  /** @type {Promise<number[]> | undefined} */
  let figures;
  const measureOnce = (/** @type {Measure} */ measure, /** @type {boolean} */ quick) =>
    (figures ??= measureSecondRun(measure, name, quick ? 1 : ROUNDS));
  const key = name.split(" ")[0].toLowerCase();
  return [
    {
      name: `kept-${key}`,
      what: `${what} in a second process, against stock ${NEWEST}`,
      async run(measure, quick) {
        const [stock, kept] = await measureOnce(measure, quick);
        return compareTimes(stock, kept, atLeast);
      },
    },
    {
      name: `floor-${key}`,
      what: "the same, against the floor: all bytecode in memory already",
      async run(measure, quick) {
        const [, kept, floor] = await measureOnce(measure, quick);
        return compareShares(floor, kept, atMost);
      },
    },
  ];
}

/**
 * @param {Measure} measure
 * @param {string} name
 * @param {number} rounds
 */
function measureSecondRun(measure, name, rounds) {
  const subject = subjects().find((each) => each.name === name);
  if (!subject) throw new Error(`no archive ${name}`);
  const { files, statement } = subject;
  return inFolder(async (folder) => {
    /** @type {import("./run-one.mjs").Spec} */
    const spec = {
      pyodide: NEWEST,
      contender: "kept",
      files,
      folder,
      steps: [["run_import", { statement }]],
    };
    await measure({ ...spec, steps: [...spec.steps, ["flush", {}]] });
    const quick = rounds === 1;
    /** @type {import("./contender.mjs").Contender[]} */
    const pair = ["kept", "floor"];
    const pairs = Array.from({ length: quick ? 1 : PAIRS }, () => pair).flat();
    return inTurn(measure, spec, ["stock", ...pairs], rounds);
  });
}

const sympyFiles = () => [findArchive("sympy-"), findArchive("mpmath-")];

/** @type {Row} */
const queueing = {
  name: "queueing",
  what: "`import sympy` in a first process, without and with queueing what is compiled",
  async run(measure, quick) {
    /** @type {import("./run-one.mjs").Spec} */
    const spec = {
      pyodide: NEWEST,
      contender: "ours",
      files: sympyFiles(),
      steps: [["run_import", { statement: "import sympy" }]],
    };
    const [without, queued] = await inTurn(measure, spec, ["unkept", "ours"], quick ? 1 : 9);
    const added = (100 * (queued - without)) / without;
    return {
      theirs: formatTime(without),
      ours: formatTime(queued),
      ratio: `${added.toFixed(1)} % more`,
      bar: "3 % more",
      met: added < 3,
    };
  },
};

/**
 * The median of a step that flushes after `import sympy`, each time in a new process and folder.
 *
 * @param {import("./results.mjs").Measure} measure
 * @param {boolean} quick
 * @param {"flush" | "flush_turns"} step
 * @param {(folder: string) => void} [look] at what was written
 */
async function measureFlush(measure, quick, step, look) {
  const taken = /** @type {number[]} */ ([]);
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++)
    await inFolder(async (folder) => {
      const { steps } = await measure({
        pyodide: NEWEST,
        contender: "kept",
        files: sympyFiles(),
        folder,
        steps: [
          ["run_import", { statement: "import sympy" }],
          [step, {}],
        ],
      });
      taken.push(steps[1].ms[0]);
      look?.(folder);
    });
  return median(taken);
}

/** @type {Row} */
const flush = {
  name: "flush",
  what: "flush after `import sympy`; the size of its pack beside the archive's",
  async run(measure, quick) {
    let sizes = "";
    const ms = await measureFlush(measure, quick, "flush", (folder) => {
      const files = readdirSync(folder, { encoding: "utf8", recursive: true });
      const packs = files.filter((file) => file.endsWith(".zip"));
      const largest = Math.max(...packs.map((file) => statSync(join(folder, file)).size));
      sizes = `${formatMiB(largest)} beside ${formatMiB(statSync(findArchive("sympy-")).size)}`;
    });
    return {
      theirs: NONE,
      ours: `${formatTime(ms)}, ${sizes}`,
      ratio: NONE,
      bar: "300 ms",
      met: ms < 300,
    };
  },
};

/** @type {Row} */
const flushTurn = {
  name: "flush-turn",
  what: "the longest turn of Node's event loop in the first flush after `import sympy`",
  async run(measure, quick) {
    const ms = await measureFlush(measure, quick, "flush_turns");
    return { theirs: NONE, ours: formatTime(ms), ratio: NONE, bar: "50 ms", met: ms < 50 };
  },
};

/** @param {number} nbytes */
function formatMiB(nbytes) {
  return `${(nbytes / 2 ** 20).toFixed(1)} MiB`;
}

const COUNTS = ["opens", "reads", "allocations"];

/** @type {Row} */
const packSize = {
  name: "pack-size",
  what: "one module from a pack of 100 and of 10,000 modules, the pack being open",
  async run(measure) {
    const sizes = [100, 10_000];
    const steps = [];
    for (const size of sizes)
      steps.push(
        await inFolder(async (folder) => {
          const path = `/archives/${size}`;
          /** @type {import("./run-one.mjs").Spec} */
          const spec = {
            pyodide: NEWEST,
            contender: "kept",
            files: [String(size)],
            folder,
            steps: [
              ["get_all_code", { path }],
              ["flush", {}],
            ],
          };
          await measure(spec);
          const outcome = await measure({ ...spec, steps: [["get_code", { path, rounds: 51 }]] });
          return outcome.steps[0];
        }),
      );
    const [small, large] = steps;
    if (large.counts.pack_hits !== 1) throw new Error("the modules do not come from the pack");
    return {
      theirs: NONE,
      ours: `${COUNTS.map((name) => `${large.counts[name]} ${name}`).join(", ")}, ${steps
        .map(({ ms }) => formatTime(median(ms)))
        .join(" and ")}`,
      ratio: NONE,
      bar: `as many for ${formatCount(sizes[0])}`,
      met: COUNTS.every((name) => large.counts[name] === small.counts[name]),
    };
  },
};

/** @type {Row[]} */
export const keptRows = [
  ...secondRun("sympy + mpmath", "`import sympy`", 14, 1.15),
  ...secondRun("networkx", "`import networkx`", 6),
  ...secondRun("Django", "`django.setup()`", 6),
  ...secondRun("pip", "`import pip._internal.commands.install`", 6),
  ...secondRun("pyspark-client", "`import pyspark`", 6),
  queueing,
  flush,
  flushTurn,
  packSize,
];
