// @ts-check
// Measures the clients of the examples, each on its second visit or run, against the same client unchanged, and
// prints a table, which a full run puts into docs/clients.md; "first" is what a first visit takes longer:
//
//   node bench/clients.mjs [--quick] [CLIENT... first]
//
// Figures are kept in build/bench/.

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { browsers } from "../tests/browser/browsers.mjs";
import { execute, exposeApp, openNotebook, restartKernel } from "../tests/clients/jupyterlite.mjs";
import { hide, until, untilKept, untilShown, visit } from "../tests/clients/visits.mjs";
import { describeEnvironment, environment } from "./environment.mjs";
import { inFolder } from "./kept-rows.mjs";
import { putIntoPage } from "./page.mjs";
import { median } from "./processes.mjs";
import { formatRatio, formatTable, formatTime } from "./table.mjs";

const EXAMPLES = new URL("../build/examples/", import.meta.url);
// They are copied and installed there by make.
const { serve } = await import(new URL("serve.mjs", EXAMPLES).href);
const { build, preview } = await import(
  new URL("node_modules/vite/dist/node/index.js", EXAMPLES).href
);

const FOLDER = new URL("../build/bench/", import.meta.url);
const PAGE = new URL("../docs/clients.md", import.meta.url);
const HEAD = ["what", "unchanged", "ours", "times faster", "bar", "met"];
const ROUNDS = 5;
/** What a start may take longer where nothing is kept. */
const MORE_MS = 40;
const PYODIDE = "314.0.7";
const METHOD = `\
Medians; unchanged and ours in turn. In Chromium, with a browser profile that has been there before: the clock runs from
the navigation until the page shows what it computed with sympy, read in steps of a tenth of a second. In Node it runs
from the start of the program to its end.`;

/** @typedef {import("../tests/browser/browsers.mjs").Browser} Browser */
/** @typedef {{ address: string, browser: Browser }} Visitor */
/** @typedef {{ stock: number[], ours: number[] }} Taken milliseconds of each round */
/** @typedef {{ what: string, atLeast: number, measure: (rounds: number) => Promise<Taken> }} Client */

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
async function openApp({ address, browser }) {
  const began = performance.now();
  await browser.open(address);
  await until(120_000, async () => {
    const isReady = `document.querySelector("button")?.disabled === false`;
    if (!(await browser.evaluate?.(isReady))) throw new Error("the page is not ready");
  });
  await browser.evaluate?.(`document.querySelector("button").click()`);
  await untilShown(browser, /cos\(x\)/);
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
    measure: inBrowser(serveExamples, pageOf("page", /(The integral[^]*){2}/)),
  },
  pyscript: {
    what: "PyScript: navigation to sympy used, window and worker",
    atLeast: 4,
    measure: inBrowser(serveExamples, pageOf("pyscript", /(The integral[^]*){2}/)),
  },
  comlink: {
    what: "Comlink in a worker: navigation to sympy used",
    atLeast: 4,
    measure: inBrowser(serveExamples, pageOf("comlink", /solutions are/)),
  },
  vite: {
    what: "Vite and React, as built: navigation to sympy used, in a worker",
    atLeast: 4,
    measure: inBrowser(serveBuilt, openApp),
  },
  workers: {
    what: "four workers at once: navigation to the last one's sympy imported",
    atLeast: 3,
    measure: inBrowser(serveExamples, pageOf("workers", /(Worker \d.*\s*){4}/)),
  },
  jupyterlite: {
    what: "JupyterLite: navigation to `import sympy` done",
    atLeast: 3,
    measure: inBrowser(serveExamples, openSite),
  },
  restart: {
    what: "JupyterLite: kernel restarted to `import sympy` done",
    atLeast: 3,
    measure: inBrowser(serveExamples, restartAndImport),
  },
  node: {
    what: "a script of Node that uses sympy, from its start to its end",
    atLeast: 4,
    measure: inNode("node"),
  },
  "node-tests": {
    what: "a suite of Node's test runner, three files that use sympy",
    atLeast: 4,
    measure: inNode("node-tests"),
  },
};

