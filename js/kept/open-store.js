// @ts-check
// Opens the store that the option `storage` means.

import { describeError } from "../base/errors.js";
import { inTime } from "../base/patience.js";
import { warn } from "../base/warnings.js";
import { makeBase, makeDatabaseName, makeFolderName } from "./names.js";
import { DirectoryStore, checkFolder } from "./stores/directory.js";
import { openIndexedDB } from "./stores/indexeddb.js";
import { MemoryStore } from "./stores/memory.js";
import { openOPFS } from "./stores/opfs.js";
import { isStore } from "./stores/store.js";

/** @typedef {import("./stores/store.js").Store} Store */
/** @typedef {import("../platform/platform.js").Platform} Platform */
/** @typedef {import("../platform/platform.js").Folders} Folders */

/**
 * @typedef {object} Settings
 * @property {"auto" | "indexeddb" | "opfs" | "memory" | { directory: string | URL } | Store} storage
 * @property {string} namespace
 * @property {((message: string, code: string) => void) | undefined} onWarning
 */

const OPEN_TIMEOUT_MS = 5000;

/**
 * Never fails: where the store that was asked for cannot be had, there is one warning and another store,
 * in memory at last.
 *
 * @param {Platform} platform
 * @param {Settings} settings
 * @returns {Promise<Store>}
 */
export async function openStore(platform, { storage, namespace, onWarning }) {
  try {
    return await open(platform, storage, namespace);
  } catch (error) {
    const other = storage === "opfs" ? await openOther(namespace) : undefined;
    const instead = other
      ? 'in IndexedDB, not where storage: "opfs" says'
      : `beyond this ${platform.lifetime}`;
    warn(
      onWarning,
      `compiled code will ${other ? "" : "not "}be kept ${instead}: ${describeError(error)}`,
      "store-unavailable",
    );
    return other ?? new MemoryStore();
  }
}

/**
 * Where there is no file system to write to, there may be a database.
 *
 * @param {string} namespace
 * @returns {Promise<Store | undefined>}
 */
async function openOther(namespace) {
  try {
    return await openIndexedDB(makeDatabaseName(makeBase(namespace)));
  } catch {
    return undefined; // what was asked for and cannot be had is what is told
  }
}

/**
 * @param {Platform} platform
 * @param {Settings["storage"]} storage
 * @param {string} namespace
 * @returns {Store | Promise<Store>}
 */
function open(platform, storage, namespace) {
  const { folders, autoStore } = platform;
  const base = makeBase(namespace);
  if (isStore(storage)) return storage;
  if (typeof storage === "object") {
    if (!folders) throw new Error("storage: { directory }: found a browser, expected Node");
    return openFolder(folders, folders.resolve(storage.directory), namespace);
  }
  if (storage === "memory") return new MemoryStore();
  if (storage === "opfs")
    return inTime(
      openOPFS(base, makeFolderName()),
      OPEN_TIMEOUT_MS,
      `it did not open within ${OPEN_TIMEOUT_MS / 1000} s`,
    );
  if (storage === "auto" && autoStore === "directory" && folders)
    return openFolder(folders, folders.cache(), base);
  return openIndexedDB(makeDatabaseName(base));
}

/**
 * @param {Folders} folders
 * @param {string} folder
 * @param {string} name of one in it, or nothing
 */
function openFolder(folders, folder, name) {
  const parent = name ? `${folder}/${name}` : folder;
  checkFolder(parent, folders);
  return new DirectoryStore(`${parent}/${makeFolderName()}`, folders);
}
