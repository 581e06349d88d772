// @ts-check
// Ends work that its caller gives up, or that takes too long.

import { ZipImportInternalError } from "../base/errors.js";
import { orAborted, throwIfAborted } from "../base/signals.js";

/**
 * @template T
 * @param {{ signal?: AbortSignal, timeout?: number }} limits the timeout in milliseconds
 * @param {string} label what is read, for the message
 * @param {(signal: AbortSignal) => Promise<T>} work begins nothing more once its signal is aborted
 * @returns {Promise<T>} rejected as soon as a limit is reached, with the signal's own reason or "timed-out"
 */
export async function withLimits({ signal, timeout }, label, work) {
  throwIfAborted(signal);
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  const onTimeout = () =>
    controller.abort(
      new ZipImportInternalError(
        "timed-out",
        `mount(): ${label} was not read within ${timeout} ms, which the option "timeout" allows`,
      ),
    );
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = timeout === undefined ? undefined : setTimeout(onTimeout, timeout);
  try {
    return await orAborted(work(controller.signal), controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener?.("abort", onAbort);
  }
}
