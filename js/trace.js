// @ts-check
// This file knows the two forms of a trace: our records, and the trace events that Chrome's tools,
// Perfetto and speedscope open ("Trace Event Format", complete events).

import { ZipImportUsageError, describeValue } from "./base/errors.js";

const FORMATS = ["records", "chrome"];

/**
 * @param {any} given what the caller of trace() passed
 * @returns {{ on: boolean | undefined, format: string }}
 */
export function readTraceOptions(given = {}) {
  const { on, format = "records" } = Object(given);
  if (on !== undefined && typeof on !== "boolean") throw badOption("on", on, "true or false");
  if (!FORMATS.includes(format)) throw badOption("format", format, '"records" or "chrome"');
  return { on, format };
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} expected
 */
function badOption(name, value, expected) {
  return new ZipImportUsageError(
    "bad-option",
    `trace(): option "${name}": found ${describeValue(value)}, expected ${expected}`,
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
