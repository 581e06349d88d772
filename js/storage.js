// @ts-check
// This file knows which store the option `storage` means.

import { describeError } from "./errors.js";
import { openCacheFolder, openDirectory } from "./stores/directory.js";
import { MemoryStore } from "./stores/memory.js";
import { warn } from "./warnings.js";
import { inNode } from "./wasm-file.js";

/**
 * Never fails: where the store that was asked for cannot be had, there is one warning and a store in
 * memory.
 *
 * @param {import("./options.js").Options} options
 * @returns {Promise<import("./stores/store.js").Store>}
 */
export async function openStore({ storage, onWarning }) {
  if (storage === "memory" || (storage === "auto" && !inNode())) return new MemoryStore();
  try {
    if (!inNode()) throw new Error("found a browser, expected Node");
    return storage === "auto" ? await openCacheFolder() : await openDirectory(storage.directory);
  } catch (error) {
    warn(
      onWarning,
      `bytecode will not be kept beyond this process: ${describeError(error)}`,
      "store-unavailable",
    );
    return new MemoryStore();
  }
}
