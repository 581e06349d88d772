// Extension modules that are too large to be compiled while an import waits, in Chromium.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { isFull } from "../matrix.mjs";
import { padLibrary } from "../pyodide/libraries.mjs";
import { makeZip } from "../pyodide/zip.mjs";
import { browsers } from "./browsers.mjs";
import { startServer } from "./server.mjs";

const ROOT = new URL("../../", import.meta.url);
const ARCHIVE = "build/browser/padded.zip";
const NBYTES = 9 * 2 ** 20;
const TIMEOUT_MS = 2 * 60_000;

describe("large extension modules in Chromium", () => {
  let server;
  let browser;

  before(async () => {
    const library = readFileSync(new URL("build/extension/alone.so", ROOT));
    const module = padLibrary(library, NBYTES);
    mkdirSync(new URL("build/browser/", ROOT), { recursive: true });
    writeFileSync(
      new URL(ARCHIVE, ROOT),
      makeZip({ "padded/__init__.py": "", "padded/_alone.abi3.so": module }),
    );
    server = await startServer();
    browser = await browsers.Chromium();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  const importIn = (version, place, extensions) =>
    server.ask(
      (url) => browser.open(url),
      "open",
      {
        version,
        place,
        extensions,
        archive: ARCHIVE,
        module: "tests/browser/extensions.js",
        task: "importExtension",
      },
      TIMEOUT_MS,
    );

  for (const version of isFull ? ["314.0.7", "0.29.5", "0.27.8"] : ["314.0.7"]) {
    test(`loaded ahead in a window, Pyodide ${version}`, async () => {
      const result = await importIn(version, "window", undefined);
      assert.deepEqual(result, { isLoaded: true, answer: 7, filledBytes: 0 });
    });

    test(`loaded by the import in a worker, Pyodide ${version}`, async () => {
      const result = await importIn(version, "worker", undefined);
      assert.deepEqual(result, { isLoaded: false, answer: 7, filledBytes: 0 });
    });

    test(`"lazy" in a window is refused by the browser, Pyodide ${version}`, async () => {
      const { isLoaded, refusal } = await importIn(version, "window", "lazy");
      assert.equal(isLoaded, false);
      assert.match(refusal, /RangeError: .* larger than 8MB/);
    });
  }
});
