// @ts-check
// The rows of bench.mjs about mounted archives.

import { findArchive, findWheel, someWheels } from "./archives.mjs";
import { NEWEST } from "./contender.mjs";
import { inFolder } from "./kept-rows.mjs";
import { median } from "./processes.mjs";
import { NONE, compareShares, compareTimes } from "./results.mjs";

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

/** @type {Row} */
const ready = {
  name: "mount",
  what: "sympy ready to import: `mount()` beside `unpackArchive()`",
  async run(measure, quick) {
    const steps = /** @type {Task["steps"]} */ ([
      ["ready_again", { file: findArchive("sympy-"), rounds: quick ? 3 : 11 }],
    ]);
    /** @param {Contender} contender */
    const take = async (contender) => {
      const outcome = await measure({ pyodide: NEWEST, contender, files: [], steps });
      return median(outcome.steps[outcome.steps.length - 1].ms);
    };
    return compareTimes(await take("stock"), await take("ours"), 100);
  },
};

const firstReady = besideUnpacking(
  "mount-first",
  "the same, the first time in a process: code that the engine has not seen run yet",
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
      return compareShares(zip, mounted, 1.05);
    }),
};

/**
 * What a process holds for files in mounts, the archives themselves left out.
 *
 * @param {import("../js/index.js").Stats | undefined} stats
 * @returns {import("./results.mjs").Result}
 */
export function describeMemory(stats) {
  const { mounts = { filledBytes: 0 }, indexBytes = 0, directoryBytes = 0 } = stats ?? {};
  const MIB = 2 ** 20;
  return {
    theirs: NONE,
    ours: `${kib(mounts.filledBytes)} and an index of ${kib(indexBytes + directoryBytes)}`,
    ratio: NONE,
    bar: "1 MB and the index",
    met: mounts.filledBytes <= MIB,
  };
}

/** @param {number} nbytes */
const kib = (nbytes) => `${Math.round(nbytes / 1024)} KiB`;

/** @type {Row} */
const memory = {
  name: "mount-memory",
  what: "memory for the files of sympy, beyond the archive itself, once it is imported from a mount",
  async run(measure) {
    const { stats } = await measure({
      pyodide: NEWEST,
      contender: "mounted",
      files: sympyFiles(),
      steps: IMPORT,
    });
    return describeMemory(stats);
  },
};

/** @type {Row} */
const readAgain = {
  name: "mount-read",
  what: "a file of 10 KB in a mount, opened and read again, against one in Pyodide's file system",
  async run(measure, quick) {
    const steps = /** @type {Task["steps"]} */ ([
      ["read_again", { file: "sympy/core/kind.py", rounds: quick ? 3 : 21, loops: 100 }],
    ]);
    const taken = { unpacked: /** @type {number[]} */ ([]), mounted: /** @type {number[]} */ ([]) };
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++)
      for (const contender of /** @type {("unpacked" | "mounted")[]} */ (["unpacked", "mounted"])) {
        const task = { pyodide: NEWEST, contender, files: [findArchive("sympy-")], steps };
        taken[contender].push(median((await measure(task)).steps[1].ms));
      }
    return compareShares(median(taken.unpacked), median(taken.mounted), 1.1);
  },
};

/**
 * What a step of stock's with wheels on sys.path takes, against ours with the same ones mounted.
 *
 * @param {string} name
 * @param {string} what
 * @param {(quick: boolean) => Task["steps"][number]} makeStep
 * @param {number} bar
 * @returns {Row}
 */
const ofSomeWheels = (name, what, makeStep, bar) => ({
  name,
  what,
  async run(measure, quick) {
    /** @param {Contender} contender */
    const take = async (contender) => {
      const task = { pyodide: NEWEST, contender, files: someWheels(20), steps: [makeStep(quick)] };
      const { steps } = await measure(task);
      return median(steps[steps.length - 1].ms);
    };
    return compareTimes(await take("stock"), await take("mounted"), bar);
  },
});

const missing = ofSomeWheels(
  "mount-missing",
  "20 wheels, mounted or on `sys.path`: `importlib.invalidate_caches()` and a failing import",
  (quick) => ["miss_again", { rounds: quick ? 3 : 21 }],
  100,
);

const version = ofSomeWheels(
  "mount-metadata",
  "the same wheels: the first `importlib.metadata.version()` after an invalidation",
  (quick) => ["find_version", { name: "certifi", rounds: quick ? 3 : 21 }],
  10,
);

/** @param {string[]} names */
export const extensionFiles = (names) =>
  names.map((name) => findWheel(`extension-wheels/${NEWEST}`, name));

const perspective = besideUnpacking(
  "mount-perspective",
  "perspective, an extension module of 15 MB: `mount()` and import, against unpacking",
  () => ({
    files: extensionFiles(["perspective_python"]),
    steps: [["run_import", { statement: "import perspective.perspective" }]],
  }),
  1,
);

export const PYDANTIC = [
  "pydantic",
  "pydantic_core",
  "annotated_types",
  "typing_extensions",
  "typing_inspection",
];
/** @type {Task["steps"]} */
export const FIRST_MODEL = [
  [
    "run_import",
    { statement: "import pydantic\nclass Model(pydantic.BaseModel):\n    x: int\nModel(x='1')" },
  ],
];

const pydantic = besideUnpacking(
  "mount-pydantic",
  "pydantic: `mount()`, import and a first model, nothing cached, against unpacking",
  () => ({ files: extensionFiles(PYDANTIC), steps: FIRST_MODEL }),
  1,
);

/** @type {Row} */
const keptPydantic = {
  name: "mount-pydantic-kept",
  what: "the same in a second process",
  run: (measure, quick) =>
    inFolder(async (folder) => {
      const files = extensionFiles(PYDANTIC);
      const steps = [...FIRST_MODEL, /** @type {Task["steps"][number]} */ (["flush", {}])];
      await measure({ pyodide: NEWEST, contender: "mounted", files, steps, folder });
      const task = { files, steps: FIRST_MODEL };
      const rounds = quick ? 1 : ROUNDS;
      const [unpacked] = await inTurn(measure, ["unpacked"], task, rounds);
      const [mounted] = await inTurn(measure, ["mounted"], { ...task, folder }, rounds);
      return compareTimes(unpacked, mounted, 2.5);
    }),
};

/** @type {Row[]} */
export const mountRows = [
  ready,
  firstReady,
  firstImport,
  laterImport,
  memory,
  readAgain,
  missing,
  version,
  perspective,
  pydantic,
  keptPydantic,
];
