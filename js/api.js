// @ts-check
// The functions that the package exports, for one platform.

import { boot, prepare } from "./boot.js";
import { install } from "./install.js";

/**
 * @param {import("./platform/platform.js").Platform} platform
 * @returns {Pick<typeof import("./index.js"), "boot" | "install" | "prepare">}
 */
export function makeAPI(platform) {
  return {
    boot: (loadPyodide, options) => boot(platform, loadPyodide, options),
    prepare: (options) => prepare(platform, options),
    install: (pyodide, options) => install(platform, pyodide, options),
  };
}
