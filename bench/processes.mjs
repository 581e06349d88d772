// @ts-check
// Measures in a process of its own, and condenses the figures.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const RUN_ONE = fileURLToPath(new URL("run-one.mjs", import.meta.url));

/**
 * @param {import("./run-one.mjs").Spec} spec
 * @returns {Promise<import("./run-one.mjs").Outcome>}
 */
export async function measure(spec) {
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [RUN_ONE, JSON.stringify(spec)],
      {
        maxBuffer: 2 ** 26,
      },
    );
    return JSON.parse(stdout);
  } catch (error) {
    const { stderr, message } = /** @type {any} */ (error);
    const what = spec.steps.map(([name]) => name).join(", ");
    throw new Error(
      `${what} (${spec.contender}, Pyodide ${spec.pyodide}) failed: ${stderr || message}`,
    );
  }
}

/** @param {number[]} figures */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
