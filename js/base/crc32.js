// @ts-check
// CRC-32 as in zip files (APPNOTE 4.4.7), computed eight bytes at a time: for browsers, which have no
// function for it, and other digests only in secure contexts.

const SLICES = 8;
const POLYNOMIAL = 0xedb88320; // reflected
const TABLES = makeTables();

/** Table i says what a byte that is followed by i others does to the remainder. */
function makeTables() {
  const tables = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
    tables[byte] = remainder;
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256];
    tables[i] = (shorter >>> 8) ^ tables[shorter & 255];
  }
  return tables;
}

/**
 * @param {Uint8Array} bytes
 * @returns {number} unsigned
 */
export function computeCRC32(bytes) {
  const tables = TABLES;
  let remainder = -1;
  let at = 0;
  for (const end = bytes.length - SLICES; at <= end; at += SLICES) {
    const first =
      remainder ^
      (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    remainder =
      tables[7 * 256 + (first & 255)] ^
      tables[6 * 256 + ((first >>> 8) & 255)] ^
      tables[5 * 256 + ((first >>> 16) & 255)] ^
      tables[4 * 256 + (first >>> 24)] ^
      tables[3 * 256 + bytes[at + 4]] ^
      tables[2 * 256 + bytes[at + 5]] ^
      tables[256 + bytes[at + 6]] ^
      tables[bytes[at + 7]];
  }
  for (; at < bytes.length; at++)
    remainder = tables[(remainder ^ bytes[at]) & 255] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}
