// @ts-check
// The option `signal` of methods that take their time.

import { ZipImportUsageError, describeValue } from "./errors.js";
import { checkOptions, isSignal } from "./option-rules.js";

/**
 * @param {any} given what the caller of a method passed
 * @param {string} method its name, for messages
 * @returns {AbortSignal | undefined}
 */
export function readSignal(given = {}, method) {
  checkOptions(given, method);
  const { signal, ...others } = given;
  for (const name of Object.keys(others))
    throw new ZipImportUsageError(
      "unknown-option",
      `${method}(): unknown option "${name}"; the only one is "signal"`,
    );
  if (signal === undefined || isSignal(signal)) return signal;
  throw new ZipImportUsageError(
    "bad-option",
    `${method}(): option "signal": found ${describeValue(signal)}, expected an AbortSignal`,
  );
}

/**
 * Not by its method: a library's own may have none.
 *
 * @param {AbortSignal | undefined} signal
 * @throws its reason, if it is aborted
 */
export function throwIfAborted(signal) {
  if (signal?.aborted) throw reasonOf(signal);
}

/** @param {AbortSignal} signal aborted. A library's own may have no reason */
function reasonOf({ reason = new DOMException("This operation was aborted", "AbortError") }) {
  return reason;
}

/**
 * @template T
 * @param {Promise<T>} work
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<T>} which is rejected with the signal's reason as soon as that is aborted
 */
export function orAborted(work, signal) {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(reasonOf(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.finally(() => signal.removeEventListener?.("abort", onAbort)).then(resolve, reject);
  });
}
