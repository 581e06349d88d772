// @ts-check
// What a row of bench.mjs is, and what it says.

import { formatCount, formatRatio, formatTime } from "./table.mjs";

/**
 * @typedef {(spec: import("./run-one.mjs").Spec) => Promise<import("./run-one.mjs").Outcome>} Measure
 *   runs a measurement and keeps its figures
 */

/**
 * @typedef {object} Result the cells of a row
 * @property {string} theirs
 * @property {string} ours
 * @property {string} ratio
 * @property {string} bar
 * @property {[number, number]} [ms] theirs and ours, where both are times
 * @property {boolean} [met] left out where the bar is NONE: a figure to know
 */

/**
 * @typedef {object} Row
 * @property {string} name for choosing it on the command line
 * @property {string} what
 * @property {(measure: Measure, quick: boolean) => Promise<Result>} run
 */

/** In a cell that has nothing to say. */
export const NONE = "–";

/**
 * Both contenders' medians, and how many times faster ours is.
 *
 * @param {number} theirs
 * @param {number} ours
 * @param {number} atLeast
 * @returns {Result}
 */
export function compareTimes(theirs, ours, atLeast) {
  return {
    theirs: formatTime(theirs),
    ours: formatTime(ours),
    ms: [theirs, ours],
    ratio: formatRatio(theirs / ours),
    bar: atLeast === 1 ? "no slower" : `${formatCount(atLeast)} times`,
    met: theirs / ours >= atLeast,
  };
}

/**
 * Both contenders' medians, and how large a part of theirs ours is.
 *
 * @param {number} theirs
 * @param {number} ours
 * @param {number} [atMost] none: a figure to know
 * @returns {Result}
 */
export function compareShares(theirs, ours, atMost) {
  const ratio = ours / theirs;
  return {
    theirs: formatTime(theirs),
    ours: formatTime(ours),
    ratio: `${ratio.toFixed(2)} of it`,
    bar: atMost ? `${atMost} of it` : NONE,
    met: atMost ? ratio <= atMost : undefined,
  };
}
