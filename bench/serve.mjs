// @ts-check
// Serves files on loopback, by their names, from a process of its own: who downloads shares no event loop with it.
// Prints its port.
//
//   node serve.mjs FILE...

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";

const files = new Map(process.argv.slice(2).map((file) => [`/${basename(file)}`, file]));

const server = createServer((request, response) => {
  const file = files.get(String(request.url));
  if (file === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-length": statSync(file).size });
  createReadStream(file, { highWaterMark: 2 ** 20 }).pipe(response);
});
server.listen(0, "127.0.0.1", () => {
  console.log(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
});
// Whoever started it ends it by that.
process.stdin.on("end", () => process.exit()).resume();
