// The jobs about what a browser keeps: see stores-suite.mjs.

import { openIndexedDB } from "../../js/stores/indexeddb.js";
import { openOPFS } from "../../js/stores/opfs.js";
import { contract } from "../pyodide/store-contract.mjs";

const openers = { indexeddb: openIndexedDB, opfs: openOPFS };

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
 * One visit: imports `job.names` from an archive with `job.members`, the same bytes in each visit; then
 * does what `job.then` names. Results: what was counted, what is stored.
 */
export async function visit({ pyodide, install, job }) {
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  const zips = await install(pyodide, { ...job.options, onWarning });
  const values = importFrom(pyodide, job);
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

function deleteDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`${name} is held open`));
  });
}

/** A database under our name that is not ours. */
export async function makeDatabase({ job: { name, foreign } }) {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name, foreign.version);
    request.onupgradeneeded = () => {
      for (const store of foreign.stores) request.result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  database.close();
  return {};
}

function importFrom(pyodide, { path = "/a.zip", members, names }) {
  const globals = pyodide.toPy({ path, members, names });
  const values = pyodide.runPython(
    `
import importlib, sys, zipfile
with zipfile.ZipFile(path, "w") as archive:
    for name, source in members.items():
        archive.writestr(zipfile.ZipInfo(name), source)
sys.path.insert(0, path)
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

/** Stores one pack after the other until it is stopped, from outside. */
export async function storeWithoutEnd({ pyodide, install, job, report }) {
  const zips = await install(pyodide, { ...job.options, autoFlush: false });
  for (let round = 0; ; round++) {
    const padding = "x".repeat(300_000);
    const members = { [`k${round}.py`]: `value = '${padding}'\n`, "same.py": "value = 1\n" };
    importFrom(pyodide, { path: `/${round % 5}.zip`, members, names: [`k${round}`] });
    const done = zips.flush();
    if (round === 1) report({ began: true });
    await done;
  }
}

/** Whether each stored pack is whole, and what its name says. */
export async function checkPacks({ pyodide, job }) {
  const store = await openers[job.kind]("pyodide-zipimport");
  const entries = await store.list();
  const broken = [];
  const globals = pyodide.toPy({});
  pyodide.runPython(CHECK_PACK, { globals });
  for (const { name, nbytes } of entries) {
    const bytes = await store.get(name);
    const isPack = name.endsWith(".zip");
    if (bytes?.length !== nbytes || (isPack && !globals.get("check")(name, bytes)))
      broken.push(name);
  }
  return { broken, packs: entries.filter(({ name }) => name.endsWith(".zip")).length };
}

const CHECK_PACK = `
import io, zipfile, zlib
def check(name, data):
    data = data.to_bytes()
    end = data.rindex(b"PK\\5\\6")
    size, offset = (int.from_bytes(data[end + at:end + at + 4], "little") for at in (12, 16))
    crc = zlib.crc32(data[offset:offset + size])
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        return name.endswith(f".{crc:x}-{len(data)}.zip") and pack.testzip() is None
`;
