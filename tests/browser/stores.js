// The jobs about what a browser keeps: see stores-suite.mjs.

import { contract } from "../pyodide/store-contract.mjs";
import { OWN, openers } from "./openers.js";

/** The contract of stores, each promise with a store of its own. */
export async function storeContract({ job }) {
  const results = [];
  for (const [i, [name, test]] of contract.entries()) {
    const where = `contract-${job.place}-${Date.now()}-${i}`;
    try {
      await test(await openers[job.kind](where), assert);
      results.push({ name });
    } catch (error) {
      results.push({ name, error: `${error?.name}: ${error?.message}` });
    }
  }
  return { results };
}

/** What the contract uses of node:assert's strict functions. */
const assert = {
  equal(actual, expected) {
    if (!Object.is(actual, expected)) throw new Error(`found ${actual}, expected ${expected}`);
  },
  deepEqual(actual, expected) {
    const [found, wanted] = [actual, expected].map((value) =>
      ArrayBuffer.isView(value) ? [...value].join() : JSON.stringify(value),
    );
    if (found !== wanted)
      throw new Error(`found ${found.slice(0, 200)}, expected ${wanted.slice(0, 200)}`);
  },
  async rejects(action, type) {
    try {
      await action();
    } catch (error) {
      if (error instanceof type) return;
      throw error;
    }
    throw new Error(`expected a ${type.name}`);
  },
};

/**
 * One visit, in README's order: installs, waits for `job.waitMs`, writes an archive with `job.members`, the
 * same bytes in each visit, and imports `job.names` from it, or does so with each of `job.archives`; then what
 * `job.then` names. Results: what was counted, what is stored.
 */
export async function visit({ pyodide, install, job }) {
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  const zips = await install(pyodide, { ...job.options, onWarning });
  await new Promise((resolve) => setTimeout(resolve, job.waitMs ?? 0));
  const archives = job.archives ?? [job];
  const values = archives.flatMap((archive) => importFrom(pyodide, archive));
  const { compiles, packHits, packMisses } = zips.stats();
  for (const step of job.then ?? []) {
    if (step === "flush") await zips.flush();
    else if (step === "clear") await zips.clear();
    else if (step === "delete") await deleteDatabase(zips.stats().storage.where);
    else await new Promise((resolve) => setTimeout(resolve, step));
  }
  const { storage } = zips.stats();
  return { active: zips.active, values, compiles, packHits, packMisses, storage, warnings };
}

/**
 * Puts `job.names` into our own place and into one of an older and of a newer version, beside our own packs;
 * then a flush, and clear(). Results: what is where after each.
 */
export async function shareStore({ pyodide, install, job }) {
  const { kind, names, options } = job;
  const zips = await install(pyodide, { ...options, autoFlush: false });
  const { where } = zips.stats().storage;
  const at = (schema) => where.replace(/1$/, schema);
  for (const schema of [0, 1, 2]) {
    const store = await openers[kind](at(schema));
    for (const name of names) await store.put(name, new Uint8Array(10));
    await store.close?.();
  }
  if (job.foreign) await putForeign(at(0));
  const listed = async () => {
    const store = await openers[kind](where);
    return (await store.list()).map(({ name }) => name).sort();
  };
  const clock = Date.now;
  importFrom(pyodide, job.archive);
  await zips.flush();
  const young = await existing(kind, where);
  // Longer than it has been unused: by then the newer version's has been too.
  Date.now = () => clock() + 31 * 24 * 3_600_000;
  zips.uninstall();
  const again = await install(pyodide, { ...options, autoFlush: false });
  importFrom(pyodide, { ...job.archive, path: "/b.zip", anew: true });
  await again.flush();
  Date.now = clock;
  const flushed = await listed();
  await again.clear();
  return { young, old: await existing(kind, where), flushed, cleared: await listed() };
}

/** Puts a value of somebody else's into a database, where nothing is noted of it. */
async function putForeign(name) {
  const opening = indexedDB.open(name);
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const transaction = opening.result.transaction("values", "readwrite");
  transaction.objectStore("values").put("text", "thesis");
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  opening.result.close();
}

