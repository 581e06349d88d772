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
  #owner;
  #isOn;
  /** @type {(() => void) | undefined} */
  #unwatch;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Whether there may be something to write. */
  #isPending = false;
  #countBefore = 0;

  /**
   * @param {import("../../platform/platform.js").Platform} platform
   * @param {boolean} isOn false: it is all left to the program
   * @param {Owner} owner
   */
  constructor(platform, isOn, owner) {
    this.#owner = owner;
    this.#isOn = isOn;
    if (!isOn) return;
    this.#unwatch = platform.watchEnd({
      onHide: () => this.#atEnd(owner.flushHidden),
      onExit: () => this.#atEnd(owner.flushNow),
    });
  }

  /** There is something to write. Called within imports. */
  begin() {
    if (!this.#isOn) return;
    this.#isPending = true;
    this.#timer ??= this.#startTimer();
  }

  /** All is written. */
  done() {
    this.#isPending = false;
  }

  /** Nothing more is written. */
  end() {
    this.#isOn = false;
    clearTimeout(this.#timer);
    this.#unwatch?.();
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
    if (!this.#isPending || !this.#owner.isAlive()) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    flush();
  }
}
