// @ts-check
// Measures in a process of its own, and condenses the figures.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const RUN_ONE = fileURLToPath(new URL("run-one.mjs", import.meta.url));

/**
 * @param {import("./run-one.mjs").Spec} spec
 * @returns {Promise<import("./run-one.mjs").Outcome>}
 */
export function measure(spec) {
  const child = spawn(process.execPath, [RUN_ONE, JSON.stringify(spec)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  let saidMs = 0; // when all of the outcome had come
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    saidMs = performance.now();
  });
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) return resolve({ ...JSON.parse(output), exitMs: performance.now() - saidMs });
      const what = spec.steps.map(([name]) => name).join(", ");
      const how = errors || `ended with ${signal ?? `exit code ${code}`}`;
      reject(new Error(`${what} (${spec.contender}, Pyodide ${spec.pyodide}) failed: ${how}`));
    });
  });
}

/** @param {number[]} figures */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
