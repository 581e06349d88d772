// What a page does with packages: a start that loads some, and what micropip installs.

/** Starts Pyodide with packages of a lock file, and imports `padded._alone`, if that is one of them. */
export async function startWithPackages({ job }) {
  const { pyodide, zips, progress, errors } = await bootFor(job, job.packages);
  const path = pyodide.runPython(
    "import site; site.getsitepackages()[0] + '/padded/_alone.abi3.so'",
  );
  const isLoaded = path in pyodide._module.LDSO.loadedLibsByName;
  const answer = isInstalled(pyodide, "padded")
    ? pyodide.runPython("import padded._alone as each; each.get()")
    : "not installed";
  const { mounted, unpacked, missing } = zips.stats().packages;
  zips.uninstall();
  return { isLoaded, answer, progress, errors, mounted, unpacked, missing };
}

/** Installs sympy by micropip, and says what its import compiled. */
export async function installSympy({ job }) {
  const { pyodide, zips } = await bootFor(job, ["micropip", "mpmath"]);
  await pyodide.runPythonAsync(
    `import micropip; await micropip.install("${job.address}", deps=False)`,
  );
  const { compiles: before } = zips.stats();
  pyodide.runPython(
    "import sympy; x = sympy.Symbol('x'); assert sympy.integrate(x, x) == x**2 / 2",
  );
  const stats = zips.stats();
  const { filledBytes, mounted, unpacked } = stats.packages;
  await zips.flush();
  zips.uninstall();
  return { compiles: stats.compiles - before, filledBytes, mounted, unpacked };
}

async function bootFor({ pyodideVersion, storage, lock }, packages) {
  const base = new URL("../../", import.meta.url).href;
  const { loadPyodide } = await import(`${base}node_modules/pyodide-${pyodideVersion}/pyodide.mjs`);
  const { boot } = await import(`${base}js/index.js`);
  const progress = {};
  const errors = [];
  const booted = await boot(loadPyodide, {
    storage,
    onProgress: ({ name, loaded, total }) => (progress[name] = [loaded, total]),
    pyodide: {
      packages,
      lockFileURL: base + lock,
      stdout() {},
      stderr: (line) => errors.push(line),
    },
  });
  return { ...booted, progress, errors };
}

function isInstalled(pyodide, name) {
  return pyodide.runPython(
    `from importlib.util import find_spec; find_spec("${name}") is not None`,
  );
}
