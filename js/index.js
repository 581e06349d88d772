// @ts-check
// The package's entry in browsers, and where it is imported by its address. Importing it changes nothing
// anywhere. The API is documented in index.d.ts.

import { makeAPI } from "./api.js";
import { browser } from "./platform/browser.js";

export { ZipImportInternalError, ZipImportUsageError } from "./base/errors.js";
export const { boot, install, prepare } = /* @__PURE__ */ makeAPI(browser);
