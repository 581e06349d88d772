// The JupyterLite site of the examples: what a restarted kernel and a reloaded page find compiled, when a notebook
// imports sympy, which the kernel installs from the site, and what %pip installed.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serve } from "../../build/examples/serve.mjs";
import { browsers } from "../browser/browsers.mjs";
import { isFull } from "../matrix.mjs";
import { execute, exposeApp, openNotebook, restartKernel, runAllCells } from "./jupyterlite.mjs";
import { untilKept } from "./visits.mjs";

const SCREENSHOTS = fileURLToPath(new URL("../../build/clients/", import.meta.url));
const INTEGRAL = `import time
began = time.time()
import sympy
seconds = time.time() - began
x = sympy.Symbol("x")
sympy.integrate(sympy.exp(-x**2), (x, -sympy.oo, sympy.oo))`;
const PIP = `%pip install -q networkx
import networkx
networkx.shortest_path(networkx.path_graph(5), 0, 4)`;
const COUNT = `from pyodide_js import zipimport
stats = zipimport.stats()
print(zipimport.active, stats.start.library, stats.start.compiles, stats.compiles, stats.packHits, seconds)`;
/** What JupyterLite says with any Pyodide: of its icon, its manifest, terminals, and the kernel that is restarted. */
const USUAL =
  /^(Failed to load resource: .* 404 |Manifest: |Disabling terminals plugin |Connection lost, reconnecting )/;
/** The kernel's modules, and sympy's. */
const MANY = 800;

for (const name of isFull ? Object.keys(browsers) : ["Chromium"])
  describe(`${name}, JupyterLite`, () => {
    let browser;
    let servers;

    before(async () => {
      mkdirSync(SCREENSHOTS, { recursive: true });
      servers = await serve([0, 0, 0], exposeApp);
      browser = await browsers[name]();
    });
    after(async () => {
      await browser?.close();
      servers?.close();
    });

    /** How long `import sympy` took that compiled it: two seconds, on a machine that has nothing else to do. */
    let secondsOfImport;

    const open = () => openNotebook(browser, servers.addresses[0], [INTEGRAL, PIP, COUNT]);
    const count = (text) => {
      const [active, library, ...counts] = text.split(" ");
      const [atStart, compiled, found, seconds] = counts.map(Number);
      assert.equal(active, "True");
      return { library, atStart, compiled, found, seconds };
    };

    test("a first visit runs the notebook", async () => {
      await open();
      const outputs = await runAllCells(browser);
      assert.match(outputs[0], /π/);
      assert.match(outputs[1], /\[0, 1, 2, 3, 4\]/);
      const { library, compiled, seconds } = count(outputs[2]);
      secondsOfImport = seconds;
      assert.equal(library, "stock");
      assert.ok(compiled > MANY, `${compiled}`);
    });

    test("a kernel that is restarted soon after compiles nothing of what was imported", async () => {
      await sleep(1000 * Math.max(2, secondsOfImport));
      await restartKernel(browser);
      assert.match(await execute(browser, INTEGRAL), /sqrt\(pi\)/);
      const { compiled, found } = count(await execute(browser, COUNT));
      assert.equal(compiled, 0);
      assert.ok(found > MANY, `${found}`);
      await execute(browser, PIP); // of which the end may not have been stored in two seconds
    });

    test("when the page is loaded again, nothing at all is compiled", async () => {
      await untilKept(browser);
      await open();
      const outputs = await runAllCells(browser);
      const { library, atStart, compiled, found } = count(outputs[2]);
      await browser.screenshot(`${SCREENSHOTS}${name}-jupyterlite.png`);
      assert.deepEqual([library, atStart, compiled], ["kept", 0, 0]);
      assert.ok(found > MANY, `${found}`);
    });

    test("nothing is missing, and nothing is on the console that stock's kernel does not say", () => {
      const missing = servers.missing.filter((path) => path !== "/favicon.ico");
      assert.deepEqual(missing, []);
      const others = browser.messages?.filter((message) => !USUAL.test(message)) ?? [];
      assert.deepEqual(others, []);
    });
  });
