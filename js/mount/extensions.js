// @ts-check
// Loads extension modules of a mount ahead of their import. An import compiles a module while its caller
// waits; on a page's own thread Chromium refuses that for more than 8 MB. Loaded ahead it is compiled asynchronously.

import { isAlive } from "../pyodide/python.js";
import { extensionSuffixes, isLibraryLoaded, loadLibrary } from "../pyodide/libraries.js";

/** @typedef {"auto" | "ahead" | "lazy"} When */

/** What counts as large on a page: less than any engine refuses, and more than a page would notice. */
const LARGE_BYTES = 4 * 2 ** 20;

/**
 * @param {any} pyodide
 * @param {string} root the path of the mount
 * @param {import("./mounts.js").Tree} tree
 * @param {object} how
 * @param {When} how.extensions
 * @param {boolean} how.isPage
 */
export async function loadAhead(pyodide, root, tree, { extensions, isPage }) {
  if (extensions === "lazy" || (extensions === "auto" && !isPage)) return;
  const nbytesMin = extensions === "auto" ? LARGE_BYTES : 0;
  /** @type {string[] | undefined} */
  let suffixes;
  for (const { path, nbytes } of [...tree.files()]) {
    if (nbytes < nbytesMin || !path.endsWith(".so")) continue;
    if (!isExtension(path, (suffixes ??= extensionSuffixes(pyodide)))) continue;
    if (!isAlive(pyodide)) return;
    const whole = `${root}/${path}`;
    if (!isLibraryLoaded(pyodide, whole)) await tryLoading(pyodide, whole);
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
