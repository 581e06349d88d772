// The module worker: does the one job it is sent.

import { runJob } from "./job.js";

addEventListener("unhandledrejection", (event) =>
  postMessage({ error: String(event.reason?.message ?? event.reason) }),
);
addEventListener("message", async ({ data }) => {
  const result = await runJob(data, postMessage);
  // One more turn, in which a rejection that nobody handles would show itself, and come first.
  setTimeout(() => postMessage(result));
});
