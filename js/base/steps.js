// @ts-check
// This file knows how to walk through work that is written once, as a generator of what has to be awaited,
// and done either at leisure or, where every step has its answer at once, before this returns.

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
 * Awaits what they yield.
 *
 * @template T
 * @param {Generator<any, T, any>} steps
 * @returns {Promise<T>}
 */
export async function run(steps) {
  let step = steps.next();
  while (!step.done) {
    let value;
    try {
      value = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}

/** Lets the page do what it has to do, before the next piece of work. */
export function pause() {
  return new Promise((resolve) => setTimeout(resolve));
}
