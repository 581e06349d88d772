// @ts-check
// The picture of README: for a few rows of the table a bar for stock and one for ours.

/** @typedef {{ name: string, theirs: string, ours: string, ms?: [number, number] }} Entry of bench.mjs's table */

const WIDTH = 40;
const SHOWN = {
  "start-314.0.7": "Pyodide starts, from the second time on",
  "start-imports-314.0.7": "16 standard library imports after it",
  "kept-sympy": "import sympy, from the second process on",
  "chromium-navigation": "a page that imports sympy, second visit",
};

/** @param {Entry[]} table */
export function drawPicture(table) {
  const lines = [];
  for (const [name, what] of Object.entries(SHOWN)) {
    const entry = table.find((row) => row.name === name);
    if (!entry?.ms) continue;
    const longest = Math.max(...entry.ms);
    const bar = (/** @type {number} */ ms) =>
      "█".repeat(Math.max(1, Math.round((WIDTH * ms) / longest))).padEnd(WIDTH);
    const label = what.padEnd(42);
    lines.push(`${label}stock  ${bar(entry.ms[0])} ${entry.theirs}`);
    lines.push(`${"".padEnd(42)}ours   ${bar(entry.ms[1])} ${entry.ours}`);
  }
  return ["```text", ...lines, "```"].join("\n");
}
