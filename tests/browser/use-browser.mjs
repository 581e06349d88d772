// A server and a browser for the tests of one describe().

import { after, before } from "node:test";

import { browsers } from "./browsers.mjs";
import { startServer } from "./server.mjs";

/**
 * Starts both before the tests, and ends them after.
 *
 * @param {keyof typeof browsers} name
 * @param {number} timeout milliseconds that a page has for its job
 * @param {object} [settings] of the browser
 */
export function useBrowser(name, timeout, settings) {
  const used = {
    /** @type {any} */ server: undefined,
    /** @type {any} */ browser: undefined,
    /** Has a page do a job, in the browser unless it is opened otherwise. */
    ask: (policy, job, open = (url) => used.browser.open(url)) =>
      used.server.ask(open, policy, job, timeout),
  };
  before(async () => {
    used.server = await startServer();
    used.browser = await browsers[name](settings);
  });
  after(async () => {
    await used.browser?.close();
    await used.server?.close();
  });
  return used;
}
