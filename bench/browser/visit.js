// @ts-check
// What a page of bench/browser.mjs does: one visit, of which each part is timed. tests/browser/job.js
// starts Pyodide and calls it.

/**
 * @typedef {object} Job
 * @property {"window" | "worker"} place
 * @property {"stock" | "ours"} contender
 * @property {import("../../js/index.js").InstallOptions} [options]
 * @property {string[]} archives addresses, relative to the project's
 * @property {string} [statement]
 * @property {boolean} [flush] whether what was compiled is written
 * @property {boolean} [large] whether modules that take long to marshal are looked for
 * @property {string} [inWorker] the version of Pyodide in the worker
 */

/**
 * @typedef {object} Visit
 * @property {Record<string, number>} ms
 * @property {{ install?: number, flush?: number }} pauses the longest while that lasted, in milliseconds
 * @property {number} [compiles]
 * @property {import("../../js/index.js").StorageStats} [storage]
 * @property {[name: string, ms: number][]} large
 */

/** @typedef {{ end: () => Promise<number | undefined> }} Watch */

/**
 * @param {object} place
 * @param {any} place.pyodide
 * @param {typeof import("../../js/index.js").install} place.install
 * @param {string} place.base
 * @param {Job} place.job
 * @param {number} place.startMs
 * @param {(phase: object) => unknown} place.report
 * @returns {Promise<Visit>}
 */
export async function visit({ pyodide, install, base, job, startMs, report }) {
  // The first database that a page opens takes longer than ours does.
  await openDatabase();

  const watch = job.place === "window" ? watchFrames : noFrames;
  /** @type {Visit} */
  const result = { ms: { start: startMs }, pauses: {}, large: [] };
  const { ms, pauses } = result;
  let zips;
  if (job.contender === "ours") {
    const frames = await watch();
    const began = performance.now();
    zips = await install(pyodide, { ...job.options, autoFlush: false });
    ms.install = performance.now() - began;
    pauses.install = await frames.end();
  }
  // In README's order: then the archive is new to the importer, and its pack is there already.
  for (const archive of job.archives) await provide(pyodide, base, archive);
  if (job.statement) {
    const began = performance.now();
    pyodide.runPython(job.statement);
    ms.import = performance.now() - began;
  }
  if (job.flush) {
    if (job.place === "worker") await report({ phase: "flush" });
    const frames = await watch();
    const began = performance.now();
    await zips?.flush();
    ms.flush = performance.now() - began;
    pauses.flush = await frames.end();
  }
  const { compiles, storage } = zips?.stats() ?? {};
  if (job.large) result.large = largeModules(pyodide);
  return { ...result, compiles, storage };
}

/**
 * The same in a worker, of a page that counts its own frames while the worker writes.
 *
 * @param {{ job: Job }} place
 * @returns {Promise<Visit>}
 */
export async function visitInWorker({ job }) {
  const worker = new Worker("./worker.js", { type: "module" });
  /** @type {Promise<Watch> | undefined} */
  let frames;
  /** @type {Visit} */
  const result = await new Promise((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message ?? "the worker did not load"));
    worker.onmessage = ({ data }) => {
      if (data.phase) frames = watchFrames();
      else if (data.error) reject(new Error(data.error));
      else resolve(data);
    };
    worker.postMessage({ ...job, version: job.inWorker, place: "worker", task: "visit" });
  });
  result.pauses.flush = await (await frames)?.end();
  return result;
}

/**
 * @param {any} pyodide
 * @param {string} base
 * @param {string} archive
 */
export async function provide(pyodide, base, archive) {
  const response = await fetch(base + archive);
  if (!response.ok) throw new Error(`${archive}: HTTP status ${response.status}`);
  const path = `/${archive.split("/").at(-1)}`;
  pyodide.FS.writeFile(path, new Uint8Array(await response.arrayBuffer()));
  pyodide.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(path)})`);
}

/** @returns {Promise<void>} */
function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("warm-up");
    request.onsuccess = () => resolve(request.result.close());
    request.onerror = () => reject(request.error);
  });
}

/**
 * Measures the longest time from one frame of an animation to the next.
 *
 * @returns {Promise<Watch>}
 */
async function watchFrames() {
  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  for (let i = 0; i < 5; i++) await nextFrame(); // it takes a few to get going
  let last = performance.now();
  let longest = 0;
  let ended = false;
  const done = (async () => {
    while (!ended) {
      await nextFrame();
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
  })();
  return {
    async end() {
      await nextFrame();
      ended = true;
      await done;
      return longest;
    },
  };
}

/**
 * Where there is nothing to see.
 *
 * @returns {Promise<Watch>}
 */
async function noFrames() {
  return { end: async () => undefined };
}

/**
 * The modules whose bytecode takes longer to be made than background work is meant to last.
 *
 * @param {any} pyodide
 * @returns {[name: string, ms: number][]}
 */
function largeModules(pyodide) {
  return pyodide.runPython(LARGE_MODULES).toJs();
}

const LARGE_MODULES = `
import marshal, sys, time, zipimport
def times():
    for name, module in list(sys.modules.items()):
        loader = getattr(module, "__loader__", None)
        if isinstance(loader, zipimport.zipimporter):
            code = loader.get_code(name)
            began = time.perf_counter()
            marshal.dumps(code)
            yield name, (time.perf_counter() - began) * 1000
[[name, ms] for name, ms in times() if ms > 8]
`;
