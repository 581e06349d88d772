// @ts-check
// Node: see platform.js.

import * as fs from "node:fs";
import { open, readFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as zlib from "node:zlib";

import { computeCRC32 } from "../base/crc32.js";
import { makeURL } from "../base/urls.js";
import { browser } from "./browser.js";
import { cacheFolder } from "./cache-folder.js";

/** @type {import("./platform.js").Platform} */
export const node = {
  lifetime: "process",
  isSingleFile: false,
  // Node's own, from 20.16 on.
  crc32: /** @type {any} */ (zlib).crc32 ?? computeCRC32,
  address: () => process.argv[1] ?? "",
  // A file name may hold "#", "?" and "%", which mean something else in a URL.
  toURL: pathToFileURL,
  read,
  openFile,
  autoStore: "directory",
  folders: {
    fs,
    process: process.pid,
    user: process.getuid?.(),
    cache: () =>
      resolve(cacheFolder(process.platform, process.env, homedir() || userInfo().homedir)),
    resolve: (path) =>
      resolve(
        path instanceof URL || /^file:/i.test(path)
          ? fileURLToPath(makeURL(path, pathToFileURL))
          : path,
      ),
  },
  isPage: () => false,
  isHidden: () => false,
  watchEnd,
};

/** @param {URL} url */
async function read(url) {
  // Node's fetch takes no file: URLs.
  if (url.protocol !== "file:") return browser.read(url);
  const { buffer, byteOffset, byteLength } = await readFile(url);
  // Pyodide's file system takes typed arrays, but not Node's own kind of them.
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** @param {URL} url */
async function openFile(url) {
  const file = await open(url);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new Error("it is a directory");
    const stream = /** @type {any} */ (Readable.toWeb(file.createReadStream()));
    return { nbytes: stats.size, stream };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const watchers = /** @type {Set<() => void>} */ (new Set());
let isWatching = false;

/** @param {import("./platform.js").End} end */
function watchEnd({ onExit }) {
  watchers.add(onExit);
  if (!isWatching) {
    isWatching = true;
    // Before others' listeners, which may take away what this one needs.
    process.prependListener("exit", () => {
      for (const each of watchers) each();
    });
  }
  return () => void watchers.delete(onExit);
}
