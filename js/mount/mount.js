// @ts-check
// One mounted archive, as mount() gives it.

import { defineDisposal } from "../base/disposal.js";
import { ZipImportUsageError } from "../base/errors.js";

/**
 * What a mount has of all mounts.
 *
 * @typedef {object} Owner
 * @property {(mount: Mount) => void} unmount called once
 * @property {(mount: Mount, given: unknown, options: unknown) => Promise<boolean>} replace
 * @property {(mount: Mount, options: unknown) => Promise<boolean>} invalidate
 */

export class Mount {
  /** @type {Owner | undefined} undefined once it is unmounted */
  #owner;

  /**
   * @param {Owner} owner
   * @param {string} name
   * @param {string} path
   */
  constructor(owner, name, path) {
    this.#owner = owner;
    this.name = name;
    this.path = path;
    Object.freeze(this);
  }

  unmount() {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.unmount(this);
  }

  /**
   * @param {any} [options]
   * @returns {Promise<boolean>}
   */
  async invalidate(options) {
    return this.#ownerFor("invalidate").invalidate(this, options);
  }

  /**
   * @param {any} source
   * @param {any} [options]
   * @returns {Promise<boolean>}
   */
  async replace(source, options) {
    return this.#ownerFor("replace").replace(this, source, options);
  }

  static {
    defineDisposal(this.prototype, Symbol.dispose, function () {
      this.unmount();
    });
    defineDisposal(this.prototype, Symbol.asyncDispose, async function () {
      this.unmount();
    });
  }

  /** @param {string} method for the message */
  #ownerFor(method) {
    if (this.#owner) return this.#owner;
    throw new ZipImportUsageError("unmounted", `${method}(): ${this.path} is not mounted any more`);
  }
}
