// @ts-check
// What the last visit of this page, worker or script used: read before Python is asked for anything, so
// that the first import finds it. A store that an import can wait for needs none of it.
//
// The record is one small entry for each address, a line for each archive: the name of its path, the file
// of its pack, and that file's size, newest first.

import { answerOf } from "../catalogue.js";
import { makeVisit, parseName } from "../names.js";

/** @typedef {import("../stores/store.js").Store} Store */
/** @typedef {import("../../platform/platform.js").Platform} Platform */
/** @typedef {{ pathName: string, file: string, nbytes: number }} Line */

/**
 * @typedef {object} Recalled
 * @property {Line[]} lines of the record, those for other interpreters too
 * @property {Map<string, Uint8Array>} files what was read of them, by name
 * @property {string[]} missing files that are not there any more
 * @property {unknown} error why not more: the first reason, if there are several
 */

export class Visit {
  #name;
  #text = "";
  /** @type {Promise<Recalled>} */
  #recalling;

  /**
   * Begins to read.
   *
   * @param {Platform} platform
   * @param {Promise<Store>} opening
   * @param {number} nbytesMax
   */
  constructor(platform, opening, nbytesMax) {
    const address = new TextEncoder().encode(platform.address());
    this.#name = makeVisit(platform.crc32(address).toString(16));
    /** @type {Recalled} */
    const recalled = { lines: [], files: new Map(), missing: [], error: undefined };
    // An installation goes on with what came in time.
    this.#recalling = answerOf(this.#recall(opening, nbytesMax, recalled)).then(
      () => recalled,
      (error) => ({ ...recalled, files: new Map(recalled.files), error }),
    );
  }

  /** @returns {Promise<Recalled>} never rejected; given once, and not held here any longer */
  takeRecalled() {
    const recalling = this.#recalling;
    this.#recalling = Promise.resolve({
      lines: [],
      files: new Map(),
      missing: [],
      error: undefined,
    });
    return recalling;
  }

  /**
   * @param {Promise<Store>} opening
   * @param {number} nbytesMax
   * @param {Recalled} recalled to be filled
   */
  async #recall(opening, nbytesMax, recalled) {
    try {
      const store = await opening;
      const record = store.sync ? undefined : await store.get(this.#name);
      this.#text = record ? new TextDecoder().decode(record) : "";
      recalled.lines = parse(this.#text);
      let room = nbytesMax;
      const reads = recalled.lines.map(async ({ file, nbytes }) => {
        if (nbytes > room) return;
        room -= nbytes;
        try {
          const bytes = await store.get(file);
          if (bytes) recalled.files.set(file, bytes);
          else recalled.missing.push(file);
        } catch (error) {
          recalled.error ??= error; // the others come all the same
        }
      });
      await Promise.all(reads);
    } catch (error) {
      recalled.error = error;
    }
  }

  /**
   * Stores what this visit used, if that is something else than the last one did.
   *
   * @param {import("../catalogue.js").Catalogue} store
   * @param {Line[]} lines
   * @param {(line: Line) => boolean} isOwn whether a line is of this interpreter: those of others stay
   * @returns {any} to be awaited; undefined if there is nothing to store
   */
  write(store, lines, isOwn) {
    if (store.sync || lines.length === 0) return undefined;
    const others = parse(this.#text).filter((line) => !isOwn(line));
    const text = [...lines, ...others]
      .map(({ pathName, file, nbytes }) => `${pathName} ${file} ${nbytes}\n`)
      .join("");
    if (text === this.#text) return undefined;
    return store.put(this.#name, new TextEncoder().encode(text)).then(() => {
      this.#text = text;
    });
  }

  /** The record was deleted. */
  forget() {
    this.#text = "";
  }
}

/**
 * @param {string} text
 * @returns {Line[]} those that are whole
 */
function parse(text) {
  return text.split("\n").flatMap((line) => {
    const [pathName = "", file = "", nbytes = ""] = line.split(" ");
    const isWhole = parseName(file)?.kind === "pack" && /^\d+$/.test(nbytes);
    return isWhole ? [{ pathName, file, nbytes: Number(nbytes) }] : [];
  });
}
