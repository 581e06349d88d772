// @ts-check
// Adds up what archives in Pyodide's file system take.

/** @typedef {{ nodes: number, fills: number, filledBytes: number, drops: number }} Stats */

/**
 * @param {Iterable<number>} sizes the archives', in bytes
 * @param {Iterable<Stats>} stats of what shows them
 */
export function addUp(sizes, stats) {
  const total = { count: 0, archiveBytes: 0, nodes: 0, fills: 0, filledBytes: 0, drops: 0 };
  for (const nbytes of sizes) {
    total.count++;
    total.archiveBytes += nbytes;
  }
  for (const { nodes, fills, filledBytes, drops } of stats) {
    total.nodes += nodes;
    total.fills += fills;
    total.filledBytes += filledBytes;
    total.drops += drops;
  }
  return total;
}
