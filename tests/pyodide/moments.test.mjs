// The moments at which a page is told that it may end.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { node } from "../../js/platform/node.js";
import { isHidden, watchPage } from "../../js/platform/page.js";

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

test("a worker has no page to watch", () => {
  watchPage(() => {})();
  assert.equal(isHidden(), false);
});

test("a process of Node has none either, whatever stands in for one", () => {
  const { document, page } = makePage();
  document.visibilityState = "hidden";
  const told = [];
  const stop = node.watchEnd({ onHide: () => told.push("hide"), onExit: () => told.push("exit") });
  page.dispatchEvent(new Event("pagehide"));
  assert.deepEqual([told, node.isHidden(), node.isPage()], [[], false, false]);
  stop();
});
