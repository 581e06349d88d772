// @ts-check
// Finds a distribution of Pyodide in a folder, and starts it.

import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { describeError } from "../base/errors.js";
import { SUPPORTED, isSupported } from "../pyodide/versions.js";
import { Failure } from "./failures.js";

const ENTRY = "pyodide.mjs";
const LIBRARY = "python_stdlib.zip";

/** @type {import("./arguments.js").Option} */
export const PYODIDE_OPTION = {
  type: "string",
  value: "DIR",
  required: true,
  help: `the folder of the Pyodide to prepare for, with ${ENTRY} in it`,
};

export class Distribution {
  #loadPyodide;
  /** Absolute. */
  folder;
  version;

  /**
   * @param {string} folder
   * @param {{ loadPyodide: Function, version: string }} module
   */
  constructor(folder, { loadPyodide, version }) {
    this.folder = folder;
    this.version = version;
    this.#loadPyodide = loadPyodide;
  }

  /** Of stock's standard library. */
  get libraryPath() {
    return join(this.folder, LIBRARY);
  }

  /**
   * Finds it and reads its JavaScript, which makes no Python yet.
   *
   * @param {string} given the value of --pyodide
   */
  static async find(given) {
    const folder = resolve(given);
    if (!(await stat(folder).catch(() => undefined))?.isDirectory())
      throw new Failure(
        `--pyodide: found no folder "${given}", expected one with a Pyodide in it; ` +
          "unpack a release of Pyodide there, or give node_modules/pyodide",
      );
    for (const name of [ENTRY, LIBRARY])
      if (!(await stat(join(folder, name)).catch(() => undefined))?.isFile())
        throw new Failure(
          `--pyodide: found no ${name} in "${given}", expected a whole Pyodide, as in a release or ` +
            "in node_modules/pyodide; give the folder that has it",
        );
    const module = await importEntry(folder, given);
    if (!isSupported(module.version))
      throw new Failure(
        `--pyodide: found Pyodide ${module.version} in "${given}", expected ${SUPPORTED}; ` +
          "give one of these, or use a pyodide-zipimport that knows it",
      );
    return new Distribution(folder, module);
  }

  /** For compiling: equal sources give equal bytecode, whatever the order of a set. */
  startToCompile() {
    return this.start({ env: { PYTHONHASHSEED: "0" } });
  }

  /**
   * Only one distribution a process: Pyodide before 314 has its core in a global.
   *
   * @param {object} [options] of loadPyodide, beyond those that keep it quiet
   * @returns {Promise<any>}
   */
  async start(options) {
    // Passed on by its message: where it was thrown is a line of a megabyte.
    try {
      return await this.#loadPyodide({
        indexURL: `${this.folder}/`,
        stdout() {},
        stderr() {},
        ...options,
      });
    } catch (error) {
      throw new Failure(
        `--pyodide: Pyodide ${this.version} in "${this.folder}" did not start ` +
          `(${describeError(error)}), expected a whole distribution; unpack it anew`,
      );
    }
  }
}

/**
 * @param {string} folder
 * @param {string} given
 */
async function importEntry(folder, given) {
  let module;
  let reason = "it exports no loadPyodide and version";
  try {
    module = await import(pathToFileURL(join(folder, ENTRY)).href);
  } catch (error) {
    reason = describeError(error);
  }
  const { loadPyodide, version } = Object(module);
  if (typeof loadPyodide === "function" && typeof version === "string") return module;
  throw new Failure(
    `--pyodide: ${ENTRY} in "${given}" is not Pyodide's (${reason}); unpack a release of Pyodide anew`,
  );
}
