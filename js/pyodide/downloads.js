// @ts-check
// How loadPackage() downloads: lets a file come from elsewhere, and gives calls two options that Pyodide has not.
//
// Seen in 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2, and not in 0.27.8: `_api.packageManager` with
// `recursiveDependencies(names)`, which loadPackage() calls before it waits for anything, `downloadPackage(metadata,
// isChecked)`, which it calls with what that gave, and `installBaseUrl`; `_api.lockfile_packages`. In 0.27.8 only the
// page's own fetch() can be reached, with which it downloads.

import { Hooks } from "./hooks.js";

/**
 * @typedef {object} Download
 * @property {string} name of the package
 * @property {string} fileName of the lock file: relative to `base`; or an address that the program named
 * @property {string | undefined} base
 * @property {string | undefined} sha256 in hexadecimal, where it is to be checked
 * @property {object | undefined} watch what the call was given
 */

/** @typedef {import("./installer.js").Hook} Hook */

/**
 * @param {any} pyodide
 * @param {object} take
 * @param {(options: unknown) => object | undefined} take.readOptions what a call is to be watched by, if by anything
 * @param {(download: Download) => Promise<Uint8Array | undefined>} take.fetch gives the file, or undefined for Pyodide
 *   to download it
 * @param {() => void} take.prepare called once Pyodide waits for a download; what it throws ends that
 * @param {(watch: any) => void} take.finish called at the end of a call that is watched; what it throws is thrown there
 * @returns {Hook}
 */
export function hookDownloads(pyodide, { readOptions, fetch, prepare, finish }) {
  const hooks = new Hooks();
  const { _api: api } = pyodide;
  const manager = api.packageManager;
  if (!manager) return hooks;

  /** @type {WeakMap<object, object>} by metadata */
  const watches = new WeakMap();
  /** @type {object | undefined} of the call that is beginning */
  let beginning;
  hooks.replace(manager, "recursiveDependencies", (stock) => (...args) => {
    const found = Reflect.apply(stock, manager, args);
    if (beginning) for (const metadata of found.values()) watches.set(metadata, beginning);
    return found;
  });
  hooks.replace(manager, "downloadPackage", (stock) => async (...args) => {
    const [metadata, isChecked] = args;
    const isLocked = metadata.channel === manager.defaultChannel;
    const entry = isLocked ? api.lockfile_packages[metadata.normalizedName] : undefined;
    const bytes = await fetch({
      name: metadata.name,
      fileName: entry?.file_name ?? metadata.channel,
      base: isLocked ? manager.installBaseUrl : undefined,
      sha256: isChecked === false ? undefined : entry?.sha256,
      watch: watches.get(metadata),
    });
    if (bytes) return bytes;
    const [downloaded] = await Promise.all([
      Reflect.apply(stock, manager, args),
      (async () => prepare())(),
    ]);
    return downloaded;
  });
  for (const name of ["loadPackage", "loadPackagesFromImports"])
    hooks.replace(pyodide, name, (stock) => async (...args) => {
      const watch = readOptions(args[1]);
      let loading;
      beginning = watch;
      try {
        loading = Reflect.apply(stock, pyodide, args);
      } finally {
        beginning = undefined;
      }
      const loaded = await loading;
      if (watch) finish(watch);
      return loaded;
    });
  return hooks;
}

/** @typedef {(address: string) => Promise<Uint8Array | undefined>} Find */

/** What fetch() is asked through: several Pyodides may load at once. */
const lent = { hooks: new Hooks(), finds: /** @type {Set<Find>} */ (new Set()) };

/**
 * Answers what 0.27 fetches with files that are there already. Others have their own fetch().
 *
 * @param {any} pyodide
 * @param {Find} find
 * @returns {() => void} ends it, to be called soon: the function is the whole page's
 */
export function lendFiles({ _api: api }, find) {
  if (api.packageManager) return () => {};
  const { hooks, finds } = lent;
  if (finds.size === 0) hooks.replace(globalThis, "fetch", answerFetch);
  finds.add(find);
  return () => {
    if (finds.delete(find) && finds.size === 0) hooks.release();
  };
}

/** @param {(...args: any[]) => any} stock */
function answerFetch(stock) {
  return async (/** @type {any[]} */ ...args) => {
    const address = String(args[0]?.url ?? args[0]);
    for (const find of [...lent.finds]) {
      const bytes = await find(address);
      if (bytes) return new Response(/** @type {any} */ (bytes));
    }
    return Reflect.apply(stock, globalThis, args);
  };
}
