// The example made with Vite and React, from the dev server and as built, under its base path.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  build,
  createServer,
  preview,
} from "../../build/examples/node_modules/vite/dist/node/index.js";
import { browsers } from "../browser/browsers.mjs";
import { countsIn, hide, until, untilKept, untilShown } from "./visits.mjs";

const root = fileURLToPath(new URL("../../build/examples/vite", import.meta.url));
const SCREENSHOTS = fileURLToPath(new URL("../../build/clients/", import.meta.url));
const common = { root, logLevel: "error" };
const where = { host: "127.0.0.1", port: 0 };
const MANY = 400;

async function startDev() {
  const server = await createServer({ ...common, server: where });
  await server.listen();
  return server;
}

async function startBuilt() {
  await build(common);
  return preview({ ...common, preview: where });
}

describe("Vite and React", () => {
  let browser;

  before(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    browser = await browsers.Chromium();
  });
  after(() => browser?.close());

  /** Opens the page, waits until its progress bar is gone, and runs the code that stands there. */
  async function runFirst(url) {
    await browser.open(url);
    const seen = new Set();
    await until(120_000, async () => {
      const state = await browser.evaluate(`[
        Boolean(document.querySelector("button")?.disabled === false),
        document.querySelector("progress")?.value ?? 0,
      ]`);
      seen.add(state[1]);
      if (!state[0]) throw new Error(`not ready: ${browser.messages.join("\\n").slice(0, 1000)}`);
    });
    await browser.evaluate(`document.querySelector("button").click()`);
    const text = await untilShown(browser, /found compiled: \d+/);
    assert.match(text, /exp\(x\)\*sin\(x\) \+ exp\(x\)\*cos\(x\)/);
    return { ...countsIn(text)[0], progress: Math.max(...seen) };
  }

  for (const [name, start] of [
    ["dev", startDev],
    ["build", startBuilt],
  ])
    test(`${name}: the second visit compiles nothing`, async () => {
      const server = await start();
      try {
        const [url] = server.resolvedUrls.local;
        assert.match(url, /\/app\/$/);
        const first = await runFirst(url);
        assert.ok(first.compiled > MANY, `${first.compiled}`);
        assert.ok(first.progress > 0);
        await hide(browser);
        await untilKept(browser);
        const second = await runFirst(url);
        await browser.screenshot(`${SCREENSHOTS}vite-${name}.png`);
        assert.equal(second.compiled, 0);
        assert.ok(second.found > MANY, `${second.found}`);
        assert.deepEqual(browser.messages.splice(0), []);
      } finally {
        await server.close();
      }
    });
});
