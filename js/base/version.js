// @ts-check
// The package's version, as package.json has it. The side module carries the same: see
// pyodide/side-module.js.

export const VERSION = "0.1.0";
