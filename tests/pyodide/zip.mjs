// Makes archives in JavaScript, for tests that mount them.

import { deflateRawSync } from "node:zlib";

import { computeCRC32 } from "../../js/base/crc32.js";

const UTF8_FLAG = 0x800;
const DATE_2026 = ((2026 - 1980) << 9) | (1 << 5) | 1;

/**
 * @param {Record<string, string | Uint8Array>} members contents by name; of a folder a name with "/" at its end
 * @param {{ isStored?: boolean }} [options] else they are deflated
 * @returns {Uint8Array} with a buffer of its own
 */
export function makeZip(members, { isStored = false } = {}) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, given] of Object.entries(members)) {
    const bytes = Buffer.from(given);
    const data = isStored ? bytes : deflateRawSync(bytes);
    const encoded = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(UTF8_FLAG, 2);
    common.writeUInt16LE(isStored ? 0 : 8, 4);
    common.writeUInt16LE(DATE_2026, 8);
    common.writeUInt32LE(computeCRC32(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(encoded.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), common, rest, encoded);
    const local = [Buffer.from("PK\x03\x04"), common, encoded, data];
    parts.push(...local);
    offset += local.reduce((sum, { length }) => sum + length, 0);
  }
  const entries = Buffer.concat(directory);
  const count = Object.keys(members).length;
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Uint8Array.from(Buffer.concat([...parts, entries, end]));
}
