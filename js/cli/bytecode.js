// @ts-check
// Has a Pyodide add bytecode to an archive in its file system.

import { readFile } from "node:fs/promises";

import { describeError } from "../base/errors.js";
import { node } from "../platform/node.js";
import { MAKE_BYTECODE } from "../pyodide/make-bytecode.js";
import { runApart } from "../pyodide/python.js";
import { loadPythonModule } from "../pyodide/side-module.js";
import { readWasmFile } from "../pyodide/wasm-file.js";
import { Failure } from "./failures.js";

/** Of Pyodide's file system, for the archives that are worked on. */
export const FOLDER = "/pyodide-zipimport";
const TARGET = `${FOLDER}/target.zip`;
const STEP_MS = 100;

/**
 * @typedef {object} Figures
 * @property {number} bytes of the new archive
 * @property {number} members of it
 * @property {number} modules that were compiled
 * @property {number} pycs that were added
 * @property {number} replaced members that were there under such names
 * @property {string[]} records lists that were extended
 * @property {{ member: string, reason: string }[]} skipped sources that do not compile
 */

/**
 * @typedef {object} Task
 * @property {string} title the archive's name for messages
 * @property {string} source its path in Pyodide's file system
 * @property {Record<string, string>} paths see add_bytecode.py
 * @property {string[]} [members] to compile; all if left out
 * @property {boolean} store whether the bytecode is stored, not deflated
 */

/**
 * A source on which the compiler exhausts the stack ends its Pyodide. Such are left as they are found,
 * like others that do not compile, and the work is begun anew without them.
 *
 * @param {() => Promise<{ pyodide: any, task: Task }>} begin gives a new Pyodide each time
 * @param {import("./progress.js").Progress} progress
 * @returns {Promise<{ bytes: Uint8Array, figures: Figures }>} the new archive
 */
export async function addBytecode(begin, progress) {
  const crashes = /** @type {Crash[]} */ ([]);
  for (;;) {
    const { pyodide, task } = await begin();
    try {
      const leave = crashes.map(({ member }) => member);
      const { bytes, figures } = await addOnce(pyodide, task, leave, progress);
      figures.skipped.push(...crashes.map(({ member, message: reason }) => ({ member, reason })));
      return { bytes, figures };
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      crashes.push(error);
    }
  }
}

class Crash extends Error {
  /**
   * @param {string} member whose source was being compiled
   * @param {unknown} error
   */
  constructor(member, error) {
    super(`Pyodide ends with "${describeError(error)}"`);
    this.member = member;
  }
}

/**
 * @param {any} pyodide
 * @param {Task} task
 * @param {string[]} leave members that are not compiled
 * @param {import("./progress.js").Progress} progress
 */
async function addOnce(pyodide, { title, source, paths, members, store }, leave, progress) {
  await loadSideModule(pyodide);
  pyodide.FS.mkdirTree(FOLDER);
  let current = "";
  // Of a crash, Pyodide prints what is of no use here.
  const { error: print } = console;
  console.error = () => {};
  try {
    const addition = await begin(pyodide, {
      ...{ source, paths, store, leave, chosen: members, target: TARGET },
      note: (/** @type {string} */ member) => void (current = member),
    });
    const total = addition.step(0);
    for (let left = total; left > 0; left = addition.step(STEP_MS))
      progress.show(current, total - left, total);
    current = "";
    const figures = addition.finish().toJs({ dict_converter: Object.fromEntries });
    return { bytes: pyodide.FS.readFile(TARGET), figures };
  } catch (error) {
    if (current && Object(error).pyodide_fatal_error) throw new Crash(current, error);
    const what = current ? `${current} in it` : "it";
    const reason = describeError(error).replaceAll(source, title);
    throw new Failure(
      `"${title}": ${what} cannot be read (${reason}), expected a sound zip archive or wheel; ` +
        "see what unzip -t says of it, and fetch it anew",
    );
  } finally {
    console.error = print;
  }
}

/** @param {any} pyodide */
async function loadSideModule(pyodide) {
  try {
    const module = await loadPythonModule(pyodide, () => readWasmFile(node, undefined));
    module.destroy();
  } catch (error) {
    throw new Failure(`${describeError(error)}; install pyodide-zipimport anew`);
  }
}

/**
 * @param {any} pyodide
 * @param {Record<string, unknown>} names
 */
async function begin(pyodide, names) {
  const code = await readFile(new URL("add_bytecode.py", import.meta.url), "utf8");
  return runApart(
    pyodide,
    `${MAKE_BYTECODE}\n${code}\nresult = Addition(source, target, paths, chosen, leave, store, note)`,
    names,
  );
}
