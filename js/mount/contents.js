// @ts-check
// Contents of files that were inflated and not changed: they can be had again, so that only some are kept.

/** How much is kept. What is larger alone is kept while it is open, and until the next is filled. */
const BYTES_MAX = 512 * 1024;

/** @typedef {{ bytes?: Uint8Array }} Holder what has the contents: no bytes while they are not at hand */

export class Contents {
  /** @type {Set<Holder>} the one that was used last at the end */
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

  /** @param {Holder} holder that has its bytes */
  use(holder) {
    this.#holders.delete(holder);
    this.#holders.add(holder);
  }

  /**
   * Lets the holder do what it likes with its bytes.
   *
   * @param {Holder} holder
   */
  release(holder) {
    if (this.#holders.delete(holder)) this.#nbytes -= holder.bytes?.length ?? 0;
  }

  /** For when a file is closed: nobody may come for it soon. */
  shrink() {
    this.#shrink(undefined);
  }

  /** @param {Holder | undefined} spared */
  #shrink(spared) {
    for (const holder of this.#holders) {
      if (this.#nbytes <= BYTES_MAX) return;
      if (holder === spared) continue;
      this.release(holder);
      holder.bytes = undefined;
      this.drops++;
    }
  }
}
