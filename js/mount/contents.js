// @ts-check
// Contents of files that were inflated and not changed: they can be had again, so that only some are kept.

/** How much is kept. What is larger alone is kept while it is open, and until the next is filled. */
const BYTES_MAX = 512 * 1024;

/** What WebAssembly begins with. */
const MAGIC = [0, 0x61, 0x73, 0x6d];

/** @typedef {{ bytes?: Uint8Array }} Holder what has the contents: no bytes while they are not at hand */

export class Contents {
  /** @type {Set<Holder>} the one that was filled or closed last at the end */
  #holders = new Set();
  #nbytes = 0;
  fills = 0;
  drops = 0;

  /** How many bytes are kept. */
  get nbytes() {
    return this.#nbytes;
  }

  /**
   * @param {Holder} holder
   * @param {Uint8Array} bytes
   */
  add(holder, bytes) {
    holder.bytes = bytes;
    this.#holders.add(holder);
    this.#nbytes += bytes.length;
    this.fills++;
    this.#shrink(holder);
  }

  /**
   * Lets the holder do what it likes with its bytes.
   *
   * @param {Holder} holder
   */
  release(holder) {
    if (this.#holders.delete(holder)) this.#nbytes -= holder.bytes?.length ?? 0;
  }

  /**
   * For when a file is closed: nobody may come for it soon. Nobody comes for a library that was loaded.
   *
   * @param {Holder | undefined} holder the file's, unless it keeps its contents itself
   */
  close(holder) {
    if (holder?.bytes && isLibrary(holder.bytes)) this.#drop(holder);
    else if (holder && this.#holders.delete(holder)) this.#holders.add(holder);
    if (this.#nbytes > BYTES_MAX) this.#shrink(undefined);
  }

  /** @param {Holder} holder nobody will come for it soon */
  forget(holder) {
    if (holder.bytes) this.#drop(holder);
  }

  /** @param {Holder | undefined} spared */
  #shrink(spared) {
    for (const holder of this.#holders) {
      if (this.#nbytes <= BYTES_MAX) return;
      if (holder !== spared) this.#drop(holder);
    }
  }

  /** @param {Holder} holder */
  #drop(holder) {
    this.release(holder);
    holder.bytes = undefined;
    this.drops++;
  }
}

/** @param {Uint8Array} bytes */
function isLibrary(bytes) {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}
