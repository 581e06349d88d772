// @ts-check
// The option `integrity`: a sha-256 digest, written as web pages write it (Subresource Integrity).

import { ZipImportInternalError } from "../base/errors.js";

const PREFIX = "sha256-";
const FORM = /^sha256-[A-Za-z0-9+/]{43}=$/;

/** @param {unknown} value */
export function isIntegrity(value) {
  return typeof value === "string" && FORM.test(value);
}

/**
 * @param {Uint8Array} bytes
 * @param {string} integrity
 * @param {string} label of the bytes, for messages
 * @throws {ZipImportInternalError} "integrity-mismatch", "integrity-unavailable"
 */
export async function checkIntegrity(bytes, integrity, label) {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle)
    throw new ZipImportInternalError(
      "integrity-unavailable",
      `mount(): cannot check the integrity of ${label}: found no crypto.subtle, ` +
        "which browsers offer in secure contexts only (https: or localhost)",
    );
  const digest = await subtle.digest("SHA-256", /** @type {BufferSource} */ (bytes));
  const found = PREFIX + btoa(String.fromCharCode(...new Uint8Array(digest)));
  if (found === integrity) return;
  throw new ZipImportInternalError(
    "integrity-mismatch",
    `mount(): ${label}: found ${found} (${bytes.length} bytes), expected ${integrity}; ` +
      "it is another version of the file, or damaged; nothing was mounted",
  );
}
