// The job of drop-in.test.mjs: one visit that imports the stand-in for Pyodide's module and uses it as clients
// do. Results are facts.

export async function dropInVisit({ job }) {
  const base = new URL("../../", import.meta.url).href;
  const { address, importMap, zipimport } = job;
  if (importMap) useImportMap(importMap, base);
  const warnings = [];
  const { warn } = console;
  console.warn = (...args) => warnings.push(args.join(" "));
  try {
    const url = base + address;
    const { loadPyodide, version } = await import(url);
    // JupyterLite leaves the slash, PyScript takes it too.
    const indexURL = url.slice(0, url.lastIndexOf("/") + (job.slash ? 1 : 0));
    const pyodide = await loadPyodide({ indexURL, zipimport });
    pyodide._api.on_fatal = () => {};
    pyodide.runPython("import csv, decimal, email.message");
    const zips = pyodide.zipimport;
    const { start, compiles, storage } = zips.stats();
    await zips.flush();
    const requests = performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name).pathname);
    return {
      ...{ version, running: pyodide.version, active: zips.active, start, compiles, warnings },
      ...{ storage: storage.kind, place: globalThis.constructor.name },
      sideModules: requests.filter((path) => /zipimport\.wasm|inlined-wasm/.test(path)).length,
    };
  } finally {
    console.warn = warn;
  }
}

/** @param {Record<string, string>} importMap addresses from the root of what is served */
function useImportMap(importMap, base) {
  const imports = Object.fromEntries(
    Object.entries(importMap).map(([name, address]) => [name, base + address]),
  );
  const script = Object.assign(document.createElement("script"), { type: "importmap" });
  script.textContent = JSON.stringify({ imports });
  document.head.append(script);
}
