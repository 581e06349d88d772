// The stand-in for Pyodide's module in windows and workers, by its address alone; the single file too.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isFull } from "../matrix.mjs";
import { browsers } from "./browsers.mjs";
import { useBrowser } from "./use-browser.mjs";

const VERSION = "314.0.7";
const PYODIDE = `node_modules/pyodide-${VERSION}/pyodide.mjs`;
const MODULE = "js/drop-in.js";
const SINGLE = "build/drop-in/pyodide-zipimport.mjs";
const named = (module) =>
  `${module}?pyodide=${"../".repeat(module.split("/").length - 1)}${PYODIDE}`;
const TIMEOUT_MS = 2 * 60_000;

/** Whatever the engine, an address is an address: one tries them all. */
for (const name of isFull ? Object.keys(browsers) : ["Chromium"])
  describe(`${name}, the stand-in for Pyodide's module`, () => {
    const { ask } = useBrowser(name, TIMEOUT_MS);
    let namespaces = 0;

    const visit = (place, address, { policy = "csp", ...job } = {}) =>
      ask(policy, {
        ...{ module: "tests/browser/drop-in.js", task: "dropInVisit", place, address, ...job },
      });

    for (const [place, scope, address, slash, sideModules] of [
      ["window", "Window", named(MODULE), true, 1],
      ["worker", "DedicatedWorkerGlobalScope", named(MODULE), false, 1],
      ["shared worker", "SharedWorkerGlobalScope", named(MODULE), true, 1],
      ["window", "Window", named(SINGLE), false, 0],
      ["worker", "DedicatedWorkerGlobalScope", named(SINGLE), true, 0],
    ]) {
      const title = `${place}, ${address.split("?")[0]}: warm on the second visit`;
      test(title, async () => {
        const zipimport = { namespace: `stand-in-${++namespaces}` };
        const first = await visit(place, address, { slash, zipimport });
        const second = await visit(place, address, { slash, zipimport });
        for (const { version, running, active, ...rest } of [first, second]) {
          assert.deepEqual([version, running, active], [VERSION, VERSION, true]);
          assert.deepEqual([rest.warnings, rest.storage, rest.place], [[], "indexeddb", scope]);
          // WebKit keeps a shared worker for the next page, and with it what it has fetched.
          assert.equal(rest.sideModules > 0, sideModules > 0);
        }
        assert.equal(first.start.library, "stock");
        assert.ok(first.compiles > 10);
        const { start, compiles } = second;
        assert.deepEqual([start.library, start.compiles, compiles], ["kept", 0, 0]);
      });
    }

    // More than one import map in a page is something that not every engine has.
    if (name === "Chromium")
      describe("with an import map", () => {
        const zipimport = { storage: "memory" };

        test("that has the name pyodide", async () => {
          const result = await visit("window", MODULE, {
            ...{ zipimport, policy: "open", importMap: { pyodide: PYODIDE } },
          });
          assert.deepEqual([result.version, result.active], [VERSION, true]);
        });

        test("that gives the name pyodide to the stand-in itself: an error, and no waiting", async () => {
          await assert.rejects(
            visit("window", MODULE, {
              ...{ zipimport, policy: "open", importMap: { pyodide: MODULE } },
            }),
            /could not import Pyodide .*is this module itself.*\?pyodide=/,
          );
        });
      });
  });
