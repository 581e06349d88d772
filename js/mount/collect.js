// @ts-check
// Puts the pieces of a stream into one array, and tells how far it is.

import { throwIfAborted } from "../base/signals.js";

/** @typedef {(progress: { loaded: number, total: number | undefined }) => void} OnProgress */

/** What a sender claims is believed so far before a byte of it is here. */
const BELIEVED = 64 * 2 ** 20;
const FIRST = 64 * 2 ** 10;

/**
 * @param {AsyncIterable<Uint8Array>} chunks
 * @param {number | undefined} total how many bytes it shall be, as the sender says
 * @param {OnProgress | undefined} onProgress what it throws ends the reading, and is thrown here. Its last
 *   call has all bytes, and `total` is what they are.
 * @returns {Promise<Uint8Array>} an array with a buffer of its own
 */
export async function collect(chunks, total, onProgress) {
  let bytes = new Uint8Array(Math.min(total ?? FIRST, BELIEVED));
  let loaded = 0;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    const end = loaded + chunk.length;
    if (end > bytes.length) bytes = resize(bytes, Math.max(end, 2 * bytes.length));
    bytes.set(chunk, loaded);
    loaded = end;
    // More than was said: the number was of something else, a compressed body perhaps.
    if (total !== undefined && loaded > total) total = undefined;
    if (loaded !== total) onProgress?.({ loaded, total });
  }
  onProgress?.({ loaded, total: loaded });
  return loaded === bytes.length ? bytes : bytes.slice(0, loaded);
}

/**
 * The pieces of a stream, which is cancelled unless it is read to its end. (A browser's stream cannot be
 * iterated over everywhere.)
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @param {AbortSignal} signal
 * @param {(error: unknown) => unknown} toError makes what is thrown of an error of the stream
 * @throws the signal's reason
 */
export async function* chunksOf(stream, signal, toError) {
  const reader = stream.getReader();
  // What a stream says to that is of no use to anybody.
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        throw toError(error);
      });
      throwIfAborted(signal);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {number} length
 */
function resize(bytes, length) {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
