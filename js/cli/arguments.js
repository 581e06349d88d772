// @ts-check
// Takes a command line apart, and says what is wrong with one that cannot be used.

import { parseArgs } from "node:util";

import { findNearest } from "../base/nearest.js";
import { UsageError } from "./failures.js";

/**
 * @typedef {object} Option
 * @property {"string" | "boolean"} type
 * @property {string} [short] one letter
 * @property {string} [value] what stands for its value in help
 * @property {boolean} [required]
 * @property {readonly string[]} [choices]
 * @property {string} help one line
 */

/**
 * @typedef {object} Values
 * @property {Record<string, any>} options given ones alone
 * @property {string[]} operands
 */

/** What every command has. */
export const COMMON = /** @type {Record<string, Option>} */ ({
  json: { type: "boolean", help: "print one JSON object with all figures instead of text" },
  help: { type: "boolean", short: "h", help: "print this" },
});

/**
 * @param {string[]} args
 * @param {Record<string, Option>} known
 * @param {readonly string[]} operands their names
 * @returns {Values}
 * @throws {UsageError}
 */
export function readArguments(args, known, operands) {
  const { tokens } = parseArgs({ args, options: known, strict: false, tokens: true });
  /** @type {Values} */
  const values = { options: {}, operands: [] };
  for (const token of tokens) {
    if (token.kind === "positional") values.operands.push(token.value);
    if (token.kind === "option") values.options[token.name] = valueOf(token, known);
  }
  if (!values.options.help) checkComplete(values, known, operands);
  return values;
}

/**
 * @param {{ name: string, rawName: string, value?: string | undefined, inlineValue?: boolean | undefined }} token
 * @param {Record<string, Option>} known
 */
function valueOf({ name, rawName, value, inlineValue }, known) {
  if (!Object.hasOwn(known, name)) {
    const spellings = Object.entries(known).map(([each, { short }]) =>
      rawName.startsWith("--") || !short ? `--${each}` : `-${short}`,
    );
    throw new UsageError(`found the option ${rawName}, expected ${suggest(rawName, spellings)}`);
  }
  const { type, choices } = known[name];
  if (type === "boolean") {
    if (value === undefined) return true;
    throw new UsageError(`${rawName}: found the value "${value}", expected none: it is a switch`);
  }
  // Taking another option for the value is what a forgotten value looks like.
  if (!value || (!inlineValue && /^-./.test(value)))
    throw new UsageError(
      `${rawName}: found ${value ? `"${value}"` : "nothing"}, expected a value` +
        (value ? `; write --${name}=${value} if that is meant` : ""),
    );
  if (choices && !choices.includes(value))
    throw new UsageError(`${rawName}: found "${value}", expected ${suggest(value, choices)}`);
  return value;
}

/**
 * @param {Values} values
 * @param {Record<string, Option>} known
 * @param {readonly string[]} operands
 */
function checkComplete(values, known, operands) {
  const found = values.operands;
  if (found.length > operands.length)
    throw new UsageError(
      `found "${found[operands.length]}", expected ` +
        (operands.length === 0 ? "nothing but options" : `${operands.join(" ")} and options alone`),
    );
  if (found.length < operands.length || found.includes(""))
    throw new UsageError(`found no ${operands[found.filter(Boolean).length]}, expected its path`);
  for (const [name, { required, short, value, help }] of Object.entries(known)) {
    if (!required || name in values.options) continue;
    throw new UsageError(
      `found no ${short ? `-${short}` : `--${name}`} ${value}, expected ${help}`,
    );
  }
}

/**
 * Names that are known, as an error's end: the one that was meant, if that can be told, or all.
 *
 * @param {string} found
 * @param {readonly string[]} known
 */
export function suggest(found, known) {
  const nearest = findNearest(found, known);
  const isNear = nearest.distance <= Math.floor(nearest.name.length / 3);
  const all = known.length === 1 ? known[0] : `one of ${known.join(", ")}`;
  return isNear || nearest.name.startsWith(found) ? `${all}; did you mean ${nearest.name}?` : all;
}
