// @ts-check
// This file knows which store the option `storage` means.

import { describeError } from "./errors.js";
import { openCacheFolder, openDirectory } from "./stores/directory.js";
import { openIndexedDB } from "./stores/indexeddb.js";
import { MemoryStore } from "./stores/memory.js";
import { openOPFS } from "./stores/opfs.js";
import { warn } from "./warnings.js";
import { inNode } from "./wasm-file.js";

/** Of the database, and of the folders. */
const NAME = "pyodide-zipimport";

/** @typedef {import("./stores/store.js").Store} Store */

/**
 * Never fails: where the store that was asked for cannot be had, there is one warning and a store in
 * memory.
 *
 * @param {import("./options.js").Options} options
 * @returns {Promise<Store>}
 */
export async function openStore({ storage, namespace, onWarning }) {
  try {
    return await open(storage, namespace);
  } catch (error) {
    warn(
      onWarning,
      `compiled code will not be kept beyond this ${inNode() ? "process" : "page"}: ${describeError(error)}`,
      "store-unavailable",
    );
    return new MemoryStore();
  }
}

/**
 * @param {import("./options.js").Options["storage"]} storage
 * @param {string} namespace
 * @returns {Store | Promise<Store>}
 */
function open(storage, namespace) {
  const name = namespace ? `${NAME}-${namespace}` : NAME;
  if (storage === "memory") return new MemoryStore();
  if (storage === "opfs") return openOPFS(name);
  if (storage === "indexeddb") return openIndexedDB(name);
  if (storage === "auto") return inNode() ? openCacheFolder(name) : openIndexedDB(name);
  if (!("directory" in storage)) return storage;
  if (!inNode()) throw new Error("storage: { directory }: found a browser, expected Node");
  return openDirectory(namespace ? `${storage.directory}/${namespace}` : storage.directory);
}
