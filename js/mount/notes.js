// @ts-check
// Import errors of a Pyodide get their notes while anything is mounted there, or a directory is shared.

import { addImportNotes } from "../pyodide/import-notes.js";

/**
 * How many mounts and shared directories a Pyodide has, and what ends the notes that it has meanwhile.
 *
 * @type {WeakMap<object, { count: number, end?: () => void }>}
 */
const uses = new WeakMap();

/**
 * @param {any} pyodide
 * @param {1 | -1} more what was mounted or shared, or is not any more
 */
export function countMount(pyodide, more) {
  const use = uses.get(pyodide) ?? { count: 0 };
  uses.set(pyodide, use);
  use.count += more;
  if (use.count > 0) {
    use.end ??= addImportNotes(pyodide);
  } else {
    use.end?.();
    use.end = undefined;
  }
}
