// Runs a test suite in one Pyodide, mounted or unpacked:
//
//   node suite.mjs VERSION mounted|unpacked FOLDER NAME
//
// Prints a line of JSON: what each test did, the text of each failure, the exit code, and the files that are there
// afterwards. Where files and objects lie is left out.

import { readFileSync } from "node:fs";

import { projectPath } from "../pyodide/harness.mjs";
import { makeZip } from "../pyodide/zip.mjs";
import { startPlace } from "./place.mjs";
import { SUITES } from "./suites.mjs";

const [version, way, folder, name] = process.argv.slice(2);
const { projects = [], made, sources, run } = SUITES[name];
const place = await startPlace(version, way);
place.addModule("suites");
const { pyodide } = place;
pyodide.runPython("from suites import *");

for (const project of projects) await place.addProject(folder, project);
if (made) await place.addArchive(`${name}.zip`, makeZip(made));
if (sources) await place.addArchive(`${name}.zip`, pack(sources));

try {
  const answer = pyodide.runPython(`
import json
root = "${place.root}"
(outcomes, details, code), files = ${run}
without_places(json.dumps({"outcomes": outcomes, "details": details, "code": code, "files": files}), root)
`);
  console.log(answer);
} catch ({ message }) {
  // The message alone: Node shows the line that threw, and that of Pyodide is a megabyte long.
  console.error(message);
  process.exitCode = 1;
}
place.zips?.uninstall();

function pack(file) {
  pyodide.FS.writeFile("/tmp/sources", readFileSync(projectPath(file)));
  const packed = pyodide.runPython('pack_sources("/tmp/sources")');
  try {
    return packed.toJs();
  } finally {
    packed.destroy();
  }
}
