// @ts-check
// Writes figures and tables.

/**
 * Milliseconds, with three digits.
 *
 * @param {number} ms
 */
export function formatTime(ms) {
  if (ms >= 999.5) return `${(ms / 1000).toPrecision(3)} s`;
  if (ms >= 0.9995) return `${formatDigits(ms)} ms`;
  return `${formatDigits(ms * 1000)} µs`;
}

/** @param {number} figure below 1000 */
function formatDigits(figure) {
  return figure >= 99.95 ? Math.round(figure) : figure.toPrecision(3);
}

/**
 * How many times, with as many digits as mean something.
 *
 * @param {number} ratio
 */
export function formatRatio(ratio) {
  if (ratio >= 10) return Math.round(ratio).toLocaleString("en");
  return ratio.toFixed(ratio >= 0.095 ? 1 : 2);
}

/** @param {number} count */
export function formatCount(count) {
  return count.toLocaleString("en");
}

/**
 * A Markdown table that can be read as it is: the first column to the left, others to the right.
 *
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function formatTable(head, rows) {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => row[i].length)));
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
