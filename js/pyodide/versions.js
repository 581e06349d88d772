// @ts-check
// The versions of Pyodide that this package is tested with. To add one: this file, the alias in
// package.json, and what the other files of this folder say was seen in which version.

export const SUPPORTED = "0.27 to 0.29, 314 or 315";

/**
 * Whether its loaders and its ABI are known.
 *
 * @param {string} version
 */
export function isSupported(version) {
  return /^(0\.(27|28|29)|314|315)(?!\d)/.test(version);
}

/**
 * Which build of Pyodide it is, for names. Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and
 * 315.0.0-alpha.2: `_api.config.BUILD_ID`, 64 hexadecimal digits.
 *
 * @param {any} pyodide
 */
export function buildOf(pyodide) {
  const build = String(pyodide._api?.config?.BUILD_ID ?? pyodide.version);
  return build.slice(0, 16).replaceAll(/[^0-9a-z]/gi, "_");
}
