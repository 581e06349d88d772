// @ts-check
// The package's entry. Importing it changes nothing anywhere. The API is documented in index.d.ts.

export { boot } from "./boot.js";
export { ZipImportInternalError, ZipImportUsageError } from "./errors.js";
export { install } from "./install.js";