/** The schemas that have a place. */
async function existing(kind, where) {
  const found = [];
  if (kind === "indexeddb") {
    const databases = await indexedDB.databases();
    for (const { name } of databases)
      if (name.slice(0, -1) === where.slice(0, -1)) found.push(Number(name.at(-1)));
  } else {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(where.split("/")[0]);
    for await (const name of folder.keys()) found.push(Number(name.slice(1)));
  }
  return found.sort();
}

/** A visit that leaves as many notes in all. */
export async function noteMany({ pyodide, install, job }) {
  const zips = await install(pyodide, job.options);
  importFrom(pyodide, job);
  await zips.flush();
  const { where } = zips.stats().storage;
  const store = await openers.opfs(where);
  const note = (await store.list()).map(({ name }) => name).find((name) => name.includes("-at-"));
  const value = await store.get(note);
  const puts = Array.from({ length: job.notes - 1 }, (_, i) =>
    store.put(note.replace(/at-.*/, `at-${(i + 1).toString(16)}-9.txt`), value),
  );
  await Promise.all(puts);
  await zips.clear("/none.zip"); // which lists
  return { storage: zips.stats().storage };
}

/** A visit that counts the files which it opens before install() resolves, and after that. */
export async function countOpens(place) {
  const { getFile } = FileSystemFileHandle.prototype;
  let count = 0;
  FileSystemFileHandle.prototype.getFile = function () {
    count++;
    return getFile.call(this);
  };
  let installed = 0;
  const install = async (...args) => {
    const zips = await place.install(...args);
    installed = count;
    return zips;
  };
  const result = await visit({ ...place, install });
  FileSystemFileHandle.prototype.getFile = getFile;
  return { ...result, opens: { installed, later: count - installed } };
}

/** Two stores of one folder, as two tabs have them, put and delete at the same moment. */
export async function putAtOnce() {
  const where = `at-once-${Date.now()}`;
  const stores = [await openers.opfs(where), await openers.opfs(where)];
  const put = (store, name, text = "x") => store.put(name, new TextEncoder().encode(text));
  await put(stores[0], "gone.txt");
  await put(stores[0], "other.txt", "kept");
  const expected = ["other.txt"];
  const work = stores.flatMap((store, s) =>
    Array.from({ length: 20 }, (_, i) => {
      expected.push(`${s}-${i}.txt`);
      return put(store, expected.at(-1));
    }),
  );
  await Promise.all([...work, stores[1].delete("gone.txt")]);
  const names = (await (await openers.opfs(where)).list()).map(({ name }) => name).sort();
  const other = new TextDecoder().decode(await stores[1].get("other.txt"));
  return { names, expected: expected.sort(), other };
}

/** What a store of one folder lists where the file of small values has other contents, and after a put. */
export async function damageSmall({ job }) {
  const where = `damaged-${Date.now()}`;
  const store = await openers.opfs(where);
  const root = await navigator.storage.getDirectory();
  const folder = await (await root.getDirectoryHandle(where)).getDirectoryHandle("v1");
  const listed = [];
  for (const text of job.texts) {
    await store.put("a.txt", new TextEncoder().encode("x"));
    const file = await (await folder.getFileHandle("small@entries")).createWritable();
    await file.write(text);
    await file.close();
    const damaged = (await store.list()).length;
    await store.put("b.txt", new TextEncoder().encode("x"));
    listed.push([damaged, (await store.list()).length]);
  }
  return { listed };
}

