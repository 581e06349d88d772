// @ts-check
// The options of install(): their names, what each may be, and which values this version can honour.
// The whole set is known by name, so that a page written for a later version is told precisely what
// is missing instead of running without it.

import { applyRules, isBoolean, isString } from "./base/option-rules.js";
import { hasScheme, makeURL } from "./base/urls.js";
import { isStore } from "./kept/stores/store.js";

/** @typedef {import("./platform/platform.js").Platform} Platform */

const isByteCount = (/** @type {unknown} */ value) =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const STORES = ["auto", "memory", "indexeddb", "opfs"];
const isFolder = (/** @type {any} */ value) => {
  const { directory } = Object(value);
  if (directory instanceof URL) return directory.protocol === "file:";
  if (typeof directory !== "string" || directory === "") return false;
  return !hasScheme(directory) || /^file:/i.test(directory);
};
const BYTES = "a whole number of bytes, 0 or more";

/** @type {Map<string, import("./base/option-rules.js").OptionRule>} */
const RULES = new Map(
  Object.entries({
    storage: {
      initial: "auto",
      expected: '"auto", "indexeddb", "opfs", "memory", { directory } or a store',
      accepts: (value) =>
        STORES.includes(/** @type {any} */ (value)) || isFolder(value) || isStore(value),
    },
    maxBytes: { initial: 256 * 2 ** 20, expected: BYTES, accepts: isByteCount },
    preloadBytes: { initial: 64 * 2 ** 20, expected: BYTES, accepts: isByteCount },
    implicitInvalidation: { initial: true, expected: "true or false", accepts: isBoolean },
    autoFlush: { initial: true, expected: "true or false", accepts: isBoolean },
    mountPackages: { initial: false, expected: "true or false", accepts: isBoolean },
    namespace: {
      initial: "",
      expected: "up to 64 of A-Z a-z 0-9 _ -",
      accepts: (value) => isString(value) && /^[A-Za-z0-9_-]{0,64}$/.test(String(value)),
    },
    trace: { initial: false, expected: "true or false", accepts: isBoolean },
    wasmURL: {
      expected: "a URL, or a string that is not empty",
      accepts: (value) => value instanceof URL || (isString(value) && value !== ""),
    },
    onWarning: { expected: "a function", accepts: (value) => typeof value === "function" },
    maxMemberBytes: {
      initial: 2 ** 30,
      expected: "a whole number of bytes, 1 or more",
      accepts: (value) => isByteCount(value) && value !== 0,
    },
  }),
);

/**
 * @typedef {object} Options what is left of the caller's options once checked
 * @property {"auto" | "indexeddb" | "opfs" | "memory" | { directory: string | URL } | import("./kept/stores/store.js").Store} storage
 * @property {number} maxBytes
 * @property {number} preloadBytes
 * @property {string} namespace
 * @property {boolean} autoFlush
 * @property {boolean} mountPackages
 * @property {boolean} trace
 * @property {boolean} implicitInvalidation
 * @property {number} maxMemberBytes
 * @property {string | URL | undefined} wasmURL
 * @property {((message: string, code: string) => void) | undefined} onWarning
 */

/**
 * Checks the caller's options. `undefined` stands for an option that was not given. What is relative is
 * resolved here, once, so that it means the same later, when the working directory may be another one.
 *
 * @param {Platform} platform
 * @param {unknown} given
 * @param {"install" | import("./boot.js").Caller} caller for messages
 * @returns {{ options: Options, named: (keyof Options)[] }} the options with every default filled
 *   in, and the names of those that the caller gave
 * @throws {import("./base/errors.js").ZipImportUsageError} for a name or a value that cannot be used
 */
export function readOptions(platform, given, caller) {
  const { options, named } = /** @type {any} */ (applyRules(RULES, given, caller));
  // A program that is new to us may have plans of its own for Pyodide's installer.
  if (!named.includes("mountPackages")) options.mountPackages = caller !== "install";
  return { options: { ...options, ...resolve(platform, options) }, named };
}

/**
 * What cannot be resolved is left as it is: whoever uses it tells of it.
 *
 * @param {Platform} platform
 * @param {Options} options
 * @returns {Partial<Options>}
 */
function resolve({ folders, toURL }, { storage, wasmURL }) {
  /** @type {Partial<Options>} */
  const resolved = {};
  try {
    if (wasmURL !== undefined) resolved.wasmURL = makeURL(wasmURL, toURL);
    if (folders && typeof storage === "object" && !isStore(storage))
      resolved.storage = { directory: folders.resolve(storage.directory) };
  } catch {
    // A relative address on a page that has none, or a file: URL of another machine.
  }
  return resolved;
}

/**
 * Whether two values of an option mean the same. Two stores of a program's own are two, whatever they hold.
 *
 * @param {any} a
 * @param {any} b
 */
export function isSameOption(a, b) {
  if (a === b) return true;
  if ([a, b].every(isFolder) && ![a, b].some(isStore))
    return String(a.directory) === String(b.directory);
  return [a, b].every((each) => each instanceof URL) && String(a) === String(b);
}
