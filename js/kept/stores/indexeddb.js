// @ts-check
// A store in IndexedDB, for pages and workers. The database has two object stores, since to learn
// what there is must not read it:
//
//     entries   by name: { nbytes, usedMs }
//     values    by name: a Blob, or an ArrayBuffer
//
// Large values are Blobs: the browser reads and writes those outside the page's thread, where an array
// of 14 MB blocks it for 100 ms.

import { waitAtMost } from "../../base/patience.js";
import { pause, run } from "../../base/steps.js";
import { isHidden } from "../../platform/page.js";
import { parseDatabaseName } from "../names.js";
import { emptyUnused, isOlder } from "../older.js";
import { REMOVE_OLDER, checkEntry, checkName } from "./store.js";

/** @typedef {import("./store.js").Store} Store */

const VERSION = 1;
const ENTRIES = "entries";
const VALUES = "values";
const BLOB_NBYTES_MIN = 64 * 1024;
/** After so many no further Blob is tried: one alone may have been an accident. */
const REFUSALS_MAX = 2;
// To make a Blob copies its bytes, in WebKit to another process: 14 MB at once are two frames.
const PIECE_NBYTES = 2 * 1024 * 1024;
// Some browsers leave a request that they cannot fulfil without any answer.
const OPEN_TIMEOUT_MS = 5000;
const TIMEOUT_MS = { readonly: 10_000, readwrite: 60_000 };

/**
 * @param {string} database its name; made if it is missing
 * @returns {Promise<IndexedDBStore>}
 * @throws {Error} if there is no IndexedDB here, or the database is not one of these
 */
export async function openIndexedDB(database) {
  const store = new IndexedDBStore(database);
  await store.get("nothing"); // which takes no time, however much there is
  return store;
}

/** @implements {Store} */
export class IndexedDBStore {
  sync = false;
  kind = "indexeddb";
  /** The database's name. */
  where;
  /** @type {Promise<IDBDatabase> | undefined} */
  #connection;
  /** How often in turn a Blob was refused where an array was taken. */
  #refusedBlobs = 0;

  /** @param {string} database */
  constructor(database) {
    this.where = database;
  }

