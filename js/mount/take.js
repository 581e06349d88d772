// @ts-check
// Makes bytes that a caller has in memory ours. What Pyodide's file system holds must never change or go
// away: a buffer that the page transfers elsewhere later ends Pyodide at the next read.

/**
 * @param {ArrayBuffer | SharedArrayBuffer | ArrayBufferView} given
 * @param {boolean} [copy]
 * @returns {Uint8Array} with a buffer of its own. Without `copy` it is the caller's, who keeps a detached
 *   one, where that can be: not where the array is a part of a larger buffer, nor of one that is
 *   shared, can change its size, or belongs to a WebAssembly memory. Those are copied.
 */
export function takeBytes(given, copy = false) {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(given)
    ? given
    : { buffer: given, byteOffset: 0, byteLength: given.byteLength };
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const isWhole = byteLength === buffer.byteLength && !(/** @type {any} */ (buffer).resizable);
  if (copy || !isWhole) return new Uint8Array(bytes);
  try {
    const transfer = /** @type {ArrayBuffer[]} */ ([buffer]);
    return new Uint8Array(structuredClone(transfer[0], { transfer }));
  } catch {
    return new Uint8Array(bytes); // not one that can be transferred
  }
}

/**
 * Not by its class: it may come from another window.
 *
 * @param {unknown} value
 * @returns {value is ArrayBuffer | SharedArrayBuffer}
 */
export function isBuffer(value) {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}
