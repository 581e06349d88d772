// What a Pyodide of a test can be told, wherever it runs: see Peer and Neighbour in peers.mjs.

import { readFileSync } from "node:fs";
import { start } from "./harness.mjs";
import { boot, install } from "../../js/node.js";

/** The commands of one Pyodide, functions of one object each. */
export function makeCommands() {
  let pyodide;
  let zips;
  let warnings = [];
  const onWarning = (message, code) => warnings.push([code, message]);

  const commands = {
    /** `cache` is the user's cache folder, by default one of its own. */
    async start({ version, options, cache }) {
      pyodide = await start(version);
      if (cache) process.env.XDG_CACHE_HOME = cache;
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
  };
  return commands;
}
