// CRC-32: what browsers compute is what Node and zip files have.

import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";

import { computeCRC32 } from "../../js/base/crc32.js";
import { node } from "../../js/platform/node.js";

const { crc32 } = node;

test("the check value of the catalogues of CRCs", () => {
  const digits = new TextEncoder().encode("123456789");
  assert.equal(computeCRC32(digits), 0xcbf43926);
  assert.equal(crc32(digits), 0xcbf43926);
});

// A gzip file ends with that of its content, and its size (RFC 1952, 2.3.1).
const reference = (bytes) => {
  const file = zlib.gzipSync(bytes);
  return file.readUInt32LE(file.length - 8);
};

test("every length up to some steps of eight bytes, at every alignment", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 151 + 7) & 255);
  for (let start = 0; start < 8; start++)
    for (let end = start; end <= bytes.length; end++) {
      const part = bytes.subarray(start, end);
      assert.equal(computeCRC32(part), reference(part), `${start} to ${end}`);
      assert.equal(crc32(part), reference(part), `${start} to ${end}`);
    }
});
