// The page: fetches its job, does it here or in a module worker, reports the result.

const exchange = `/exchange/${new URLSearchParams(location.search).get("job")}`;

/** @param {object} result `{ error }` when it went wrong */
const report = (result) => fetch(exchange, { method: "POST", body: JSON.stringify(result) });

addEventListener("error", (event) => report({ error: event.message }));
addEventListener("unhandledrejection", (event) =>
  report({ error: String(event.reason?.message ?? event.reason) }),
);

const job = await (await fetch(exchange)).json();
if (job.place === "worker") {
  const worker = new Worker("./worker.js", { type: "module" });
  worker.onerror = ({ message }) => report({ error: message ?? "the worker did not load" });
  worker.onmessage = ({ data }) => report(data);
  worker.postMessage(job);
} else {
  const { runJob } = await import("./job.js");
  report(await runJob(job, report));
}
