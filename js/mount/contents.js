// @ts-check
// Contents of files that were inflated and not changed: they can be had again, so that only some are kept.

/** How much is kept of files that are closed. What is larger alone is kept until the next is filled. */
const BYTES_MAX = 512 * 1024;

/** What WebAssembly begins with. */
const MAGIC = [0, 0x61, 0x73, 0x6d];

/** @typedef {{ node: object, bytes?: Uint8Array }} Holder a file; no bytes while they are not at hand */

export class Contents {
  #listOpen;
  /** @type {Set<Holder>} the one that was filled or closed last at the end */
  #holders = new Set();
  #nbytes = 0;
  fills = 0;
  drops = 0;

  /** @param {() => Iterable<object>} listOpen gives the nodes of all open files: what they have is not dropped */
  constructor(listOpen) {
    this.#listOpen = listOpen;
  }

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
   * For when a file was closed: nobody may come for it soon. Nobody comes for a library that was loaded.
   *
   * @param {Holder | undefined} holder the file's, unless it keeps its contents itself
   */
  close(holder) {
    if (holder?.bytes && isLibrary(holder.bytes)) this.forget(holder);
    else if (holder && this.#holders.delete(holder)) this.#holders.add(holder);
    this.#shrink(undefined);
  }

  /** @param {Holder} holder nobody will come for it soon */
  forget(holder) {
    if (holder.bytes && !new Set(this.#listOpen()).has(holder.node)) this.#drop(holder);
  }

  /** @param {Holder | undefined} spared */
  #shrink(spared) {
    if (this.#nbytes <= BYTES_MAX) return;
    const open = new Set(this.#listOpen());
    const closed = [...this.#holders].filter(({ node }) => !open.has(node));
    let nbytes = closed.reduce((sum, { bytes }) => sum + Number(bytes?.length), 0);
    for (const holder of closed) {
      if (nbytes <= BYTES_MAX) return;
      if (holder === spared) continue;
      nbytes -= Number(holder.bytes?.length);
      this.#drop(holder);
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
