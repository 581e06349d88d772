// @ts-check
// Packages of loadPackage(), micropip and unpackArchive(): their wheels are shown in site-packages instead of being
// unpacked there. What cannot be shown is unpacked by Pyodide, as without us.

import { describeError } from "../base/errors.js";
import { listAhead, loadAll } from "../mount/extensions.js";
import { Layers, Unfit } from "../mount/layers.js";
import { NoArchive } from "../mount/no-archive.js";
import { hookDownloads, lendFiles } from "../pyodide/downloads.js";
import { hookInstaller } from "../pyodide/installer.js";
import { isAlive } from "../pyodide/python.js";
import { copyDataFiles, findPlaces, writeMetadata } from "../pyodide/site-packages.js";
import { hookUnpacker } from "../pyodide/unpacker.js";
import { fetchPackage, readWatch, throwIfOver } from "./fetch.js";
import { join } from "./lock.js";
import { findFolders, isWheel, lastPart } from "./wheel.js";

/** @typedef {import("../pyodide/installer.js").Arrival} Arrival */
/** @typedef {import("../pyodide/installer.js").Taken} Taken */
/** @typedef {import("../platform/platform.js").Platform} Platform */

/** @type {WeakMap<object, Packages>} by Pyodide */
const all = new WeakMap();

/**
 * @param {any} pyodide
 * @returns {Packages | undefined} those that are taken over from it, if any are
 */
export function packagesOf(pyodide) {
  return all.get(pyodide);
}

export class Packages {
  #pyodide;
  #platform;
  #layers;
  #directory;
  #prefix;
  /** @type {string[]} names of wheels */
  #mounted = [];
  /** @type {{ name: string, reason: string }[]} */
  #unpacked = [];
  /** @type {import("../pyodide/installer.js").Hook[]} */
  #hooks = [];
  /** @type {import("./fetch.js").EarlyFiles | undefined} */
  #early;
  #isOver = false;

  /**
   * @param {any} pyodide
   * @param {any} module the PyProxy of the Python module, whose owner calls close() before it is destroyed
   * @param {Platform} platform
   */
  constructor(pyodide, module, platform) {
    this.#pyodide = pyodide;
    this.#platform = platform;
    ({ directory: this.#directory, prefix: this.#prefix } = findPlaces(pyodide));
    this.#layers = new Layers(pyodide, module);
    for (const hook of [hookInstaller, hookUnpacker])
      this.#hooks.push(hook(pyodide, (arrival) => this.#take(arrival)));
    this.#hooks.push(
      hookDownloads(pyodide, {
        readOptions: readWatch,
        fetch: (download) => this.#fetch(download),
        prepare: () => this.#prepare(),
        finish: throwIfOver,
      }),
    );
    all.set(pyodide, this);
  }

  /**
   * Has downloads look among files that were fetched before.
   *
   * @param {import("./fetch.js").EarlyFiles} early
   * @returns {Promise<() => void>} ends it
   */
  async offer(early) {
    await early.begun;
    this.#early = early;
    const endLending = lendFiles(this.#pyodide, (address) => early.takeFrom(address));
    return () => {
      endLending();
      this.#early = undefined;
    };
  }

  /** @returns {import("../index.js").PackageStats} */
  describe() {
    return {
      mounted: [...this.#mounted],
      unpacked: this.#unpacked.map((each) => ({ ...each })),
      missing: this.#hooks.flatMap(({ missing }) => [...missing]),
      ...this.#layers.describe(),
    };
  }

  /** Gives Pyodide its functions back. What is shown becomes ordinary files. */
  close() {
    this.#isOver = true;
    all.delete(this.#pyodide);
    if (!isAlive(this.#pyodide)) return;
    for (const hook of this.#hooks) hook.release();
    this.#layers.close();
  }

  /**
   * @param {import("../pyodide/downloads.js").Download} download
   * @returns {Promise<Uint8Array | undefined>} undefined where Pyodide is to download it
   */
  async #fetch({ name, fileName, base, sha256, watch }) {
    const address = join(base, fileName);
    if (!address) return undefined;
    const wanted = { name, address, sha256 };
    const early = await this.#early?.take(wanted);
    return early ?? (watch && fetchPackage(this.#platform, wanted, watch));
  }

  /** While a package is on its way, does what the first one costs beyond its own part. */
  #prepare() {
    if (this.#isOver) return;
    try {
      this.#layers.prepare(this.#directory);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error; // #take() will say why
    }
  }

  /**
   * @param {Arrival} arrival
   * @returns {Taken | undefined}
   */
  #take(arrival) {
    if (this.#isOver) return undefined; // somebody has kept a function of ours
    const name = lastPart(arrival.fileName) || this.#nameOf(arrival);
    const refuse = (/** @type {string} */ reason) => {
      this.#unpacked.push({ name, reason });
      return undefined;
    };
    if (arrival.isInstalled && !isWheel(name)) return refuse("it is no wheel");
    const directory = arrival.directory?.replace(/(?<!^)\/+$/, "") ?? this.#directory;
    if (directory !== this.#directory) return refuse(`it goes into ${directory}`);
    let wheel;
    try {
      wheel = this.#layers.add(directory, name, arrival.open());
    } catch (error) {
      if (error instanceof NoArchive)
        return refuse(`it is no archive: ${describeError(error.cause)}`);
      if (error instanceof Unfit) return refuse(error.message);
      throw error;
    }
    const folders = wheel.folders();
    const { distInfo, data } = arrival.isInstalled ? findFolders(name, folders) : {};
    // Pyodide refuses it, once its files are there.
    if (arrival.isInstalled && !distInfo) return refuse("it has no dist-info folder");
    this.#mounted.push(name);
    const toPath = (/** @type {string} */ folder) => `${directory}/${folder}`;
    if (distInfo) writeMetadata(this.#pyodide, toPath(distInfo), arrival.metadata);
    if (data && arrival.hasData) copyDataFiles(this.#pyodide, `${toPath(data)}/data`, this.#prefix);
    const ahead = arrival.isInstalled ? this.#listAhead(wheel, folders) : [];
    return {
      distInfo: distInfo && toPath(distInfo),
      ahead,
      loadAhead: () => loadAll(this.#pyodide, ahead),
    };
  }

  /**
   * @param {ReturnType<Layers["add"]>} wheel
   * @param {string[]} folders
   * @returns {string[]} the paths of the extension modules that are to be loaded now
   */
  #listAhead(wheel, folders) {
    const pyodide = this.#pyodide;
    // 0.27 finds the libraries in NAME.libs only where its own loader is told of that folder.
    const isOld = pyodide.version.startsWith("0.27.");
    const needsSearch = isOld && folders.some((each) => each.endsWith(".libs"));
    const isPage = this.#platform.isPage();
    if (!needsSearch && !isPage) return [];
    const extensions = needsSearch ? "ahead" : "auto";
    return listAhead(pyodide, this.#directory, wheel.files(), { extensions, isPage });
  }

  /**
   * For one that has no name of its own.
   *
   * @param {Arrival} arrival
   */
  #nameOf({ open }) {
    const crc = this.#platform.crc32(open());
    return `archive-${crc.toString(16).padStart(8, "0")}`;
  }
}
