// @ts-check
// How a URL is told from a path.

/**
 * A string with a scheme is a URL. One letter before the colon is a Windows drive, not a scheme.
 *
 * @param {string} text
 */
export function hasScheme(text) {
  return /^[a-z][a-z0-9+.-]+:/i.test(text);
}

/**
 * @param {string | URL} place
 * @param {(path: string) => URL} fromPath for a string without a scheme
 * @throws {TypeError} if it cannot be a URL
 */
export function makeURL(place, fromPath) {
  if (place instanceof URL) return place;
  // "file:./x" is relative too; by itself it would be "/x".
  if (/^file:[^/]/i.test(place)) return new URL(place, fromPath("./"));
  return hasScheme(place) ? new URL(place) : fromPath(place);
}
