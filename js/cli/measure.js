// @ts-check
// Measures how long Pyodide takes to start with one standard library and with another.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Failure } from "./failures.js";

const START_ONCE = fileURLToPath(new URL("start-once.js", import.meta.url));
const TIMEOUT_MS = 300_000;

/**
 * @typedef {object} Times of loadPyodide() in processes of their own, in milliseconds
 * @property {number} medianMs
 * @property {number} minMs
 * @property {number} maxMs
 * @property {number[]} allMs in the order in which they were measured
 * @property {number} compiled modules of the library for which there was no bytecode
 */

/**
 * @typedef {object} Comparison
 * @property {Times} stock
 * @property {Times} output
 * @property {number} savedMs between the medians
 * @property {number} noisePercent how far a start was from its median at most
 * @property {boolean} isClear whether every start of the one was faster than each of the other
 */

/**
 * In turn, so that what else the machine does meets both.
 *
 * @param {import("./distribution.js").Distribution} distribution
 * @param {string} output the archive to compare with stock's
 * @param {number} rounds how many starts of each, 1 or more
 * @param {import("./progress.js").Progress} progress
 * @returns {Promise<Comparison>}
 */
export async function compareStarts({ folder, libraryPath }, output, rounds, progress) {
  const starts = /** @type {Record<string, Awaited<ReturnType<typeof startOnce>>[]>} */ ({});
  for (let i = 0; i < 2 * rounds; i++) {
    progress.show("measuring starts", i, 2 * rounds);
    const path = i % 2 ? output : libraryPath;
    (starts[path] ??= []).push(await startOnce(folder, path));
  }
  const [stock, other] = [summarize(starts[libraryPath]), summarize(starts[output])];
  return {
    stock,
    output: other,
    savedMs: stock.medianMs - other.medianMs,
    noisePercent: Math.max(noiseOf(stock), noiseOf(other)),
    isClear: other.maxMs < stock.minMs,
  };
}

/**
 * @param {string} folder
 * @param {string} library
 * @returns {Promise<{ ms: number, compiled: number }>}
 */
async function startOnce(folder, library) {
  try {
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [START_ONCE, folder, library], {
      timeout: TIMEOUT_MS,
    });
    return JSON.parse(stdout);
  } catch (error) {
    const { stderr, killed } = /** @type {any} */ (error);
    const reason = killed ? `it took longer than ${TIMEOUT_MS / 1000} s` : String(stderr).trim();
    throw new Failure(
      `a start of Pyodide with "${library}" failed, so nothing was written: ` +
        (reason || "its process ended"),
    );
  }
}

/**
 * @param {{ ms: number, compiled: number }[]} starts
 * @returns {Times}
 */
function summarize(starts) {
  const allMs = starts.map(({ ms }) => ms);
  const sorted = [...allMs].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return {
    medianMs: sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
    minMs: sorted[0],
    maxMs: sorted[sorted.length - 1],
    allMs,
    compiled: Math.max(...starts.map(({ compiled }) => compiled)),
  };
}

/** @param {Times} times */
function noiseOf({ medianMs, minMs, maxMs }) {
  return (100 * Math.max(medianMs - minMs, maxMs - medianMs)) / medianMs;
}
