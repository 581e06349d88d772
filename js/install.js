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
import { Visit } from "./kept/packs/visit.js";
import { Mounts } from "./mount/mounts.js";
import { isSameOption, readOptions } from "./options.js";
import { Packages } from "./packages/packages.js";
import { callFunction } from "./pyodide/python.js";
import { loadPythonModule, releasePythonModule } from "./pyodide/side-module.js";
import { SUPPORTED, buildOf, isSupported } from "./pyodide/versions.js";
import { readWasmFile } from "./pyodide/wasm-file.js";
import { endingOf, forget, installationOf, remember } from "./registry.js";

/** @typedef {import("./platform/platform.js").Platform} Platform */
/** @typedef {import("./options.js").Options} Options */
/** @typedef {import("./kept/library/library.js").Library} Library */

/**
 * @typedef {object} Begun what needs no Pyodide, and so can be under way before there is one
 * @property {Promise<import("./kept/stores/store.js").Store>} [store]
 * @property {Visit} [visit] what the last one used of it
 * @property {() => ReturnType<typeof readWasmFile>} readWasm
 */

/**
 * @typedef {object} Prepared
 * @property {Options} options
 * @property {(keyof Options)[]} named those that the caller gave
 * @property {Begun} begun
 * @property {Library} [library] that Pyodide was started from
 */

/**
 * @param {Platform} platform
 * @param {import("./index.js").PyodideLike} pyodide
 * @param {import("./index.js").InstallOptions} [given]
 * @returns {Promise<import("./index.js").Handle>}
 */
export async function install(platform, pyodide, given) {
  checkPyodide(pyodide, "install(): found");
  const { options, named } = readOptions(platform, given, "install");
  const earlier = installationOf(pyodide);
  if (earlier) return shareHandle(earlier, options, named);
  // A store takes its time to open, and the side module its own to load.
  const readWasm = () => readWasmFile(platform, options.wasmURL);
  const begun = { ...beginStore(platform, options), readWasm };
  return begin(platform, pyodide, { options, named, begun });
}

/**
 * For a Pyodide that is about to be started.
 *
 * @param {Platform} platform
 * @param {Options} options
 * @returns {Begun}
 */
export function beginInstallation(platform, options) {
  const wasm = readWasmFile(platform, options.wasmURL);
  wasm.catch(() => {}); // whoever takes it will see
  return { ...beginStore(platform, options), readWasm: () => wasm };
}

/**
 * For a Pyodide that was started so, or one that the program had already.
 *
 * @param {Platform} platform
 * @param {any} pyodide
 * @param {Prepared} prepared
 */
export async function installPrepared(platform, pyodide, prepared) {
  const earlier = installationOf(pyodide);
  if (!earlier) return begin(platform, pyodide, prepared);
  const { options, named, library } = prepared;
  const handle = await shareHandle(earlier, options, named);
  if (library) takeUp(pyodide, library, earlier, handle);
  return handle;
}

/**
 * For a program that installed the importer within its loadPyodide(), and for one whose loadPyodide() gave the same
 * Pyodide twice: the start belongs to the library that was asked within it.
 *
 * @param {any} pyodide
 * @param {Library} library
 * @param {import("./registry.js").Installation} installation
 * @param {Handle} handle
 */
function takeUp(pyodide, library, installation, handle) {
  const { library: earlier, packs } = installation;
  if (earlier === library || (earlier && !library.wasAsked)) return;
  const { isReplaced } = library;
  library.settle(pyodide, buildOf(pyodide), handle.active);
  if (isReplaced && handle.active) handle.invalidate(library.path);
  installation.library = library;
  packs?.takeLibrary(library);
}

/**
 * Takes an installation back, which may not be complete yet, unless somebody else has asked for it too.
 *
 * @param {import("./registry.js").Installation} installation
 */
export function giveUp(installation) {
  if (installation.isShared) return;
  installation.isOver = true;
  installation.ending = installation.handle.then((handle) => handle.uninstall()).catch(() => {});
}

/**
 * @param {import("./registry.js").Installation} earlier
 * @param {Options} asked
 * @param {(keyof Options)[]} named
 */
function shareHandle(earlier, asked, named) {
  earlier.isShared = true;
  const others = named.filter(
    (name) => name !== "onWarning" && !isSameOption(asked[name], earlier.options[name]),
  );
  if (others.length > 0)
    warn(
      asked.onWarning ?? earlier.options.onWarning,
      `already installed in this Pyodide: ${others.join(", ")} stays as the first install() set it; call uninstall() before`,
      "options-ignored",
    );
  return earlier.handle;
}

