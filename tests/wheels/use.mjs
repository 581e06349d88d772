// Uses packages in one Pyodide, mounted or unpacked:
//
//   node use.mjs VERSION mounted|unpacked FOLDER PACKAGE...
//
// Prints a line of JSON for each: its name, what it answered or the error, and, mounted, which files are not as in
// the wheel.

import { readFileSync } from "node:fs";

import { startPlace } from "./place.mjs";
import { ALL } from "./wheels.mjs";

const [version, way, folder, ...packages] = process.argv.slice(2);
const place = await startPlace(version, way);
const { pyodide, zips, root } = place;
place.addModule("uses");
pyodide.runPython("import uses");

for (const name of packages) {
  const differing = [];
  for (const project of ALL[name]) {
    const placed = await place.addProject(folder, project);
    if (placed && zips) differing.push(...findDiffering(placed));
  }
  let answer;
  try {
    answer = pyodide.runPython(`uses.run("${name}", "${root}")`);
  } catch (error) {
    answer = `failed: ${error.message.slice(-1500)}`;
  }
  console.log(JSON.stringify({ name, answer, differing }));
}
zips?.uninstall();

function findDiffering({ path, archive }) {
  pyodide.FS.writeFile("/tmp/wheel", readFileSync(archive));
  return pyodide.runPython(`uses.differing_files("/tmp/wheel", "${path}")`).toJs();
}
