// @ts-nocheck (tests are not type-checked; bench/ imports this file, with the types it declares)
// Serves the project to a browser on loopback, and passes a job to a
// page and take its result.
//
//   /open/...      the project's files
//   /ODD_FOLDER/   the same in a folder whose name has to be escaped
//   /strict/...    the same files under a content security policy that lets a page fetch Pyodide
//                  and nothing else: the side module is blocked, scripts are not
//   /csp/...       the same under the policy that docs/storage.md promises to work under
//   /sandbox/...   the same in a sandbox, an origin of its own without any storage
//   /framed/...    the same for a frame that the page around it has put into a sandbox
//   /exchange/ID   GET: the job with that number; POST: its result. A page needs nothing of the
//                  driver but to be opened.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** As a path has it; in a URL its signs would mean something, or are not allowed. */
export const ODD_FOLDER = "Zürich 50% #1? 図書館 'q'";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What pages may have of the project's folder. */
const SERVED =
  /^(js|bench\/browser|tests\/browser|tests\/python|tests\/pyodide|node_modules\/pyodide-[^/]+|build\/(archives|browser|drop-in))\//;

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".py": "text/x-python; charset=utf-8",
  ".wasm": "application/wasm",
  ".zip": "application/zip",
};

/**
 * @typedef {object} Server
 * @property {(open: (url: string) => Promise<void>, policy: string, job: object,
 *   timeout: number) => Promise<any>} ask the policy is one of the folders above
 * @property {string} address
 * @property {string | undefined} insecureAddress the same on this machine's own address, of which
 *   browsers do not know that it is this machine's; undefined if it has none
 * @property {() => Promise<void>} close
 */

/**
 * Of WebKitGTK's starts of Pyodide one in some hundreds ends with a trap, in Pyodide's own code and before
 * anything of this project's is there. The words are that engine's alone.
 */
function isEngineFault({ inStart, error }) {
  return inStart && error.startsWith("Out of bounds memory access");
}

/** @returns {Promise<Server>} */
export async function startServer() {
  /** @type {Map<string, { job: object, settle: (result: any) => void }>} */
  const jobs = new Map();
  let origin = "";
  const respond = (request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500);
      response.end(error.message);
    });
  };

  async function answer(request, response) {
    const path = decodeURIComponent(new URL(request.url, origin).pathname);
    const [, first, ...rest] = path.split("/");
    if (first === "exchange") return exchange(request, response, rest[0]);
    const file = normalize(rest.join("/"));
    const found =
      POLICIES.has(first) &&
      SERVED.test(file) &&
      (await stat(join(ROOT, file)).catch(() => undefined));
    if (!found?.isFile()) {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("not found");
      return;
    }
    const headers = {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-length": found.size,
    };
    // As from any static host: browsers keep what they have compiled of a file that they may keep.
    if (file.startsWith("node_modules/")) headers["cache-control"] = "public, max-age=3600";
    const policy = POLICIES.get(first)(origin);
    if (policy) headers["content-security-policy"] = policy;
    // A sandbox is another origin than this one's.
    if (first === "sandbox" || first === "framed") headers["access-control-allow-origin"] = "*";
    response.writeHead(200, headers);
    createReadStream(join(ROOT, file)).pipe(response);
  }

  async function exchange(request, response, id) {
    const entry = jobs.get(id);
    if (!entry) {
      response.writeHead(410);
      response.end();
    } else if (request.method === "POST") {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      response.writeHead(204, { "access-control-allow-origin": "*" });
      response.end();
      entry.settle(JSON.parse(body));
    } else {
      response.writeHead(200, {
        "content-type": "application/json",
        "cache-control": "no-store",
        "access-control-allow-origin": "*",
      });
      response.end(JSON.stringify(entry.job));
    }
  }

  /** Have a page do a job: `open` shows it the URL; resolves to what the page reports. */
  async function ask(...args) {
    try {
      return await askOnce(...args);
    } catch (error) {
      if (!isEngineFault(error)) throw error;
      console.error(`shown once more, since Pyodide's own start failed ${error.message}`);
      return askOnce(...args);
    }
  }

  async function askOnce(open, policy, job, timeout) {
    const id = String(jobs.size + 1);
    const result = new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no result from the page within ${timeout / 1000} s`)),
        timeout,
      );
      const settle = (value) => {
        clearTimeout(timer);
        if (value.error === undefined) resolve(value);
        else reject(Object.assign(new Error(`in the page: ${value.error}`), value));
      };
      jobs.set(id, { job, settle });
    });
    const [value] = await Promise.all([
      result,
      open(`${origin}/${encodeURIComponent(policy)}/tests/browser/page.html?job=${id}`),
    ]);
    return value;
  }

  const server = await listen(respond, "127.0.0.1");
  origin = server.address;
  const outside = await listenOutside(respond);
  return {
    ask,
    address: origin,
    insecureAddress: outside?.address,
    async close() {
      await server.close();
      await outside?.close();
    },
  };
}

/**
 * @param {import("node:http").RequestListener} respond
 * @param {string} host
 */
async function listen(respond, host) {
  const server = createServer(respond);
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    address: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve(undefined));
        server.closeAllConnections();
      }),
  };
}

/** @param {import("node:http").RequestListener} respond */
async function listenOutside(respond) {
  const address = outsideAddress();
  return address && listen(respond, address).catch(() => undefined);
}

/** This machine's address in its network, if it is in one. */
export function outsideAddress() {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

const POLICIES = new Map([
  ["open", () => ""],
  [ODD_FOLDER, () => ""],
  ["strict", strictPolicy],
  ["csp", () => "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"],
  ["sandbox", () => "sandbox allow-scripts"],
  ["framed", () => ""],
]);

function strictPolicy(origin) {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    `connect-src ${origin}/strict/node_modules/ ${origin}/exchange/`,
  ].join("; ");
}
