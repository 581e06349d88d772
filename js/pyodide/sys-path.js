// @ts-check
// Entries of Python's sys.path. Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2.

import { runApart } from "./python.js";

/** Moves one that is there already, so that it is there once. */
const ADD = `
import sys
while path in sys.path:
    sys.path.remove(path)
sys.path.insert(0 if first else len(sys.path), path)
`;

/** What is no list, a program put there. */
const REMOVE = `
import sys
while isinstance(sys.path, list) and path in sys.path:
    sys.path.remove(path)
`;

/**
 * @param {any} pyodide
 * @param {string} path
 * @param {"prepend" | "append"} place
 */
export function addToSysPath(pyodide, path, place) {
  runApart(pyodide, ADD, { path, first: place === "prepend" });
}

/**
 * @param {any} pyodide
 * @param {string} path which may be absent, or there several times
 */
export function removeFromSysPath(pyodide, path) {
  runApart(pyodide, REMOVE, { path });
}
