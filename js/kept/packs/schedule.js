// @ts-check
// Decides when packs are written: once nothing was compiled for a second, and when a page or a process
// may be at its end.

/** How long nothing must have been compiled. */
const IDLE_MS = 1000;

/**
 * @typedef {object} Owner
 * @property {() => number} countQueued modules that were compiled and not written
 * @property {() => boolean} isAlive
 * @property {() => void} flushIdle
 * @property {() => void} flushHidden
 * @property {() => void} flushNow
 */

export class Schedule {
  #platform;
  #owner;
  #isOn;
  /**
   * Set while there may be something to write. Who watches holds the whole Pyodide: it is not to be kept by that
   * for longer.
   *
   * @type {(() => void) | undefined}
   */
  #unwatch;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #countBefore = 0;

  /**
   * @param {import("../../platform/platform.js").Platform} platform
   * @param {boolean} isOn false: it is all left to the program
   * @param {Owner} owner
   */
  constructor(platform, isOn, owner) {
    this.#platform = platform;
    this.#owner = owner;
    this.#isOn = isOn;
  }

  /** There is something to write. Called within imports. */
  begin() {
    if (!this.#isOn) return;
    this.#unwatch ??= this.#platform.watchEnd({
      onHide: () => this.#atEnd(this.#owner.flushHidden),
      onExit: () => this.#atEnd(this.#owner.flushNow),
    });
    this.#timer ??= this.#startTimer();
  }

  /** All is written. */
  done() {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Nothing more is written. */
  end() {
    this.#isOn = false;
    clearTimeout(this.#timer);
    this.done();
  }

  #startTimer() {
    const timer = setTimeout(() => this.#onTimer(), IDLE_MS);
    // In Node it must not keep the process.
    /** @type {any} */ (timer).unref?.();
    return timer;
  }

  #onTimer() {
    this.#timer = undefined;
    if (!this.#owner.isAlive()) return;
    const count = this.#owner.countQueued();
    const isIdle = count === this.#countBefore;
    this.#countBefore = isIdle ? 0 : count;
    if (isIdle) this.#owner.flushIdle();
    else this.#timer = this.#startTimer();
  }

  /** @param {() => void} flush */
  #atEnd(flush) {
    if (!this.#owner.isAlive()) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    flush();
  }
}
