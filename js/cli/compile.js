// @ts-check
// `compile`: a wheel or another archive, with the bytecode of its modules.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";

import { describeError } from "../base/errors.js";
import { FOLDER, addBytecode } from "./bytecode.js";
import { Distribution, PYODIDE_OPTION } from "./distribution.js";
import { Failure, UsageError } from "./failures.js";
import { count, listSkipped } from "./figures.js";
import { OUTPUT_OPTION, Output, STORE_OPTION } from "./output.js";
import { lookAt } from "./started.js";

const SOURCE = `${FOLDER}/source.zip`;

/** @type {import("./help.js").Command} */
export const command = {
  name: "compile",
  summary: "add the bytecode of its modules to a wheel or another archive",
  operands: ["ARCHIVE"],
  options: {
    pyodide: PYODIDE_OPTION,
    output: OUTPUT_OPTION,
    layout: {
      type: "string",
      value: "LAYOUT",
      choices: ["zip", "unpacked", "both"],
      help: "how it will be used: imported from as a zip (the default), unpacked, or both",
    },
    path: {
      type: "string",
      value: "PATH",
      help: "where it will be in Pyodide's file system, for tracebacks",
    },
    store: STORE_OPTION,
  },
  details: `zip puts m.pyc beside m.py, where zip imports look; PATH is that of the archive, by default / and
the output's name. unpacked puts __pycache__/m.cpython-3XX.pyc, which loadPackage(),
micropip and unpackArchive() leave where imports look; PATH is the folder it is unpacked into,
by default Pyodide's site-packages. With both, PATH is the archive's. The RECORD of a wheel
lists what was added. Sources stay in it; those that do not compile are left as they are.`,
  example:
    "pyodide-zipimport compile networkx-3.7-py3-none-any.whl --pyodide node_modules/pyodide -o site/networkx-3.7-py3-none-any.whl",
  run,
};

/**
 * @param {import("./arguments.js").Values} values
 * @param {import("./progress.js").Progress} progress
 */
async function run({ options, operands: [input] }, progress) {
  const { layout = "zip", store = false } = options;
  const given = readPath(options.path);
  const bytes = await readArchive(input);
  const place = await Output.prepare(options.output, input);
  const distribution = await Distribution.find(options.pyodide);
  let python = "";
  let paths = /** @type {Record<string, string>} */ ({});
  const begin = async () => {
    progress.show(`starting Pyodide ${distribution.version}`);
    const pyodide = await distribution.startToCompile();
    ({ python } = await lookAt(pyodide));
    paths = choosePaths(layout, given, basename(options.output), python);
    pyodide.FS.mkdirTree(FOLDER);
    pyodide.FS.writeFile(SOURCE, bytes, { canOwn: true });
    return { pyodide, task: { title: input, source: SOURCE, paths, store } };
  };
  const { bytes: written, figures } = await addBytecode(begin, progress);
  await place.write(written);
  const result = {
    command: command.name,
    ...{ pyodide: distribution.version, python, layout, stored: store, paths },
    input: { path: input, bytes: bytes.length },
    output: { path: options.output, bytes: figures.bytes, members: figures.members },
    addedBytes: figures.bytes - bytes.length,
    ...{ modules: figures.modules, pycs: figures.pycs, replaced: figures.replaced },
    ...{ records: figures.records, skipped: figures.skipped },
  };
  return { figures: result, text: describe(result) };
}

/** @param {string | undefined} given */
function readPath(given) {
  if (given === undefined || given.startsWith("/")) return given?.replace(/\/+$/, "");
  throw new UsageError(
    `--path: found "${given}", expected a path in Pyodide's file system, from its root, such as "/app.zip"`,
  );
}

/** @param {string} path */
async function readArchive(path) {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    // Pyodide's file system takes typed arrays, but not Node's own kind of them.
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const found = code === "EISDIR" ? "a folder" : code === "ENOENT" ? "nothing" : undefined;
    throw new Failure(
      `ARCHIVE: ${found ? `found ${found} at "${path}"` : `"${path}" cannot be read (${describeError(error)})`}, ` +
        "expected a wheel or another zip archive; check the path",
    );
  }
}

/**
 * @param {string} layout
 * @param {string | undefined} given
 * @param {string} name of the output
 * @param {string} python its version
 * @returns {Record<string, string>} see add_bytecode.py
 */
function choosePaths(layout, given, name, python) {
  const [major, minor] = python.split(".");
  const folder = `/lib/python${major}.${minor}/site-packages`;
  if (layout === "unpacked") return { unpacked: given ?? folder };
  const zip = given ?? `/${name}`;
  return layout === "both" ? { zip, unpacked: folder } : { zip };
}

/** @param {any} result */
function describe({ pyodide, python, paths, input, output, addedBytes, stored, ...result }) {
  const kind = stored ? "stored" : "deflated";
  const lines = [
    `${output.path}: ${input.path} with bytecode of Pyodide ${pyodide}, Python ${python}`,
    `bytecode  of ${count(result.modules, "module")}, in ${count(result.pycs, "file")}, ${kind}`,
    ...listSkipped(result.skipped),
    `size      ${count(output.bytes, "byte")}, ${count(addedBytes)} more than ${count(input.bytes)}`,
  ];
  if (result.replaced) lines.push(`replaced  ${count(result.replaced, "older .pyc file")}`);
  if (paths.zip !== undefined) lines.push(`imported  from the archive at ${paths.zip}`);
  if (paths.unpacked !== undefined)
    lines.push(`imported  once it is unpacked into ${paths.unpacked || "/"}`);
  if (result.records.length) lines.push(`RECORD    extended: ${result.records.join(", ")}`);
  return lines.join("\n");
}
