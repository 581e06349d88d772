// Child process of python.test.mjs: runs the Python suite in one Pyodide through one importer.
//
//   node python-suite.mjs VERSION stock|ours|packs FILE...
//
// On another version than the newest release long tests that depend on none are left out, unless all of the
// matrix runs. With packs, each file runs twice through ours: what the first run compiles, the second finds.
// With NEWER_MODULES in the environment, a folder, its zipimport.py and linecache.py are stock's.
// Prints a line of JSON per file: { file, passed, failed, skipped, output }, and at the end how many pack
// files second runs found: { file: "packs", found }.

import { isFull } from "../matrix.mjs";
import { newest, projectPath, start, temporaryFolder } from "./harness.mjs";
import { install } from "../../js/node.js";

const [version, importer, ...files] = process.argv.slice(2);

const PUT_NEWER_IN = `
import sys
sys.path.insert(0, "/tests/cpython")
import newer
newer.put_in("/newer")
`;

// What the session is like that uninstalling shall lead back to.
const REMEMBER = `
import sys
sys.path.insert(0, "/tests/python")
import support
support.remember_session()
`;

// The importer is installed by the suite itself, and taken out after each file, so that every file
// starts as the first one does.
const RUN = `
import json, run
options = ["--counts", "/tmp/counts.json", file + "."]
if importer == "packs":
    options += ["--packs", "/tmp/packs"]
    assert run.main(["--importer", "ours", *options]) == 0, "the run that makes the packs"
try:
    run.main(["--importer", "stock" if importer == "stock" else "ours", *options])
finally:
    if importer != "stock":
        import pyodide_zipimport
        pyodide_zipimport.uninstall()
with open("/tmp/counts.json") as counts:
    text = counts.read()
text
`;

try {
  let output = [];
  const pyodide = await start(version, { print: (line) => output.push(line) });
  pyodide.FS.mkdir("/tests");
  const { NODEFS } = pyodide.FS.filesystems;
  pyodide.FS.mount(NODEFS, { root: projectPath("tests") }, "/tests");
  pyodide.FS.mkdir("/host"); // for tests of NODEFS; support.py has its name
  pyodide.FS.mount(NODEFS, { root: temporaryFolder() }, "/host");
  if (version !== newest && !isFull)
    pyodide.runPython('import os; os.environ["LEAVE_OUT_LONG"] = "1"');
  if (process.env.NEWER_MODULES) {
    pyodide.FS.mkdir("/newer");
    pyodide.FS.mount(NODEFS, { root: process.env.NEWER_MODULES }, "/newer");
    pyodide.runPython(PUT_NEWER_IN, { globals: pyodide.toPy({}) });
  }
  pyodide.runPython(REMEMBER, { globals: pyodide.toPy({}) });
  if (importer !== "stock") {
    const zips = await install(pyodide); // a warning goes to the console, and so to the parent
    if (!zips.active) throw new Error("the importer could not be installed");
    zips.uninstall();
  }
  let found = 0; // of the packs, by second runs
  for (const file of files) {
    output = [];
    const globals = pyodide.toPy({ importer, file });
    let counts = { passed: 0, failed: 1, skipped: 0 };
    try {
      counts = JSON.parse(pyodide.runPython(RUN, { globals }));
      found += counts.packs_found ?? 0;
    } catch (error) {
      output.push(error.message);
    }
    const { passed, failed, skipped } = counts;
    console.log(JSON.stringify({ file, passed, failed, skipped, output: output.join("\n") }));
  }
  console.log(JSON.stringify({ file: "packs", found }));
} catch (error) {
  // Only the message: the stack of a fatal error holds Pyodide's minified source.
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
