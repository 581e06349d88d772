// @ts-check
// A lock file of Pyodide, read by Pyodide's rules from the options of loadPyodide(): which files belong to the packages
// that a program asks for, and where they are.

import { makeURL } from "../base/urls.js";
import { lastPart, normalize } from "./wheel.js";

/** @typedef {import("../platform/platform.js").Platform} Platform */

/**
 * @typedef {object} Wanted a file that loadPackage() will ask for
 * @property {string} name of the package
 * @property {string} address
 * @property {string} [sha256] of the file, in hexadecimal; undefined where the program itself named the address
 */

/** @param {unknown} name what loadPackage() takes for the address of a wheel */
const isAddress = (name) => typeof name === "string" && name.endsWith(".whl");

/** @param {string} address of a wheel */
const nameOfWheel = (address) => lastPart(address).split("-")[0].toLowerCase();

/**
 * @param {Platform} platform
 * @param {Record<string, any>} settings the options of loadPyodide()
 * @param {string[]} names of packages, and addresses of wheels
 * @returns {Promise<Wanted[]>} what can be told of it before Pyodide is there
 */
export async function findWanted(platform, settings, names) {
  /** @type {Map<string, Wanted>} */
  const wanted = new Map();
  const isNamed = names.some((name) => !isAddress(name));
  const lock = isNamed ? await readLock(platform, settings) : undefined;
  const base = baseOf(platform, settings);
  const seen = new Set();

  const add = (/** @type {string} */ given) => {
    const name = normalize(given);
    const entry = lock?.packages?.[name];
    if (!entry || seen.has(name)) return;
    seen.add(name);
    const { file_name: fileName, sha256, depends } = entry;
    const address = join(base, fileName);
    if (address) wanted.set(name, { name: entry.name, address, sha256 });
    for (const each of depends ?? []) add(each);
  };
  for (const name of names)
    if (isAddress(name)) wanted.set(name, { name: nameOfWheel(name), address: name });
    else add(name);
  return [...wanted.values()];
}

/**
 * @param {Platform} platform
 * @param {Record<string, any>} settings
 * @returns {Promise<any>} undefined where only Pyodide itself knows where it is
 */
async function readLock(platform, { lockFileContents, lockFileURL, indexURL }) {
  const contents = await lockFileContents;
  if (contents) return typeof contents === "string" ? JSON.parse(contents) : contents;
  const address = lockFileURL ?? (indexURL && join(indexURL, "pyodide-lock.json"));
  if (!address) return undefined;
  const bytes = await platform.read(makeURL(address, platform.toURL));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/**
 * What names of files in a lock file are relative to.
 *
 * @param {Platform} platform
 * @param {Record<string, any>} settings
 * @returns {string | undefined}
 */
function baseOf({ folders }, settings) {
  const { packageCacheDir, packageBaseUrl, lockFileContents, lockFileURL, indexURL } = settings;
  if (folders && packageCacheDir) return packageCacheDir;
  if (packageBaseUrl) return packageBaseUrl;
  if (lockFileContents) return undefined; // then Pyodide has none either
  return lockFileURL ? lockFileURL.slice(0, lockFileURL.lastIndexOf("/") + 1) : indexURL;
}

/**
 * @param {string | undefined} base
 * @param {string} name of a file
 * @returns {string | undefined}
 */
export function join(base, name) {
  if (name.includes("://") || name.startsWith("/")) return name;
  if (base === undefined) return undefined;
  return base === "" || base.endsWith("/") ? base + name : `${base}/${name}`;
}
