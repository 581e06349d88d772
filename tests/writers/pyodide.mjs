// Runs check.py in one Pyodide: node tests/writers/pyodide.mjs FOLDER

import { resolve } from "node:path";

import { projectPath, start, versions } from "../pyodide/harness.mjs";
import { install } from "../../js/node.js";

// The newest that is no pre-release: what differs between versions is not how archives are read.
const version = versions.findLast((name) => !name.includes("-"));
const pyodide = await start(version, { print: (line) => console.log(line) });
const { NODEFS } = pyodide.FS.filesystems;
for (const [at, folder] of [
  ["/made", resolve(process.argv[2])],
  ["/writers", projectPath("tests/writers")],
]) {
  pyodide.FS.mkdir(at);
  pyodide.FS.mount(NODEFS, { root: folder }, at);
}
await install(pyodide);
process.exitCode = pyodide.runPython(`
import sys
sys.path.append("/writers")
import check
check.main("/made")
`);
