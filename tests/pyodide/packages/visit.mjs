// Installs published packages in one Pyodide, uses them, and prints what there is to see, a line of JSON for each:
//
//   node visit.mjs VERSION mounted|unpacked loadPackage|micropip FOLDER PORT PACKAGE...
//
// A server on that port has the wheels of the folder: addresses are the same in each process.

import { readFileSync, readdirSync } from "node:fs";

import { openPlace } from "./place.mjs";
import { projectPath, start } from "../harness.mjs";
import { ALL } from "../../wheels/wheels.mjs";
import { install } from "../../../js/node.js";

const [version, way, route, folder, index, ...names] = process.argv.slice(2);
const read = (path) => Uint8Array.from(readFileSync(path));
const wheels = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => name.endsWith(".whl"))
    .map((name) => [name, read(`${folder}/${name}`)]),
);
const normalize = (name) => name.replaceAll("_", "-");
const entries = Object.fromEntries(
  names.map((name) => [
    normalize(name),
    { depends: ALL[name].map(normalize).filter((each) => each !== name) },
  ]),
);
const place = await openPlace(version, wheels, entries);
const pyodide = await start(version, {
  load: (loadPyodide, own) => loadPyodide({ ...own, ...place.options }),
});
const zips = await install(pyodide, { storage: "memory", mountPackages: way === "mounted" });

pyodide.FS.mkdirTree("/tests");
pyodide.FS.writeFile("/tests/uses.py", read(projectPath("tests/wheels/uses.py")));
pyodide.FS.writeFile("/tests/facts.py", read(projectPath("tests/pyodide/packages/facts.py")));
pyodide.runPython("import sys; sys.path.append('/tests'); import facts, json, uses");
const print = (what, code) => {
  const answer = pyodide.runPython(`json.dumps(${code})`);
  console.log(JSON.stringify([what, answer.replaceAll(place.folder, "<folder>")]));
};

if (route === "micropip") await pyodide.loadPackage("micropip");
for (const name of names) {
  if (route === "loadPackage") await pyodide.loadPackage(normalize(name));
  else
    await pyodide.runPythonAsync(
      `import micropip; await micropip.install("${normalize(name)}", index_urls="${index}")`,
    );
  print(`${name}: use`, `uses.run("${name}", "/none")`);
  for (const each of ALL[name]) print(`${name}: metadata of ${each}`, `facts.metadata("${each}")`);
  print(`${name}: modules`, "facts.modules()");
}
if (route === "micropip") {
  // Both go by the order of a folder's files, of which nothing is promised.
  print("micropip.list()", "sorted((name, repr(each)) for name, each in micropip.list().items())");
  print("micropip.freeze()", "facts.in_order(json.loads(micropip.freeze())['packages'])");
}
console.log(JSON.stringify(["loadedPackages", { ...pyodide.loadedPackages }]));
print("distributions", "facts.distributions()");
print("files", "facts.listing()");
if (way === "mounted") {
  const { unpacked, missing } = zips.stats().packages;
  if (unpacked.length + missing.length > 0) throw new Error(JSON.stringify({ unpacked, missing }));
} else if (zips.stats().packages) throw new Error("packages are counted");