/** As what large values are stored by a database that refuses some: the first of three, all Blobs, or the first two, whatever they are. */
export async function refuseBlobs() {
  const { put } = IDBObjectStore.prototype;
  const kinds = {};
  for (const [what, refuses] of [
    ["refused once", (value, round) => value instanceof Blob && round === 0],
    ["always refused", (value) => value instanceof Blob],
    ["nothing is taken", (value, round) => round < 2],
  ]) {
    const store = await openers.indexeddb(`refusing-${what}-${Date.now()}`);
    kinds[what] = [];
    for (const round of [0, 1, 2]) {
      IDBObjectStore.prototype.put = function (value, name) {
        const isValue = value instanceof Blob || value instanceof ArrayBuffer;
        if (isValue && refuses(value, round))
          throw new DOMException("made to fail", "UnknownError");
        return put.call(this, value, name);
      };
      await store.put(`${round}`, new Uint8Array(100_000)).catch(() => {});
      kinds[what].push(await storedAs(store.where, `${round}`));
    }
    IDBObjectStore.prototype.put = put;
  }
  return { kinds };
}

async function storedAs(database, name) {
  const { result } = await new Promise((resolve) => {
    const opening = indexedDB.open(database);
    opening.onsuccess = () => {
      const request = opening.result.transaction("values").objectStore("values").get(name);
      request.onsuccess = () => resolve(request);
    };
  });
  if (result === undefined) return "nothing";
  return result instanceof Blob ? "blob" : "array";
}

function deleteDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`${name} is held open`));
  });
}

/** Stores something before and after the database is upgraded in another tab, by the next one. */
export async function storeAcrossUpgrade({ pyodide, install, job }) {
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  const zips = await install(pyodide, { ...job.options, onWarning });
  const meet = meeting(job);
  const [first, second] = job.names;
  const values = importFrom(pyodide, { ...job, names: [first] });
  await zips.flush();
  await meet("stored");
  await meet("upgraded");
  values.push(...importFrom(pyodide, { ...job, names: [second] }));
  await zips.flush();
  await zips.flush();
  const { compiles, packHits } = zips.stats();
  const again = importFrom(pyodide, { ...job, names: [second], anew: true });
  const hits = zips.stats().packHits - packHits;
  return { values, compiles, warnings, again, hits };
}

/** The other tab. */
export async function upgrade({ job }) {
  const meet = meeting(job);
  await meet("stored");
  await makeDatabase({ job });
  await meet("upgraded");
  return {};
}

/** A database under our name that is not ours. */
export async function makeDatabase({ job: { name, foreign } }) {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name, foreign.version);
    request.onupgradeneeded = () => {
      const { result } = request;
      const missing = foreign.stores.filter((store) => !result.objectStoreNames.contains(store));
      for (const store of missing) result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`${name} is held open`));
  });
  database.close();
  return {};
}

function importFrom(pyodide, { path = "/a.zip", members, names, anew = false }) {
  const globals = pyodide.toPy({ path, members, names, anew });
  const values = pyodide.runPython(
    `
import importlib, sys, zipfile
with zipfile.ZipFile(path, "w") as archive:
    for name, source in members.items():
        archive.writestr(zipfile.ZipInfo(name), source)
sys.path.insert(0, path)
for name in names if anew else ():
    del sys.modules[name]
[importlib.import_module(name).value for name in names]`,
    { globals },
  );
  globals.destroy();
  return values.toJs();
}

/**
 * One of `job.peers` that each import a module of their own from the same archives, one archive a
 * round, and store it at the same moment. All of them see to it that nobody is ahead.
 */
export async function peer({ pyodide, install, job }) {
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  const zips = await install(pyodide, { ...job.options, autoFlush: false, onWarning });
  const meet = meeting(job);
  const lost = [];
  for (let round = 0; round < job.rounds; round++) {
    const members = Object.fromEntries(
      Array.from({ length: job.peers }, (_, i) => [`r${round}m${i}.py`, `value = ${i}\n`]),
    );
    importFrom(pyodide, { path: `/${round}.zip`, members, names: [`r${round}m${job.index}`] });
    await meet(`flush ${round}`);
    await zips.flush();
    await meet(`flushed ${round}`);
    const stored = await storedText(zips.stats().storage, `r${round}m`);
    for (const name of Object.keys(members)) if (!stored.includes(`${name}c`)) lost.push(name);
    await meet(`looked ${round}`);
  }
  return { lost, warnings };
}

