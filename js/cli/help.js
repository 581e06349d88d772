// @ts-check
// What --help prints.

import { COMMON } from "./arguments.js";

/** @typedef {import("./arguments.js").Option} Option */

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} summary one line
 * @property {readonly string[]} operands their names
 * @property {Record<string, Option>} options its own
 * @property {string} details
 * @property {string} example a command line
 * @property {(values: import("./arguments.js").Values, progress: import("./progress.js").Progress)
 *   => Promise<{ figures: object, text: string }>} run
 */

export const PROGRAM = "pyodide-zipimport";

/** @param {Command[]} commands */
export function describeProgram(commands) {
  return `Usage: ${PROGRAM} COMMAND ...
       ${PROGRAM} COMMAND --help
       ${PROGRAM} --version

Prepares archives for Pyodide, so that nothing in them is compiled when a page loads.

Commands:
${table(commands.map(({ name, summary }) => [name, summary]))}

Exit codes: 0 done, 1 failed, 2 wrong usage.
`;
}

/** @param {Command} command */
export function describeCommand({ name, operands, options, summary, details, example }) {
  const all = Object.entries({ ...options, ...COMMON });
  const usage = [PROGRAM, name, ...operands, ...all.map(describeUse)].join(" ");
  const rows = all.map(([each, option]) => [spell(each, option), option.help]);
  return `Usage: ${wrap(usage)}

${summary[0].toUpperCase()}${summary.slice(1)}.

Options:
${table(rows)}

${details}

Example:
  ${example}
`;
}

/** @param {[string, Option]} entry */
function describeUse([name, { short, value, required, choices }]) {
  const option = [short ? `-${short}` : `--${name}`, choices?.join("|") ?? value].filter(Boolean);
  return required ? option.join(" ") : `[${option.join(" ")}]`;
}

/**
 * @param {string} name
 * @param {Option} option
 */
function spell(name, { short, value }) {
  return [short ? `-${short}, --${name}` : `--${name}`, value].filter(Boolean).join(" ");
}

/** @param {string[][]} rows */
function table(rows) {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`).join("\n");
}

/**
 * Breaks between options alone.
 *
 * @param {string} usage
 */
function wrap(usage) {
  const lines = [""];
  for (const part of usage.split(/ (?=\[|-)/)) {
    const longer = [lines.at(-1), part].filter(Boolean).join(" ");
    if (longer.length <= 80) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines.join("\n         ");
}
