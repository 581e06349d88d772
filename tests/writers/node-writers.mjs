// Writes archives of a folder with the libraries that web pages and Node programs use:
// node tests/writers/node-writers.mjs TREE FOLDER

import { createWriteStream, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";

import * as zipjs from "@zip.js/zip.js";
import { ZipArchive } from "archiver";
import * as fflate from "fflate";
import JSZip from "jszip";
import yazl from "yazl";

const [tree, folder] = process.argv.slice(2).map((path) => resolve(path));
const names = readdirSync(tree, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(tree, join(entry.parentPath ?? entry.path, entry.name)))
  .sort();
const files = names.map((name) => ({
  name,
  path: join(tree, name),
  data: readFileSync(join(tree, name)),
}));
const bytesOf = ({ data }) => new Uint8Array(data);
const target = (name) => join(folder, `${name}.zip`);
const save = (name, data) => writeFileSync(target(name), data);

for (const [kind, options] of Object.entries({
  "": {},
  "-stored": { level: 0 },
  "-zip64": { zip64: true },
  "-descriptors": { dataDescriptor: true, dataDescriptorSignature: true },
  "-bare-descriptors": { dataDescriptor: true, dataDescriptorSignature: false },
})) {
  const writer = new zipjs.ZipWriter(new zipjs.Uint8ArrayWriter(), {
    useWebWorkers: false,
    ...options,
  });
  for (const file of files) await writer.add(file.name, new zipjs.Uint8ArrayReader(bytesOf(file)));
  save(`zip.js${kind}`, await writer.close());
}

for (const [kind, level] of Object.entries({ "": 6, "-stored": 0 })) {
  const tree = Object.fromEntries(files.map((file) => [file.name, bytesOf(file)]));
  save(`fflate${kind}`, fflate.zipSync(tree, { level }));
}
save("fflate-streamed", streamWithFflate());

for (const [kind, options] of Object.entries({
  "": { compression: "DEFLATE" },
  "-stored": { compression: "STORE" },
  "-streamed": { compression: "DEFLATE", streamFiles: true },
  "-dos": { compression: "DEFLATE", platform: "DOS" },
  "-unix": { compression: "DEFLATE", platform: "UNIX" },
})) {
  const zip = new JSZip();
  for (const file of files) zip.file(file.name, bytesOf(file));
  save(`jszip${kind}`, await zip.generateAsync({ type: "uint8array", ...options }));
}

for (const [kind, options] of Object.entries({
  "": {},
  "-stored": { compress: false },
  "-zip64": { forceZip64Format: true },
})) {
  const zip = new yazl.ZipFile();
  for (const file of files) zip.addFile(file.path, file.name, options);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(target(`yazl${kind}`)));
}

for (const [kind, options] of Object.entries({
  "": {},
  "-stored": { store: true },
  "-zip64": { forceZip64: true },
})) {
  const archive = new ZipArchive(options);
  archive.directory(tree, false);
  archive.finalize();
  await pipeline(archive, createWriteStream(target(`archiver${kind}`)));
}

/** Sizes are not known when a member begins: they follow its data. */
function streamWithFflate() {
  const chunks = [];
  const zip = new fflate.Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  for (const file of files) {
    const member = new fflate.ZipDeflate(file.name);
    zip.add(member);
    member.push(bytesOf(file), true);
  }
  zip.end();
  return Buffer.concat(chunks);
}
