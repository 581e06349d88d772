// How packages are taken over from Pyodide's installer: as it is, as it is about to become, and where it is not as it is
// known; and how it is given back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { collectWarnings, describeOn, newest, oldAndNew, once, start } from "./harness.mjs";
import { openPlace, serve } from "./packages/place.mjs";
import { WHEELS } from "./packages/scenarios.mjs";
import { install } from "../../js/node.js";

const OPTIONS = { storage: "memory", mountPackages: true };
const nameOf = (name) => `${name}-1.0-py3-none-any.whl`;

async function open(version, entries) {
  const { options } = await openPlace(version, WHEELS, entries);
  return start(version, { load: (loadPyodide, own) => loadPyodide({ ...own, ...options }) });
}

/** loadPackage() of packages that are to be there then, by the names of their modules. */
async function load(pyodide, ...names) {
  const errors = [];
  const errorCallback = (text) => errors.push(text);
  await pyodide.loadPackage(names, { messageCallback() {}, errorCallback });
  assert.deepEqual(errors, []);
  for (const name of names) pyodide.runPython(`import ${name}`);
}

const installerOf = (pyodide, name) =>
  pyodide.runPython(
    `from importlib.metadata import distribution\ndistribution("${name}").read_text("INSTALLER")`,
  );

const UNZIP = `
import io, zipfile
def unzip(buffer, folder):
    with zipfile.ZipFile(io.BytesIO(buffer.to_bytes())) as archive:
        archive.extractall(folder)
        return next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
unzip
`;

/**
 * An installer as upstream is about to have it: in JavaScript, without Python's unpack_buffer(), loading no libraries,
 * and with metadata as an object. Only what unzips is another one.
 */
function installInJavaScript(pyodide) {
  const { _api: api, FS } = pyodide;
  const site = pyodide.runPython("import site; site.getsitepackages()[0]");
  const unzip = pyodide.runPython(UNZIP);
  const unpacked = [];
  api.install = async (buffer, fileName, folder, metadata) => {
    unpacked.push(fileName);
    const info = unzip(buffer, folder).replace(/METADATA$/, "");
    for (const [name, text] of Object.entries(metadata))
      FS.writeFile(`${folder}/${info}${name}`, text);
  };
  api.packageManager.installPackage = async (metadata, buffer) => {
    const { file_name: fileName } = metadata.packageData;
    const PYODIDE_SOURCE = metadata.channel === "default channel" ? "pyodide" : metadata.channel;
    await api.install(buffer, fileName, site, { INSTALLER: "pyodide.loadPackage", PYODIDE_SOURCE });
  };
  pyodide.runPython("import pyodide._package_loader as loader; loader.unpack_buffer = None");
  return unpacked;
}

describeOn([newest], "an installer in JavaScript", (version) => {
  // 0.27 has no place for one.
  if (version === "0.27.8") return;

  test("it is taken over, and given back", async () => {
    const pyodide = await open(version);
    const unpacked = installInJavaScript(pyodide);
    const { install: stock, packageManager: manager } = pyodide._api;
    const { installPackage } = manager;
    const zips = await install(pyodide, OPTIONS);
    await load(pyodide, "plain", "native");
    assert.equal(installerOf(pyodide, "plain"), "pyodide.loadPackage");
    assert.equal(pyodide.runPython("from native import _alone; _alone.get()"), 7);

    const install_ = pyodide._api.install;
    const folder = pyodide.runPython("site.getsitepackages()[0]");
    const metadata = { INSTALLER: "somebody" };
    await install_(WHEELS[nameOf("later")], nameOf("later"), `${folder}/`, metadata);
    assert.equal(installerOf(pyodide, "later"), "somebody");
    await install_(
      WHEELS[nameOf("twice")],
      nameOf("twice"),
      folder,
      new Map([["INSTALLER", "map"]]),
    );
    assert.equal(installerOf(pyodide, "twice"), "map");
    await load(pyodide, "micropip");
    const server = await serve(WHEELS);
    await pyodide.runPythonAsync(
      `await micropip.install("${server.urlOf(nameOf("needy"))}", deps=False)`,
    );
    server.close();
    assert.equal(installerOf(pyodide, "needy"), "micropip");
    assert.deepEqual(unpacked, []);

    // Into another folder it is not taken.
    await install_(WHEELS[nameOf("writer")], nameOf("writer"), "/tmp/other", metadata);
    assert.deepEqual(unpacked, [nameOf("writer")]);
    const stats = zips.stats().packages;
    assert.equal(stats.mounted.length, 6);
    assert.deepEqual(stats.unpacked, [
      { name: nameOf("writer"), reason: "it goes into /tmp/other" },
    ]);
    assert.deepEqual(stats.missing, ["Python has no unpack_buffer()"]);

    zips.uninstall();
    assert.equal(pyodide._api.install, stock);
    assert.equal(manager.installPackage, installPackage);
    await load(pyodide, "versions");
    assert.ok(unpacked.includes("versions-2.0-py3-none-any.whl"));
  });
});

