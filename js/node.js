// @ts-check
// The package's entry in Node: see index.js.

import { makeAPI } from "./api.js";
import { node } from "./platform/node.js";

export { ZipImportInternalError, ZipImportUsageError } from "./base/errors.js";
export const { boot, install, prepare } = /* @__PURE__ */ makeAPI(node);
