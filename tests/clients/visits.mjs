// @ts-nocheck (tests are not type-checked; bench/ imports this file)
// Visits of the examples, as a person who looks at the page makes them: what the page shows is what is tested.

import { setTimeout as sleep } from "node:timers/promises";

const TIMEOUT_MS = 2 * 60_000;

/**
 * Shows a page and waits until its text matches.
 *
 * @param {import("../browser/browsers.mjs").Browser} browser
 * @param {string} url
 * @param {RegExp} pattern
 */
export async function visit(browser, url, pattern) {
  await browser.open(url);
  return untilShown(browser, pattern);
}

/** Waits until the page that is open shows a text that matches; gives it. */
export async function untilShown(browser, pattern, timeout = TIMEOUT_MS) {
  return until(timeout, async () => {
    const text = await browser.evaluate("document.body.innerText");
    if (pattern.test(text)) return text;
    const messages = (browser.messages ?? []).join("\n").slice(0, 1500);
    throw new Error(`the page shows, and not ${pattern}: ${text.slice(-1500)}\n${messages}`);
  });
}

/** Tries again until it does not throw. */
export async function until(timeout, attempt) {
  for (const end = Date.now() + timeout; ; await sleep(100))
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
}

/**
 * Tells the page that it is out of sight, as when its user looks at another one: then it also compiles what is so
 * large that somebody could notice.
 */
export async function hide(browser) {
  await browser.evaluate(`
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));`);
}

/** Waits until the page's origin keeps a library and packs, and as much as it did two seconds before. */
export async function untilKept(browser) {
  let before = "";
  return until(60_000, async () => {
    const now = JSON.stringify(await browser.evaluate(LIST));
    if (now === before && /"w[^"]*\.zip"/.test(now) && /"z[^"]*\.zip"/.test(now)) return now;
    before = now;
    await sleep(2000);
    throw new Error(`kept is ${now.slice(0, 1000)}`);
  });
}

const LIST = `(async () => {
  const name = "pyodide-zipimport.v1";
  if (!(await indexedDB.databases()).some((each) => each.name === name)) return [];
  const opening = indexedDB.open(name);
  const database = await new Promise((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    const request = database.transaction("entries").objectStore("entries").getAllKeys();
    return await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  } finally {
    database.close();
  }
})()`;

/** What the examples say of themselves: a pair for each Python on the page. */
export function countsIn(text) {
  return [...text.matchAll(/compiled:? (\d+)(?: modules)?, found(?: compiled:)? (\d+)/g)].map(
    ([, compiled, found]) => ({ compiled: Number(compiled), found: Number(found) }),
  );
}
