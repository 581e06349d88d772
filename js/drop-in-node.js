// @ts-check
// The module pyodide-zipimport/pyodide in Node: see drop-in.js.

import { findPyodide } from "./find-pyodide.js";
import { node } from "./platform/node.js";
import { standInFor } from "./stand-in.js";

const here = import.meta.url;
const real = await findPyodide({
  here,
  importByName: () => import("pyodide"),
  beside: "../../pyodide/pyodide.mjs",
});
export const { loadPyodide, version } = standInFor(node, real, here);
