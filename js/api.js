// @ts-check
// The functions that the package exports, for one platform.

import { boot } from "./boot.js";
import { install } from "./install.js";

/**
 * @param {import("./platform/platform.js").Platform} platform
 * @returns {Pick<typeof import("./index.js"), "boot" | "install">}
 */
export function makeAPI(platform) {
  return {
    boot: (loadPyodide, options) => boot(platform, loadPyodide, options),
    install: (pyodide, options) => install(platform, pyodide, options),
  };
}
