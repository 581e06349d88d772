// @ts-check
// Archives for measuring directories: any number of entries, the same from run to run. The members
// are empty, so that what is measured is the directory.

const SEED = 20230403;
const WORDS = "core util test model view parser writer field graph matrix series solver".split(" ");
const FOLDER_SIZE = 12;
const LOCAL_NBYTES = 30;
const CENTRAL_NBYTES = 46;
const END_NBYTES = 22;
const ZIP64_END_NBYTES = 56;
const ZIP64_LOCATOR_NBYTES = 20;

/**
 * Marsaglia's xorshift, 32 bits.
 *
 * @param {number} seed not 0
 */
function makeRandom(seed) {
  let state = seed;
  return (/** @type {number} */ limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/**
 * Names as a wheel has them, folder by folder.
 *
 * @param {number} count
 */
function makeNames(count) {
  const random = makeRandom(SEED);
  const word = () => WORDS[random(WORDS.length)];
  const names = [];
  let folder = "";
  for (let i = 0; i < count; i++) {
    const number = Math.floor(i / FOLDER_SIZE);
    if (i % FOLDER_SIZE === 0)
      folder = `package${Math.floor(number / 20)}/${number % 20 ? `${word()}_${number}/` : ""}`;
    names.push(`${folder}${word()}_${word()}${i % FOLDER_SIZE}.py`);
  }
  return names;
}

/** @param {string[]} names */
function countFolders(names) {
  const folders = new Set();
  for (const name of names)
    for (let at = name.indexOf("/"); at !== -1; at = name.indexOf("/", at + 1))
      folders.add(name.slice(0, at + 1));
  return folders.size;
}

/**
 * @param {number} count of entries
 * @returns {{ bytes: Uint8Array, folders: number }} the archive, and how many folders its names imply
 */
export function makeArchive(count) {
  const names = makeNames(count);
  const nameBytes = names.reduce((sum, name) => sum + name.length, 0);
  const directory = count * LOCAL_NBYTES + nameBytes;
  const end = directory + count * CENTRAL_NBYTES + nameBytes;
  const zip64 = count > 0xffff ? ZIP64_END_NBYTES + ZIP64_LOCATOR_NBYTES : 0;
  const archive = Buffer.alloc(end + zip64 + END_NBYTES);
  let local = 0;
  let central = directory;
  for (const name of names) {
    writeHeaders(archive, local, central, name);
    local += LOCAL_NBYTES + name.length;
    central += CENTRAL_NBYTES + name.length;
  }
  if (zip64) writeZip64End(archive, end, count, directory);
  writeEnd(archive, end + zip64, count, directory, end - directory);
  return {
    bytes: new Uint8Array(archive.buffer, archive.byteOffset, archive.length),
    folders: countFolders(names),
  };
}

/**
 * A member's two headers. What is not written is zero: no flags, stored, no time, no bytes.
 *
 * @param {Buffer} archive
 * @param {number} local
 * @param {number} central
 * @param {string} name
 */
function writeHeaders(archive, local, central, name) {
  archive.write("PK\x03\x04", local, "latin1");
  archive.writeUInt16LE(20, local + 4); // version needed
  archive.writeUInt16LE(name.length, local + 26);
  archive.write(name, local + LOCAL_NBYTES, "latin1");
  archive.write("PK\x01\x02", central, "latin1");
  archive.writeUInt16LE(20, central + 4); // version made by
  archive.writeUInt16LE(20, central + 6);
  archive.writeUInt16LE(name.length, central + 28);
  archive.writeUInt32LE(local, central + 42);
  archive.write(name, central + CENTRAL_NBYTES, "latin1");
}

/**
 * @param {Buffer} archive
 * @param {number} at
 * @param {number} count
 * @param {number} directory
 * @param {number} nbytes
 */
function writeEnd(archive, at, count, directory, nbytes) {
  archive.write("PK\x05\x06", at, "latin1");
  archive.writeUInt16LE(Math.min(count, 0xffff), at + 8); // on this disk
  archive.writeUInt16LE(Math.min(count, 0xffff), at + 10);
  archive.writeUInt32LE(nbytes, at + 12);
  archive.writeUInt32LE(directory, at + 16);
}

/**
 * @param {Buffer} archive
 * @param {number} at where the directory ends
 * @param {number} count
 * @param {number} directory
 */
function writeZip64End(archive, at, count, directory) {
  archive.write("PK\x06\x06", at, "latin1");
  archive.writeBigUInt64LE(BigInt(ZIP64_END_NBYTES - 12), at + 4);
  archive.writeUInt16LE(45, at + 12);
  archive.writeUInt16LE(45, at + 14);
  archive.writeBigUInt64LE(BigInt(count), at + 24); // on this disk
  archive.writeBigUInt64LE(BigInt(count), at + 32);
  archive.writeBigUInt64LE(BigInt(at - directory), at + 40);
  archive.writeBigUInt64LE(BigInt(directory), at + 48);
  const locator = at + ZIP64_END_NBYTES;
  archive.write("PK\x06\x07", locator, "latin1");
  archive.writeBigUInt64LE(BigInt(at), locator + 8);
  archive.writeUInt32LE(1, locator + 16); // disks
}
