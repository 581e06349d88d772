// The module worker, or shared worker: does the one job it is sent.

import { runJob } from "./job.js";

if ("onconnect" in globalThis) addEventListener("connect", ({ ports: [port] }) => serve(port));
else serve(globalThis);

/** @param {any} client a port, or a worker's own global object */
function serve(client) {
  addEventListener("unhandledrejection", (event) =>
    client.postMessage({ error: String(event.reason?.message ?? event.reason) }),
  );
  client.onmessage = async ({ data }) => {
    const result = await runJob(data, (early) => client.postMessage(early));
    // One more turn, in which a rejection that nobody handles would show itself, and come first.
    setTimeout(() => client.postMessage(result));
  };
}
