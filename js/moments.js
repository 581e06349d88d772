// @ts-check
// This file knows when a page goes out of sight and when a process ends: the last moments to keep something.

/** While listeners are told that the page is being left, which may come before it counts as hidden. */
let isBeingLeft = false;

/** Out of sight nobody sees a pause, and the browser makes each timer wait for a second. */
export function isHidden() {
  return isBeingLeft || globalThis.document?.visibilityState === "hidden";
}

/**
 * @param {() => void} onHide
 * @returns {(() => void) | undefined} ends it; nothing to watch in a worker and in Node
 */
export function watchPage(onHide) {
  const { document } = globalThis;
  if (!document?.addEventListener) return undefined;
  const onChange = () => {
    if (isHidden()) onHide();
  };
  const onLeave = () => {
    isBeingLeft = true;
    try {
      onHide();
    } finally {
      isBeingLeft = false;
    }
  };
  document.addEventListener("visibilitychange", onChange);
  globalThis.addEventListener("pagehide", onLeave);
  return () => {
    document.removeEventListener("visibilitychange", onChange);
    globalThis.removeEventListener("pagehide", onLeave);
  };
}

/** Those with something to write when the process ends. */
const unwritten = /** @type {Set<{ flushNow(): void }>} */ (new Set());
let watchesExit = false;

/** @param {{ flushNow(): void }} packs */
export function flushAtExit(packs) {
  unwritten.add(packs);
  if (watchesExit || typeof process !== "object" || typeof process.prependListener !== "function")
    return;
  watchesExit = true;
  // Before others' listeners, which may take away what this one needs.
  process.prependListener("exit", () => {
    for (const each of unwritten) each.flushNow();
  });
}

/** @param {{ flushNow(): void }} packs */
export function willFlushAtExit(packs) {
  return unwritten.has(packs);
}

/** @param {{ flushNow(): void }} packs */
export function forgetAtExit(packs) {
  unwritten.delete(packs);
}
