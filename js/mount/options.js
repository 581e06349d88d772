// @ts-check
// The options of mount().

import { applyRules, isBoolean, isFunction, isObject, isSignal } from "../base/option-rules.js";
import { isIntegrity } from "./integrity.js";
import { isName } from "./names.js";

/** Of setTimeout(): what is longer, it takes for none. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;
const WHEN_LOADED = ["auto", "ahead", "lazy"];
const PLACES = ["prepend", "append", false];

/** @type {Map<string, import("../base/option-rules.js").OptionRule>} */
const RULES = new Map(
  Object.entries({
    name: {
      expected: 'the name of a folder: up to 255 bytes, without "/" and control characters',
      accepts: isName,
    },
    sysPath: {
      initial: "prepend",
      expected: '"prepend", "append" or false',
      accepts: (value) => PLACES.includes(/** @type {any} */ (value)),
    },
    extensions: {
      initial: "auto",
      expected: '"auto", "ahead" or "lazy"',
      accepts: (value) => WHEN_LOADED.includes(/** @type {any} */ (value)),
    },
    integrity: {
      expected: '"sha256-" and the digest in base64, 44 characters with the "=" at its end',
      accepts: isIntegrity,
    },
    copy: { initial: false, expected: "true or false", accepts: isBoolean },
    request: {
      expected: 'an object, the options of fetch(); "signal" is an option beside it',
      accepts: (value) => isObject(value) && !Object(value).signal,
    },
    timeout: {
      expected: `a number of milliseconds, more than 0 and up to ${TIMEOUT_MAX_MS}`,
      accepts: (value) => typeof value === "number" && value > 0 && value <= TIMEOUT_MAX_MS,
    },
    onProgress: { expected: "a function", accepts: isFunction },
    signal: { expected: "an AbortSignal", accepts: isSignal },
  }),
);

/** Those of replace(): the others belong to the mount. */
const REPLACE_RULES = new Map(
  [...RULES].filter(([name]) => !["name", "sysPath", "extensions"].includes(name)),
);

/**
 * @typedef {object} MountOptions
 * @property {string} [name]
 * @property {"prepend" | "append" | false} sysPath
 * @property {import("./extensions.js").When} extensions
 * @property {string} [integrity]
 * @property {boolean} copy
 * @property {RequestInit} [request]
 * @property {number} [timeout]
 * @property {import("./collect.js").OnProgress} [onProgress]
 * @property {AbortSignal} [signal]
 */

/**
 * @param {unknown} given
 * @returns {MountOptions} with every default filled in
 * @throws {import("../base/errors.js").ZipImportUsageError} "bad-option", "unknown-option"
 */
export function readMountOptions(given) {
  return /** @type {any} */ (applyRules(RULES, given, "mount").options);
}

/**
 * @param {unknown} given
 * @returns {Pick<MountOptions, "integrity" | "copy" | "request" | "timeout" | "onProgress" | "signal">}
 * @throws {import("../base/errors.js").ZipImportUsageError} "bad-option", "unknown-option"
 */
export function readReplaceOptions(given) {
  return /** @type {any} */ (applyRules(REPLACE_RULES, given, "replace").options);
}
