// A Pyodide in a process or worker thread of its own, which does what it is told: see Peer in peers.mjs.

import { parentPort } from "node:worker_threads";
import { makeCommands } from "./peer-commands.mjs";

const port = parentPort ?? process;
const send = parentPort
  ? (message) => parentPort.postMessage(message)
  : (message) => process.send(message);

const commands = {
  ...makeCommands(),
  /** The kinds of what keeps the process from ending. */
  waitsFor: () => process.getActiveResourcesInfo(),
  /** Ends the process without another word. */
  exit: ({ code }) => process.exit(code),
  throw: () =>
    void setImmediate(() => {
      throw new Error("nobody catches this");
    }),
  end() {
    if (parentPort) parentPort.close();
    else process.disconnect();
  },
};

port.on("message", async ({ id, command, ...args }) => {
  if (command === "end") return commands.end();
  try {
    send({ id, value: await commands[command](args) });
  } catch (error) {
    send({ id, error: error.message.slice(-2000) });
  }
});
