// @ts-check
// The two functions of JavaScript through which Pyodide installs what it has downloaded: one for loadPackage(),
// one for micropip. Ours take their places, and pass on what is to be unpacked.
//
// Seen in 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2, and not in 0.27.8: `_api.packageManager`, whose
// `installPackage(metadata, buffer)` loadPackage() calls; `_api.install(buffer, fileName, directory, metadata)`,
// which micropip 0.10 and newer takes when it is imported; `_api.lockfile_packages`.

import { Hooks } from "./hooks.js";

/**
 * A file that is about to be unpacked.
 *
 * @typedef {object} Arrival
 * @property {string} fileName "" if it has none
 * @property {object} buffer that Pyodide has it in
 * @property {() => Uint8Array} open gives its bytes, which are the caller's from then on
 * @property {string | undefined} directory undefined for site-packages
 * @property {boolean} isInstalled whether it becomes a package with a dist-info folder, and not only files
 * @property {[name: string, text: string][]} metadata files that are to be written into that folder
 * @property {boolean} hasData whether a wheel's data files are copied to sys.prefix
 */

/**
 * @typedef {object} Taken
 * @property {string | undefined} distInfo the path of its dist-info folder
 * @property {string[]} ahead paths of the libraries that are to be loaded before somebody imports them
 * @property {() => Promise<void>} loadAhead loads them
 */

/** @typedef {(arrival: Arrival) => Taken | undefined} Take undefined where it is to be unpacked */

/**
 * @typedef {object} Hook
 * @property {Set<string>} missing what was not as expected, and so was left alone: sentences
 * @property {() => void} release puts stock's functions back where ours still stand
 */

const SITE_PACKAGES = "site";
const DEFAULT_CHANNEL = "default channel";

/** Buffers that stock is unpacking now, since they were not taken. */
const passedOn = new Set();

/**
 * Whether stock has a buffer from us, and need not ask once more.
 *
 * @param {unknown} buffer
 */
export function isPassedOn(buffer) {
  return passedOn.has(buffer);
}

/**
 * @param {any} pyodide
 * @param {Take} take
 * @returns {Hook}
 */
export function hookInstaller({ _api: api }, take) {
  const hooks = new Hooks();
  const manager = api.packageManager;
  if (!manager) return hooks; // 0.27: all goes through Python

  /** @type {(owner: any, name: string, describe: (args: any[]) => Arrival | undefined) => void} */
  const hook = (owner, name, describe) =>
    hooks.replace(owner, name, (stock) => async (...args) => {
      const arrival = describe(args);
      if (!arrival) hooks.missing.add(`${name}() was called in a way that is not known`);
      const taken = arrival && take(arrival);
      if (taken) return taken.loadAhead();
      passedOn.add(arrival?.buffer);
      try {
        return await Reflect.apply(stock, owner, args);
      } finally {
        passedOn.delete(arrival?.buffer);
      }
    });
  hook(manager, "installPackage", ([metadata, buffer]) => {
    const entry = api.lockfile_packages?.[metadata?.normalizedName] ?? metadata?.packageData;
    return describePackage(entry, metadata?.channel, buffer);
  });
  hook(api, "install", describeInstall);
  return hooks;
}

/**
 * @param {any} entry of the lock file
 * @param {unknown} channel where it comes from: the address, or that it is the lock file's
 * @param {unknown} buffer
 * @returns {Arrival | undefined}
 */
function describePackage(entry, channel, buffer) {
  const { file_name: fileName, install_dir: place } = Object(entry);
  if (typeof fileName !== "string" || typeof channel !== "string") return undefined;
  if (!isBytes(buffer)) return undefined;
  return {
    fileName,
    buffer,
    open: () => buffer, // which was made for it
    directory: place === SITE_PACKAGES || !place ? undefined : String(place),
    isInstalled: true,
    metadata: [
      ["INSTALLER", "pyodide.loadPackage"],
      ["PYODIDE_SOURCE", channel === DEFAULT_CHANNEL ? "pyodide" : channel],
    ],
    hasData: true,
  };
}

/**
 * @param {any[]} args
 * @returns {Arrival | undefined}
 */
function describeInstall([buffer, fileName, directory, given]) {
  if (!isBytes(buffer)) return undefined;
  if (typeof fileName !== "string" || typeof directory !== "string") return undefined;
  const metadata = entriesOf(given);
  if (!metadata) return undefined;
  const open = () => new Uint8Array(buffer); // whoever calls it may keep it
  return { fileName, buffer, open, directory, isInstalled: true, metadata, hasData: true };
}

/**
 * Not by its class: Pyodide may have been loaded by another window.
 *
 * @param {unknown} value
 * @returns {value is Uint8Array}
 */
function isBytes(value) {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/**
 * @param {any} given a Map, an object, or a PyProxy of a dict
 * @returns {[string, string][] | undefined}
 */
function entriesOf(given) {
  const value = typeof given?.toJs === "function" ? given.toJs() : given;
  if (value === undefined || value === null) return [];
  if (typeof value !== "object") return undefined;
  const entries =
    typeof value.entries === "function" ? [...value.entries()] : Object.entries(value);
  return entries.every((each) =>
    each.every((/** @type {unknown} */ part) => typeof part === "string"),
  )
    ? entries
    : undefined;
}
