// @ts-check
// Files in Pyodide's file system: where ours lie, and where its standard library lies. Seen in 0.27.8,
// 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: the archive `/lib/pythonXY.zip`, which appears while
// `fsInit` runs; `FS.writeFile` with `canOwn`, which keeps the array itself; a node's `contents`.

/** For our files. It is not on sys.path: nothing in it can be imported by accident. */
export const FOLDER = "/lib/pyodide_zipimport";
/** @param {string} suffix of its name */
export const sideModule = (suffix) => `${FOLDER}/pyodide_zipimport${suffix}.abi3.so`;
export const PACKS = `${FOLDER}/packs`;
/** A standard library that is being made, and what it is made from. */
export const LIBRARY_COPY = `${FOLDER}/library.new`;
export const LIBRARY_SOURCE = `${FOLDER}/library.old`;

const ARCHIVE = /^python\d+\.zip$/;
/** How long a start waits for the standard library's archive before it goes on without. */
const ARCHIVE_TIMEOUT_MS = 10_000;
const POLL_MS = 2;

/**
 * @param {any} fs
 * @param {string} path
 */
export function hasFile(fs, path) {
  return fs.analyzePath(path).exists;
}

/**
 * @param {any} fs
 * @param {string} path of a file that may be missing
 */
export function removeFile(fs, path) {
  if (hasFile(fs, path)) fs.unlink(path);
}

/**
 * @param {any} fs
 * @param {string} path of a folder, which goes with all that is in it
 */
export function removeTree(fs, path) {
  for (const name of fs.readdir(path)) {
    if (name === "." || name === "..") continue;
    const each = `${path}/${name}`;
    if (fs.isDir(fs.lstat(each).mode)) removeTree(fs, each);
    else fs.unlink(each);
  }
  fs.rmdir(path);
}

/**
 * @param {any} fs
 * @param {string} root of a folder
 * @param {string} [folder] below it, with a slash at its end
 * @returns {Generator<{ path: string, nbytes: number }>} the files in it, by their paths below the root
 */
export function* listFiles(fs, root, folder = "") {
  for (const name of fs.readdir(`${root}/${folder}`)) {
    if (name === "." || name === "..") continue;
    const path = folder + name;
    const { mode, size } = fs.lstat(`${root}/${path}`);
    if (fs.isDir(mode)) yield* listFiles(fs, root, `${path}/`);
    else if (fs.isFile(mode)) yield { path, nbytes: size };
  }
}

/**
 * Writes a file without copying, and makes the folder above it.
 *
 * @param {any} fs
 * @param {string} path
 * @param {Uint8Array} bytes the file's from now on
 */
export function giveFile(fs, path, bytes) {
  fs.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  fs.writeFile(path, bytes, { canOwn: true });
}

/**
 * @param {any} fs
 * @param {string} path of a file of MEMFS
 * @returns {unknown} what is another thing once the file has been written anew
 */
export function contentsOf(fs, path) {
  return fs.lookupPath(path).node.contents?.buffer;
}

/**
 * @param {any} fs
 * @returns {string | undefined} the path of the standard library's archive
 */
export function findLibrary(fs) {
  if (!hasFile(fs, "/lib")) return undefined;
  const name = fs.readdir("/lib").find((/** @type {string} */ each) => ARCHIVE.test(each));
  return name && `/lib/${name}`;
}

/**
 * Waits for the standard library's archive, which Pyodide loads while fsInit runs.
 *
 * @param {any} fs
 * @returns {Promise<string | undefined>} its path; undefined if it did not come in time
 */
export async function untilLibrary(fs) {
  const end = performance.now() + ARCHIVE_TIMEOUT_MS;
  for (;;) {
    const path = findLibrary(fs);
    if (path || performance.now() > end) return path;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * The permissions that are kept from new files, as Python makes them. Seen: 0.27.8 to 314.0.7 have a umask
 * and do not apply it, 315.0.0-alpha.2 does.
 *
 * @param {any} pyodide
 * @returns {number}
 */
export function maskOf({ version, _module: { _umask } }) {
  if (Number.parseInt(version) < 315) return 0;
  const mask = _umask(0);
  _umask(mask);
  return mask;
}
