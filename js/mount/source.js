// @ts-check
// What mount() is given: each kind of it as bytes and a name.

import { ZipImportUsageError, describeError, describeValue } from "../base/errors.js";
import { makeURL } from "../base/urls.js";
import { chunksOf, collect } from "./collect.js";
import { download, readResponse, unreachable } from "./download.js";
import { checkIntegrity } from "./integrity.js";
import { withLimits } from "./limits.js";
import { nameOfAddress, toName } from "./names.js";
import { isBuffer, takeBytes } from "./take.js";

/** @typedef {import("../platform/platform.js").Platform} Platform */
/** @typedef {import("./download.js").Content} Content */
/** @typedef {import("./download.js").ReadOptions} ReadOptions */

/**
 * @typedef {object} Source
 * @property {string} label for messages
 * @property {string} [name] of the archive, where an address or a file says one
 * @property {boolean} isLasting whether it can be read again
 * @property {(options: ReadOptions) => Promise<Content>} read once, unless it is lasting
 */

/** A file of Pyodide's file system. What it holds can change: it is copied. */
export class PythonFile {
  /**
   * @param {string} path absolute
   * @param {() => Uint8Array} read
   */
  constructor(path, read) {
    this.path = path;
    this.read = read;
  }
}

/** A data: URL can be as long as the archive. */
const LABEL_MAX = 200;
const EXPECTED =
  "expected a URL, a string, an ArrayBuffer, a typed array, a Blob, a File or a Response";

/**
 * Bytes are taken over at once, so that nobody changes them between their check and their use.
 *
 * @param {Platform} platform
 * @param {any} given
 * @param {boolean} [copy] leaves the caller's bytes alone
 * @returns {Source}
 * @throws {ZipImportUsageError} "bad-source"
 */
export function openSource(platform, given, copy) {
  if (given instanceof URL) return openURL(platform, given);
  if (typeof given === "string") return openURL(platform, parse(platform, given));
  if (ArrayBuffer.isView(given) || isBuffer(given)) return openBytes(given, copy);
  if (given instanceof PythonFile) return openPythonFile(given);
  if (isResponse(given)) return openResponse(given);
  if (isBlob(given)) return openBlob(given);
  const likely = typeof given?.then === "function" ? " (a promise: await it first)" : "";
  throw badSource(`found ${describeValue(given)}${likely}, ${EXPECTED}`);
}

/**
 * @param {Source} source
 * @param {object} options
 * @param {RequestInit} [options.request]
 * @param {import("./collect.js").OnProgress} [options.onProgress]
 * @param {AbortSignal} [options.signal]
 * @param {number} [options.timeout] in milliseconds
 * @param {string} [options.integrity]
 * @returns {Promise<Content>} what passed every check there is before it is looked into
 * @throws {import("../base/errors.js").ZipImportInternalError} "source-unreachable", "timed-out",
 *   "integrity-mismatch", "integrity-unavailable"
 * @throws the signal's reason, or what onProgress threw
 */
export function readSource(source, { integrity, request, onProgress, ...limits }) {
  return withLimits(limits, source.label, async (signal) => {
    const content = await source.read({ request, onProgress, signal });
    if (integrity !== undefined) await checkIntegrity(content.bytes, integrity, content.label);
    return content;
  });
}

/**
 * @param {Platform} platform
 * @param {string} text
 */
function parse(platform, text) {
  if (text === "") throw badSource(`found an empty string, ${EXPECTED}`);
  try {
    return makeURL(text, platform.toURL);
  } catch {
    throw badSource(`found ${describeValue(text)}, which is no valid URL`);
  }
}

/**
 * @param {Platform} platform
 * @param {URL} url
 * @returns {Source}
 */
function openURL(platform, url) {
  const { openFile } = platform;
  const label = shorten(url.href);
  const read = (/** @type {ReadOptions} */ options) =>
    url.protocol === "file:" && openFile
      ? readFile(openFile, url, label, options)
      : download(url, label, options);
  return { label, name: nameOfAddress(url), isLasting: true, read };
}

/**
 * @param {NonNullable<Platform["openFile"]>} openFile
 * @param {URL} url
 * @param {string} label
 * @param {ReadOptions} options
 */
async function readFile(openFile, url, label, options) {
  let file;
  try {
    file = await openFile(url);
  } catch (error) {
    throw unreachable(label, describeError(error), error);
  }
  return readStream(file.stream, file.nbytes, label, options);
}

/**
 * @param {ArrayBuffer | SharedArrayBuffer | ArrayBufferView} given
 * @param {boolean} [copy]
 * @returns {Source}
 */
function openBytes(given, copy) {
  // A buffer that was transferred elsewhere has a length of 0, and its views have none that can be asked for.
  const { byteLength } = ArrayBuffer.isView(given) ? given.buffer : given;
  if (byteLength === 0)
    throw badSource("found no bytes: the buffer is empty, or was transferred elsewhere before");
  const bytes = takeBytes(given, copy);
  const label = `the ${bytes.length} bytes given`;
  return {
    label,
    isLasting: false,
    async read({ onProgress }) {
      onProgress?.({ loaded: bytes.length, total: bytes.length });
      return { bytes, label };
    },
  };
}

/**
 * @param {PythonFile} file
 * @returns {Source}
 */
function openPythonFile({ path, read }) {
  return {
    label: path,
    name: toName(path.slice(path.lastIndexOf("/") + 1)),
    isLasting: true,
    async read({ onProgress }) {
      let bytes;
      try {
        bytes = read();
      } catch (error) {
        throw unreachable(path, describeError(error), error);
      }
      onProgress?.({ loaded: bytes.length, total: bytes.length });
      return { bytes, label: path };
    },
  };
}

/**
 * @param {Response} response
 * @returns {Source}
 */
function openResponse(response) {
  if (response.bodyUsed || response.body?.locked)
    throw badSource(
      "found a Response whose body was read already; expected one as fetch() gives it",
    );
  // One that the page made itself has no address.
  const url = response.url ? new URL(response.url) : undefined;
  const label = url ? shorten(url.href) : "the Response given";
  return {
    label,
    name: url && nameOfAddress(url),
    isLasting: false,
    read: (options) => readResponse(response, label, options),
  };
}

/**
 * @param {Blob & { name?: unknown }} blob
 * @returns {Source}
 */
function openBlob(blob) {
  const file = typeof blob.name === "string" ? toName(blob.name) : undefined;
  const label = file ? `the file ${file}` : `the Blob of ${blob.size} bytes`;
  return {
    label,
    name: file,
    isLasting: true,
    read: (options) => readStream(blob.stream(), blob.size, label, options),
  };
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} nbytes
 * @param {string} label
 * @param {ReadOptions} options
 * @returns {Promise<Content>}
 */
async function readStream(stream, nbytes, label, { onProgress, signal }) {
  const toError = (/** @type {unknown} */ error) => unreachable(label, describeError(error), error);
  return { bytes: await collect(chunksOf(stream, signal, toError), nbytes, onProgress), label };
}

/** A Response's methods are a Blob's too. */
function isResponse(/** @type {any} */ value) {
  const hasBody = value?.body === null || typeof value?.body?.getReader === "function";
  return hasBody && typeof value.status === "number" && typeof value.headers?.get === "function";
}

function isBlob(/** @type {any} */ value) {
  return typeof value?.stream === "function" && typeof value.size === "number";
}

/** @param {string} label */
function shorten(label) {
  return label.length > LABEL_MAX ? `${label.slice(0, LABEL_MAX)}...` : label;
}

/** @param {string} found */
function badSource(found) {
  return new ZipImportUsageError("bad-source", `mount(): ${found}`);
}
