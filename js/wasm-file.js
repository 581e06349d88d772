// @ts-check
// This file knows how to get the side module's bytes: from beside this module or from wasmURL, by
// fetch, or from the disk in Node, whose fetch takes no file: URLs; and how to tell that they are it.

import { ZipImportInternalError, describeError } from "./errors.js";
import { hasScheme } from "./paths.js";

const ENTRY_POINT = "PyInit_pyodide_zipimport";

/**
 * Reads the side module and checks it, so that nothing which is not one reaches Pyodide's loader:
 * that one was not made to fail.
 *
 * @param {string | URL | undefined} wasmURL
 * @returns {Promise<{ bytes: Uint8Array, module: WebAssembly.Module }>} the file, and the same compiled
 * @throws {ZipImportInternalError} "wasm-unreachable" or "wasm-invalid"
 */
export async function readWasmFile(wasmURL) {
  let place = String(wasmURL ?? "beside index.js");
  let bytes;
  try {
    const url = await resolve(wasmURL);
    place = url.href;
    bytes = await read(url);
  } catch (error) {
    throw new ZipImportInternalError(
      "wasm-unreachable",
      `could not read the side module ${place} (${describeError(error)}); ` +
        `expected it beside index.js, or where the option wasmURL says`,
      { cause: error },
    );
  }
  return { bytes, module: await compile(bytes, place) };
}

/** @param {string | URL | undefined} wasmURL */
async function resolve(wasmURL) {
  // Bundlers look for this very expression to copy the file along.
  if (wasmURL === undefined) return new URL("./pyodide_zipimport.wasm", import.meta.url);
  if (wasmURL instanceof URL) return wasmURL;
  if (hasScheme(wasmURL)) return new URL(wasmURL);
  if (!inNode()) return new URL(wasmURL, globalThis.location.href);
  // A file name may hold "#", "?" and "%", which mean something else in a URL.
  const { pathToFileURL } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:url");
  return pathToFileURL(wasmURL);
}

/** @param {URL} url */
async function read(url) {
  if (url.protocol === "file:" && inNode()) {
    const { readFile } = await import(
      /* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises"
    );
    const { buffer, byteOffset, byteLength } = await readFile(url);
    // Pyodide's file system takes typed arrays, but not Node's own kind of them.
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP status ${response.status} ${response.statusText}`.trim());
  return new Uint8Array(await response.arrayBuffer());
}

export function inNode() {
  return typeof process === "object" && typeof process.versions?.node === "string";
}

/**
 * @param {Uint8Array} bytes
 * @param {string} place where they came from
 */
async function compile(bytes, place) {
  let module;
  try {
    // Compiled asynchronously: a browser's main thread is allowed that for any size. The engine
    // reads the bytes during the call, so a plain view is as good as an ArrayBuffer.
    module = await WebAssembly.compile(/** @type {BufferSource} */ (bytes));
  } catch (error) {
    throw invalid(bytes, place, describeError(error), error);
  }
  if (WebAssembly.Module.customSections(module, "dylink.0").length === 0) {
    throw invalid(bytes, place, "no dylink.0 section");
  }
  if (!WebAssembly.Module.exports(module).some(({ name }) => name === ENTRY_POINT)) {
    throw invalid(bytes, place, `no export ${ENTRY_POINT}`);
  }
  return module;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} place where they came from
 * @param {string} defect
 * @param {unknown} [cause]
 */
function invalid(bytes, place, defect, cause) {
  const start = new TextDecoder().decode(bytes.subarray(0, 40)).trimStart();
  const likely = start.startsWith("<")
    ? "it is a page, as servers send for a missing file"
    : "it is damaged, cut short, or another file";
  return new ZipImportInternalError(
    "wasm-invalid",
    `${place} (${bytes.length} bytes) is not the side module: ${defect}; ${likely}`,
    { cause },
  );
}
