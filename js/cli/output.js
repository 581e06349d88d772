// @ts-check
// Puts a result where it was asked for: complete, or not at all. It is written
// beside, put on the disk, and renamed; what stood there before stays until then.

import { constants } from "node:fs";
import { access, open, readlink, realpath, rename, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";

import { describeError } from "../base/errors.js";
import { Failure, UsageError } from "./failures.js";

/** @typedef {import("node:fs").Stats} Stats */

/** @type {import("./arguments.js").Option} */
export const OUTPUT_OPTION = {
  type: "string",
  short: "o",
  value: "FILE",
  required: true,
  help: "the file to write; one that is there is replaced once the new one is complete",
};

/** @type {import("./arguments.js").Option} */
export const STORE_OPTION = {
  type: "boolean",
  help: "store the bytecode: larger, and faster to import; else it is deflated",
};

const NEW_FILE_MODE = 0o666; // less what the user's umask takes

export class Output {
  #path;
  #mode;

  /**
   * @param {string} path
   * @param {number} mode
   */
  constructor(path, mode) {
    this.#path = path;
    this.#mode = mode;
  }

  /**
   * Finds out before any work whether there is a place for the result.
   *
   * @param {string} given the value of -o
   * @param {string} input the path of what is read, which must not be it
   */
  static async prepare(given, input) {
    await checkFolder(given);
    const found = await statOf(given);
    if (found && isSame(found, await stat(input)))
      throw new UsageError(
        `-o: found "${given}", which is what is read, expected another file; give another name`,
      );
    if (found?.isDirectory() || given.endsWith("/") || given.endsWith(sep))
      throw new Failure(
        `-o: found the folder "${given}", expected a file; add a name: "${join(given, "NAME")}"`,
      );
    if (found && !found.isFile())
      throw new Failure(
        `-o: found "${given}", which is no ordinary file, expected one or none; give another name`,
      );
    const target = found ? undefined : await readlink(given).catch(() => undefined);
    if (target !== undefined)
      throw new Failure(
        `-o: found "${given}", a link to "${target}", which is not there; make that file, or give another name`,
      );
    // Through a link: what it points to is replaced, not the link.
    const path = found ? await realpath(given) : resolve(given);
    return new Output(path, found ? found.mode & 0o777 : NEW_FILE_MODE);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {(path: string) => Promise<void>} [check] is given the complete file before it has its name,
   *   and fails if that shall not be
   */
  async write(bytes, check) {
    const unique = `${process.pid}-${Math.random().toString(36).slice(2)}`;
    const written = join(dirname(this.#path), `.pyodide-zipimport-${unique}.tmp`);
    try {
      await write(written, bytes, this.#mode).catch((error) => this.#fail(error));
      await check?.(written);
      await rename(written, this.#path).catch((error) => this.#fail(error));
    } catch (error) {
      await unlink(written).catch(() => {}); // it was never made, or what failed fails here too
      throw error;
    }
  }

  /**
   * @param {NodeJS.ErrnoException} error
   * @returns {never}
   */
  #fail(error) {
    const full = ["ENOSPC", "EDQUOT"].includes(error.code ?? "");
    throw new Failure(
      `-o: "${this.#path}" could not be written (${describeError(error)}); ` +
        (full ? "make room on that disk" : "expected a folder that can be written to") +
        ", or give another place",
    );
  }
}

/**
 * @param {string} path
 * @param {Uint8Array} bytes
 * @param {number} mode
 */
async function write(path, bytes, mode) {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @param {string} given */
async function checkFolder(given) {
  const folder = dirname(resolve(given));
  const found = await statOf(folder);
  if (!found?.isDirectory())
    throw new Failure(
      `-o: found ${found ? "a file" : "nothing"} at "${folder}", expected a folder, ` +
        `for "${given}" to be written to; ${found ? "give another place" : "make it first"}`,
    );
  try {
    await access(folder, constants.W_OK);
  } catch {
    throw new Failure(
      `-o: found the folder "${folder}", which you may not write to, expected one that you may; ` +
        "give another place",
    );
  }
}

/**
 * @param {string} path
 * @returns {Promise<Stats | undefined>} undefined: nothing is there
 */
async function statOf(path) {
  return stat(path).catch((/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new Failure(`-o: "${path}" cannot be looked at (${describeError(error)})`);
  });
}

/**
 * @param {Stats} a
 * @param {Stats} b
 */
function isSame(a, b) {
  return a.dev === b.dev && a.ino === b.ino;
}
