// @ts-check
// Reads an HTTP response, fetched here or by the caller, and says what is wrong with one that brings no file.

import { ZipImportInternalError, describeError } from "../base/errors.js";
import { chunksOf, collect } from "./collect.js";

/**
 * @typedef {object} ReadOptions
 * @property {RequestInit} [request] for fetch()
 * @property {import("./collect.js").OnProgress} [onProgress]
 * @property {AbortSignal} signal
 */

/**
 * @typedef {object} Content
 * @property {Uint8Array} bytes with a buffer of their own, the reader's to keep
 * @property {string} label where they came from, for messages
 * @property {string} [type] what the server said that they are
 */

/**
 * @param {URL} url
 * @param {string} label for messages
 * @param {ReadOptions} options
 * @returns {Promise<Content>}
 * @throws {ZipImportInternalError} "source-unreachable"
 */
export async function download(url, label, { request, onProgress, signal }) {
  let response;
  try {
    response = await fetch(url, { ...request, signal });
  } catch (error) {
    throw unreachable(label, describeFailure(error), error);
  }
  return readResponse(response, label, { onProgress, signal });
}

/**
 * @param {Response} response whose body nobody has read
 * @param {string} label for messages
 * @param {ReadOptions} options
 * @returns {Promise<Content>}
 * @throws {ZipImportInternalError} "source-unreachable"
 */
export async function readResponse(response, label, { onProgress, signal }) {
  const { body, headers } = response;
  const place = response.redirected ? `${label}, redirected to ${response.url}` : label;
  const fault = findFault(response);
  if (fault) {
    body?.cancel().catch(() => {}); // so that the connection is free again
    throw unreachable(place, fault);
  }
  const toError = (/** @type {unknown} */ error) =>
    unreachable(place, `the answer broke off (${describeFailure(error)})`, error);
  const bytes = body
    ? await collect(chunksOf(body, signal, toError), lengthOf(headers), onProgress)
    : new Uint8Array();
  return { bytes, label: place, type: headers.get("content-type") ?? undefined };
}

/**
 * @param {string} label
 * @param {string} found
 * @param {unknown} [cause]
 */
export function unreachable(label, found, cause) {
  return new ZipImportInternalError(
    "source-unreachable",
    `mount(): could not read ${label}: ${found}`,
    { cause },
  );
}

/**
 * @param {Response} response
 * @returns {string | undefined} why it brings no file
 */
function findFault({ status, statusText, type, headers }) {
  if (type === "opaque")
    return 'found an opaque response, whose bytes no page may read; expected one with CORS, not of mode "no-cors"';
  if (type === "opaqueredirect")
    return 'found a redirect, which the request was told not to follow (redirect: "manual")';
  if (status >= 300 && status < 400) {
    const target = headers.get("location");
    return `HTTP status ${status}, a redirect${target ? ` to ${target}` : ""} that was not followed`;
  }
  if (status < 200 || status > 299) return `HTTP status ${status} ${statusText}`.trim();
  return undefined;
}

/**
 * @param {Headers} headers
 * @returns {number | undefined} how many bytes are to come, if that is known
 */
function lengthOf(headers) {
  // The length is of what is sent; the body is what was made of it.
  if (headers.has("content-encoding")) return undefined;
  const length = Number(headers.get("content-length") ?? Number.NaN);
  return Number.isSafeInteger(length) && length > 0 ? length : undefined;
}

/**
 * Node's fetch() says in the cause what went wrong.
 *
 * @param {unknown} error
 */
function describeFailure(error) {
  const { cause } = Object(error);
  const detail = cause?.code ?? cause?.message;
  return detail ? `${describeError(error)}, ${detail}` : describeError(error);
}
