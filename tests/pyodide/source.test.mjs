// What mount() can be given, read from a real server on loopback, real files and bytes in memory: what comes
// of it, and what is said when nothing does.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

import { temporaryFolder } from "./harness.mjs";
import { ZipImportInternalError, ZipImportUsageError } from "../../js/base/errors.js";
import { isIntegrity } from "../../js/mount/integrity.js";
import { isName } from "../../js/mount/names.js";
import { openSource, readSource } from "../../js/mount/source.js";
import { takeBytes } from "../../js/mount/take.js";
import { browser } from "../../js/platform/browser.js";
import { node } from "../../js/platform/node.js";

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3);
const INTEGRITY = `sha256-${createHash("sha256").update(BYTES).digest("base64")}`;
const REASON = new Error("the caller's own reason");

const folder = temporaryFolder();
writeFileSync(`${folder}/a#b 50%.whl`, BYTES);
mkdirSync(`${folder}/folder.whl`);

/** What the server does, by the path asked for. */
const answers = {
  "/plain.whl"(request, response) {
    response.writeHead(200, { "content-length": BYTES.length }).end(BYTES);
  },
  "/chunked.whl"(request, response) {
    response.writeHead(200, { "content-type": "application/zip" });
    for (let at = 0; at < BYTES.length; at += 50_000)
      response.write(BYTES.subarray(at, at + 50_000));
    response.end();
  },
  "/gzipped.whl"(request, response) {
    const body = gzipSync(BYTES);
    response
      .writeHead(200, { "content-encoding": "gzip", "content-length": body.length })
      .end(body);
  },
  "/headers.whl"(request, response) {
    response.end(`${request.method} ${request.headers["x-token"]}`);
  },
  "/short.whl"(request, response) {
    response.writeHead(200, { "content-length": BYTES.length });
    response.write(BYTES.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
  },
  "/stalls.whl"(request, response) {
    response.writeHead(200, { "content-length": BYTES.length });
    response.write(BYTES.subarray(0, 1000));
    stalled.push(new Promise((resolve) => response.on("close", resolve)));
  },
  "/silent.whl"() {},
  "/moved.whl"(request, response) {
    response.writeHead(302, { location: "/plain.whl" }).end();
  },
  "/moved-away.whl"(request, response) {
    response.writeHead(301, { location: "/nowhere.whl" }).end();
  },
  "/circle.whl"(request, response) {
    response.writeHead(302, { location: "/circle.whl" }).end();
  },
  "/broken.whl"(request, response) {
    response.writeHead(503, "Under repair").end("come back");
  },
  "/empty.whl"(request, response) {
    response.writeHead(204).end();
  },
};
const stalled = [];

let server;
let origin;
before(async () => {
  server = createServer((request, response) => {
    const answer = answers[new URL(request.url, origin).pathname];
    if (answer) answer(request, response);
    else response.writeHead(404).end("nothing here");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const read = (given, options = {}, platform = node) =>
  readSource(openSource(platform, given, options.copy), options);

const refuses = (work, code, message) =>
  assert.rejects(work, (error) => {
    assert.equal(error.code, code, error.message);
    const kind = code === "bad-source" ? ZipImportUsageError : ZipImportInternalError;
    assert.ok(error instanceof kind, error.name);
    assert.match(error.message, /^mount\(\): /);
    assert.match(error.message, message);
    return true;
  });

function assertBytes({ bytes }) {
  assert.equal(bytes.constructor, Uint8Array);
  assert.equal(bytes.buffer.byteLength, bytes.length);
  assert.ok(Buffer.from(bytes.buffer).equals(BYTES));
}

describe("from the network", () => {
  for (const path of ["plain", "chunked", "gzipped", "moved"])
    test(`the bytes of /${path}.whl, by URL and by string`, async () => {
      const url = `${origin}/${path}.whl?version=1#part`;
      assertBytes(await read(new URL(url)));
      assertBytes(await read(url, { integrity: INTEGRITY }));
      assertBytes(await read(url, {}, browser));
      assertBytes(await read(await fetch(url)));
    });

  test("the request's own options reach the server", async () => {
    const request = { method: "POST", headers: { "x-token": "t" } };
    const { bytes } = await read(`${origin}/headers.whl`, { request });
    assert.equal(Buffer.from(bytes).toString(), "POST t");
  });

  test("progress goes up to the number of bytes, which is known where the server says it", async () => {
    for (const [path, isKnown] of [
      ["plain", true],
      ["chunked", false],
      ["gzipped", false],
    ]) {
      const seen = [];
      await read(`${origin}/${path}.whl`, { onProgress: (progress) => seen.push(progress) });
      assert.deepEqual(seen.at(-1), { loaded: BYTES.length, total: BYTES.length });
      assert.ok(seen.length > 1, `${seen.length} calls`);
      seen.reduce((earlier, { loaded }) => (assert.ok(loaded >= earlier), loaded), 1);
      for (const { total } of seen.slice(0, -1))
        assert.equal(total, isKnown ? BYTES.length : undefined);
    }
  });

  test("what onProgress throws is the caller's, and ends the download", async () => {
    const fail = () => {
      throw REASON;
    };
    const count = stalled.length;
    await assert.rejects(read(`${origin}/stalls.whl`, { onProgress: fail }), REASON);
    assert.equal(stalled.length, count + 1);
    await stalled.at(-1);
  });

  test("an HTTP error is named by its status, and by where a redirect led", async () => {
    await refuses(
      read(`${origin}/missing.whl`),
      "source-unreachable",
      /read http:.*\/missing\.whl: HTTP status 404 Not Found$/,
    );
    await refuses(
      read(`${origin}/broken.whl`),
      "source-unreachable",
      /: HTTP status 503 Under repair$/,
    );
    await refuses(
      read(`${origin}/moved-away.whl`),
      "source-unreachable",
      /\/moved-away\.whl, redirected to http:.*\/nowhere\.whl: HTTP status 404/,
    );
    await refuses(
      read(`${origin}/moved.whl`, { request: { redirect: "manual" } }),
      "source-unreachable",
      /HTTP status 302, a redirect to \/plain\.whl that was not followed/,
    );
    await refuses(
      read(`${origin}/moved.whl`, { request: { redirect: "error" } }),
      "source-unreachable",
      /fetch failed, .*redirect/,
    );
    await refuses(read(`${origin}/circle.whl`), "source-unreachable", /redirect count exceeded/);
    await refuses(read(await fetch(`${origin}/broken.whl`)), "source-unreachable", /status 503/);
  });

  test("no server, no such host, an answer that breaks off", async () => {
    await refuses(read("http://127.0.0.1:1/a.whl"), "source-unreachable", /fetch failed, /);
    await refuses(read("http://nowhere.invalid/a.whl"), "source-unreachable", /fetch failed, /);
    await refuses(
      read(`${origin}/short.whl`),
      "source-unreachable",
      /the answer broke off \(.+\)$/,
    );
    assert.equal((await read(`${origin}/empty.whl`)).bytes.length, 0);
  });

  test("a signal ends it with its reason, and closes the connection", async () => {
    for (const path of ["silent", "stalls"]) {
      const controller = new AbortController();
      const reading = read(`${origin}/${path}.whl`, { signal: controller.signal });
      setTimeout(() => controller.abort(REASON), 50);
      await assert.rejects(reading, REASON);
    }
    await stalled.at(-1);
    await assert.rejects(
      read(`${origin}/plain.whl`, { signal: AbortSignal.abort(REASON) }),
      REASON,
    );
    const controller = new AbortController();
    const response = await fetch(`${origin}/stalls.whl`);
    setTimeout(() => controller.abort(REASON), 50);
    await assert.rejects(read(response, { signal: controller.signal }), REASON);
    await stalled.at(-1);
  });

  test("a timeout ends it, and says so", async () => {
    for (const path of ["silent", "stalls"])
      await refuses(
        read(`${origin}/${path}.whl`, { timeout: 60 }),
        "timed-out",
        /\.whl was not read within 60 ms/,
      );
    await stalled.at(-1);
    assertBytes(await read(`${origin}/plain.whl`, { timeout: 60_000 }));
  });

  test("a digest that is another one is an error that names both", async () => {
    const other = `sha256-${"A".repeat(43)}=`;
    await refuses(
      read(`${origin}/plain.whl`, { integrity: other }),
      "integrity-mismatch",
      new RegExp(
        `plain\\.whl: found ${INTEGRITY.replaceAll("+", "\\+")} \\(300000 bytes\\), expected ${other}; .*nothing was mounted`,
      ),
    );
    await refuses(
      read(BYTES, { integrity: other, copy: true }),
      "integrity-mismatch",
      /bytes given/,
    );
  });
});

describe("from files", () => {
  test("by path and by file: URL, with progress", async () => {
    const path = `${folder}/a#b 50%.whl`;
    const url = pathToFileURL(path);
    const fromHere = `file:${relative(process.cwd(), folder)}/${basename(url.pathname)}`;
    for (const given of [path, url, url.href, fromHere]) {
      const seen = [];
      assertBytes(await read(given, { onProgress: (progress) => seen.push(progress) }));
      assert.ok(seen.length > 1);
      assert.ok(seen.every(({ total }) => total === BYTES.length));
    }
  });

  test("what is missing, a folder, or a file: URL of another host", async () => {
    await refuses(read(`${folder}/no.whl`), "source-unreachable", /no\.whl: ENOENT/);
    await refuses(read(`${folder}/folder.whl`), "source-unreachable", /: it is a directory$/);
    await refuses(read("file://elsewhere/a.whl"), "source-unreachable", /host/);
  });

  test("a signal that is aborted while a file is read", async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(REASON);
    const path = `${folder}/a#b 50%.whl`;
    await assert.rejects(read(path, { signal: controller.signal, onProgress }), REASON);
  });

  test("a Blob and a File", async () => {
    for (const blob of [new Blob([BYTES]), new File([BYTES], "x.whl")]) {
      assertBytes(await read(blob));
      assertBytes(await read(blob, { integrity: INTEGRITY }));
    }
  });
});

describe("from memory", () => {
  test("an ArrayBuffer is taken over, or copied where that is asked for", async () => {
    const { buffer } = BYTES.slice();
    assertBytes(await read(buffer, { copy: true }));
    assert.equal(buffer.byteLength, BYTES.length);
    assertBytes(await read(buffer));
    assert.equal(buffer.byteLength, 0);
    const array = BYTES.slice();
    assertBytes(await read(new DataView(array.buffer)));
    assert.equal(array.length, 0);
  });

  test("what is only a part of its buffer, or can't be taken, is copied", () => {
    const large = new Uint8Array([9, ...BYTES, 9]);
    const shared = new Uint8Array(new SharedArrayBuffer(BYTES.length));
    shared.set(BYTES);
    const growing = new Uint8Array(new ArrayBuffer(BYTES.length, { maxByteLength: 2 ** 20 }));
    growing.set(BYTES);
    const memory = new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer);
    memory.set(BYTES.subarray(0, memory.length));
    for (const given of [large.subarray(1, -1), shared, shared.buffer, growing, memory]) {
      const expected = new Uint8Array(given.buffer ? given : shared).slice();
      const bytes = takeBytes(given);
      assert.ok(given.byteLength > 0);
      assert.notEqual(bytes.buffer, given.buffer ?? given);
      assert.equal(bytes.buffer.byteLength, bytes.length);
      assert.equal(bytes.buffer.resizable ?? false, false);
      assert.deepEqual(bytes, expected);
    }
  });

  test("a Node Buffer out of the pool leaves the others alone", () => {
    const first = Buffer.from("one of many small ones");
    const second = Buffer.from("another");
    assert.equal(first.buffer, second.buffer);
    assert.equal(Buffer.from(takeBytes(first)).toString(), "one of many small ones");
    assert.equal(second.toString(), "another");
  });
});

test("what is no source is the caller's fault, told at once", async () => {
  const used = new Response("x");
  await used.text();
  const gone = new Uint8Array(8);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  for (const [given, message] of [
    [undefined, /found undefined, expected a URL, a string, an ArrayBuffer/],
    [null, /found null/],
    [1, /found 1/],
    [{}, /found an object/],
    [[1, 2], /found an array/],
    ["", /found an empty string/],
    ["http://", /found "http:\/\/", which is no valid URL/],
    [Promise.resolve("a.whl"), /found an object \(a promise: await it first\)/],
    [gone, /found no bytes: .* transferred elsewhere/],
    [gone.buffer, /found no bytes/],
    [new ArrayBuffer(0), /found no bytes/],
    [used, /a Response whose body was read already/],
  ])
    await refuses(async () => openSource(node, given), "bad-source", message);
});

test("the name is the address's or the file's last part, where it can be one", async () => {
  const nameOf = (given) => openSource(node, given, true).name;
  for (const [given, name] of [
    ["https://host/a/b/some-1.0-py3-none-any.whl?x=/y#/z", "some-1.0-py3-none-any.whl"],
    ["https://host/a/%C3%A4%20b.zip", "ä b.zip"],
    ["https://host/a/50%.zip", "50%.zip"],
    ["https://host/", undefined],
    ["https://host/a/..%2f..%2fetc", undefined],
    ["https://host/%2e%2e%2f", undefined],
    ["data:application/zip;base64,UEsF/a.zip", undefined],
    ["blob:https://host/0a1b-2c3d", undefined],
    ["some/folder/a.whl", "a.whl"],
    [`${folder}/a#b 50%.whl`, "a#b 50%.whl"],
    [new Blob(["x"]), undefined],
    [new File(["x"], "picked.whl"), "picked.whl"],
    [new File(["x"], "a/b.whl"), undefined],
    [new Response("x"), undefined],
    [BYTES, undefined],
  ])
    assert.equal(nameOf(given), name, String(given));
  assert.equal(nameOf(await fetch(`${origin}/moved.whl`)), "plain.whl");
});

test("what can be a name, and what a digest", () => {
  for (const name of ["a", "a b.whl", "ä", "..a", "n".repeat(255), "😀"])
    assert.ok(isName(name), name);
  for (const name of ["", ".", "..", "a/b", "/", "a\0", "a\n", "\ud800", "ä".repeat(128), 1, null])
    assert.ok(!isName(name), String(name));
  assert.ok(isIntegrity(INTEGRITY));
  for (const digest of ["", "sha256-", INTEGRITY.slice(0, -1), INTEGRITY.replace("256", "384"), 1])
    assert.ok(!isIntegrity(digest), String(digest));
});

test("without crypto.subtle, as on an insecure page, a digest cannot be checked", async (t) => {
  const { crypto } = globalThis;
  t.after(() => Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true }));
  Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
  await refuses(
    read(BYTES, { integrity: INTEGRITY, copy: true }),
    "integrity-unavailable",
    /found no crypto\.subtle/,
  );
});

test("in a frame an address goes by the document's base, as fetch() has it", () => {
  const before = globalThis.document;
  globalThis.document = /** @type {any} */ ({ baseURI: "https://example.org/app/" });
  try {
    assert.equal(browser.toURL("a.whl").href, "https://example.org/app/a.whl");
  } finally {
    globalThis.document = before;
  }
});
