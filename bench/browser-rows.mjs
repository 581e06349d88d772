// @ts-check
// The rows of bench.mjs about browsers: the second visit of a page that imports sympy. The bars are
// Chromium's, but for the pauses, which no user of any engine shall feel.

import { CROWD, engines, measureEngine } from "./engine.mjs";
import { median } from "./processes.mjs";
import { NONE } from "./results.mjs";
import { formatRatio, formatTime } from "./table.mjs";

/** @typedef {import("./results.mjs").Row} Row */
/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {import("./engine.mjs").Figures} Figures */

const ROUNDS = 5;

/**
 * @param {number} theirs
 * @param {number} ours
 * @param {number} [atLeast]
 * @returns {Result}
 */
function compare(theirs, ours, atLeast) {
  return {
    theirs: formatTime(theirs),
    ours: formatTime(ours),
    ms: [theirs, ours],
    ratio: formatRatio(theirs / ours),
    bar: atLeast ? `${atLeast} times` : NONE,
    met: atLeast ? theirs / ours >= atLeast : undefined,
  };
}

/**
 * @param {number} ms what ours takes, of which stock has nothing
 * @param {string} shown
 * @param {number} [atMost] milliseconds
 * @returns {Result}
 */
function limit(ms, shown, atMost) {
  return {
    ...{ theirs: NONE, ours: shown, ratio: NONE },
    bar: atMost ? `${atMost} ms` : NONE,
    met: atMost ? ms <= atMost : undefined,
  };
}

/**
 * @param {Figures["taken"]["stock"]} visits
 * @param {string} part
 */
const time = (visits, part) => median(visits.map(({ ms }) => ms[part]));

/** @param {Figures["taken"]["stock"]} visits */
const longestPause = (visits) => Math.max(...visits.map(({ pauses }) => pauses.flush ?? 0));

/**
 * What one visit takes longer than another. Engines' clocks count whole milliseconds.
 *
 * @param {number} ms
 */
const formatMore = (ms) => (ms < 1 ? "under 1 ms" : formatTime(ms));

/**
 * What is measured in each engine, by the end of the row's name.
 *
 * @type {Record<string, { what: string, of: (figures: Figures, hasBars: boolean) => Result }>}
 */
const ROWS = {
  navigation: {
    what: "from the navigation to `import sympy` done, second visit",
    of: ({ navigated }, hasBars) => {
      const [theirs, ours] = [navigated.stock, navigated.ours].map((visits) =>
        median(visits.map(({ total }) => total)),
      );
      return compare(theirs, ours, hasBars ? 5 : undefined);
    },
  },
  import: {
    what: "`import sympy` alone, second visit",
    of: ({ taken }, hasBars) =>
      compare(time(taken.stock, "import"), time(taken.second, "import"), hasBars ? 10 : undefined),
  },
  reading: {
    what: "`install()`: reading what is kept",
    of: ({ taken }, hasBars) => {
      const ms = Math.max(0, time(taken.second, "install") - time(taken.memory, "install"));
      const size = ((taken.second[0].storage?.bytes ?? 0) / 2 ** 20).toFixed(1);
      return limit(ms, `${formatMore(ms)} for ${size} MiB`, hasBars ? 60 : undefined);
    },
  },
  opening: {
    what: "`install()`: an empty store instead of none",
    of: ({ taken }, hasBars) => {
      const ms = Math.max(0, time(taken.first, "install") - time(taken.memory, "install"));
      return limit(ms, formatMore(ms), hasBars ? 15 : undefined);
    },
  },
  crowded: {
    what: `\`install()\`: ${CROWD.notes} notes and ${CROWD.nbytes / 2 ** 20} MiB of other pages instead of an empty store`,
    of: ({ taken }, hasBars) => {
      const ms = Math.max(0, time(taken.crowded, "install") - time(taken.empty, "install"));
      return limit(ms, formatMore(ms), hasBars ? 30 : undefined);
    },
  },
  pause: {
    what: "longest pause while that is written, window and worker",
    of: ({ taken }) => {
      const pauses = [taken.first, taken.worker].map(longestPause);
      return limit(Math.max(...pauses), pauses.map(formatTime).join(" and "), 50);
    },
  },
};

/**
 * The rows of an engine, which share their measurements.
 *
 * @param {string} engine
 * @returns {Row[]}
 */
function rowsOf(engine) {
  /** @type {Promise<Figures> | undefined} */
  let figures;
  return Object.entries(ROWS).map(([name, { what, of }]) => ({
    name: `${engine.toLowerCase()}-${name}`,
    what: `${engine}: ${what}`,
    async run(measure, quick) {
      figures ??= measureEngine(engine, quick ? 1 : ROUNDS);
      return of(await figures, engine === "Chromium");
    },
  }));
}

export const browserRows = engines.flatMap(rowsOf);
