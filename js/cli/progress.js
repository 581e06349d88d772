// @ts-check
// Shows on a terminal how far something is. Where there is none, in a log or a
// pipe, it shows nothing.

const BAR_WIDTH = 24;
const PAUSE_MS = 80;

export class Progress {
  #stream;
  #shownMs = 0;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.#stream = stream.isTTY && process.env.TERM !== "dumb" ? stream : undefined;
  }

  /**
   * @param {string} label
   * @param {number} [done]
   * @param {number} [total] 0: it cannot be told
   */
  show(label, done = 0, total = 0) {
    const now = performance.now();
    if (!this.#stream || (done > 0 && done < total && now - this.#shownMs < PAUSE_MS)) return;
    this.#shownMs = now;
    const filled = total && Math.round((BAR_WIDTH * done) / total);
    const bar = `[${"#".repeat(filled).padEnd(BAR_WIDTH, ".")}] ${done}/${total} `;
    const line = total ? bar + label : `${label} ...`;
    this.#stream.write(`\r\x1b[K${line.slice(0, (this.#stream.columns || 80) - 1)}`);
  }

  /** Leaves the line to what is printed next. */
  clear() {
    this.#stream?.write("\r\x1b[K");
  }
}
