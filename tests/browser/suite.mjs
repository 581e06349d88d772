// What is tested in every browser; each *.test.mjs beside this file runs it in one.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { isFull } from "../matrix.mjs";
import { ODD_FOLDER } from "./server.mjs";
import { useBrowser } from "./use-browser.mjs";

const VERSIONS = ["314.0.7", "0.29.5"];
const PLACES = ["window", "worker"];
const TIMEOUT_MS = 5 * 60_000;

const pythonFiles = readdirSync(new URL("../python/", import.meta.url)).filter((name) =>
  name.endsWith(".py"),
);

/**
 * What runs where, unless all of the matrix does: Chromium takes the newest Pyodide whole, and an older one
 * in a window. What the others could do differently is running the WebAssembly, and fetching it.
 *
 * @param {keyof typeof import("./browsers.mjs").browsers} name
 * @param {string} version
 * @param {string} place
 */
function isTried(name, version, place) {
  if (isFull) return true;
  if (name === "Chromium") return version === VERSIONS[0] || place === "window";
  return version === VERSIONS[0] && place === "worker";
}

/** @param {keyof typeof import("./browsers.mjs").browsers} name */
export function defineBrowserTests(name) {
  describe(name, () => {
    const used = useBrowser(name, TIMEOUT_MS);
    const { ask } = used;

    test("starts", (t) => t.diagnostic(used.browser.version));

    /** That all went well; from where the side module came is told in `sideModules`. */
    function lived(result) {
      assert.deepEqual(result.warnings, []);
      assert.deepEqual(result.steps, [
        { active: true, importer: "ours", answer: 42 },
        { active: false, importer: "stock", answer: 42 },
        { active: true, importer: "ours", answer: 42 },
      ]);
      assert.equal(result.sameHandle, true);
      const [symbol, method] = result.disposal;
      assert.equal(method, symbol === "symbol" ? "function" : "undefined");
      assert.ok(result.hits > 0 && result.archives > 0);
      return result.sideModules;
    }

    for (const place of PLACES.filter((each) => isTried(name, VERSIONS[0], each))) {
      test(`the side module beside js/ in an odd folder, or where wasmURL says, ${place}`, async () => {
        const job = { version: VERSIONS[0], place, task: "lifecycle" };
        assert.deepEqual(lived(await ask(ODD_FOLDER, job)), [
          `/${ODD_FOLDER}/js/pyodide_zipimport.wasm`,
        ]);
        const wasmURL = "../../../open/js/pyodide_zipimport.wasm"; // from the page, or its worker
        assert.deepEqual(lived(await ask(ODD_FOLDER, { ...job, wasmURL })), [
          "/open/js/pyodide_zipimport.wasm",
        ]);
      });
    }

    for (const version of VERSIONS) {
      for (const place of PLACES.filter((each) => isTried(name, version, each))) {
        describe(`Pyodide ${version}, ${place}`, () => {
          const where = { version, place };

          // They ask C, to which one place is like the other; the rest asks JavaScript.
          const testPython = isFull || place === PLACES.at(-1) ? test : () => {};
          testPython("the Python tests pass", async (t) => {
            const result = await ask("open", { ...where, task: "parity", files: pythonFiles });
            assert.deepEqual(result.warnings, []);
            const { passed, failed, skipped, output } = result;
            assert.equal(failed, 0, output.join("\n"));
            assert.ok(passed > 0);
            t.diagnostic(`${passed} passed, ${skipped} skipped`);
          });

          test("install, uninstall, install again", async () => {
            const result = await ask("open", { ...where, task: "lifecycle" });
            assert.deepEqual(lived(result), ["/open/js/pyodide_zipimport.wasm"]);
          });

          test("an archive that IDBFS restores with its old time is noticed", async () => {
            const result = await ask("open", { ...where, task: "restoreFromIndexedDB" });
            assert.deepEqual(result, { active: true, before: 1, same: true, after: 2 });
          });

          test("mounts what a page has, and says what it cannot mount", async () => {
            const result = await ask("open", { ...where, task: "mount" });
            assert.equal(result.error, undefined);
            assert.deepEqual(result.warnings, []);
            const names = ["blob", "file.whl", "address", "response", "copied", "taken"];
            assert.deepEqual(
              result.used,
              names.map((name) => [1, "data 1", `/lib/zip/${name}/mounted/__init__.py`, name]),
            );
            assert.equal(result.detached, true);
            const { listed, first, last, ...library } = result.library;
            assert.ok(listed > 100, `${listed} files`);
            const expected = { name: "python_stdlib.zip", isChanged: false, replaced: "data 2" };
            assert.deepEqual(library, expected);
            assert.equal(first[1], last[1]);
            assert.equal(last[0], last[1]);
            const { errors } = result;
            assert.match(errors.missing, /^source-unreachable: .*missing\.whl: HTTP status 404/);
            assert.match(errors.page, /^not-an-archive: .*sent as text\/html.*; it is a page/);
            assert.match(errors.unreachable, /^source-unreachable: /);
            assert.match(errors.integrity, /^integrity-mismatch: /);
            assert.equal(errors.aborted, "own: given up");
            assert.equal(result.fromPython[0].length, listed - 2);
            assert.equal(result.fromPython[1], false);
            assert.deepEqual(result.left, [".", ".."]);
          });

          const degraded = ({ warnings, stats, active, importer, answer }, code, cause) => {
            assert.equal(warnings.length, 1);
            assert.equal(warnings[0].code, code);
            assert.match(warnings[0].message, cause);
            assert.deepEqual(
              { active, importer, answer },
              { active: false, importer: "stock", answer: 42 },
            );
            const { mounts, ...counts } = stats;
            assert.deepEqual(new Set(Object.values({ ...counts, ...mounts })), new Set([0]));
          };

          test("a missing side module, or a page in its place: stock, one warning", async () => {
            const wasmURLs = ["missing.wasm", "page.html"];
            const { attempts } = await ask("open", { ...where, task: "degrade", wasmURLs });
            degraded(attempts[0], "wasm-unreachable", /missing\.wasm \(HTTP status 404/);
            degraded(attempts[1], "wasm-invalid", /page\.html .* it is a page/);
          });

          test("a policy that blocks its fetch: the inlined one serves", async () => {
            const sideModules = lived(await ask("strict", { ...where, task: "lifecycle" }));
            assert.ok(
              sideModules.includes("/strict/js/pyodide/inlined-wasm.js"),
              sideModules.join(),
            );
          });
        });
      }
    }
  });
}
