// @ts-check
// Bytes as text: five characters for four bytes, where base64 takes five and a third.

/** 85 characters that mean nothing in a string, a template or a page. */
export const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%()*+,-.:;=?@[]^_{|}~";

/**
 * @param {string} text
 * @param {number} nbytes of the text's last four bytes some may be padding
 */
export function decodeBase85(text, nbytes) {
  const digits = new Uint8Array(128);
  for (let i = 0; i < ALPHABET.length; i++) digits[ALPHABET.charCodeAt(i)] = i;
  const bytes = new Uint8Array((text.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let group = 0; group < text.length / 5; group++) {
    let value = 0;
    for (let i = 0; i < 5; i++) value = value * 85 + digits[text.charCodeAt(5 * group + i)];
    view.setUint32(4 * group, value);
  }
  return bytes.subarray(0, nbytes);
}
