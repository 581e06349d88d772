// @ts-check
// A note on a ModuleNotFoundError for an extension module that is there, but for another platform or another
// version of Python: the usual reason why a wheel's module is not found.
//
// Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `add_note_to_module_not_found_error` of the Python
// module `_pyodide._importhook`, which Pyodide looks up and calls for each such error that goes out to JavaScript.

import { runApart } from "./python.js";

/** Compiled when the first such error goes out, not while something is mounted. */
const NOTE = `
import _imp, os, sys

def find_foreign(name):
    parent, _, tail = name.rpartition(".")
    folders = getattr(sys.modules.get(parent), "__path__", ()) if parent else sys.path
    suffixes = _imp.extension_suffixes()
    for folder in folders:
        if not isinstance(folder, str) or not os.path.isdir(folder or "."):
            continue
        for file in os.listdir(folder or "."):
            if file.startswith(tail + ".") and file.endswith(".so") and file[len(tail):] not in suffixes:
                return os.path.join(folder, file), suffixes
    return None

found = error.name and not hasattr(error, "_zipimport_noted") and find_foreign(error.name)
if found:
    error._zipimport_noted = True
    path, suffixes = found
    error.add_note(f"{path} is for another platform or version of Python; this one imports *{', *'.join(suffixes)}")
`;

const USE = `
import _pyodide._importhook as hooks

usual = hooks.add_note_to_module_not_found_error

def add_note(error):
    usual(error)
    try:
        exec(note, {"error": error})
    except Exception:
        pass  # it is but a note

hooks.add_note_to_module_not_found_error = result = add_note
`;

const END = `
import _pyodide._importhook as hooks
if hooks.add_note_to_module_not_found_error is note:
    hooks.add_note_to_module_not_found_error = note.__globals__["usual"]
`;

/**
 * @param {any} pyodide
 * @returns {() => void} takes the notes away again; not for a Pyodide that has ended
 */
export function addImportNotes(pyodide) {
  let note;
  try {
    note = runApart(pyodide, USE, { note: NOTE });
  } catch {
    return () => {}; // a Pyodide without the hook
  }
  return () => {
    try {
      runApart(pyodide, END, { note });
    } finally {
      note.destroy();
    }
  };
}
