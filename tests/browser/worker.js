// The module worker: does the one job it is sent.

import { runJob } from "./job.js";

addEventListener("message", async ({ data }) => postMessage(await runJob(data, postMessage)));
