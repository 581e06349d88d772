// @ts-check
// Makes `using` and `await using` work with an object, where the engine has their symbols.

/**
 * A method that is named by a symbol which is missing would be named "undefined".
 *
 * @param {object} prototype
 * @param {symbol | undefined} symbol
 * @param {(this: any) => unknown} value
 */
export function defineDisposal(prototype, symbol, value) {
  if (symbol) Object.defineProperty(prototype, symbol, { value, configurable: true });
}
