// @ts-check
// Calls the side module's functions for mounts, straight and not through Python: they are asked while
// Python waits in a system call. src/bridge.h says what each does.

/** As src/zip/tree.h numbers them. */
export const KIND = { invisible: 0, file: 1, directory: 2, link: 3 };
/** As src/python/mount/mount.h numbers them. */
export const CHANGE = { within: 1, gone: 2 };

/** Places in struct zi_bridge_area. */
const AREA = {
  nbytes: 0,
  position: 8,
  kind: 16,
  error: 20,
  nameBytes: 24,
  name: 28,
};
const AREA_BYTES = 288;
const NAME_BYTES_MAX = 255;

/**
 * @typedef {object} Facts
 * @property {string} name
 * @property {number} kind one of KIND
 * @property {number} nbytes of a file's contents or a link's text
 */

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

export class Bridge {
  #library;
  #pointer;

  /** @param {import("../pyodide/side-module.js").Library} library */
  constructor(library) {
    this.#library = library;
    this.#pointer = library.exports.zi_bridge_area() >>> 0;
  }

  /**
   * @param {number} mount
   * @param {number} directory
   * @returns {number[]} its children, as they stand in the archive
   */
  children(mount, directory) {
    const { zi_bridge_first, zi_bridge_next } = this.#library.exports;
    const found = [];
    let node = zi_bridge_first(mount, directory);
    for (; node >= 0; node = zi_bridge_next(mount, node)) found.push(node);
    return found.reverse();
  }

  /**
   * @param {number} mount
   * @param {number} directory
   * @returns {boolean} whether it has no children
   */
  isEmpty(mount, directory) {
    return this.#library.exports.zi_bridge_first(mount, directory) < 0;
  }

  /**
   * @param {number} mount
   * @param {number} directory
   * @param {string} name
   * @returns {number} the child of this name, negative if there is none
   */
  find(mount, directory, name) {
    if (!this.#putName(name)) return -1;
    return this.#library.exports.zi_bridge_find(mount, directory);
  }

  /**
   * @param {number} mount
   * @param {number} node
   * @returns {Facts}
   */
  describe(mount, node) {
    this.#library.exports.zi_bridge_describe(mount, node);
    const area = this.#area();
    const nameBytes = area.getUint32(AREA.nameBytes, true);
    return {
      name: decoder.decode(this.#bytesAt(this.#pointer + AREA.name, nameBytes).slice()),
      kind: area.getUint32(AREA.kind, true),
      nbytes: area.getFloat64(AREA.nbytes, true),
    };
  }

  /**
   * @param {number} mount
   * @returns {string[]} the names of the root's folders
   */
  folders(mount) {
    const children = this.children(mount, 0).map((node) => this.describe(mount, node));
    return children.filter(({ kind }) => kind === KIND.directory).map(({ name }) => name);
  }

  /**
   * @param {number} mount
   * @param {number} [directory] the root, if none is given
   * @param {string} [folder] its path, with a slash at its end
   * @returns {Generator<{ path: string, nbytes: number }>} the files in it and below
   */
  *files(mount, directory = 0, folder = "") {
    for (const node of this.children(mount, directory)) {
      const { name, kind, nbytes } = this.describe(mount, node);
      if (kind === KIND.directory) yield* this.files(mount, node, `${folder}${name}/`);
      else if (kind === KIND.file) yield { path: folder + name, nbytes };
    }
  }

  /**
   * @param {number} mount
   * @param {number} node a file or a link
   * @param {Uint8Array} [archive] the archive's file: what stands in it as it is, is not copied
   * @returns {{ bytes?: Uint8Array, errno: number }} the contents; where they cannot be read, why
   */
  read(mount, node, archive) {
    const { zi_bridge_read, zi_bridge_release } = this.#library.exports;
    const pointer = zi_bridge_read(mount, node) >>> 0;
    const area = this.#area();
    const errno = area.getUint32(AREA.error, true);
    if (errno) return { errno };
    const nbytes = area.getFloat64(AREA.nbytes, true);
    const position = area.getFloat64(AREA.position, true);
    try {
      if (archive && position)
        return { bytes: archive.subarray(position, position + nbytes), errno };
      return { bytes: this.#bytesAt(pointer, nbytes).slice(), errno };
    } finally {
      zi_bridge_release();
    }
  }

  /**
   * @param {number} mount
   * @param {number} node a link
   */
  readLink(mount, node) {
    const { bytes, errno } = this.read(mount, node);
    return { text: bytes && decoder.decode(bytes), errno };
  }

  /**
   * @param {number} mount
   * @param {number} node that is not the archive's any more
   * @param {number} change of CHANGE
   */
  change(mount, node, change) {
    this.#library.exports.zi_bridge_change(mount, node, change);
  }

  /**
   * @param {number} folder that is shared
   * @param {string} name in it that is no mount's alone
   */
  note(folder, name) {
    if (this.#putName(name)) this.#library.exports.zi_bridge_note(folder);
  }

  /** Pyodide's memory as bytes, as it is now. */
  memory() {
    return this.#library.memory();
  }

  /**
   * @param {string} name
   * @returns {boolean} false if it is longer than any that a folder or an archive shows
   */
  #putName(name) {
    const bytes = encoder.encode(name);
    if (bytes.length > NAME_BYTES_MAX) return false;
    this.#bytesAt(this.#pointer + AREA.name, bytes.length).set(bytes);
    this.#area().setUint32(AREA.nameBytes, bytes.length, true);
    return true;
  }

  /** Made anew for each use: a view ends when the memory grows. */
  #area() {
    return new DataView(this.memory().buffer, this.#pointer, AREA_BYTES);
  }

  /**
   * @param {number} pointer
   * @param {number} nbytes
   */
  #bytesAt(pointer, nbytes) {
    return this.memory().subarray(pointer, pointer + nbytes);
  }
}
