// @ts-check
// Reads the arguments of trace() and setTracing(), and writes a trace in its two forms: our records, and
// the trace events that Chrome's tools, Perfetto and speedscope open ("Trace Event Format", complete events).

import { ZipImportUsageError, describeValue } from "./base/errors.js";
import { checkOptions } from "./base/option-rules.js";

const FORMATS = ["records", "chrome"];

/**
 * @param {any} given what the caller of trace() passed
 * @returns {string} the format of the answer
 */
export function readTraceFormat(given = {}) {
  checkOptions(given, "trace");
  const { format = "records", ...others } = given;
  for (const name of Object.keys(others)) throw unknownOption(name);
  if (!FORMATS.includes(format))
    throw badValue('trace(): option "format"', format, '"records" or "chrome"');
  return format;
}

/**
 * @param {unknown} on what the caller of setTracing() passed
 * @returns {boolean}
 */
export function readSwitch(on) {
  if (typeof on !== "boolean") throw badValue("setTracing()", on, "true or false");
  return on;
}

/** @param {string} name */
function unknownOption(name) {
  return new ZipImportUsageError(
    "unknown-option",
    `trace(): unknown option "${name}"; the only one is "format", and setTracing() turns tracing on and off`,
  );
}

/**
 * @param {string} place
 * @param {unknown} value
 * @param {string} expected
 */
function badValue(place, value, expected) {
  return new ZipImportUsageError(
    "bad-option",
    `${place}: found ${describeValue(value)}, expected ${expected}`,
  );
}

/**
 * @param {any[]} records as Python made them
 * @param {string} format
 */
export function formatTrace(records, format) {
  return format === "chrome" ? toEvents(records) : records.map(toRecord);
}

/** @returns {import("./index.js").TraceRecord} */
function toRecord(/** @type {any} */ { name, archive, origin, bytes, start, own, total }) {
  return { name, archive, origin, bytes, startMs: start, ownMs: own, totalMs: total };
}

/**
 * @param {any[]} records
 * @returns {import("./index.js").ChromeTrace}
 */
function toEvents(records) {
  const traceEvents = records.map(({ name, archive, origin, bytes, start, own, total }) => ({
    name,
    cat: origin,
    ph: /** @type {const} */ ("X"),
    ts: start * 1000,
    dur: total * 1000,
    pid: 1,
    tid: 1,
    args: { archive, origin, bytes, ownMs: own },
  }));
  return { traceEvents, displayTimeUnit: "ms" };
}
