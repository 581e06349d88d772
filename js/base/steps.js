// @ts-check
// Walks through work that is written once, as a generator of what has to be awaited, and is done either at
// leisure or, where every step has its answer at once, before the call returns.

/**
 * For steps that do their work at once; what they yield is their answer.
 *
 * @template T
 * @param {Generator<any, T, any>} steps
 * @returns {T}
 */
export function runNow(steps) {
  let step = steps.next();
  while (!step.done) step = steps.next(step.value);
  return step.value;
}

/**
 * Awaits what they yield. Between two steps it stops once the signal is aborted: the generator's finally
 * blocks run, and no other step begins.
 *
 * @template T
 * @param {Generator<any, T, any>} steps
 * @param {AbortSignal} [signal]
 * @returns {Promise<T | undefined>} undefined if it was stopped
 */
export async function run(steps, signal) {
  const next = (/** @type {() => IteratorResult<any, T>} */ go) =>
    signal?.aborted ? steps.return(/** @type {any} */ (undefined)) : go();
  let step = next(() => steps.next());
  while (!step.done) {
    let value;
    try {
      value = await step.value;
    } catch (error) {
      step = next(() => steps.throw(error));
      continue;
    }
    step = next(() => steps.next(value));
  }
  return step.value;
}

/** Lets the page do what it has to do, before the next piece of work. */
export function pause() {
  return new Promise((resolve) => setTimeout(resolve));
}

/**
 * A pause between two pieces of work that both take long, unless it is to be done at once.
 *
 * @param {number} stepMs how long to work before others have a turn
 * @returns {Generator<any, void, any>}
 */
export function* rest(stepMs) {
  if (stepMs < Infinity) yield pause();
}
