// @ts-check
// Checks the options of a method against rules, one for each option by its name.

import { ZipImportUsageError, describeValue } from "./errors.js";
import { findNearest } from "./nearest.js";

/**
 * @typedef {object} OptionRule
 * @property {unknown} [initial] the value when the caller gives none
 * @property {string} expected
 * @property {(value: unknown) => boolean} accepts
 * @property {unknown} [only] the one value that means what this version does, and so the initial
 *   one too: the feature is to come
 */

export const isBoolean = (/** @type {unknown} */ value) => typeof value === "boolean";
export const isString = (/** @type {unknown} */ value) => typeof value === "string";
export const isFunction = (/** @type {unknown} */ value) => typeof value === "function";
export const isObject = (/** @type {unknown} */ value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Not by its class: a signal may come from another window, or be a library's own. */
export const isSignal = (/** @type {any} */ value) =>
  typeof value?.aborted === "boolean" && typeof value.addEventListener === "function";

/**
 * @param {unknown} given
 * @param {string} caller the method, for messages
 * @throws {ZipImportUsageError} "bad-option" for what is no options at all
 */
export function checkOptions(given, caller) {
  if (isObject(given) && !isSignal(given)) return;
  // A signal would pass for options without any.
  const found = isSignal(given) ? "an AbortSignal" : describeValue(given);
  throw new ZipImportUsageError(
    "bad-option",
    `${caller}(): found ${found} as options, expected an object`,
  );
}

/**
 * @param {Map<string, OptionRule>} rules
 * @param {unknown} given an object; `undefined` in it stands for an option that was not given
 * @param {string} caller the method, for messages
 * @returns {{ options: Record<string, unknown>, named: string[] }} the options with every initial value
 *   filled in, and the names of those that the caller gave
 * @throws {ZipImportUsageError} "bad-option", "unknown-option", "option-unavailable"
 */
export function applyRules(rules, given = {}, caller) {
  checkOptions(given, caller);
  const entries = Object.entries(/** @type {object} */ (given)).filter(
    ([, value]) => value !== undefined,
  );
  for (const [name, value] of entries) checkOption(rules, name, value, caller);
  const initial = [...rules].map(([name, rule]) => [
    name,
    "only" in rule ? rule.only : rule.initial,
  ]);
  return {
    options: Object.fromEntries([...initial, ...entries]),
    named: entries.map(([name]) => name),
  };
}

/**
 * @param {Map<string, OptionRule>} rules
 * @param {string} name
 * @param {unknown} value
 * @param {string} caller
 */
function checkOption(rules, name, value, caller) {
  const rule = rules.get(name);
  if (!rule) {
    const nearest = findNearest(name, [...rules.keys()], fold);
    throw new ZipImportUsageError(
      "unknown-option",
      `${caller}(): unknown option "${name}"; the nearest known one is "${nearest.name}"`,
    );
  }
  if (!rule.accepts(value)) {
    throw new ZipImportUsageError(
      "bad-option",
      `${caller}(): option "${name}": found ${describeValue(value)}, expected ${rule.expected}`,
    );
  }
  if ("only" in rule && value !== rule.only) {
    throw new ZipImportUsageError(
      "option-unavailable",
      `${caller}(): option "${name}": found ${describeValue(value)}, which this version cannot do yet; ` +
        `expected ${describeValue(rule.only)}, or the option left out`,
    );
  }
}

/**
 * "max_bytes" is as near to "maxBytes" as can be.
 *
 * @param {string} name
 */
function fold(name) {
  return name.toLowerCase().replaceAll(/[^a-z]/g, "");
}
