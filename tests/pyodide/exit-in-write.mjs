// Child process of pauses.test.mjs: exits while a flush waits for a disk that does not answer.
//
//   node exit-in-write.mjs VERSION FOLDER

import * as fs from "node:fs";

import { start, writeArchive } from "./harness.mjs";
import { makeAPI } from "../../js/api.js";
import { node } from "../../js/platform/node.js";

const [version, directory] = process.argv.slice(2);
const open = (path) => {
  if (!path.endsWith(".tmp")) throw new Error(`unexpected: ${path}`);
  setTimeout(() => process.exit(0), 20);
  return new Promise(() => {});
};
const silent = new Proxy(fs, {
  get: (target, name) => (name === "promises" ? { open } : target[name]),
});
const { install } = makeAPI({ ...node, folders: { ...node.folders, fs: silent } });

const pyodide = await start(version);
const zips = await install(pyodide, { storage: { directory } });
writeArchive(pyodide, "/tmp/a.zip", { "in_a.py": "" });
pyodide.runPython("import sys; sys.path.insert(0, '/tmp/a.zip'); import in_a");
await zips.flush();
process.exit(3);
