// @ts-check
// What a kept standard library is looked for by, before Python starts: the options of loadPyodide that
// decide how sources are compiled, and where that Pyodide comes from.

import { makePlace } from "../names.js";

/**
 * @typedef {object} Key
 * @property {string} settings what decides how sources are compiled
 * @property {string} place the name under which it is noted what was used there last
 * @property {boolean} hasPlace
 */

/**
 * @param {import("../../platform/platform.js").Platform} platform
 * @param {Record<string, any>} options those of loadPyodide
 * @returns {Key}
 */
export function keyOf(platform, { indexURL, stdLibURL, args = [], env = {} }) {
  const digest = (/** @type {string} */ text) =>
    platform.crc32(new TextEncoder().encode(text)).toString(16);
  const { PYTHONOPTIMIZE, PYTHONNODEBUGRANGES } = env;
  const settings = digest([args, PYTHONOPTIMIZE, PYTHONNODEBUGRANGES].join("\n"));
  return {
    settings,
    place: makePlace(settings, digest(`${indexURL} ${stdLibURL}`)),
    hasPlace: indexURL !== undefined || stdLibURL !== undefined,
  };
}
