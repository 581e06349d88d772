// A start that an earlier visit has prepared, in each browser, by loading the page again.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isFull } from "../matrix.mjs";
import { browsers } from "./browsers.mjs";
import { useBrowser } from "./use-browser.mjs";

const NEWEST = "314.0.7";
const WORKER = ["indexeddb", "worker", NEWEST];
const WINDOW = ["indexeddb", "window", NEWEST];
const PRIVATE = ["opfs", "worker", NEWEST];
/** Each engine's stores once, in a window and in a worker; another version in Chromium. */
const VISITS = {
  Chromium: [WINDOW, PRIVATE, ["opfs", "window", "0.29.5"], ...(isFull ? [WORKER] : [])],
  Firefox: [WINDOW, PRIVATE, ...(isFull ? [WORKER] : [])],
  WebKitGTK: [WORKER, ...(isFull ? [WINDOW] : [])],
};
const IMPORTS = "unittest, email.message, http.client, decimal, csv, urllib.request";
const TIMEOUT_MS = 3 * 60_000;
/** What the command line makes for self-hosters; see makeLibrary(). */
const LIBRARY = "build/browser/python_stdlib.zip";

/** As a self-hoster would. */
function makeLibrary() {
  const file = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  mkdirSync(file("build/browser"), { recursive: true });
  const pyodide = file(`node_modules/pyodide-${NEWEST}`);
  const args = [
    file("js/cli/main.js"),
    "stdlib",
    "--pyodide",
    pyodide,
    "-o",
    file(LIBRARY),
    "--rounds",
    "0",
  ];
  execFileSync(process.execPath, args);
}

before(makeLibrary);

for (const name of Object.keys(browsers))
  describe(`${name}, boot`, () => {
    const { ask } = useBrowser(name, TIMEOUT_MS);
    let namespaces = 0;

    /** Visits that share a store of their own. */
    function profile(pyodideVersion, place, storage, policy = "csp") {
      const own = { storage, autoFlush: false, namespace: `boot${++namespaces}` };
      return ({ then, options } = {}) =>
        ask(policy, {
          ...{ module: "tests/browser/boot.js", task: "bootVisit", imports: IMPORTS },
          ...{ place, pyodideVersion, then, options: { ...own, ...options } },
        });
    }

    for (const [kind, place, version] of VISITS[name])
      test(`the second visit compiles nothing, a damaged one's does: ${kind}, ${place}, Pyodide ${version}`, async () => {
        const visit = profile(version, place, kind);
        const first = await visit({ then: ["flush"] });
        assert.equal(first.active, true);
        assert.equal(first.start.library, "stock");
        assert.ok(first.start.compiles > 50 && first.compiles > 10);
        const second = await visit({ then: ["damage"] });
        assert.deepEqual(
          [second.start.library, second.start.compiles, second.compiles],
          ["kept", 0, 0],
        );
        assert.match(second.file, /\/json\/__init__\.py$/);
        const third = await visit();
        assert.equal(third.start.reason, "what was kept is damaged");
        assert.deepEqual([...first.warnings, ...second.warnings, ...third.warnings], []);
      });

    // The test watches the store through a connection of its own, which WebKitGTK keeps waiting for longer
    // than a store does.
    if (name !== "WebKitGTK")
      test("in the background of a page large sources wait until it is out of sight", async () => {
        const visit = profile(NEWEST, "window", "indexeddb");
        await visit({ options: { autoFlush: true }, then: ["kept"] });
        const second = await visit();
        assert.equal(second.start.library, "kept");
        assert.ok(
          second.start.compiles > 0 && second.start.compiles < 30,
          `${second.start.compiles}`,
        );
        await visit({ options: { autoFlush: true }, then: ["hide"] });
        const third = await visit();
        assert.deepEqual([third.start.library, third.start.compiles], ["kept", 0]);
      });

    // The library and Pyodide do that; engines have no part in it.
    if (isFull || name === "Chromium")
      test("a self-hosted library with bytecode: the first visit compiles nothing, with and without ours", async () => {
        const job = { module: "tests/browser/boot.js", task: "selfHostedVisit", library: LIBRARY };
        const visit = (ours) =>
          ask("csp", { ...job, place: "window", pyodideVersion: NEWEST, ours });
        assert.deepEqual((await visit(false)).sources, []);
        const { sources, active, start } = await visit(true);
        assert.deepEqual(
          [sources, active, start.library, start.reason],
          [[], true, "stock", "Pyodide's own archive holds bytecode"],
        );
      });

    test("without storage it is an ordinary start, with one warning", async () => {
      const { active, start, warnings } = await profile(NEWEST, "window", "auto", "sandbox")();
      assert.deepEqual([active, start.library], [true, "stock"]);
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ["store-unavailable"],
      );
    });
  });

describe("Chromium with its timers as slow as for users, boot", () => {
  const used = useBrowser("Chromium", TIMEOUT_MS, { throttles: true });

  /** Shows the page, and another one in front of it as soon as it asks for that. */
  async function openAndHide(url) {
    const { browser } = used;
    await browser.command("Page.enable", {}); // a page of its own
    await browser.open(url);
    for (let asked = false; !asked; await sleep(50)) {
      const { targetInfos } = await browser.command("Target.getTargets", {});
      asked = targetInfos.some((target) => target.url.endsWith("#hide-me"));
    }
    await browser.command("Page.bringToFront", {});
  }

  test("a page that is out of sight makes the library without waiting for timers", async () => {
    const { hidden } = await used.ask(
      "csp",
      {
        ...{ module: "tests/browser/boot.js", task: "bootVisit", imports: IMPORTS },
        ...{ place: "window", pyodideVersion: NEWEST, then: ["be hidden"] },
        options: { storage: "indexeddb", namespace: "hidden" },
      },
      openAndHide,
    );
    assert.ok(hidden.timerMs > 500, `a timer waits ${hidden.timerMs} ms`);
    assert.ok(hidden.keptMs < 20 * hidden.timerMs, `kept after ${hidden.keptMs} ms`);
  });
});
