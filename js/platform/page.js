// @ts-check
// Says when a page goes out of sight, which may be its last moment to keep something. A worker has no
// such moments: it is told of nothing.

/** While listeners are told that the page is being left, which may come before it counts as hidden. */
let isBeingLeft = false;

/** Out of sight nobody sees a pause, and the browser makes each timer wait for a second. */
export function isHidden() {
  return isBeingLeft || globalThis.document?.visibilityState === "hidden";
}

/**
 * @param {() => void} onHide
 * @returns {() => void} ends it
 */
export function watchPage(onHide) {
  const { document } = globalThis;
  if (!document?.addEventListener) return () => {};
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
