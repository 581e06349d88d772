// @ts-check
// Puts functions of ours into the place of Pyodide's, and Pyodide's back.

export class Hooks {
  /** @type {Set<string>} what was not as expected, and so was left alone: sentences */
  missing = new Set();
  /** @type {(() => void)[]} */
  #releases = [];

  /**
   * @param {any} owner
   * @param {string} name of its method
   * @param {(stock: (...args: any[]) => any) => (...args: any[]) => any} wrap makes ours of stock's
   */
  replace(owner, name, wrap) {
    const stock = owner[name];
    if (typeof stock !== "function") return void this.missing.add(`Pyodide has no ${name}()`);
    const isOwn = Object.hasOwn(owner, name);
    const ours = wrap(stock);
    try {
      owner[name] = ours;
    } catch {
      return void this.missing.add(`Pyodide's ${name}() cannot be replaced`);
    }
    this.#releases.push(() => {
      if (owner[name] !== ours) return; // somebody has put another one there
      if (isOwn) owner[name] = stock;
      else delete owner[name];
    });
  }

  /** Puts stock's functions back where ours still stand. */
  release() {
    for (const each of this.#releases.splice(0).reverse()) each();
  }
}
