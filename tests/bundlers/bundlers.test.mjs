// Bundlers as people use them: each makes an application of the packed package, a server sends what came
// out, or the bundler's own does, and Chromium runs it. make.mjs says how each is called.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { text as inlined } from "../../js/pyodide/inlined-wasm.js";
import { browsers } from "../browser/browsers.mjs";
import { pack, temporaryFolder, unpackInto } from "../package/packed.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const INSTALLED = here("../../build/bundlers");
const PYODIDE = here("../../node_modules/pyodide-314.0.7");
const TIMEOUT_MS = 2 * 60_000;

/**
 * beside: whether the side module lies beside what was built; if not, it comes from the inlined module.
 * Vite's server sends a page in its place, others send nothing.
 */
const WAYS = [
  { bundler: "vite-6", mode: "dev", beside: false },
  { bundler: "vite-6", mode: "build", beside: true },
  { bundler: "vite-8", mode: "dev", beside: false },
  { bundler: "vite-8", mode: "build", beside: true },
  { bundler: "webpack", mode: "build", beside: true },
  { bundler: "parcel", mode: "build", beside: true },
  { bundler: "rollup", mode: "build", beside: false },
  { bundler: "esbuild", mode: "build", beside: false },
  { bundler: "esbuild", mode: "script", beside: false },
];

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
/** By which the inlined module is known, whatever a bundler calls it. */
const INLINED = inlined.slice(0, 60);

/** Serves what bundlers have built and, to any page, Pyodide; takes the pages' results. */
async function startServer() {
  const results = new Map();
  const sent = [];

  function fileOf(path) {
    const [, first, ...rest] = path.split("/");
    const file = normalize(rest.join("/"));
    if (first === "pyodide") return join(PYODIDE, file);
    return join(INSTALLED, "apps", first, "dist", file);
  }

  async function respond(request, response) {
    const { pathname } = new URL(request.url, "http://localhost");
    const headers = { "access-control-allow-origin": "*" };
    if (pathname.startsWith("/result/")) {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      response.writeHead(204, headers).end();
      results.get(pathname.slice("/result/".length))?.(JSON.parse(body));
      return;
    }
    const file = fileOf(pathname);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404, { ...headers, "content-type": "text/html" });
      response.end("<!doctype html><title>not found</title>");
      return;
    }
    const bytes = readFileSync(file);
    sent.push({ path: pathname, isInlined: /\.js$/.test(file) && bytes.includes(INLINED) });
    response.writeHead(200, { ...headers, "content-type": TYPES[extname(file)] ?? "text/plain" });
    response.end(bytes);
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error) => response.writeHead(500).end(error.message));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  return {
    address,
    sent,
    /** What the page at this address says in the end. */
    async run(browser, page, name) {
      const result = new Promise((resolve, reject) => {
        results.set(name, resolve);
        setTimeout(() => reject(new Error("no result from the page")), TIMEOUT_MS).unref();
      });
      const query = new URLSearchParams({
        pyodide: `${address}/pyodide/`,
        result: `${address}/result/${name}`,
      });
      await browser.open(`${page}?${query}`);
      return result;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Runs make.mjs; resolves to what it prints. */
async function make(bundler, mode) {
  const child = spawn(process.execPath, [join(INSTALLED, "make.mjs"), bundler, mode], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const ended = new Promise((resolve) => child.once("close", resolve));
  for await (const line of createInterface({ input: child.stdout }))
    if (mode === "dev")
      return { line, errors: () => errors, stop: () => (child.stdin.end(), ended) };
    else child.stdin.end();
  const code = await ended;
  if (code !== 0)
    throw new Error(`${bundler} ended with exit code ${code}: ${errors.slice(-3000)}`);
  return { errors: () => errors, stop() {} };
}

describe("applications made by", () => {
  let server;
  let browser;

  before(async () => {
    unpackInto(pack(temporaryFolder()).tarball, INSTALLED);
    for (const file of ["make.mjs", "app"])
      cpSync(here(file), join(INSTALLED, file), { recursive: true });
    server = await startServer();
    browser = await browsers.Chromium();
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });

  for (const { bundler, mode, beside } of WAYS)
    test(`${bundler}, ${mode}`, async () => {
      const name = `${bundler}-${mode}`;
      const made = await make(bundler, mode);
      try {
        const page = mode === "dev" ? made.line : `${server.address}/${name}/index.html`;
        const result = await server.run(browser, page, name);
        assert.deepEqual(result, {
          ...{ active: true, answer: 42, found: true, warnings: [] },
          ...{ storage: "indexeddb", keeps: true },
        });
        assert.equal(made.errors(), "");
        if (mode === "dev") return;
        const mine = server.sent.filter(({ path }) => path.startsWith(`/${name}/`));
        const sideModules = mine.filter(({ path }) => path.endsWith(".wasm")).length;
        const scripts = mine.filter(({ isInlined }) => isInlined).length;
        assert.deepEqual([sideModules, scripts], beside ? [1, 0] : [0, 1]);
      } finally {
        await made.stop();
      }
    });
});
