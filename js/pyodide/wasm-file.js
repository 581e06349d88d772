// @ts-check
// Gets the side module's bytes and checks that they are it. They come from beside the package's modules
// or, where a bundler has left them out, from a script that holds them too; else from wasmURL.

import { decodeBase85 } from "../base/base85.js";
import { ZipImportInternalError, describeError } from "../base/errors.js";
import { inTime } from "../base/patience.js";
import { makeURL } from "../base/urls.js";

/** @typedef {import("../platform/platform.js").Platform} Platform */
/** @typedef {{ bytes: Uint8Array, module: WebAssembly.Module }} WasmFile the file, and the same compiled */

const ENTRY_POINT = "PyInit_pyodide_zipimport";
/** Python waits for it, and can do without. */
const READ_TIMEOUT_MS = 30_000;

/**
 * Reads the side module and checks it, so that nothing which is not one reaches Pyodide's loader:
 * that one was not made to fail.
 *
 * @param {Platform} platform
 * @param {string | URL | undefined} wasmURL
 * @returns {Promise<WasmFile>}
 * @throws {ZipImportInternalError} "wasm-unreachable" or "wasm-invalid"
 */
export async function readWasmFile(platform, wasmURL) {
  if (wasmURL !== undefined) return readFrom(platform, toURL(platform, wasmURL));
  if (platform.isSingleFile) return readInlined(platform);
  try {
    return await readFrom(platform, findBeside());
  } catch (error) {
    return readInlined(platform).catch(() => {
      throw error;
    });
  }
}

/** @throws {ZipImportInternalError} in a bundle that is no module: it has no address */
function findBeside() {
  try {
    // Bundlers look for this very expression to copy the file along.
    return new URL("../pyodide_zipimport.wasm", import.meta.url);
  } catch (error) {
    throw unreachable("pyodide_zipimport.wasm", error);
  }
}

/**
 * @param {Platform} platform
 * @param {URL} url
 * @returns {Promise<WasmFile>}
 */
async function readFrom(platform, url) {
  let bytes;
  try {
    const late = `no answer within ${READ_TIMEOUT_MS / 1000} s`;
    bytes = await inTime(platform.read(url), READ_TIMEOUT_MS, late);
  } catch (error) {
    throw unreachable(url.href, error);
  }
  return { bytes, module: await compileOnce(platform, bytes, url.href) };
}

/**
 * @param {Platform} platform
 * @returns {Promise<WasmFile>}
 */
async function readInlined(platform) {
  const { text, nbytes } = await import("./inlined-wasm.js");
  const gzipped = new Blob([decodeBase85(text, nbytes)]).stream();
  const stream = gzipped.pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return { bytes, module: await compileOnce(platform, bytes, "inlined-wasm.js") };
}

/**
 * @param {Platform} platform
 * @param {string | URL} wasmURL
 */
function toURL(platform, wasmURL) {
  try {
    return makeURL(wasmURL, platform.toURL);
  } catch (error) {
    throw unreachable(String(wasmURL), error);
  }
}

/**
 * @param {string} place
 * @param {unknown} cause
 */
function unreachable(place, cause) {
  return new ZipImportInternalError(
    "wasm-unreachable",
    `could not read the side module ${place} (${describeError(cause)}); ` +
      `expected it beside index.js, or where the option wasmURL says`,
    { cause },
  );
}

/** @type {{ digest: string, module: Promise<WebAssembly.Module> } | undefined} */
let last;

/**
 * For all Pyodides of a page or process. It goes by the bytes: what lies at an address may change.
 *
 * @param {Platform} platform
 * @param {Uint8Array} bytes
 * @param {string} place where they came from
 */
async function compileOnce(platform, bytes, place) {
  const digest = `${platform.crc32(bytes)} ${bytes.length}`;
  if (last?.digest !== digest) last = { digest, module: compile(bytes, place) };
  const { module } = last;
  module.catch(() => (last = undefined));
  return module;
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
