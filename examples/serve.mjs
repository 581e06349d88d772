// Serves the examples from three origins, as most pages that use Pyodide have them:
//
//   node serve.mjs [PAGE]
//
//   http://127.0.0.1:8000   the pages
//   http://127.0.0.1:8001   Pyodide, and wheels: in the place of a content delivery network
//   http://127.0.0.1:8002   this package, as the single file of `make drop-in`

import { createReadStream, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** Pages, scripts and settings of the examples themselves: they name the addresses above. */
const EDITED = /^\/(?!node_modules\/|jupyterlite\/site\/.*\/)[^]*\.(html|js|json|py)$/;
const PORTS = [8000, 8001, 8002];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".ipynb": "application/json",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Where the path of a URL lies, for each origin. */
const PLACES = [
  (path) => here(`.${path}`),
  (path) => here(path.startsWith("/wheels/") ? `.${path}` : `./node_modules/pyodide${path}`),
  (path) => here(`./drop-in${path}`),
];

/**
 * @param {number[]} [ports] others than those that the pages name: 0 for any
 * @param {(text: string, path: string) => string} [edit] what becomes of a page, script or setting
 * @returns {Promise<{ addresses: string[], missing: string[], close: () => void }>}
 */
export async function serve(ports = PORTS, edit = (text) => text) {
  /** @type {string[]} */
  const addresses = [];
  /** @type {string[]} */
  const missing = [];
  const servers = ports.map((_, origin) =>
    createServer((request, response) => {
      let path, file;
      try {
        const { pathname } = new URL(request.url, "http://localhost");
        path = normalize(decodeURIComponent(pathname)).replace(/\/$/, "/index.html");
        file = PLACES[origin](path);
      } catch {
        response.writeHead(400, { "content-type": "text/plain" }).end("not an address");
        return;
      }
      const stats = statSync(file, { throwIfNoEntry: false });
      const headers = {
        "content-type": TYPES[extname(file)] ?? "application/octet-stream",
        // Pages from other origins may use what is here, also those that are isolated.
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": origin === 0 ? "no-cache" : "public, max-age=3600",
      };
      if (!stats?.isFile()) {
        missing.push(path);
        response.writeHead(404, { ...headers, "content-type": "text/plain" }).end("not found");
      } else if (origin === 0 && EDITED.test(path)) {
        const text = nameAddresses(readFileSync(file, "utf8"));
        response.writeHead(200, headers).end(edit(text, path));
      } else {
        response.writeHead(200, { ...headers, "content-length": stats.size });
        createReadStream(file).pipe(response);
      }
    }),
  );
  const nameAddresses = (text) =>
    PORTS.reduce((all, port, i) => all.replaceAll(`http://127.0.0.1:${port}`, addresses[i]), text);
  for (const [i, server] of servers.entries()) {
    await new Promise((resolve, reject) =>
      server.once("error", reject).listen(ports[i], "127.0.0.1", () => resolve()),
    );
    addresses.push(`http://127.0.0.1:${server.address().port}`);
  }
  const close = () => servers.forEach((server) => (server.close(), server.closeAllConnections()));
  return { addresses, missing, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { addresses } = await serve();
  console.log(
    `open ${join(addresses[0].slice(7), process.argv[2] ?? "page/").replace(/^/, "http://")}`,
  );
}
