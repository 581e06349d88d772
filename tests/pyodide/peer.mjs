// A Pyodide in a process or worker thread of its own, which does what it is told: see Peer in peers.mjs.

import { readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { start } from "./harness.mjs";
import { boot, install } from "../../js/index.js";

const port = parentPort ?? process;
const send = parentPort
  ? (message) => parentPort.postMessage(message)
  : (message) => process.send(message);

let pyodide;
let zips;
let warnings = [];
const onWarning = (message, code) => warnings.push([code, message]);

const commands = {
  async start({ version, options }) {
    pyodide = await start(version);
    return commands.install({ options });
  },
  async boot({ version, options }) {
    const load = (loadPyodide, own) => boot(loadPyodide, { onWarning, ...options, pyodide: own });
    ({ pyodide, zips } = await start(version, { load }));
    return zips.stats().start;
  },
  async install({ options }) {
    zips = await install(pyodide, { onWarning, ...options });
    return zips.active;
  },
  /** Puts a file of the machine into Pyodide's file system, and on sys.path. */
  provide({ file, path }) {
    pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")) || "/");
    pyodide.FS.writeFile(path, new Uint8Array(readFileSync(file)));
    return commands.run({
      code: `import sys\nif ${JSON.stringify(path)} not in sys.path: sys.path.insert(0, ${JSON.stringify(path)})`,
    });
  },
  /** The value of the last expression: text, number, or whatever JSON.stringify() takes. */
  async run({ code }) {
    const globals = pyodide.toPy({});
    try {
      const value = await pyodide.runPythonAsync(code, { globals });
      return value?.toJs ? value.toJs({ dict_converter: Object.fromEntries }) : value;
    } finally {
      globals.destroy();
    }
  },
  flush: () => zips.flush(),
  clear: ({ path }) => zips.clear(path),
  stats: () => zips.stats(),
  uninstall: () => zips.uninstall(),
  warnings() {
    const taken = warnings;
    warnings = [];
    return taken;
  },
  /** Ends the process without another word. */
  exit: ({ code }) => process.exit(code),
  throw: () =>
    setImmediate(() => {
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
