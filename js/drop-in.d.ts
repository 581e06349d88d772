// The module pyodide-zipimport/pyodide.

import type { BootOptions, Handle, MountingPyodide } from "./index.js";

type Pyodide = typeof import("pyodide");

/** The options of Pyodide's own `loadPyodide()`, and this package's. */
export type LoadPyodideOptions = NonNullable<Parameters<Pyodide["loadPyodide"]>[0]> & {
  zipimport?: Omit<BootOptions, "pyodide">;
};

/**
 * Does what `boot()` does, for programs that have the address of a module for `loadPyodide()`: resolves to
 * Pyodide's own object, which has the handle as `zipimport`. An `indexURL` that is the folder of this module,
 * or begins with its address, was guessed from that address; Pyodide then takes its own folder.
 *
 * Imported by its name, the module imports `pyodide`. Imported by its address, as `js/drop-in.js`, it looks for
 * Pyodide first where `?pyodide=` on its own address says, which is the address of `pyodide.mjs`, or of its folder
 * with a slash behind; then by the name `pyodide`; then in a folder `pyodide` beside this package's. If it finds
 * none, the import fails with a `ZipImportInternalError`, `"pyodide-unreachable"`.
 *
 * @throws {ZipImportUsageError} `"bad-option"`, `"unknown-option"`, `"option-unavailable"`
 * @throws what Pyodide's `loadPyodide()` throws, or your `fsInit`, or the signal's reason
 */
export function loadPyodide(
  options?: LoadPyodideOptions,
): Promise<
  MountingPyodide<Awaited<ReturnType<Pyodide["loadPyodide"]>>> & { readonly zipimport: Handle }
>;

/** Pyodide's. */
export const version: string;
