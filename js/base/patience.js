// @ts-check
// A time limit for answers of others. A thread that is busy, as one on which Python runs, takes no answers: that
// time does not count, or what came meanwhile would be too late.

/** Of a limit: so many times the thread was free to take an answer before it ends. */
const TURNS = 4;

/**
 * @param {number} limitMs
 * @param {() => void} onEnd called once
 * @returns {() => void} ends the wait
 */
export function waitAtMost(limitMs, onEnd) {
  let left = TURNS;
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const turn = () => {
    timer = setTimeout(() => (--left > 0 ? turn() : onEnd()), limitMs / TURNS);
  };
  turn();
  return () => clearTimeout(timer);
}

/**
 * @template T
 * @param {Promise<T>} work
 * @param {number} limitMs
 * @param {string} message
 * @returns {Promise<T>} which is rejected with an error of this message where the work takes longer
 */
export function inTime(work, limitMs, message) {
  return new Promise((resolve, reject) => {
    const endWait = waitAtMost(limitMs, () => reject(new Error(message)));
    work.finally(endWait).then(resolve, reject);
  });
}
