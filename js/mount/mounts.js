// @ts-check
// The mounted archives of one Pyodide. An archive is read first, checked, and only then, in one go, put where
// Python sees it: what fails before leaves nothing behind, and no import meets half a mount.

import { ZipImportInternalError, ZipImportUsageError } from "../base/errors.js";
import { readSignal, throwIfAborted } from "../base/signals.js";
import { warn } from "../base/warnings.js";
import { asOSError } from "../pyodide/errno.js";
import { hasFile } from "../pyodide/files.js";
import { isAlive } from "../pyodide/python.js";
import { addToSysPath, removeFromSysPath } from "../pyodide/sys-path.js";
import { loadAhead } from "./extensions.js";
import { offerToPython } from "./in-python.js";
import { LazyTrees } from "./lazy.js";
import { Mount } from "./mount.js";
import { NoArchive, describeNoArchive } from "./no-archive.js";
import { readMountOptions, readReplaceOptions } from "./options.js";
import { openSource, readSource } from "./source.js";
import { addUp } from "./totals.js";
import { UnpackedTrees } from "./unpacked.js";

/** @typedef {import("./download.js").Content} Content */
/** @typedef {import("./options.js").MountOptions} MountOptions */
/** @typedef {import("./source.js").Source} Source */
/** @typedef {import("../platform/platform.js").Platform} Platform */

/**
 * How archives are shown: as nodes that fill themselves (lazy.js), or unpacked (unpacked.js). All that takes
 * bytes keeps them, and throws {@link NoArchive} for such as are none: then nothing has changed.
 *
 * @typedef {object} Trees
 * @property {(bytes: Uint8Array) => Key} describe
 * @property {(path: string, bytes: Uint8Array) => Tree} grow at a path where nothing is
 */

/**
 * @typedef {object} Tree
 * @property {Key} key of what it shows now
 * @property {(bytes: Uint8Array) => boolean} shows whether these are the bytes of what it shows now
 * @property {(bytes: Uint8Array) => { changed: string[] }} replace the archive by another. Gives the paths of
 *   what the user had made or changed there, which is lost now.
 * @property {() => { changed: string[] }} remove the same, in the end
 * @property {() => boolean} isInPlace whether its path leads to it: the user may have moved or removed it
 * @property {() => Iterable<{ path: string, nbytes: number }>} files what the archive has, links left out
 * @property {() => { nodes: number, fills: number, filledBytes: number, drops: number }} stats
 */

/** @typedef {{ crc: number, nbytes: number }} Key what tells archives from others, though not damaged from whole */

/**
 * @typedef {object} Entry what is known of a mount
 * @property {Mount} mount
 * @property {Tree} tree
 * @property {number} nbytes of the archive
 * @property {Source} source that invalidate() reads again
 * @property {MountOptions} options for that
 * @property {Promise<void>} ready once what is loaded ahead is loaded, and the path stands on sys.path
 */

/** What is mounted is below it. */
const ROOT = "/lib/zip";

export class Mounts {
  #pyodide;
  #platform;
  #onWarning;
  /** @type {Trees} */
  #trees;
  /** @type {(() => void) | undefined} */
  #endOffer;
  /** @type {Map<string, Entry>} by name */
  #entries = new Map();

  /**
   * @param {any} pyodide
   * @param {any} module the PyProxy of the Python module, whose owner calls close() before it is destroyed;
   *   undefined where the importer is not in use: archives are unpacked then
   * @param {object} settings
   * @param {Platform} settings.platform
   * @param {((message: string, code: string) => void) | undefined} settings.onWarning
   */
  constructor(pyodide, module, { platform, onWarning }) {
    this.#pyodide = pyodide;
    this.#platform = platform;
    this.#onWarning = onWarning;
    this.#trees = module ? new LazyTrees(pyodide, module) : new UnpackedTrees(pyodide, platform);
    if (module) this.#endOffer = offerToPython(pyodide, module, this);
  }