/** An example without this package: what it imports is Pyodide again, and what it tells of us is nothing. */
function leaveOut(/** @type {string} */ text) {
  return text
    .replaceAll(/http:[^"?]*\/pyodide-zipimport\.mjs\?pyodide=/g, "")
    .replaceAll("static/pyodide-zipimport.mjs?pyodide=./pyodide/", "static/pyodide/")
    .replaceAll('"pyodide-zipimport/pyodide"', '"pyodide"')
    .replaceAll("pyodide.zipimport.mount(", "pyodide.loadPackage(")
    .replaceAll(
      /\(await ready\)\.zipimport\.stats\(\)|pyodide\.zipimport\.stats\(\)/g,
      "{ start: {} }",
    );
}

/** @param {boolean} isStock */
async function serveExamples(isStock) {
  const edit = (/** @type {string} */ text, /** @type {string} */ path) =>
    isStock ? leaveOut(exposeApp(text, path)) : exposeApp(text, path);
  const { addresses, close } = await serve([0, 0, 0], edit);
  return { address: addresses[0], close };
}

/** @param {boolean} isStock */
async function serveBuilt(isStock) {
  const edit = {
    name: "leave-out",
    transform: (/** @type {string} */ code, /** @type {string} */ id) =>
      id.includes("/vite/src/") ? leaveOut(code) : undefined,
  };
  const config = {
    root: fileURLToPath(new URL("vite", EXAMPLES)),
    logLevel: "error",
    build: { outDir: isStock ? "dist-unchanged" : "dist" },
    ...(isStock && { plugins: [edit], worker: { format: "es", plugins: () => [edit] } }),
  };
  await build(config);
  const server = await preview({ ...config, preview: { host: "127.0.0.1", port: 0 } });
  return { address: server.resolvedUrls.local[0], close: () => server.close() };
}

/**
 * @param {(isStock: boolean) => Promise<{ address: string, close: () => unknown }>} open
 * @param {(visitor: Visitor) => Promise<number>} take
 */
function inBrowser(open, take) {
  return async (/** @type {number} */ rounds) => {
    /** @type {Taken} */
    const taken = { stock: [], ours: [] };
    const servers = { stock: await open(true), ours: await open(false) };
    const browser = await browsers.Chromium({ measures: true });
    const visitorOf = (/** @type {"stock" | "ours"} */ name) => ({
      address: servers[name].address,
      browser,
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
      for (const server of Object.values(servers)) await server.close();
    }
    return taken;
  };
}

/**
 * @param {"node" | "node-tests"} name an example's folder, and its script
 */
function inNode(name) {
  return (/** @type {number} */ rounds) =>
    inFolder(async (cache) => {
      /** @type {Taken} */
      const taken = { stock: [], ours: [] };
      writeUnchanged(name);
      const env = { ...process.env, XDG_CACHE_HOME: cache };
      const [, ...args] = scripts()[name].split(" ");
      const run = async (/** @type {string} */ folder) => {
        const files = args.flatMap((arg) => expand(arg.replace(name, folder)));
        const began = performance.now();
        await promisify(execFile)("node", files, { cwd: fileURLToPath(EXAMPLES), env });
        return performance.now() - began;
      };
      await run(name);
      for (let round = 0; round < rounds; round++) {
        taken.stock.push(await run(`${name}-unchanged`));
        taken.ours.push(await run(name));
      }
      return taken;
    });
}

/** @returns {Record<string, string>} the examples' commands */
function scripts() {
  return JSON.parse(readFileSync(new URL("package.json", EXAMPLES), "utf8")).scripts;
}

/** What a shell makes of FOLDER/*.test.mjs. */
function expand(/** @type {string} */ argument) {
  const [folder, end] = argument.split("/*");
  if (end === undefined) return [argument];
  const names = readdirSync(new URL(folder, EXAMPLES)).filter((name) => name.endsWith(end));
  return names.map((name) => `${folder}/${name}`);
}

/** Writes an example beside itself, without this package. */
function writeUnchanged(/** @type {string} */ name) {
  const [from, to] = [name, `${name}-unchanged`].map((each) => new URL(`${each}/`, EXAMPLES));
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) {
    const text = readFileSync(new URL(file, from), "utf8");
    writeFileSync(new URL(file, to), leaveOut(text));
  }
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
    const taken = await client.measure(values.quick ? 1 : ROUNDS);
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
  if (!values.quick && positionals.length === 0) putIntoPage(PAGE, "table", text);
  console.log(text);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
