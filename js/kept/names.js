// @ts-check
// The grammar of every name under which something is kept, in any store: each is made here, and taken
// apart here, whole or not at all. What does not parse is somebody else's, and is never read, counted or
// deleted.
//
//     pack       zS-IDENTITY-DIGEST.DIGEST.zip      compiled code of an archive; first the archive's
//                                                   directory, then the pack itself
//     note       zS-IDENTITY-at-DIGEST.txt          the pack that the archive at a path had last
//     visit      zS-page-HEX.txt                    what the last visit of a page used
//     library    wS-RELEASE-bBUILD-pMAGIC-sHEX-lDIGEST.DIGEST.zip   a standard library with bytecode:
//                                                   of which settings, of which archive, the file itself
//     place      wS-sHEX-at-HEX.txt                 the library that was used last for an indexURL
//     temporary  .pyodide-zipimport-PID-RANDOM.tmp  a file that is being written, in a folder
//
//     IDENTITY   pMAGIC-oLEVEL-rRANGES or that and -bBUILD, as src/cache/pack.c makes it
//     DIGEST     CRC-32 and size of something: HEX-DECIMAL
//
// What is named .txt is small, a line or some; archives are not.

/** S: grows when the form of what is kept, or of these names, changes. src/cache/pack.h has the same. */
export const SCHEMA = 1;

const NUMBER = "(?:0|[1-9][0-9]{0,15})";
const HEX = "(?:0|[1-9a-f][0-9a-f]{0,7})";
const DIGEST = `${HEX}-${NUMBER}`;
const WORD = "[0-9A-Za-z_]{1,64}";
const IDENTITY = `(?<identity>p${NUMBER}-o${NUMBER}-r[01])(?:-b(?<build>${WORD}))?`;
const S = `(?<schema>${NUMBER})`;

const FORMS = Object.entries({
  pack: `(?<group>z${S}-${IDENTITY}-${DIGEST})\\.${DIGEST}\\.zip`,
  note: `(?<group>z${S}-${IDENTITY}-at-${DIGEST})\\.txt`,
  visit: `(?<group>z${S}-page-${HEX})\\.txt`,
  library:
    `(?<group>w${S}-${WORD}-b${WORD}-p${NUMBER}-s(?<settings>${HEX})-l(?<archive>${DIGEST}))` +
    `\\.(?<digest>${DIGEST})\\.zip`,
  place: `(?<group>w${S}-s(?<settings>${HEX})-at-${HEX})\\.txt`,
}).map(([kind, form]) => ({ kind, pattern: new RegExp(`^${form}$`) }));
const TEMPORARY = /^\.pyodide-zipimport-[0-9]{1,20}-[0-9a-z]{1,20}\.tmp$/;
const FOLDER = new RegExp(`^v${S}$`);
const NAMESPACE = "(?:-[A-Za-z0-9_-]{1,64})?";
const DATABASE = new RegExp(`^(?<base>pyodide-zipimport${NAMESPACE})\\.v${S}$`);

/**
 * @typedef {object} Name
 * @property {"pack" | "note" | "visit" | "library" | "place"} kind
 * @property {number} schema
 * @property {string} group what belongs together: the name without the digest of the file
 * @property {string} [identity] of packs and notes: the interpreter they are for
 * @property {string} [build] of packs and notes: the Pyodide they are for, if only that one
 * @property {string} [settings] of libraries and places
 * @property {string} [archive] of libraries: the digest of stock's archive
 * @property {string} [digest] of libraries: of all the bytes
 */

/**
 * @param {string} name
 * @returns {Name | undefined} undefined: it is not this package's
 */
export function parseName(name) {
  for (const { kind, pattern } of FORMS) {
    const groups = pattern.exec(name)?.groups;
    if (groups) return /** @type {any} */ ({ ...groups, kind, schema: Number(groups.schema) });
  }
  return undefined;
}

/** @param {string} name of anything in a store */
export function isSmall(name) {
  return name.endsWith(".txt");
}

/** @param {string} name of a file in a folder */
export function isTemporary(name) {
  return TEMPORARY.test(name);
}

/** @param {number} process its number */
export function makeTemporary(process) {
  return `.pyodide-zipimport-${process}-${Math.random().toString(36).slice(2)}.tmp`;
}

/**
 * @param {string} pack its name, which Python makes
 * @param {string} digest
 */
export function makePackFile(pack, digest) {
  return `${pack}.${digest}.zip`;
}

/** @param {string} pathName which Python makes */
export function makeNote(pathName) {
  return `${pathName}.txt`;
}

/** @param {string} page hexadecimal */
export function makeVisit(page) {
  return `z${SCHEMA}-page-${page}.txt`;
}

/**
 * @param {object} parts
 * @param {string} parts.version of Pyodide
 * @param {string} parts.build
 * @param {number} parts.magic
 * @param {string} parts.settings
 * @param {string} parts.archive the digest of stock's
 */
export function makeLibraryName({ version, build, magic, settings, archive }) {
  const release = version.replaceAll(/[^0-9a-z]/gi, "_").slice(0, 64);
  return `w${SCHEMA}-${release}-b${build}-p${magic}-s${settings}-l${archive}`;
}

/**
 * @param {string} library its name
 * @param {string} digest
 */
export function makeLibraryFile(library, digest) {
  return `${library}.${digest}.zip`;
}

/**
 * @param {string} settings
 * @param {string} place hexadecimal
 */
export function makePlace(settings, place) {
  return `w${SCHEMA}-s${settings}-at-${place}.txt`;
}

/**
 * @param {Uint8Array} bytes
 * @param {(bytes: Uint8Array) => number} crc32
 */
export function digestOf(bytes, crc32) {
  return makeDigest(crc32(bytes), bytes.length);
}

/**
 * @param {number} crc
 * @param {number} nbytes
 */
export function makeDigest(crc, nbytes) {
  return `${crc.toString(16)}-${nbytes}`;
}

// --- where the names are ---

/**
 * Of the folder of a namespace, and the beginning of its database's name.
 *
 * @param {string} namespace
 */
export function makeBase(namespace) {
  return namespace ? `pyodide-zipimport-${namespace}` : "pyodide-zipimport";
}

/** @param {string} base */
export function makeDatabaseName(base) {
  return `${base}.v${SCHEMA}`;
}

/** Of the folder in that of a namespace. */
export function makeFolderName() {
  return `v${SCHEMA}`;
}

/**
 * @param {string} name of a folder beside ours
 * @returns {number | undefined} its schema
 */
export function parseFolderName(name) {
  const schema = FOLDER.exec(name)?.groups?.schema;
  return schema === undefined ? undefined : Number(schema);
}

/**
 * @param {string} name of a database
 * @returns {{ base: string, schema: number } | undefined}
 */
export function parseDatabaseName(name) {
  const groups = DATABASE.exec(name)?.groups;
  return groups && { base: groups.base, schema: Number(groups.schema) };
}
