// @ts-check
// install(), which gives each Pyodide one importer and one handle.

import {
  ZipImportInternalError,
  ZipImportUsageError,
  describeError,
  describeValue,
} from "./base/errors.js";
import { warn } from "./base/warnings.js";
import { Handle } from "./handle.js";
import { openStore } from "./kept/open-store.js";
import { Packs } from "./kept/packs/packs.js";
import { readOptions } from "./options.js";
import { callFunction } from "./pyodide/python.js";
import { loadPythonModule } from "./pyodide/side-module.js";
import { SUPPORTED, buildOf, isSupported } from "./pyodide/versions.js";
import { readWasmFile } from "./pyodide/wasm-file.js";

/** @typedef {import("./platform/platform.js").Platform} Platform */

/**
 * @typedef {object} Begun what needs no Pyodide, and so can be under way before there is one
 * @property {Promise<import("./kept/stores/store.js").Store> | undefined} store
 * @property {() => ReturnType<typeof readWasmFile>} readWasm
 * @property {import("./kept/library/library.js").Library} [library] that Pyodide was started from
 */

/**
 * @typedef {object} Installation
 * @property {import("./options.js").Options} options
 * @property {Promise<import("./index.js").Handle>} handle
 */

/** @type {WeakMap<object, Installation>} */
const installations = new WeakMap();

/**
 * @param {Platform} platform
 * @param {import("./index.js").PyodideLike} pyodide
 * @param {import("./index.js").InstallOptions} [given]
 * @returns {Promise<import("./index.js").Handle>}
 */
export async function install(platform, pyodide, given) {
  checkPyodide(pyodide);
  const { options, named } = readOptions(given, "install");
  const earlier = installations.get(pyodide);
  if (earlier) {
    warnOfOtherOptions(earlier.options, options, named);
    return earlier.handle;
  }
  // A store takes its time to open, and the side module its own to load.
  const readWasm = () => readWasmFile(platform, options.wasmURL);
  return installBegun(platform, pyodide, options, {
    store: beginStore(platform, options),
    readWasm,
  });
}

/**
 * For a Pyodide that is about to be started.
 *
 * @param {Platform} platform
 * @param {import("./options.js").Options} options
 * @returns {Begun}
 */
export function beginInstallation(platform, options) {
  const wasm = readWasmFile(platform, options.wasmURL);
  wasm.catch(() => {}); // whoever takes it will see
  return { store: beginStore(platform, options), readWasm: () => wasm };
}

/**
 * @param {Platform} platform
 * @param {import("./options.js").Options} options
 */
function beginStore(platform, options) {
  return options.maxBytes > 0 ? openStore(platform, options) : undefined;
}

/**
 * @param {Platform} platform
 * @param {any} pyodide in which ours is not installed
 * @param {import("./options.js").Options} options
 * @param {Begun} begun
 * @returns {Promise<import("./index.js").Handle>}
 */
export function installBegun(platform, pyodide, options, begun) {
  // Noted before anything is awaited: a second call that comes meanwhile shares this one's outcome.
  const made = start(platform, pyodide, options, begun);
  // It has the methods named by symbols where the engine has the symbols.
  const handle = /** @type {Promise<any>} */ (made);
  installations.set(pyodide, { options, handle });
  return handle;
}

/**
 * @param {Platform} platform
 * @param {any} pyodide
 * @param {import("./options.js").Options} options
 * @param {Begun} begun
 * @returns {Promise<Handle>} never rejected: what fails here leaves Python's own importer in place
 */
async function start(platform, pyodide, options, { store, readWasm, library }) {
  const forget = () => void installations.delete(pyodide);
  try {
    if (!isSupported(pyodide.version)) {
      throw new ZipImportInternalError(
        "pyodide-unsupported",
        `found Pyodide ${pyodide.version}, expected ${SUPPORTED}`,
      );
    }
    const module = await loadPythonModule(pyodide, readWasm);
    takeOver(module, options);
    library?.settle(pyodide, buildOf(pyodide), true);
    const packs =
      store && (await openPacks(platform, pyodide, module, await store, options, library));
    const handle = new Handle(module, forget, { packs, library });
    if (options.trace) handle.setTracing(true);
    return handle;
  } catch (error) {
    library?.settle(pyodide, buildOf(pyodide), false);
    const code = error instanceof ZipImportInternalError ? error.code : "load-failed";
    warn(
      options.onWarning,
      `${describeError(error)}; Python's own zip importer stays in use`,
      code,
    );
    return new Handle(undefined, forget, { library });
  }
}

/**
 * @param {any} module the PyProxy of the Python module, destroyed when this fails
 * @param {import("./options.js").Options} options
 */
function takeOver(module, options) {
  const settings = {
    implicit_invalidation: options.implicitInvalidation,
    max_member_bytes: options.maxMemberBytes,
  };
  try {
    // The result is there for Python code to await.
    const result = callFunction(module, "install", (method) => method.callKwargs(settings));
    result?.destroy?.();
  } catch (error) {
    module.destroy();
    throw error;
  }
}

/**
 * @param {Platform} platform
 * @param {any} pyodide
 * @param {any} module
 * @param {import("./kept/stores/store.js").Store} store
 * @param {import("./options.js").Options} options
 * @param {import("./kept/library/library.js").Library} [library]
 */
async function openPacks(platform, pyodide, module, store, options, library) {
  const { maxBytes, preloadBytes, autoFlush, onWarning } = options;
  const settings = { platform, store, maxBytes, preloadBytes, autoFlush, onWarning, library };
  const packs = new Packs(pyodide, module, settings);
  await packs.preload();
  return packs;
}

/**
 * @param {import("./options.js").Options} used
 * @param {import("./options.js").Options} asked
 * @param {(keyof import("./options.js").Options)[]} named
 */
function warnOfOtherOptions(used, asked, named) {
  const others = named.filter(
    (name) => name !== "onWarning" && JSON.stringify(asked[name]) !== JSON.stringify(used[name]),
  );
  if (others.length === 0) return;
  warn(
    asked.onWarning ?? used.onWarning,
    `already installed in this Pyodide: ${others.join(", ")} stays as the first install() set it; call uninstall() before`,
    "options-ignored",
  );
}

/** @param {any} pyodide */
function checkPyodide(pyodide) {
  if (typeof pyodide?.version === "string" && typeof pyodide.runPython === "function") return;
  const likely =
    typeof pyodide?.then === "function" ? " (a promise: await loadPyodide() first)" : "";
  throw new ZipImportUsageError(
    "not-pyodide",
    `install(): found ${describeValue(pyodide)}${likely}, expected the object that loadPyodide() resolves to`,
  );
}