/** @returns {(what: string) => Promise<void>} which waits until all peers are there */
function meeting({ meeting: name, peers, index }) {
  const channel = new BroadcastChannel(name);
  const seen = new Set();
  let onArrival = () => {};
  channel.onmessage = ({ data: [what, who, isAnswer] }) => {
    // Whoever came before this one began to listen is told once more.
    if (!seen.has(`${what} ${who}`) && !isAnswer && seen.has(`${what} ${index}`))
      channel.postMessage([what, index, true]);
    seen.add(`${what} ${who}`);
    onArrival();
  };
  return async (what) => {
    seen.add(`${what} ${index}`);
    channel.postMessage([what, index, false]);
    const allAreThere = () =>
      Array.from({ length: peers }, (_, i) => seen.has(`${what} ${i}`)).every(Boolean);
    while (!allAreThere())
      await new Promise((resolve) => {
        onArrival = () => resolve(undefined);
      });
  };
}

/** All packs of a store that mention something, as text. */
async function storedText({ kind, where }, part) {
  const store = await openers[kind](where);
  const names = (await store.list()).map(({ name }) => name);
  const values = await Promise.all(names.map((name) => store.get(name)));
  const texts = values.map((value) => new TextDecoder("latin1").decode(value));
  return texts.filter((text) => text.includes(part)).join("");
}

/** A peer in each of several workers of this page. */
export async function peersInWorkers({ job }) {
  const results = Array.from({ length: job.peers }, (_, index) => {
    const worker = new Worker("./worker.js", { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onerror = ({ message }) => reject(new Error(message ?? "a worker did not load"));
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage({ ...job, task: "peer", index });
    });
  });
  return { peers: await Promise.all(results) };
}

/**
 * Stores without end, each time a pack with one module more than the one that it replaces, until it is
 * stopped from outside. Reports what was stored when the fourth time began.
 */
export async function storeWithoutEnd({ pyodide, install, job, report }) {
  const zips = await install(pyodide, { ...job.options, autoFlush: false });
  const padding = "x".repeat(100_000);
  for (let archive = 0; ; archive++) {
    const names = Array.from({ length: 20 }, (_, i) => `run${job.run}_${archive}_${i}`);
    const members = Object.fromEntries(
      names.map((name) => [`${name}.py`, `value = '${padding}'\n`]),
    );
    for (const [i, name] of names.entries()) {
      importFrom(pyodide, { path: `/${archive}.zip`, members, names: [name] });
      const done = zips.flush();
      if (archive === 0 && i === 3)
        report({ stored: names.slice(0, i).map((each) => `${each}.pyc`) });
      await done;
    }
  }
}

/**
 * Whether each stored pack is whole, and what its name says; which the browser lists and cannot read; and
 * what all others hold.
 */
export async function checkPacks({ pyodide, job }) {
  const store = await openers[job.kind](OWN[job.kind]);
  const entries = await store.list();
  const broken = [];
  const unreadable = [];
  const members = [];
  const globals = pyodide.toPy({});
  pyodide.runPython(CHECK_PACK, { globals });
  const check = globals.get("check");
  for (const { name, nbytes } of entries) {
    const bytes = await store.get(name).catch(() => void unreadable.push(name));
    if (unreadable.includes(name)) continue;
    const found = bytes?.length === nbytes && (!name.endsWith(".zip") || check(name, bytes));
    if (!found) broken.push(name);
    else if (found !== true) members.push(...found.toJs());
  }
  return { broken, unreadable, members };
}

const CHECK_PACK = `
import io, zipfile, zlib
def check(name, data):
    data = data.to_bytes()
    end = data.rindex(b"PK\\5\\6")
    size, offset = (int.from_bytes(data[end + at:end + at + 4], "little") for at in (12, 16))
    crc = zlib.crc32(data[offset:offset + size])
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        if name.endswith(f".{crc:x}-{len(data)}.zip") and pack.testzip() is None:
            return pack.namelist()
`;
