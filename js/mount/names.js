// @ts-check
// Names of mounted archives: each is a folder of /lib/zip.

const NBYTES_MAX = 255;

/** @param {unknown} value */
export function isName(value) {
  if (typeof value !== "string" || value === "" || value === "." || value === "..") return false;
  // A lone surrogate is no UTF-8, and a control character nothing that anybody means.
  // eslint-disable-next-line no-control-regex
  if (/[/\u0000-\u001f\u007f]|\p{Surrogate}/u.test(value)) return false;
  return new TextEncoder().encode(value).length <= NBYTES_MAX;
}

/**
 * @param {string} text
 * @returns {string | undefined} the text if it can be a name
 */
export function toName(text) {
  return isName(text) ? text : undefined;
}

/**
 * @param {URL} url
 * @returns {string | undefined} the last segment of its path, where it has one
 */
export function nameOfAddress({ pathname, protocol }) {
  // Neither has a path: what stands there is the contents, or a number.
  if (protocol === "data:" || protocol === "blob:") return undefined;
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return toName(decodeURIComponent(last));
  } catch {
    return toName(last); // a "%" that escapes nothing
  }
}
