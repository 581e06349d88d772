// What a page or a worker mounts: by address, from what a page has in memory, and in vain.

/** Makes an archive in Python: a package with a file of data beside it. */
const MAKE = `
import io, zipfile
file = io.BytesIO()
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("mounted/__init__.py", f"value = {value}")
    archive.writestr("mounted/data.txt", f"data {value}")
file.getvalue()
`;

const USE = `
import sys
sys.modules.pop("mounted", None)
import mounted, os
with open(os.path.join(os.path.dirname(mounted.__file__), "data.txt")) as file:
    text = file.read()
[mounted.value, text, mounted.__file__]
`;

const IN_PYTHON = `
import os, pyodide_zipimport
async with await pyodide_zipimport.mount(address, name="from-python", sys_path=False) as lib:
    listed = sorted(os.listdir(lib.path))
[listed, os.path.exists(lib.path)]
`;

export async function mount({ pyodide, install, base, job }) {
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  const zips = await install(pyodide, { onWarning, storage: "memory" });

  const run = (code, names = {}) => {
    const globals = pyodide.toPy(names);
    const proxy = pyodide.runPython(code, { globals });
    const value = proxy.toJs();
    proxy.destroy();
    globals.destroy();
    return value;
  };
  const make = (value) => run(MAKE, { value }).slice();
  const codeOf = (promise) =>
    promise.then(
      () => "none",
      ({ code, message }) => `${code}: ${message}`,
    );

  const used = [];
  const useAndLeave = async (source, options) => {
    const lib = await zips.mount(source, options);
    used.push([...run(USE), lib.name]);
    lib.unmount();
  };
  const bytes = make(1);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const integrity = `sha256-${btoa(String.fromCharCode(...digest))}`;
  const address = URL.createObjectURL(new Blob([bytes]));
  await useAndLeave(new Blob([bytes]), { name: "blob", integrity });
  await useAndLeave(new File([bytes], "file.whl"));
  await useAndLeave(address, { name: "address", integrity });
  await useAndLeave(await fetch(address), { name: "response" });
  await useAndLeave(bytes, { name: "copied", copy: true });
  await useAndLeave(bytes.buffer, { name: "taken" });

  const library = `${base}node_modules/pyodide-${job.version}/python_stdlib.zip`;
  const seen = [];
  const onProgress = ({ loaded, total }) => seen.push([loaded, total]);
  const lib = await zips.mount(library, { sysPath: false, onProgress });
  const listed = pyodide.FS.readdir(lib.path).length;
  const isChanged = await lib.invalidate();
  await lib.replace(make(2));
  const replaced = pyodide.FS.readFile(`${lib.path}/mounted/data.txt`, { encoding: "utf8" });
  lib.unmount();

  const controller = new AbortController();
  const aborted = codeOf(zips.mount(library, { signal: controller.signal }));
  controller.abort(Object.assign(new Error("given up"), { code: "own" }));
  const inPython = pyodide.toPy({ address: library });
  const proxy = await pyodide.runPythonAsync(IN_PYTHON, { globals: inPython });

  const result = {
    warnings,
    used,
    detached: bytes.length === 0,
    library: { name: lib.name, listed, isChanged, replaced, first: seen[0], last: seen.at(-1) },
    errors: {
      missing: await codeOf(zips.mount(`${base}js/missing.whl`)),
      page: await codeOf(zips.mount(`${base}tests/browser/page.html`)),
      unreachable: await codeOf(zips.mount("http://127.0.0.1:1/a.whl")),
      integrity: await codeOf(zips.mount(library, { integrity: `sha256-${"A".repeat(43)}=` })),
      aborted: await aborted,
    },
    fromPython: proxy.toJs(),
    left: pyodide.FS.readdir("/lib/zip"),
  };
  zips.uninstall();
  return result;
}
