// @ts-check
// Measures the clients of the examples in Chromium, each on its second visit, against the same client unchanged,
// and prints a table; "first" is what a first visit takes longer:
//
//   node bench/clients.mjs [--quick] [CLIENT... first]
//
// Figures are kept in build/bench/.

import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { browsers } from "../tests/browser/browsers.mjs";
import { execute, exposeApp, openNotebook, restartKernel } from "../tests/clients/jupyterlite.mjs";
import { hide, untilKept, visit } from "../tests/clients/visits.mjs";
import { describeEnvironment, environment } from "./environment.mjs";
import { median } from "./processes.mjs";
import { formatRatio, formatTable, formatTime } from "./table.mjs";

// It is copied there by make.
const { serve } = await import(new URL("../build/examples/serve.mjs", import.meta.url).href);

const FOLDER = new URL("../build/bench/", import.meta.url);
const HEAD = ["what", "unchanged", "ours", "times faster", "bar", "met"];
const ROUNDS = 5;
/** What a start may take longer where nothing is kept. */
const MORE_MS = 40;
const PYODIDE = "314.0.7";
const METHOD = `\
Medians, in Chromium, of a browser profile that has been there before; unchanged and ours in turn. The clock runs from the
navigation until the page shows what it computed with sympy, read in steps of a tenth of a second.`;

/** @typedef {import("../tests/browser/browsers.mjs").Browser} Browser */
/** @typedef {{ address: string, browser: Browser, isStock: boolean }} Visitor */
/** @typedef {{ what: string, atLeast: number, take: (visitor: Visitor) => Promise<number> }} Client */

/**
 * @param {string} page
 * @param {RegExp} pattern
 */
const pageOf =
  (page, pattern) =>
  async (/** @type {Visitor} */ { address, browser }) => {
    const began = performance.now();
    await visit(browser, `${address}/${page}/`, pattern);
    return performance.now() - began;
  };

/** @param {Visitor} visitor */
async function openSite({ address, browser }) {
  const began = performance.now();
  await openNotebook(browser, address, ["import sympy"]);
  await execute(browser, "import sympy");
  return performance.now() - began;
}

/** @param {Visitor} visitor */
async function restartAndImport(visitor) {
  await openSite(visitor);
  const began = performance.now();
  await restartKernel(visitor.browser);
  await execute(visitor.browser, "import sympy");
  return performance.now() - began;
}

/** @type {Record<string, Client>} */
const CLIENTS = {
  page: {
    what: "a page, three origins: navigation to sympy used, window and then a worker",
    atLeast: 4,
    take: pageOf("page", /(The integral[^]*){2}/),
  },
  pyscript: {
    what: "PyScript: navigation to sympy used, window and worker",
    atLeast: 4,
    take: pageOf("pyscript", /(The integral[^]*){2}/),
  },
  comlink: {
    what: "Comlink in a worker: navigation to sympy used",
    atLeast: 4,
    take: pageOf("comlink", /solutions are/),
  },
  workers: {
    what: "four workers at once: navigation to the last one's sympy imported",
    atLeast: 3,
    take: pageOf("workers", /(Worker \d.*\s*){4}/),
  },
  jupyterlite: {
    what: "JupyterLite: navigation to `import sympy` done",
    atLeast: 3,
    take: openSite,
  },
  restart: {
    what: "JupyterLite: kernel restarted to `import sympy` done",
    atLeast: 3,
    take: restartAndImport,
  },
};

