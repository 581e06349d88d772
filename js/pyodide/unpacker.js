// @ts-check
// Where Pyodide unpacks in Python: what unpackArchive() calls in every version, and in 0.27 loadPackage() too. There
// micropip unpacks by itself; its class is changed once it is imported.
//
// Seen in 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `pyodide._package_loader.unpack_buffer(buffer,
// filename=, format=, extract_dir=, calculate_dynlibs=)`, which gives the paths of libraries to load; in 0.27.8 with
// `installer=` and `source=`, later with `metadata=` instead. In 0.27.8: `_api.loadDynlibsFromPackage`, and in
// micropip 0.9.0 `wheelinfo.WheelInfo` with `_extract(target)` and `_load_libraries(target)`.

import { isPassedOn } from "./installer.js";
import { runApart } from "./python.js";

/** @typedef {import("./installer.js").Hook} Hook */
/** @typedef {import("./installer.js").Take} Take */

/** The names that it finds: take_in_js, has_old_micropip, add_missing. It leaves `release` as result. */
const CODE = `
__name__ = "pyodide_zipimport"

import functools
import os
import sys

from pyodide.ffi import to_js

WHEEL_FORMATS = {"whl", ".whl", "wheel", ".wheel"}
MICROPIP = "micropip.wheelinfo"
releases = []


def hook(owner, name, wrap):
    stock = getattr(owner, name, None)
    if not callable(stock):
        add_missing(f"Python has no {name}()")
        return
    ours = functools.wraps(stock)(wrap(stock))
    setattr(owner, name, ours)

    def release():
        if getattr(owner, name) is ours:
            setattr(owner, name, stock)

    releases.append(release)


def hook_unpacking():
    try:
        from pyodide import _package_loader
    except ImportError:
        _package_loader = None
    hook(_package_loader, "unpack_buffer", wrap_unpacking)


def wrap_unpacking(stock):
    def unpack_buffer(buffer, **options):
        taken = take_buffer(buffer, **options)
        if taken is None:
            return stock(buffer, **options)
        return taken.ahead if options.get("calculate_dynlibs") else None

    return unpack_buffer


def take(*arguments):
    taken = take_in_js(*arguments)
    failure = getattr(taken, "failure", None)
    if failure is not None:
        raise failure
    return taken


def take_buffer(
    buffer, *, filename="", format=None, extract_dir=None, installer=None, source=None, metadata=None, **_
):
    entries = list(metadata.items()) if metadata else []
    entries += [pair for pair in (("INSTALLER", installer), ("PYODIDE_SOURCE", source)) if pair[1]]
    directory = "/" + os.path.abspath(extract_dir or ".").lstrip("/")
    if format:
        # Only a file's name makes a package of it.
        return take(buffer, "", directory, False, to_js([])) if format in WHEEL_FORMATS else None
    return take(buffer, filename, directory, True, to_js(entries))


class MicropipWatch:
    """On sys.meta_path until micropip is imported."""

    def find_spec(self, name, path=None, target=None):
        if name != MICROPIP:
            return None
        sys.meta_path.remove(self)
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = MicropipLoader(spec.loader)
        return spec


class MicropipLoader:
    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        hook_micropip(module)


def hook_micropip(module):
    WheelInfo = getattr(module, "WheelInfo", None)
    if not all(hasattr(WheelInfo, each) for each in ("_extract", "_load_libraries")):
        add_missing(f"{MICROPIP} is not as that of micropip 0.9.0")
        return
    hook(WheelInfo, "_extract", wrap_extract)
    hook(WheelInfo, "_load_libraries", wrap_load_libraries)


def wrap_extract(stock):
    def _extract(self, target):
        taken = take(to_js(self._data), self.filename, os.path.abspath(target), True, to_js([]), False)
        self._taken = taken
        if taken is None:
            stock(self, target)
        else:
            self._dist_info = type(target)(taken.distInfo)

    return _extract


def wrap_load_libraries(stock):
    async def _load_libraries(self, target):
        taken = self.__dict__.pop("_taken", None)
        # Whether any is to be loaded; stock's loads all.
        if taken is None or len(taken.ahead) > 0:
            await stock(self, target)

    return _load_libraries


def release():
    for each in releases:
        each()
    sys.meta_path[:] = [each for each in sys.meta_path if each is not watch]


watch = MicropipWatch()
hook_unpacking()
if has_old_micropip:
    if MICROPIP in sys.modules:
        hook_micropip(sys.modules[MICROPIP])
    else:
        sys.meta_path.insert(0, watch)
result = release
`;

/**
 * @param {any} pyodide
 * @param {Take} take
 * @returns {Hook}
 */
export function hookUnpacker(pyodide, take) {
  /** @type {Set<string>} */
  const missing = new Set();
  const release = runApart(pyodide, CODE, {
    take_in_js: (
      /** @type {any} */ buffer,
      /** @type {string} */ fileName,
      /** @type {string} */ directory,
      /** @type {boolean} */ isInstalled,
      /** @type {[string, string][]} */ metadata,
      hasData = isInstalled,
    ) => {
      if (isPassedOn(buffer)) return undefined;
      const open = () => copyBytes(buffer); // which the program may keep
      try {
        return take({ fileName, buffer, open, directory, isInstalled, metadata, hasData });
      } catch (error) {
        // Thrown here, it gets lost at times on its way into Python of 0.27: "error return without exception set".
        if (error instanceof pyodide.ffi.PythonError || !(error instanceof Error)) throw error;
        return { failure: error };
      }
    },
    has_old_micropip: typeof pyodide._api.loadDynlibsFromPackage === "function",
    add_missing: (/** @type {string} */ what) => void missing.add(what),
  });
  return {
    missing,
    release() {
      try {
        release();
      } finally {
        release.destroy();
      }
    },
  };
}

/** @param {ArrayBuffer | ArrayBufferView} buffer */
function copyBytes(buffer) {
  const {
    buffer: whole,
    byteOffset,
    byteLength,
  } = ArrayBuffer.isView(buffer)
    ? buffer
    : { buffer, byteOffset: 0, byteLength: buffer.byteLength };
  return new Uint8Array(new Uint8Array(whole, byteOffset, byteLength));
}
