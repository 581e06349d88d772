// The examples that are pages, as `make example-NAME` serves them: from three origins, without a network. What the
// second visit finds compiled, and what is on the console.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { serve } from "../../build/examples/serve.mjs";
import { browsers } from "../browser/browsers.mjs";
import { isFull } from "../matrix.mjs";
import { countsIn, hide, untilKept, visit } from "./visits.mjs";

const SCREENSHOTS = fileURLToPath(new URL("../../build/clients/", import.meta.url));
/** The standard library's modules that a start compiles, and sympy's. */
const MANY = 400;

const PAGES = [
  { page: "page", pattern: /(Modules compiled[^]*){2}/, pythons: 2, everywhere: true },
  { page: "comlink", pattern: /solutions are \[2, 3\][^]*Modules compiled/, pythons: 1 },
  { page: "workers", pattern: /(Worker \d.*\s*){4}/, pythons: 4 },
  {
    ...{ page: "pyscript", pattern: /(Modules compiled[^]*){2}/, pythons: 2 },
    // PyScript's own word on pages that are not isolated, with any Pyodide.
    says: /^Unable to use `window` or `document` in worker\. This requires SharedArrayBuffer/,
  },
];

for (const name of isFull ? Object.keys(browsers) : ["Chromium"])
  describe(name, () => {
    let browser;

    before(async () => {
      mkdirSync(SCREENSHOTS, { recursive: true });
      browser = await browsers[name]();
    });
    after(() => browser?.close());

    for (const { page, pattern, pythons, everywhere, says } of PAGES)
      if (everywhere || name === "Chromium")
        test(`${page}: the second visit compiles nothing`, async () => {
          // An origin of its own, so that the first visit is one.
          const own = await serve([0, 0, 0]);
          try {
            const url = `${own.addresses[0]}/${page}/`;
            const first = countsIn(await visit(browser, url, pattern));
            assert.equal(first.length, pythons);
            assert.ok(first[0].compiled > MANY, `${first[0].compiled}`);
            await hide(browser);
            await untilKept(browser);
            const second = countsIn(await visit(browser, url, pattern));
            await browser.screenshot(`${SCREENSHOTS}${name}-${page}.png`);
            assert.equal(second.length, pythons);
            for (const { compiled, found } of second) {
              assert.equal(compiled, 0);
              assert.ok(found > MANY, `${found}`);
            }
            const messages = browser.messages?.splice(0) ?? [];
            assert.deepEqual(
              messages.filter((message) => !says?.test(message)),
              [],
            );
            assert.deepEqual(own.missing, []);
          } finally {
            own.close();
          }
        });
  });