/**
 * @param {Platform} platform
 * @param {Options} options
 */
function beginStore(platform, options) {
  if (options.maxBytes === 0) return {};
  const store = openStore(platform, options);
  return { store, visit: new Visit(platform, store, options.preloadBytes) };
}

/**
 * @param {Platform} platform
 * @param {any} pyodide in which ours is not installed
 * @param {Prepared} prepared
 * @returns {Promise<import("./index.js").Handle>}
 */
function begin(platform, pyodide, prepared) {
  const ending = endingOf(pyodide);
  /** @type {import("./registry.js").Installation} */
  const installation = { options: prepared.options, handle: Promise.resolve() };
  // Noted before anything is awaited: a second call that comes meanwhile shares this one's outcome.
  remember(pyodide, installation);
  const onUninstall = () => forget(pyodide, installation);
  const starting = () => start(platform, pyodide, prepared, installation, onUninstall);
  // It has the methods named by symbols where the engine has the symbols.
  installation.handle = /** @type {Promise<any>} */ (ending ? ending.then(starting) : starting());
  return installation.handle;
}

/**
 * @param {Platform} platform
 * @param {any} pyodide
 * @param {Prepared} prepared
 * @param {import("./registry.js").Installation} installation
 * @param {() => void} onUninstall
 * @returns {Promise<Handle>} never rejected: what fails here leaves Python's own importer in place
 */
async function start(platform, pyodide, { options, begun, library }, installation, onUninstall) {
  let module, packs, packages;
  let isTakenOver = false;
  installation.library = library;
  const describeStart = () => installation.library?.describe();
  try {
    if (!isSupported(pyodide.version)) {
      throw new ZipImportInternalError(
        "pyodide-unsupported",
        `found Pyodide ${pyodide.version}, expected ${SUPPORTED}`,
      );
    }
    module = await loadPythonModule(pyodide, begun.readWasm);
    takeOver(module, options);
    isTakenOver = true;
    library?.settle(pyodide, buildOf(pyodide), true);
    const store = await begun.store;
    if (store) {
      const { visit } = begun;
      packs = new Packs(pyodide, module, { ...options, platform, store, library, visit });
      installation.packs = packs;
      await packs.preload();
    }
    if (options.trace) callFunction(module, "set_tracing", (method) => method(true));
    const mounts = new Mounts(pyodide, module, { ...options, platform });
    if (options.mountPackages) packages = new Packages(pyodide, module, platform);
    return new Handle(pyodide, module, onUninstall, { packs, packages, describeStart }, mounts);
  } catch (error) {
    if (isTakenOver) giveBack(module, packs);
    if (module) releasePythonModule(pyodide, module);
    library?.settle(pyodide, buildOf(pyodide), false);
    const code = error instanceof ZipImportInternalError ? error.code : "load-failed";
    warn(
      options.onWarning,
      `${describeError(error)}; Python's own zip importer stays in use`,
      code,
    );
    const mounts = new Mounts(pyodide, undefined, { ...options, platform });
    return new Handle(pyodide, undefined, onUninstall, { describeStart }, mounts);
  }
}

/**
 * @param {any} module
 * @param {Options} options
 */
function takeOver(module, { implicitInvalidation, maxMemberBytes }) {
  const settings = {
    implicit_invalidation: implicitInvalidation,
    max_member_bytes: maxMemberBytes,
  };
  // The result is there for Python code to await.
  const result = callFunction(module, "install", (method) => method.callKwargs(settings));
  result?.destroy?.();
}

/**
 * Undoes what was done before something failed.
 *
 * @param {any} module
 * @param {Packs | undefined} packs
 */
function giveBack(module, packs) {
  for (const undo of [
    () => callFunction(module, "uninstall", (method) => method()),
    () => packs?.close(),
  ]) {
    try {
      undo();
    } catch {
      // What failed first is what is told.
    }
  }
}

/**
 * @param {any} pyodide
 * @param {string} found what the message begins with
 */
export function checkPyodide(pyodide, found) {
  let likely = "";
  try {
    if (typeof pyodide?.version === "string" && typeof pyodide.runPython === "function") return;
    if (typeof pyodide?.then === "function") likely = " (a promise: await loadPyodide() first)";
  } catch {
    likely = " (a Pyodide that has ended)"; // then whatever is asked of it throws
  }
  throw new ZipImportUsageError(
    "not-pyodide",
    `${found} ${describeValue(pyodide)}${likely}, expected the object that loadPyodide() resolves to`,
  );
}
