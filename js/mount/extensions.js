// @ts-check
// Loads extension modules of a mount ahead of their import. An import compiles a module while its caller
// waits; on a page's own thread Chromium refuses that for more than 8 MB. Loaded ahead it is compiled asynchronously.

import { isAlive } from "../pyodide/python.js";
import { extensionSuffixes, isLibraryLoaded, loadLibrary } from "../pyodide/libraries.js";

/** @typedef {"auto" | "ahead" | "lazy"} When */
/** @typedef {{ extensions: When, isPage: boolean }} How */

/** What counts as large on a page: less than any engine refuses, and more than a page would notice. */
const LARGE_BYTES = 4 * 2 ** 20;

/**
 * Loads some of a mount's modules, and returns when that is done.
 *
 * @param {any} pyodide
 * @param {string} root the path of the mount
 * @param {import("./mounts.js").Tree} tree
 * @param {How} how
 */
export async function loadAhead(pyodide, root, tree, how) {
  await loadAll(pyodide, listAhead(pyodide, root, tree.files(), how));
}

/**
 * @param {any} pyodide
 * @param {string} root the path of the folder
 * @param {Iterable<{ path: string, nbytes: number }>} files in it
 * @param {How} how
 * @returns {string[]} the paths of the modules that are to be loaded before somebody imports them
 */
export function listAhead(pyodide, root, files, { extensions, isPage }) {
  if (extensions === "lazy" || (extensions === "auto" && !isPage)) return [];
  const nbytesMin = extensions === "auto" ? LARGE_BYTES : 0;
  const large = [...files].filter(
    ({ path, nbytes }) => nbytes >= nbytesMin && path.endsWith(".so"),
  );
  if (large.length === 0) return [];
  const suffixes = extensionSuffixes(pyodide);
  return large
    .filter(({ path }) => isExtension(path, suffixes))
    .map(({ path }) => `${root}/${path}`);
}

/**
 * @param {any} pyodide
 * @param {string[]} paths
 */
export async function loadAll(pyodide, paths) {
  for (const path of paths) {
    if (!isAlive(pyodide)) return;
    if (!isLibraryLoaded(pyodide, path)) await tryLoading(pyodide, path);
  }
}

/**
 * @param {any} pyodide
 * @param {string} path
 */
async function tryLoading(pyodide, path) {
  try {
    await loadLibrary(pyodide, path);
  } catch {
    // The import tries once more, and says why it fails; nobody may ever import it.
  }
}

/**
 * What lies in NAME.libs is loaded with the modules that need it.
 *
 * @param {string} path
 * @param {string[]} suffixes
 */
function isExtension(path, suffixes) {
  const parts = path.split("/");
  const name = parts[parts.length - 1];
  return suffixes.includes(name.slice(name.indexOf("."))) && !parts.at(-2)?.endsWith(".libs");
}
