// @ts-check
// What a kept standard library is looked for by, before Python starts: the options of loadPyodide that
// decide how sources are compiled, and where that Pyodide comes from.

import { makeURL } from "../../base/urls.js";
import { makePlace } from "../names.js";

/** @typedef {import("../../platform/platform.js").Platform} Platform */

/**
 * @typedef {object} Settings what decides how sources are compiled
 * @property {number} optimization 0, 1 or 2
 * @property {boolean} hasRanges whether code knows columns
 */

/**
 * @typedef {object} Key
 * @property {string} settings a digest of what decides how sources are compiled
 * @property {Settings} compiler
 * @property {boolean} isWritable false if Python is not to write bytecode (-B)
 * @property {string} place the name under which it is noted what was used there last
 */

/**
 * @param {Platform} platform
 * @param {Record<string, any>} options those of loadPyodide
 * @returns {Key}
 */
export function keyOf(platform, { indexURL, stdLibURL, args, env }) {
  const digest = (/** @type {unknown} */ value) =>
    platform.crc32(new TextEncoder().encode(JSON.stringify(value))).toString(16);
  const { unknown, isWritable, ...compiler } = readCommandLine(args ?? [], env ?? {});
  const settings = digest([compiler.optimization, compiler.hasRanges, unknown]);
  const addresses = [resolve(platform, indexURL, "/"), resolve(platform, stdLibURL, "")];
  const place = makePlace(settings, digest(addresses));
  return { settings, compiler, isWritable, place };
}

/**
 * What of a command line and an environment says whether bytecode is written, and how sources are
 * compiled: how much is optimized, and whether code knows columns. Other options that are known change
 * nothing of it; one that is not known counts as it stands, with all that follows it.
 *
 * @param {unknown[]} args
 * @param {Record<string, unknown>} env
 */
function readCommandLine(args, env) {
  let optimization = 0;
  let hasRanges = true;
  let readsEnvironment = true;
  let isWritable = true;
  let unknown = /** @type {unknown[]} */ ([]);
  for (let i = 0; i < args.length; i++) {
    const arg = String(args[i]);
    // What follows is the program's, not Python's.
    if (!arg.startsWith("-") || arg === "-" || arg === "--") break;
    const [, letters = "", taking, joined] =
      /^-([bBdEiIOPqRsSuvx]*)([WXcm]?)(.*)$/s.exec(arg) ?? [];
    if (!taking && joined) {
      unknown = args.slice(i);
      break;
    }
    optimization += letters.split("O").length - 1;
    if (/[EI]/.test(letters)) readsEnvironment = false;
    if (letters.includes("B")) isWritable = false;
    if (taking === "c" || taking === "m") break;
    if (!taking) continue;
    const value = joined || String(args[++i]);
    if (taking === "X" && value.split("=")[0] === "no_debug_ranges") hasRanges = false;
  }
  const { PYTHONOPTIMIZE, PYTHONNODEBUGRANGES, PYTHONDONTWRITEBYTECODE } = readsEnvironment
    ? env
    : {};
  // As Python reads it: a number counts as so many -O, any other text as one.
  const level = String(PYTHONOPTIMIZE ?? "");
  if (level) optimization = Math.max(optimization, /^\s*\d+$/.test(level) ? Number(level) : 1);
  if (PYTHONNODEBUGRANGES) hasRanges = false;
  if (PYTHONDONTWRITEBYTECODE) isWritable = false;
  return { optimization: Math.min(optimization, 2), hasRanges, unknown, isWritable };
}

/**
 * One address however it is written.
 *
 * @param {Platform} platform
 * @param {unknown} address
 * @param {string} end what it ends with at least
 */
function resolve(platform, address, end) {
  if (address === undefined || address === null) return null;
  const text = String(address);
  const whole = text.endsWith(end) ? text : text + end;
  try {
    return makeURL(whole, (path) => platform.toURL(path)).href;
  } catch {
    return text; // loadPyodide() will say what is wrong with it
  }
}
