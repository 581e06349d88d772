// @ts-check
// Browsers, windows and workers: see platform.js.

import { computeCRC32 } from "../base/crc32.js";
import { isHidden, watchPage } from "./page.js";

/** @type {import("./platform.js").Platform} */
export const browser = {
  lifetime: "page",
  isSingleFile: false,
  crc32: computeCRC32,
  address,
  // As fetch() does it: a frame may have its document's base, and none of its own.
  toURL: (path) => new URL(path, globalThis.document?.baseURI ?? globalThis.location?.href),
  read,
  openFile: undefined,
  autoStore: "indexeddb",
  folders: undefined,
  isPage: () => typeof document === "object",
  isHidden,
  watchEnd: ({ onHide }) => watchPage(onHide),
};

/** Without what changes from visit to visit. In Node, where a program may import this by its address, there is none. */
function address() {
  const { origin = "", pathname = "", protocol } = globalThis.location ?? {};
  // A worker that was made of a Blob has another address each time.
  return protocol === "blob:" ? `${origin}/blob:` : origin + pathname;
}

/** @param {URL} url */
async function read(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP status ${response.status} ${response.statusText}`.trim());
  return new Uint8Array(await response.arrayBuffer());
}
