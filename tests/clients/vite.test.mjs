// The example made with Vite and React, from the dev server and as built, under its base path.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
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
const common = { root, logLevel: "error", plugins: [{ name: "slow-line", ...slowLine() }] };
const where = { host: "127.0.0.1", port: 0 };
const MANY = 400;

// Until this is fulfilled, wheels stop half way.
let progressSeen = Promise.resolve();

/** What makes the server stop in the middle of each wheel until `progressSeen`, as a slow line does. */
function slowLine() {
  const use = (server) => {
    server.middlewares.use(async (request, response, next) => {
      const { pathname } = new URL(request.url, "http://localhost");
      if (!pathname.endsWith(".whl")) return next();
      const bytes = readFileSync(`${root}/public/${pathname.slice(pathname.indexOf("wheels/"))}`);
      const half = bytes.length >> 1;
      response.setHeader("Content-Length", bytes.length);
      response.write(bytes.subarray(0, half));
      await progressSeen;
      response.end(bytes.subarray(half));
    });
  };
  return { configureServer: use, configurePreviewServer: use };
}

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

  /** Waits until an expression is true in the page. */
  function untilTrue(expression) {
    return until(120_000, async () => {
      if (await browser.evaluate(`Boolean(${expression})`)) return;
      throw new Error(`not true: ${expression}: ${browser.messages.join("\\n").slice(0, 1000)}`);
    });
  }

  /** Opens the page, waits until its progress bar has moved and is gone, and runs the code that stands there. */
  async function runFirst(url) {
    let goOn;
    progressSeen = new Promise((resolve) => {
      goOn = resolve;
    });
    await browser.open(url);
    await untilTrue(`document.querySelector("progress")?.value > 0`).finally(goOn);
    await untilTrue(`document.querySelector("button")?.disabled === false`);
    assert.equal(await browser.evaluate(`document.querySelector("progress")`), null);
    await browser.evaluate(`document.querySelector("button").click()`);
    const text = await untilShown(browser, /found compiled: \d+/);
    assert.match(text, /exp\(x\)\*sin\(x\) \+ exp\(x\)\*cos\(x\)/);
    return countsIn(text)[0];
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
