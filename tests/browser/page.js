// The page: fetches its job, does it here or in a module worker, reports the result.

const exchange = `/exchange/${new URLSearchParams(location.search).get("job")}`;

/** @param {object} result `{ error }` when it went wrong */
const send = (result) => fetch(exchange, { method: "POST", body: JSON.stringify(result) });
/** One more turn, in which a rejection that nobody handles would show itself, and come first. */
const report = (result) => setTimeout(() => send(result));

addEventListener("error", (event) => send({ error: event.message }));
addEventListener("unhandledrejection", (event) =>
  send({ error: String(event.reason?.message ?? event.reason) }),
);

const job = await (await fetch(exchange)).json();
if (job.place === "worker") {
  const worker = startWorker();
  worker.onerror = ({ message }) => report({ error: message ?? "the worker did not load" });
  worker.onmessage = ({ data }) => report(data);
  worker.postMessage(job);
} else if (job.place === "shared worker") {
  const worker = new SharedWorker("./worker.js", { type: "module" });
  worker.onerror = ({ message }) => report({ error: message ?? "the worker did not load" });
  worker.port.onmessage = ({ data }) => report(data);
  worker.port.postMessage(job);
} else {
  const { runJob } = await import("./job.js");
  report(await runJob(job, report));
}

/** A page without an origin, as in a sandbox, may start no worker but one that it brings along. */
function startWorker() {
  if (globalThis.origin !== "null") return new Worker("./worker.js", { type: "module" });
  const address = new URL("./worker.js", import.meta.url).href;
  const script = `import ${JSON.stringify(address)};`;
  return new Worker(`data:text/javascript,${encodeURIComponent(script)}`, { type: "module" });
}
