// @ts-check
// Writes the side module into a JavaScript module, gzipped and as text, for applications whose bundler
// does not put the file beside their scripts:
//
//   node wasm/inline.mjs WASM MODULE

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { ALPHABET } from "../js/base/base85.js";

/** @param {Buffer} bytes */
function encode(bytes) {
  const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  let text = "";
  for (let offset = 0; offset < padded.length; offset += 4) {
    let value = padded.readUInt32BE(offset);
    let group = "";
    for (let i = 0; i < 5; i++) {
      group = ALPHABET[value % 85] + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
}

const [wasm, module] = process.argv.slice(2);
// zopfli's gzip is six hundredths smaller than gzip's own, and what everybody downloads is made once.
const gzipped = execFileSync("zopfli", ["--i15", "-c", wasm]);
const text = `// @ts-check
// Made by make: pyodide_zipimport.wasm, gzipped, as base85.js has it.

export const nbytes = ${gzipped.length};
export const text =
  "${encode(gzipped)}";
`;
writeFileSync(module, text);
console.log(`built ${module}: ${text.length} bytes`);