  /**
   * @param {unknown} given
   * @param {unknown} givenOptions
   * @returns {Promise<Mount>}
   */
  async mount(given, givenOptions) {
    const options = readMountOptions(givenOptions);
    throwIfAborted(options.signal);
    const source = openSource(this.#platform, given, options.copy);
    const entry = this.#put(source, await readSource(source, options), options);
    await entry.ready;
    return entry.mount;
  }

  describe() {
    const entries = [...this.#entries.values()];
    return addUp(
      entries.map(({ nbytes }) => nbytes),
      entries.map(({ tree }) => tree.stats()),
    );
  }

  /** Unmounts all. What is mounted from now on is unpacked, and from Python nothing is. */
  close() {
    if (isAlive(this.#pyodide)) this.#endOffer?.();
    this.#endOffer = undefined;
    for (const { mount } of [...this.#entries.values()]) mount.unmount();
    this.#trees = new UnpackedTrees(this.#pyodide, this.#platform);
  }

  /**
   * @param {Source} source
   * @param {Content} content
   * @param {MountOptions} options
   */
  #put(source, content, options) {
    const fs = this.#aliveFS();
    const name = options.name ?? source.name ?? this.#nameByContent(content);
    const entry = this.#entries.get(name);
    const isInPlace = entry?.tree.isInPlace();
    if (entry && isInPlace && this.#hasKeyOf(entry, content)) {
      if (!entry.tree.shows(content.bytes)) {
        this.#exchange(entry, content);
        entry.ready = entry.ready.then(() => this.#loadAhead(entry));
      }
      return entry;
    }
    const path = `${ROOT}/${name}`;
    if (hasFile(fs, path)) throw nameInUse(path, Boolean(isInPlace));
    if (entry) {
      // The user has moved or removed its folder.
      this.#keyOf(content); // what is no archive ends no mount
      entry.mount.unmount();
    }
    const tree = asOSError(this.#pyodide, path, () =>
      asArchive(content, (bytes) => this.#trees.grow(path, bytes)),
    );
    const mount = new Mount(this.#owner, name, path);
    const nbytes = content.bytes.length;
    /** @type {Entry} */
    const made = { mount, tree, nbytes, source, options, ready: Promise.resolve() };
    this.#entries.set(name, made);
    made.ready = this.#makeReady(made);
    return made;
  }

  /**
   * While a library is being loaded, Emscripten takes it for a loaded one: no import may find it yet.
   *
   * @param {Entry} entry
   */
  async #makeReady(entry) {
    const { mount, options } = entry;
    await this.#loadAhead(entry);
    const isMounted = this.#entries.get(mount.name) === entry && isAlive(this.#pyodide);
    if (!isMounted || !options.sysPath) return;
    try {
      addToSysPath(this.#pyodide, mount.path, options.sysPath);
    } catch (error) {
      mount.unmount();
      throw error;
    }
  }

  /** @param {Entry} entry */
  #loadAhead({ mount, tree, options: { extensions } }) {
    const isPage = this.#platform.isPage();
    return loadAhead(this.#pyodide, mount.path, tree, { extensions, isPage });
  }

  /** @type {import("./mount.js").Owner} */
  #owner = {
    unmount: ({ name, path }) => {
      const entry = /** @type {Entry} */ (this.#entries.get(name));
      this.#entries.delete(name);
      if (!isAlive(this.#pyodide)) return;
      try {
        this.#tellLost(path, entry.tree.remove().changed);
      } finally {
        removeFromSysPath(this.#pyodide, path);
      }
    },
    invalidate: async (mount, givenOptions) => {
      const signal = readSignal(givenOptions, "invalidate");
      const { source, options } = this.#entryOf(mount);
      if (!source.isLasting)
        throw new ZipImportUsageError(
          "not-readable-again",
          `invalidate(): ${mount.path} was mounted from ${source.label}, which cannot be read again; ` +
            "expected a URL, a path, a Blob or a File; replace() takes other bytes",
        );
      const request = { cache: /** @type {const} */ ("no-cache"), ...options.request };
      const { integrity, timeout } = options;
      return this.#swap(mount, await readSource(source, { integrity, timeout, request, signal }));
    },
    replace: async (mount, given, givenOptions) => {
      const options = readReplaceOptions(givenOptions);
      throwIfAborted(options.signal);
      const source = openSource(this.#platform, given, options.copy);
      const isChanged = await this.#swap(mount, await readSource(source, options));
      const entry = this.#entryOf(mount);
      Object.assign(entry, { source, options: { ...entry.options, ...options } });
      return isChanged;
    },
  };

  /**
   * @param {Mount} mount
   * @param {Content} content
   * @returns {Promise<boolean>} false where it is what was there
   */
  async #swap(mount, content) {
    this.#aliveFS();
    const entry = this.#entryOf(mount);
    const isInPlace = entry.tree.isInPlace();
    if (isInPlace && entry.tree.shows(content.bytes)) return false;
    if (!isInPlace && hasFile(this.#pyodide.FS, mount.path))
      throw new ZipImportUsageError(
        "name-in-use",
        `what is no mount lies at ${mount.path}; expected the mount there, or nothing`,
      );
    this.#exchange(entry, content);
    await this.#loadAhead(entry);
    return true;
  }

  /**
   * @param {Entry} entry
   * @param {Content} content
   */
  #exchange(entry, content) {
    const { path } = entry.mount;
    const { changed } = asOSError(this.#pyodide, path, () =>
      asArchive(content, (bytes) => entry.tree.replace(bytes)),
    );
    entry.nbytes = content.bytes.length;
    this.#tellLost(path, changed);
  }

  /** @param {Content} content */
  #keyOf(content) {
    return asArchive(content, (bytes) => this.#trees.describe(bytes));
  }

  /** @param {Content} content */
  #nameByContent(content) {
    return `archive-${this.#keyOf(content).crc.toString(16).padStart(8, "0")}`;
  }

  /**
   * @param {Entry} entry
   * @param {Content} content
   */
  #hasKeyOf(entry, content) {
    const { crc, nbytes } = this.#keyOf(content);
    return crc === entry.tree.key.crc && nbytes === entry.tree.key.nbytes;
  }

  /** @param {Mount} mount */
  #entryOf(mount) {
    const entry = this.#entries.get(mount.name);
    if (entry?.mount === mount) return entry;
    throw new ZipImportUsageError("unmounted", `${mount.path} was unmounted meanwhile`);
  }

  /** Reading may take long enough for Pyodide to end meanwhile. */
  #aliveFS() {
    if (isAlive(this.#pyodide)) return this.#pyodide.FS;
    throw new ZipImportInternalError(
      "python-failed",
      "mount(): found a Pyodide that has ended, by a fatal error or its exit; expected one that runs",
    );
  }

  /**
   * @param {string} path
   * @param {string[]} changed
   */
  #tellLost(path, changed) {
    if (changed.length === 0) return;
    const shown = changed.slice(0, 5).join(", ") + (changed.length > 5 ? ", and others" : "");
    warn(
      this.#onWarning,
      `${path}: ${changed.length} of its files were made or changed since it was mounted, and are gone: ${shown}`,
      "changes-lost",
    );
  }
}

/**
 * @template T
 * @param {Content} content
 * @param {(bytes: Uint8Array) => T} open
 * @returns {T}
 */
function asArchive(content, open) {
  try {
    return open(content.bytes);
  } catch (error) {
    throw error instanceof NoArchive ? describeNoArchive(content, error.cause) : error;
  }
}

/**
 * @param {string} path
 * @param {boolean} isMount
 */
function nameInUse(path, isMount) {
  const found = isMount ? "another archive is mounted at" : "what is no mount lies at";
  const instead = isMount ? "or replace() of that mount" : "or nothing there";
  return new ZipImportUsageError(
    "name-in-use",
    `mount(): ${found} ${path}; expected a name that is free (option "name"), ${instead}`,
  );
}
