// @ts-check
// The module pyodide-zipimport/pyodide for bundlers, which know what the name pyodide means. It awaits nothing, so
// a worker that imports it loses no message that comes meanwhile.

import * as real from "pyodide";
import { browser } from "./platform/browser.js";
import { standInFor } from "./stand-in.js";

export const { loadPyodide, version } = standInFor(browser, real, import.meta.url);
