// The types of index.d.ts, for CommonJS, whose require() loads the ES module.

import type * as api from "./index.js" with { "resolution-mode": "import" };

export type * from "./index.js" with { "resolution-mode": "import" };

export declare const boot: typeof api.boot;
export declare const install: typeof api.install;
export declare const prepare: typeof api.prepare;
export declare const ZipImportInternalError: typeof api.ZipImportInternalError;
export type ZipImportInternalError = api.ZipImportInternalError;
export declare const ZipImportUsageError: typeof api.ZipImportUsageError;
export type ZipImportUsageError = api.ZipImportUsageError;
