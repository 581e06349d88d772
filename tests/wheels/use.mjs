// Uses packages in one Pyodide, mounted or unpacked:
//
//   node use.mjs VERSION mounted|unpacked FOLDER PACKAGE...
//
// Prints a line of JSON for each: its name, what it answered or the error, and, mounted, which files are not as in
// the wheel.

import { readFileSync, readdirSync } from "node:fs";

import { projectPath, start } from "../pyodide/harness.mjs";
import { ALL } from "./wheels.mjs";
import { install } from "../../js/node.js";

const [version, way, folder, ...packages] = process.argv.slice(2);
const files = readdirSync(folder).filter((name) => /\.(whl|zip)$/.test(name));
const isMounted = way === "mounted";
const ROOT = isMounted ? "/lib/zip" : "/lib/unpacked";

const pyodide = await start(version);
const zips = isMounted ? await install(pyodide, { storage: "memory" }) : undefined;
pyodide.FS.mkdirTree("/tests");
pyodide.FS.writeFile("/tests/uses.py", readFileSync(projectPath("tests/wheels/uses.py")));
pyodide.runPython("import sys; sys.path.append('/tests'); import uses");

const added = new Set();
for (const name of packages) {
  const differing = [];
  for (const wheel of ALL[name]) differing.push(...(await add(wheel)));
  let answer;
  try {
    answer = pyodide.runPython(`uses.run("${name}", "${ROOT}")`);
  } catch (error) {
    answer = `failed: ${error.message.slice(-1500)}`;
  }
  console.log(JSON.stringify({ name, answer, differing }));
}
zips?.uninstall();

/** Puts a wheel where it belongs. Gives what is different of it. */
async function add(wheel) {
  if (added.has(wheel)) return [];
  added.add(wheel);
  const file = files.find((each) => each.split(/[-.]/)[0] === wheel);
  if (!file) throw new Error(`${folder} has no ${wheel}`);
  const path = `${ROOT}/${file}`;
  if (isMounted) {
    await zips.mount(`${folder}/${file}`);
    pyodide.FS.writeFile("/tmp/wheel", readFileSync(`${folder}/${file}`));
    const differing = pyodide.runPython(`uses.differing_files("/tmp/wheel", "${path}")`);
    return differing.toJs();
  }
  pyodide.unpackArchive(new Uint8Array(readFileSync(`${folder}/${file}`)), "zip", {
    extractDir: path,
  });
  pyodide.runPython(
    `sys.path.insert(0, "${path}"); import importlib; importlib.invalidate_caches()`,
  );
  return [];
}
