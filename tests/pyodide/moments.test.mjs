// The moments at which a page is told that it may end.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { isHidden, watchPage } from "../../js/moments.js";

/** What a window has beside Node. */
function makePage() {
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const page = new EventTarget();
  Object.assign(globalThis, {
    document,
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  });
  return { document, page };
}

afterEach(() => {
  for (const name of ["document", "addEventListener", "removeEventListener"])
    delete globalThis[name];
});

test("a page that is left counts as hidden while listeners are told, whatever it says itself", () => {
  const { page } = makePage();
  const seen = [];
  watchPage(() => seen.push(isHidden()));
  page.dispatchEvent(new Event("pagehide"));
  assert.deepEqual([seen, isHidden()], [[true], false], "it may come back");
});

test("of becoming visible nobody is told", () => {
  const { document } = makePage();
  let told = 0;
  const stop = watchPage(() => told++);
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(told, 0);
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(told, 1);
  stop();
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(told, 1);
});

test("a process without a page has none to watch", () => {
  assert.equal(
    watchPage(() => {}),
    undefined,
  );
  assert.equal(isHidden(), false);
});