describeOn(oldAndNew, "the hooks of packages", (version) => {
  const isOld = version === "0.27.8";

  test("extension modules are loaded when they are imported", async () => {
    const pyodide = await open(version);
    const zips = await install(pyodide, OPTIONS);
    const isLoaded = () =>
      Object.keys(pyodide._module.LDSO.loadedLibsByName).some((each) => each.includes("_alone"));
    await load(pyodide, "native");
    assert.equal(isLoaded(), false);
    assert.equal(pyodide.runPython("import native._alone as each; each.get()"), 7);
    assert.equal(isLoaded(), true);
    zips.uninstall();
  });

  test("micropip that was imported before", async () => {
    const pyodide = await open(version);
    await load(pyodide, "micropip");
    const zips = await install(pyodide, OPTIONS);
    const server = await serve(WHEELS);
    const add = (name) =>
      pyodide.runPythonAsync(`await micropip.install("${server.urlOf(nameOf(name))}", deps=False)`);
    await add("plain");
    assert.equal(installerOf(pyodide, "plain"), "micropip");
    assert.deepEqual(zips.stats().packages.mounted, [nameOf("plain")]);
    zips.uninstall();
    await add("needy");
    assert.equal(pyodide.runPython("import needy; needy.value"), 1);
    server.close();
  });

  test("micropip that is imported afterwards, and after uninstall()", async () => {
    const pyodide = await open(version);
    const pathBefore = pyodide.runPython("import sys; repr(sys.meta_path)");
    const zips = await install(pyodide, OPTIONS);
    await load(pyodide, "micropip");
    assert.equal(pyodide.runPython("repr(sys.meta_path)"), pathBefore);
    assert.equal(pyodide.runPython("micropip.wheelinfo.__loader__.name"), "micropip.wheelinfo");
    assert.equal(
      pyodide.runPython("micropip.wheelinfo.__spec__.loader is micropip.wheelinfo.__loader__"),
      true,
    );
    zips.uninstall();
    const server = await serve(WHEELS);
    await pyodide.runPythonAsync(`await micropip.install("${server.urlOf(nameOf("plain"))}")`);
    server.close();
    assert.equal(pyodide.runPython("import plain; plain.value"), 1);
  });

  test("uninstall() before micropip is imported", async () => {
    const pyodide = await open(version);
    const pathBefore = pyodide.runPython("import sys; repr(sys.meta_path)");
    (await install(pyodide, OPTIONS)).uninstall();
    assert.equal(pyodide.runPython("repr(sys.meta_path)"), pathBefore);
    await load(pyodide, "micropip");
    const zips = await install(pyodide, { storage: "memory" });
    assert.equal(zips.stats().packages, undefined);
    zips.uninstall();
  });

  test("what somebody else put in their place stays", async () => {
    const pyodide = await open(version);
    const zips = await install(pyodide, OPTIONS);
    const { _api: api } = pyodide;
    const calls = [];
    pyodide.globals.set("note", (name) => void calls.push(name));
    pyodide.runPython(`
import pyodide._package_loader as loader
def unpack_buffer(*args, stock=loader.unpack_buffer, **options):
    note("python")
    return stock(*args, **options)
loader.unpack_buffer = unpack_buffer
`);
    if (!isOld) {
      const stock = api.packageManager.installPackage;
      api.packageManager.installPackage = function (...args) {
        calls.push("installPackage");
        return stock.apply(this, args);
      };
    }
    await load(pyodide, "plain");
    assert.deepEqual(calls, [isOld ? "python" : "installPackage"]);
    assert.deepEqual(zips.stats().packages.mounted, [nameOf("plain")]);
    zips.uninstall();
    await load(pyodide, "later");
    assert.deepEqual(calls.slice(1), isOld ? ["python"] : ["installPackage", "python"]);
    assert.equal(zips.stats().packages, undefined);
  });

  once(version).test("two installs share one", async () => {
    const pyodide = await open(version);
    const first = await install(pyodide, OPTIONS);
    assert.equal(await install(pyodide, OPTIONS), first);
    const { taken, onWarning } = collectWarnings();
    await install(pyodide, { mountPackages: false, onWarning });
    assert.deepEqual(
      taken.map(([, code]) => code),
      ["options-ignored"],
    );
    await load(pyodide, "plain");
    assert.deepEqual(first.stats().packages.mounted, [nameOf("plain")]);
    first.uninstall();
  });

  test("an installer that is not as it is known", async () => {
    const pyodide = await open(version);
    if (!isOld) {
      pyodide._api.install = undefined;
      Object.defineProperty(pyodide._api.packageManager, "installPackage", {
        value: pyodide._api.packageManager.installPackage,
        writable: false,
      });
    }
    pyodide.runPython(
      "import pyodide._package_loader as loader; kept, loader.unpack_buffer = loader.unpack_buffer, None",
    );
    const zips = await install(pyodide, OPTIONS);
    pyodide.runPython("loader.unpack_buffer = kept");
    await load(pyodide, "plain");
    const { mounted, missing } = zips.stats().packages;
    assert.deepEqual(mounted, []);
    const inJavaScript = [
      "Pyodide's installPackage() cannot be replaced",
      "Pyodide has no install()",
    ];
    assert.deepEqual(missing, [...(isOld ? [] : inJavaScript), "Python has no unpack_buffer()"]);
    zips.uninstall();
  });
});

describeOn([newest], "packages and memory snapshots", (version) => {
  test("after uninstall() none of the hooks is left", async () => {
    const pyodide = await start(version, {
      load: (loadPyodide, own) => loadPyodide({ ...own, _makeSnapshot: true }),
    });
    const zips = await install(pyodide, OPTIONS);
    zips.uninstall();
    assert.ok(pyodide.makeMemorySnapshot().length > 0);
  });
});
