// @ts-check
// What is known of a directory that shows some of archives, and how to hear of what becomes of its node.

/** @typedef {import("./layer.js").Layer} Layer */

/**
 * @typedef {object} Shown a node of an archive
 * @property {Layer} layer
 * @property {number} index
 * @property {string} [name] in a directory: one that showed something of it when that was looked for
 */

/**
 * What is known of a directory that shows some of archives.
 *
 * @typedef {object} Directory
 * @property {any} node
 * @property {Shown[]} shown the newest layer's first
 * @property {Record<string, any>} children nodes by name: those that were looked for, or all
 * @property {boolean} isFilled whether all are there; what is missing then, the user removed
 * @property {boolean} isMaking whether a child is being made, which is no change by the user
 * @property {boolean} isMixed whether it has names, or lacks some, by the user, or was moved by one; never said of
 *   a shared folder
 * @property {(name: string) => void} [note] of a shared folder: hears of names that are the user's, and ""
 *   where any name may be
 * @property {number} [count] of a shared folder: how many names it has
 */

/**
 * Some versions keep a directory's children in an object that inherits names.
 *
 * @param {Directory} directory
 * @param {string} name
 * @returns {any} the node, if it is made and there
 */
export function childOf({ children }, name) {
  return Object.hasOwn(children, name) ? children[name] : undefined;
}

/**
 * @param {any} node
 * @param {string} key of it
 * @param {() => void} listen is called when that gets another value
 */
export function hear(node, key, listen) {
  let current = node[key];
  Object.defineProperty(node, key, {
    configurable: true,
    enumerable: true,
    get: () => current,
    set(value) {
      current = value;
      listen();
    },
  });
}
