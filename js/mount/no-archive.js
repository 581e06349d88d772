// @ts-check
// What is said of bytes that are no archive: how they begin, and what they may be instead.

import { ZipImportInternalError, describeError } from "../base/errors.js";

/** What a tree throws of bytes that it cannot show; its cause is Python's error. */
export class NoArchive extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("no archive", { cause });
  }
}

const SHOWN = 40;
const SIGNATURE = "PK";

/**
 * @param {import("./download.js").Content} content
 * @param {unknown} cause what C says of it
 */
export function describeNoArchive({ bytes, label, type }, cause) {
  const found = `${bytes.length} bytes${bytes.length > 0 ? ` that begin with ${showStart(bytes)}` : ""}`;
  const sent = type ? `, sent as ${type}` : "";
  return new ZipImportInternalError(
    "not-an-archive",
    `mount(): ${label} is no zip archive: found ${found}${sent}; ${guess(bytes)} (${describeError(cause)})`,
    { cause },
  );
}

/** @param {Uint8Array} bytes */
function showStart(bytes) {
  const start = bytes.subarray(0, SHOWN);
  const text = String.fromCharCode(...start);
  if (/^[\t\n\r\x20-\x7e]*$/.test(text)) return JSON.stringify(text);
  const [first] = /^[\x21-\x7e]{0,4}/.exec(text) ?? [""];
  const hex = [...start.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `the bytes ${hex}${first.length > 1 ? ` (${JSON.stringify(first)})` : ""}`;
}

/** @param {Uint8Array} bytes */
function guess(bytes) {
  const text = String.fromCharCode(...bytes.subarray(0, SHOWN)).trimStart();
  if (text.startsWith(SIGNATURE)) return "the archive is cut short or damaged";
  if (text.startsWith("<")) return "it is a page, as servers send for a missing file";
  if (text.startsWith("\x1f\x8b")) return "it is a gzip file, as .tar.gz archives are";
  return "expected a wheel or another zip archive";
}
