// @ts-check
// Opens the store that the option `storage` means.

import { describeError } from "../base/errors.js";
import { warn } from "../base/warnings.js";
import { makeBase } from "./names.js";
import { DirectoryStore } from "./stores/directory.js";
import { openIndexedDB } from "./stores/indexeddb.js";
import { MemoryStore } from "./stores/memory.js";
import { openOPFS } from "./stores/opfs.js";

/** @typedef {import("./stores/store.js").Store} Store */
/** @typedef {import("../platform/platform.js").Platform} Platform */

/**
 * @typedef {object} Settings
 * @property {"auto" | "indexeddb" | "opfs" | "memory" | { directory: string } | Store} storage
 * @property {string} namespace
 * @property {((message: string, code: string) => void) | undefined} onWarning
 */

/**
 * Never fails: where the store that was asked for cannot be had, there is one warning and a store in
 * memory.
 *
 * @param {Platform} platform
 * @param {Settings} settings
 * @returns {Promise<Store>}
 */
export async function openStore(platform, { storage, namespace, onWarning }) {
  try {
    return await open(platform, storage, namespace);
  } catch (error) {
    warn(
      onWarning,
      `compiled code will not be kept beyond this ${platform.lifetime}: ${describeError(error)}`,
      "store-unavailable",
    );
    return new MemoryStore();
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
  if (typeof storage === "object" && "directory" in storage) {
    if (!folders) throw new Error("storage: { directory }: found a browser, expected Node");
    const { directory } = storage;
    return new DirectoryStore(namespace ? `${directory}/${namespace}` : directory, folders);
  }
  if (typeof storage === "object") return storage;
  if (storage === "memory") return new MemoryStore();
  if (storage === "opfs") return openOPFS(base);
  if (storage === "auto" && autoStore === "directory" && folders)
    return new DirectoryStore(`${folders.cache()}/${base}`, folders);
  return openIndexedDB(base);
}
