// @ts-check
// Looks at the modules that a start imported, and makes their attributes what they would be if Pyodide had
// been started from its own archive. Seen in Python 3.12, 3.13, 3.14 and 3.15a: the attributes `__file__`,
// `__cached__` and `__spec__` (origin, cached), which name the bytecode where there was some.

import { runApart, takeValue } from "../../pyodide/python.js";

/**
 * @typedef {object} Settled
 * @property {number} magic the bytecode's
 * @property {import("./library.js").Module[]} missing modules that were compiled from sources of the archive
 * @property {number} bytecode how many came from bytecode of the archive
 * @property {import("./key.js").Settings} settings with which this Python compiles
 */

/**
 * @param {any} pyodide
 * @param {string} archive the path of the standard library's
 * @param {boolean} isReplaced whether it is only there for the start
 * @returns {Settled}
 */
export function settleModules(pyodide, archive, isReplaced) {
  const [magic, missing, bytecode, optimization, hasRanges] = takeValue(
    runApart(pyodide, SETTLE, { archive, is_replaced: isReplaced }),
  );
  return { magic, missing, bytecode, settings: { optimization, hasRanges } };
}

const SETTLE = `
import sys
import _frozen_importlib
import _frozen_importlib_external as external

def source_of(path):
    inside = isinstance(path, str) and path.startswith(archive + "/")
    return path[:-1] if inside and path.endswith(".pyc") else None

missing, bytecode = {}, 0
for module in list(sys.modules.values()):
    if type(module) is not type(sys):
        continue
    names = vars(module)
    spec = names.get("__spec__")
    if type(spec) is _frozen_importlib.ModuleSpec:
        source = source_of(spec.origin)
        if source:
            bytecode += 1
            if is_replaced:
                spec.origin, spec.cached = source, external._get_cached(source)
        elif isinstance(spec.origin, str) and spec.origin.startswith(archive + "/") and spec.origin.endswith(".py"):
            missing[spec.name] = spec.origin
    for name in "__file__", "__cached__":
        source = source_of(names.get(name))
        if source and is_replaced:
            names[name] = source if name == "__file__" else external._get_cached(source)

magic = int.from_bytes(external.MAGIC_NUMBER[:2], "little")
positions = compile("a", "", "eval").co_positions()
has_ranges = any(column is not None for _, _, column, _ in positions)
result = [magic, list(missing.items()), bytecode, min(sys.flags.optimize, 2), has_ranges]
`;
