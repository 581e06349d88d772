// Packages in browsers: fetched while Python starts and checked, with extension modules that a page's thread may not
// compile while somebody waits; and the second visit of a page whose packages micropip installs.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { isFull } from "../matrix.mjs";
import { padLibrary } from "../pyodide/libraries.mjs";
import { openPlace } from "../pyodide/packages/place.mjs";
import { makeWheel } from "../pyodide/packages/wheel.mjs";
import { browsers } from "./browsers.mjs";
import { useBrowser } from "./use-browser.mjs";

const ROOT = new URL("../../", import.meta.url);
const NBYTES = 9 * 2 ** 20;
const TIMEOUT_MS = 5 * 60_000;
const SYMPY = "sympy-1.14.0-py3-none-any.whl";
const MPMATH = "mpmath-1.3.0-py3-none-any.whl";
const VERSIONS = isFull ? ["314.0.7", "0.29.5", "0.27.8"] : ["314.0.7"];

const read = (path) => readFileSync(new URL(path, ROOT));

/** A folder of its own with a lock file and its wheels, that the server shows. */
async function layOut(version) {
  const folder = `build/browser/packages-${version}`;
  mkdirSync(new URL(folder, ROOT), { recursive: true });
  const place = await openPlace(
    version,
    {
      ...makeWheel("padded", "1.0", {
        "padded/__init__.py": "",
        "padded/_alone.abi3.so": padLibrary(read("build/extension/alone.so"), NBYTES),
      }),
      ...makeWheel("plain", "1.0", { "plain.py": "value = 1" }),
      ...makeWheel("forged", "1.0", { "forged.py": "value = 1" }),
      [MPMATH]: read(`build/archives/${MPMATH}`),
    },
    { padded: { depends: ["plain"] }, forged: { sha256: "0".repeat(64) } },
  );
  const target = fileURLToPath(new URL(folder, ROOT));
  for (const name of readdirSync(place.folder))
    copyFileSync(`${place.folder}/${name}`, `${target}/${name}`);
  writeFileSync(`${target}/${SYMPY}`, read(`build/archives/${SYMPY}`));
  // 0.27 looks for wheels beside Pyodide, wherever the lock file is.
  if (version.startsWith("0.27.")) {
    const { lock } = place;
    for (const entry of Object.values(lock.packages))
      entry.file_name = `../../${folder}/${entry.file_name}`;
    writeFileSync(`${target}/pyodide-lock.json`, JSON.stringify(lock));
  }
  return folder;
}

for (const name of isFull ? Object.keys(browsers) : ["Chromium"])
  describe(`packages in ${name}`, () => {
    const used = useBrowser(name, TIMEOUT_MS);
    const ask = (job) => used.ask("open", { module: "tests/browser/packages.js", ...job });

    for (const version of VERSIONS) {
      const isOld = version.startsWith("0.27.");
      const jobFor = async (place) => ({
        place,
        pyodideVersion: version,
        storage: "memory",
        lock: `${await layOut(version)}/pyodide-lock.json`,
      });
      for (const place of ["window", "worker"])
        test(`a start with packages, in a ${place}, Pyodide ${version}`, async () => {
          const job = { ...(await jobFor(place)), task: "startWithPackages" };
          const result = await ask({ ...job, packages: ["padded", "forged"] });
          const { progress, errors, mounted, ...others } = result;
          assert.deepEqual(others, {
            isLoaded: place === "window",
            answer: 7,
            unpacked: [],
            missing: [],
          });
          assert.deepEqual(mounted.toSorted(), [
            "padded-1.0-py3-none-any.whl",
            "plain-1.0-py3-none-any.whl",
          ]);
          if (!isOld) {
            assert.deepEqual(Object.keys(progress).sort(), ["padded", "plain"]);
            for (const [loaded, total] of Object.values(progress)) assert.equal(loaded, total);
          }
          assert.match(errors.join("\n"), /while loading forged/);
        });

      test(`micropip, on a second visit, Pyodide ${version}`, async () => {
        const job = { ...(await jobFor("window")), storage: "indexeddb", task: "installSympy" };
        const address = `${used.server.address}/open/${job.lock.replace(/[^/]+$/, SYMPY)}`;
        const first = await ask({ ...job, address });
        assert.ok(first.compiles > 100, `${first.compiles} modules`);
        const second = await ask({ ...job, address });
        assert.equal(second.compiles, 0);
        assert.deepEqual(second.unpacked, []);
        assert.ok(second.mounted.includes(SYMPY));
        assert.ok(second.filledBytes < 2 ** 20, `${second.filledBytes} bytes`);
      });
    }
  });