/** The example without this package: the one address is Pyodide's own again. */
function leaveOut(/** @type {string} */ text) {
  return text
    .replaceAll(/http:[^"?]*\/pyodide-zipimport\.mjs\?pyodide=/g, "")
    .replaceAll("static/pyodide-zipimport.mjs?pyodide=./pyodide/", "static/pyodide/")
    .replace("(await ready).zipimport.stats()", "{ start: {} }");
}

/**
 * @param {Client} client
 * @param {number} rounds
 */
async function measure({ take }, rounds) {
  const taken = { stock: /** @type {number[]} */ ([]), ours: /** @type {number[]} */ ([]) };
  const browser = await browsers.Chromium({ measures: true });
  const servers = {
    stock: await serve([0, 0, 0], (/** @type {string} */ text, /** @type {string} */ path) =>
      leaveOut(exposeApp(text, path)),
    ),
    ours: await serve([0, 0, 0], exposeApp),
  };
  const visitorOf = (/** @type {"stock" | "ours"} */ name) => ({
    ...{ address: servers[name].addresses[0], browser, isStock: name === "stock" },
  });
  try {
    // The browser's own caches are filled by a first visit of either.
    await take(visitorOf("stock"));
    await take(visitorOf("ours"));
    await hide(browser);
    await untilKept(browser);
    for (let round = 0; round < rounds; round++)
      for (const name of /** @type {const} */ (["stock", "ours"]))
        taken[name].push(await take(visitorOf(name)));
  } finally {
    await browser.close();
    for (const server of Object.values(servers)) server.close();
  }
  return taken;
}

/**
 * What our module adds where nothing is kept yet, in milliseconds: each start is one of a new origin, of which
 * the browser has opened a database before.
 *
 * @param {number} rounds
 */
async function measureFirst(rounds) {
  const taken = { stock: /** @type {number[]} */ ([]), ours: /** @type {number[]} */ ([]) };
  const browser = await browsers.Chromium({ measures: true });
  const shared = await serve([0, 0, 0]);
  const [, stock, ours] = shared.addresses;
  const addresses = {
    stock: `${stock}/pyodide.mjs`,
    ours: `${ours}/pyodide-zipimport.mjs?pyodide=${stock}/pyodide.mjs`,
  };
  try {
    // The first round fills the browser's own caches.
    for (let round = 0; round <= rounds; round++)
      for (const name of /** @type {const} */ (["stock", "ours"])) {
        const fresh = await serve([0, 0, 0]);
        await browser.open(`${fresh.addresses[0]}/page/integrate.js`);
        const ms = await browser.evaluate?.(startOf(addresses[name]));
        if (round > 0) taken[name].push(ms);
        fresh.close();
      }
  } finally {
    await browser.close();
    shared.close();
  }
  return taken;
}

/** A script that opens a database, and then starts Pyodide by a module's address; gives milliseconds. */
function startOf(/** @type {string} */ address) {
  return `(async () => {
    await new Promise((resolve) => (indexedDB.open("any").onsuccess = resolve));
    const began = performance.now();
    const { loadPyodide } = await import(${JSON.stringify(address)});
    await loadPyodide();
    return performance.now() - began;
  })()`;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false } },
  });
  const names = [...Object.keys(CLIENTS), "first"];
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`no client ${unknown.join(", ")}; there are ${names.join(", ")}`);
  const where = environment([PYODIDE]);
  const rows = [];
  const kept = [];
  for (const [name, client] of Object.entries(CLIENTS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(name);
    const taken = await measure(client, values.quick ? 1 : ROUNDS);
    kept.push({ name, taken });
    const [theirs, ours] = [median(taken.stock), median(taken.ours)];
    const met = theirs / ours >= client.atLeast ? "yes" : "**no**";
    rows.push([
      ...[client.what, formatTime(theirs), formatTime(ours), formatRatio(theirs / ours)],
      ...[`${client.atLeast} times`, met],
    ]);
  }
  if (positionals.length === 0 || positionals.includes("first")) {
    console.error("first");
    const taken = await measureFirst(values.quick ? 3 : 11);
    kept.push({ name: "first", taken });
    const [theirs, ours] = [median(taken.stock), median(taken.ours)];
    rows.push([
      ...["a start with nothing kept: what the drop-in adds", formatTime(theirs), formatTime(ours)],
      ...[`${formatTime(Math.max(0, ours - theirs))} more`, `${MORE_MS} ms more`],
      ours - theirs <= MORE_MS ? "yes" : "**no**",
    ]);
  }
  const text = `${formatTable(HEAD, rows)}\n\n${describeEnvironment(where)}.\n${METHOD}`;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL("clients.json", FOLDER), `${JSON.stringify({ where, kept }, null, 1)}\n`);
  writeFileSync(new URL("clients.md", FOLDER), `${text}\n`);
  console.log(text);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