  /** @param {string} name */
  async get(name) {
    checkName(name);
    const value = await this.#transact([VALUES], "readonly", (transaction) =>
      transaction.objectStore(VALUES).get(name),
    );
    return toBytes(value);
  }

  /**
   * In one transaction.
   *
   * @param {string[]} names
   * @returns {Promise<(Uint8Array | undefined)[]>}
   */
  async getMany(names) {
    names.forEach(checkName);
    /** @type {IDBRequest[]} */
    let requests = [];
    await this.#transact([VALUES], "readonly", (transaction) => {
      const values = transaction.objectStore(VALUES);
      requests = names.map((name) => values.get(name));
    });
    return Promise.all(requests.map(({ result }) => toBytes(result)));
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes
   */
  async put(name, bytes) {
    checkEntry(name, bytes);
    const part = /** @type {Uint8Array<ArrayBuffer>} */ (bytes);
    if (this.#refusedBlobs < REFUSALS_MAX && bytes.length >= BLOB_NBYTES_MIN) {
      try {
        await this.#put(name, bytes.length, await makeBlob(part));
        this.#refusedBlobs = 0;
        return;
      } catch (error) {
        if (/** @type {Error} */ (error).name === "QuotaExceededError") throw error;
      }
      // WebKit takes no Blobs in a private window. If this fails as well, it was not the Blob.
      await this.#put(name, bytes.length, part.slice().buffer);
      this.#refusedBlobs++;
      return;
    }
    return this.#put(name, bytes.length, part.slice().buffer);
  }

  /** @param {string} name */
  async delete(name) {
    checkName(name);
    await this.#transact([ENTRIES, VALUES], "readwrite", (transaction) => {
      transaction.objectStore(ENTRIES).delete(name);
      transaction.objectStore(VALUES).delete(name);
    });
  }

  async list() {
    /** @type {{ names?: IDBRequest<IDBValidKey[]>, values?: IDBRequest<any[]> }} */
    const requests = {};
    await this.#transact([ENTRIES], "readonly", (transaction) => {
      const entries = transaction.objectStore(ENTRIES);
      requests.names = entries.getAllKeys();
      requests.values = entries.getAll(); // in the order of the keys too
    });
    const values = requests.values?.result ?? [];
    return (requests.names?.result ?? []).map((name, i) => ({
      name: typeof name === "string" ? name : "", // a key of another type is none of ours
      ...values[i],
    }));
  }

  /** @param {string} name */
  async touch(name) {
    checkName(name);
    await this.#transact([ENTRIES], "readwrite", (transaction) => {
      const entries = transaction.objectStore(ENTRIES);
      const request = entries.get(name);
      request.onsuccess = () => {
        if (request.result) entries.put({ ...request.result, usedMs: Date.now() }, name);
      };
    });
  }

  /** Deletes what an older version of this package left in a database of its own. */
  async [REMOVE_OLDER]() {
    const own = parseDatabaseName(this.where);
    const databases = (await indexedDB.databases?.()) ?? [];
    for (const { name = "" } of databases) {
      const { base, schema } = parseDatabaseName(name) ?? {};
      if (base !== own?.base || !isOlder(schema)) continue;
      const older = new IndexedDBStore(name);
      let isEmpty = false;
      try {
        isEmpty = Boolean(await run(emptyUnused(older))) && (await older.#isEmpty());
      } catch {
        // It is another program's.
      }
      await older.close();
      if (isEmpty) indexedDB.deleteDatabase(name);
    }
  }

  /** Whether there is nothing in it, in no object store, of which it has no further one either. */
  async #isEmpty() {
    const stores = [...(await this.#connect()).objectStoreNames];
    /** @type {IDBRequest<number>[]} */
    let counts = [];
    await this.#transact(stores, "readonly", (transaction) => {
      counts = stores.map((store) => transaction.objectStore(store).count());
    });
    return stores.length === 2 && counts.every(({ result }) => result === 0);
  }

  async close() {
    const database = await this.#connection?.catch(() => undefined);
    database?.close();
    this.#connection = undefined;
  }

  /**
   * @param {string} name
   * @param {number} nbytes
   * @param {Blob | ArrayBuffer} value
   */
  async #put(name, nbytes, value) {
    await this.#transact([ENTRIES, VALUES], "readwrite", (transaction) => {
      // The value first: where WebKit cannot take a Blob, the transaction only ends if nothing was
      // asked of it before.
      transaction.objectStore(VALUES).put(value, name);
      transaction.objectStore(ENTRIES).put({ nbytes, usedMs: Date.now() }, name);
      // Now, not when the page comes back from what it is at: it may be about to end. With a Blob
      // WebKit would commit before it has seen whether it can take it.
      if (!(value instanceof Blob)) transaction.commit?.();
    });
  }

  /**
   * All of the work or nothing of it.
   *
   * @param {string[]} stores
   * @param {"readonly" | "readwrite"} mode
   * @param {(transaction: IDBTransaction) => IDBRequest | void} work
   * @returns {Promise<any>} the result of the request that it returned
   */
  async #transact(stores, mode, work) {
    const transaction = await this.#begin(stores, mode);
    return new Promise((resolve, reject) => {
      /** @type {IDBRequest | void} */
      let request;
      const endWait = waitAtMost(TIMEOUT_MS[mode], () => {
        reject(new Error(`no answer from IndexedDB within ${TIMEOUT_MS[mode] / 1000} s`));
        try {
          transaction.abort();
        } catch {
          // It is being committed, and takes its time.
        }
      });
      transaction.oncomplete = () => {
        endWait();
        resolve(request?.result);
      };
      /** @type {DOMException | null} */
      let cause = null;
      transaction.onerror = ({ target }) => {
        cause ??= /** @type {IDBRequest} */ (target).error;
      };
      transaction.onabort = () => {
        endWait();
        // WebKit leaves the transaction without an error when the quota was exceeded after commit().
        reject(transaction.error ?? cause ?? new Error("the browser stopped the transaction"));
      };
      try {
        request = work(transaction);
      } catch (error) {
        reject(error);
        transaction.abort();
      }
    });
  }

  /**
   * @param {string[]} stores
   * @param {"readonly" | "readwrite"} mode
   */
  async #begin(stores, mode) {
    const held = this.#connection;
    try {
      return (await this.#connect()).transaction(stores, mode);
    } catch (error) {
      // The browser may have closed a connection since it was last used.
      if (!held) throw error;
      this.#connection = undefined;
      return (await this.#connect()).transaction(stores, mode);
    }
  }

  #connect() {
    this.#connection ??= this.#open();
    return this.#connection;
  }

  async #open() {
    const forget = () => {
      this.#connection = undefined;
    };
    try {
      const database = await openDatabase(this.where);
      database.onclose = forget;
      // Whoever wants to change or delete it, in another tab, does not have to wait for this one.
      database.onversionchange = () => {
        forget();
        database.close();
      };
      return database;
    } catch (error) {
      forget();
      throw error;
    }
  }
}

/**
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
function openDatabase(name) {
  if (typeof indexedDB === "undefined") throw new Error("there is no IndexedDB here");
  const request = indexedDB.open(name, VERSION);
  return new Promise((resolve, reject) => {
    const endWait = waitAtMost(OPEN_TIMEOUT_MS, () => {
      request.onsuccess = () => request.result.close();
      reject(new Error(`the database "${name}" did not open within ${OPEN_TIMEOUT_MS / 1000} s`));
    });
    request.onupgradeneeded = () => {
      for (const store of [ENTRIES, VALUES]) request.result.createObjectStore(store);
    };
    request.onsuccess = () => {
      endWait();
      const database = request.result;
      if ([ENTRIES, VALUES].every((store) => database.objectStoreNames.contains(store))) {
        resolve(database);
      } else {
        database.close();
        reject(new Error(`the database "${name}" is another program's`));
      }
    };
    request.onerror = () => {
      endWait();
      reject(request.error);
    };
  });
}

/**
 * @param {Blob | ArrayBuffer | undefined} value
 * @returns {Promise<Uint8Array | undefined>}
 */
async function toBytes(value) {
  if (value === undefined) return undefined;
  return new Uint8Array(value instanceof Blob ? await value.arrayBuffer() : value);
}

/**
 * Made of Blobs it copies nothing any more.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
async function makeBlob(bytes) {
  // Then there may be no other turn.
  if (isHidden()) return new Blob([bytes]);
  const pieces = [];
  for (let at = 0; at < bytes.length; at += PIECE_NBYTES) {
    if (at > 0) await pause();
    pieces.push(new Blob([bytes.subarray(at, at + PIECE_NBYTES)]));
  }
  return new Blob(pieces);
}
