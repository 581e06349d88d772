// @ts-check
// What `make drop-in` makes one file of, for hosts that copy a single one: js/drop-in.js with the side module inside.

import { findPyodide } from "../js/find-pyodide.js";
import { browser } from "../js/platform/browser.js";
import { standInFor } from "../js/stand-in.js";

const here = import.meta.url;
const real = await findPyodide({
  here,
  importByName: () => import("pyodide"),
  beside: "pyodide/pyodide.mjs",
});
export const { loadPyodide, version } = standInFor({ ...browser, isSingleFile: true }, real, here);
