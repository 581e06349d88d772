// Changes WebAssembly libraries, for tests that load them.

const RUNTIME_PATH = 5;

/** @param {number} value */
function encodeNumber(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function decodeNumber(bytes, at) {
  let value = 0;
  let shift = 0;
  for (; bytes[at] & 0x80; at++, shift += 7) value |= (bytes[at] & 0x7f) << shift;
  return { value: value | (bytes[at] << shift), end: at + 1 };
}

/**
 * Says where the libraries lie that one needs: Debian's linker does not.
 *
 * @param {Uint8Array} bytes of a library, whose first section is dylink.0
 * @param {string} path `$ORIGIN` in it stands for the library's own folder
 * @returns {Uint8Array}
 */
export function addRuntimePath(bytes, path) {
  const magic = 8;
  const { value, end } = decodeNumber(bytes, magic + 1);
  const text = [...Buffer.from(path)];
  const content = [1, ...encodeNumber(text.length), ...text];
  const added = [RUNTIME_PATH, ...encodeNumber(content.length), ...content];
  return Uint8Array.from([
    ...bytes.subarray(0, magic + 1),
    ...encodeNumber(value + added.length),
    ...bytes.subarray(end, end + value),
    ...added,
    ...bytes.subarray(end + value),
  ]);
}

/**
 * Makes a library larger, by a section that means nothing.
 *
 * @param {Uint8Array} bytes
 * @param {number} nbytes
 */
export function padLibrary(bytes, nbytes) {
  const name = [3, ...Buffer.from("pad")];
  const size = encodeNumber(name.length + nbytes);
  return Buffer.concat([bytes, Uint8Array.from([0, ...size, ...name]), Buffer.alloc(nbytes)]);
}
