// @ts-check
// Writes figures for people.

/**
 * @param {number} number
 * @param {string} [unit] in the singular
 */
export function count(number, unit) {
  const digits = Math.round(number).toLocaleString("en-US");
  return unit ? `${digits} ${unit}${digits === "1" ? "" : "s"}` : digits;
}

/** @param {number} number */
export function ms(number) {
  return `${count(number)} ms`;
}

/** @param {{ member: string, reason: string }[]} skipped */
export function listSkipped(skipped) {
  if (skipped.length === 0) return [];
  return [
    `left      ${count(skipped.length, "source")} as found, which this Python does not compile:`,
    ...skipped.map(({ member, reason }) => `            ${member}: ${reason}`),
  ];
}
