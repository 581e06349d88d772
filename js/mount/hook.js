// @ts-check
// Has Python's importlib ask our path hook for the folders of mounts, while there are any.

import { addImportNotes } from "../pyodide/import-notes.js";
import { runApart } from "../pyodide/python.js";

/** Makes it look anew, too, for what it knows of a path. */
const RENEW = `
import sys

if mount_count == 0 and hook in sys.path_hooks:
    sys.path_hooks.remove(hook)
elif mount_count > 0 and hook not in sys.path_hooks:
    sys.path_hooks.insert(0, hook)
for key in list(sys.path_importer_cache):
    if (str(key) + "/").startswith(path + "/"):
        sys.path_importer_cache.pop(key, None)
result = None
`;

/**
 * How many mounts a Pyodide has, and what ends the notes that it has meanwhile.
 *
 * @type {WeakMap<object, { count: number, endNotes?: () => void }>}
 */
const uses = new WeakMap();

/**
 * @param {any} pyodide
 * @param {any} module the PyProxy of the Python module
 * @param {string} path where something was mounted, or is not any more
 * @param {number} more how many mounts there are now than before
 */
export function useHook(pyodide, module, path, more) {
  const use = uses.get(pyodide) ?? { count: 0 };
  uses.set(pyodide, use);
  use.count += more;
  if (use.count > 0) {
    use.endNotes ??= addImportNotes(pyodide);
  } else {
    use.endNotes?.();
    use.endNotes = undefined;
  }
  const hook = module._mount_hook;
  try {
    runApart(pyodide, RENEW, { hook, path, mount_count: use.count });
  } finally {
    hook.destroy();
  }
}
