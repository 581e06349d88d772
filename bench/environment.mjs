// @ts-check
// Where figures were taken: a line to print above them, and the same for the kept JSON.

import { cpus, loadavg } from "node:os";

/** @param {string[]} versions of Pyodide */
export function environment(versions) {
  const processors = cpus();
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? "unknown processor",
    processors: processors.length,
    load: loadavg()[0],
    pyodide: versions,
  };
}

/** @param {ReturnType<typeof environment>} where */
export function describeEnvironment(where) {
  return (
    `Node ${where.node}, ${where.platform}, ${where.processors} × ${where.processor}, ` +
    `load ${where.load.toFixed(1)}; Pyodide ${where.pyodide.join(" and ")}`
  );
}

/**
 * Whether others use the machine so much that figures say little.
 *
 * @param {ReturnType<typeof environment>} where
 */
export function isBusy(where) {
  return where.load > where.processors / 2;
}
