// @ts-check
// The module pyodide-zipimport/pyodide by its address, in the place of Pyodide's own. It finds that one when it
// is imported. drop-in-named.js is the same for bundlers, drop-in-node.js for Node.

import { findPyodide } from "./find-pyodide.js";
import { browser } from "./platform/browser.js";
import { standInFor } from "./stand-in.js";

const here = import.meta.url;
const real = await findPyodide({
  here,
  importByName: () => import("pyodide"),
  beside: "../../pyodide/pyodide.mjs",
});
export const { loadPyodide, version } = standInFor(browser, real, here);
