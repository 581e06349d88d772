// Child process: boots one Pyodide, mounts a test tree, and runs suites.py in it with the stock
// importer or with ours. The latter is started by boot(): an ordinary start where nothing is kept yet,
// else one from bytecode.
//
//   node pyodide.mjs PYODIDE_PACKAGE TREE REPORT stock|ours
//
// With FOLDERS in the environment the suites of resources and metadata alone, and a folder in the place of each
// archive that they put on sys.path: one that the archive is unpacked into for stock, and mounted at for ours.

import { dirname, basename, join } from "node:path";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [packageName, tree, report, importer] = process.argv.slice(2);

try {
  const { loadPyodide } = await import(`${packageName}/pyodide.mjs`);
  const pyodide = await (importer === "ours" ? startOurs(loadPyodide) : loadPyodide());
  mount(pyodide, tree, "/t");
  mount(pyodide, dirname(report), "/report");
  for (const name of ["suites.py", "folders.py"])
    pyodide.FS.writeFile(`/home/pyodide/${name}`, readFileSync(join(here, name)));
  const makeFolder = process.env.FOLDERS && (await prepareFolders(pyodide));
  const values = ["/t", `/report/${basename(report)}`, importer, makeFolder];
  pyodide.globals.set("arguments", pyodide.toPy(values));
  pyodide.runPython(`
import sys
tree, report, importer, make_folder = arguments
sys.path.append("/home/pyodide")
import folders, suites
module = __import__("pyodide_zipimport") if importer == "ours" else None
if make_folder:
    path = folders.use(make_folder)
    suites.main(tree, report, module, ["resources", "metadata"])
    assert path.made, "no archive was put on sys.path"
else:
    suites.main(tree, report, module)
`);
} catch (error) {
  // Only the message: the stack of a fatal error holds Pyodide's minified source.
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
process.exit(0);

async function startOurs(loadPyodide) {
  const { boot } = await import("../../js/node.js");
  const storage = { directory: process.env.PACKS };
  const { pyodide, zips } = await boot(loadPyodide, { storage });
  const { start } = zips.stats();
  if (process.env.STARTED && start.library !== process.env.STARTED)
    throw new Error(`started from ${start.library}: ${start.reason}`);
  return pyodide;
}

/** A function that makes a folder of an archive in Pyodide's file system, and gives its path. */
async function prepareFolders(pyodide) {
  let count = 0;
  if (importer === "stock")
    return (archive) => {
      const path = `/lib/unpacked/${count++}/${basename(archive)}`;
      pyodide.unpackArchive(pyodide.FS.readFile(archive), "zip", { extractDir: path });
      return path;
    };

  // What mount() does in the end: the tests cannot wait for its promise.
  const { archivePathOf, growTree } = await import("../../js/mount/tree.js");
  const { giveFile } = await import("../../js/pyodide/files.js");
  const module = pyodide.pyimport("pyodide_zipimport");
  return (archive) => {
    const path = `/lib/zip/${count++}/${basename(archive)}`;
    const archivePath = archivePathOf(path);
    giveFile(pyodide.FS, archivePath, pyodide.FS.readFile(archive));
    growTree(pyodide, module, { path, archivePath });
    return path;
  };
}

function mount(pyodide, folder, at) {
  pyodide.FS.mkdir(at);
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: folder }, at);
}
