// @ts-check
// mount() as Python has it: JavaScript's, in Python's words. The code is compiled when it is first called. Seen in
// 0.27.8, 0.28.3, 0.29.5, 314.0.7 and 315.0.0-alpha.2: `pyodide.ffi`, a JsException's `js_error`.

import { asOSError } from "../pyodide/errno.js";
import { callFunction, runApart } from "../pyodide/python.js";
import { PythonFile } from "./source.js";

/**
 * The names that it finds: from_entries, new_controller, python_file, mount_in_js. It leaves `mount` as result.
 */
const CODE = `
__name__ = "pyodide_zipimport"

import asyncio
import os
import re
from zipimport import ZipImportError

from pyodide.ffi import JsException, JsProxy, create_proxy, to_js

OWN_ERRORS = {"ZipImportUsageError": ValueError, "ZipImportInternalError": OSError}
BY_CODE = {
    "not-an-archive": ZipImportError,
    "timed-out": TimeoutError,
    "name-in-use": FileExistsError,
    "bad-source": TypeError,
}


def to_source(source):
    """What JavaScript takes for a source."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return to_js(bytes(source))
    if isinstance(source, JsProxy) or isinstance(source, str) and has_scheme(source):
        return source
    if isinstance(source, (str, os.PathLike)):
        path = os.path.abspath(os.fsdecode(source))
        open(path, "rb").close()  # what is missing, or a folder, is Python's own error
        return python_file(path)
    found = type(source).__name__
    raise TypeError(f"mount(): found {found}, expected a URL, a path, bytes or an object of JavaScript's")


def has_scheme(text):
    return re.match("[A-Za-z][A-Za-z0-9+.-]+:", text)


def to_options(options):
    named = {}
    for name, value in options.items():
        if value is not None:
            first, *others = name.split("_")
            named[first + "".join(map(str.capitalize, others))] = value
    return to_js(named, dict_converter=from_entries)


async def finish(begin, source, options, on_progress=None):
    """Awaits what begin gives, and ends it when this is cancelled."""
    controller = new_controller()
    options["signal"] = controller.signal
    failures = []

    def tell(progress):
        try:
            on_progress(progress.loaded, progress.total)
        except BaseException as error:
            failures.append(error)
            raise

    proxy = create_proxy(tell)
    if on_progress is not None:
        options["on_progress"] = proxy
    try:
        return await begin(*source, to_options(options))
    except asyncio.CancelledError:
        controller.abort()
        raise
    except JsException as error:
        if failures:
            raise failures[0] from None
        own = to_own(getattr(error, "js_error", error))
        if own is None:
            raise
        raise own from error
    finally:
        proxy.destroy()


def to_own(error):
    kind = OWN_ERRORS.get(getattr(error, "name", None))
    if kind is None:
        return None
    own = BY_CODE.get(error.code, kind)(error.message)
    own.code = error.code
    return own


class Mount:
    """A mounted archive. As a context manager, an asynchronous one too, it is unmounted at the end."""

    def __init__(self, mount):
        self._mount = mount

    @property
    def name(self):
        """The name of its folder."""
        return self._mount.name

    @property
    def path(self):
        """Its folder: /lib/zip/ and the name."""
        return self._mount.path

    def unmount(self):
        """Take the archive away; modules that were imported stay. A second time it does nothing."""
        self._mount.unmount()

    async def invalidate(self):
        """Read the source once more, and mount what it is now; return whether it is another one."""
        return await finish(self._mount.invalidate, (), {})

    async def replace(
        self, source, *, integrity=None, copy=None, request=None, timeout=None, on_progress=None
    ):
        """The same with another source, which invalidate() reads from then on."""
        options = dict(integrity=integrity, copy=copy, request=request, timeout=timeout)
        return await finish(self._mount.replace, (to_source(source),), options, on_progress)

    def __repr__(self):
        return f"<Mount {self.path!r}>"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.unmount()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exception):
        self.unmount()


async def mount(
    source, /, *, name=None, sys_path=None, extensions=None, integrity=None, copy=None, request=None,
    timeout=None, on_progress=None
):
    options = dict(
        name=name, sys_path=sys_path, extensions=extensions, integrity=integrity, copy=copy,
        request=request, timeout=timeout
    )
    return Mount(await finish(mount_in_js, (to_source(source),), options, on_progress))


result = mount
`;

/**
 * Gives the Python module its mount().
 *
 * @param {any} pyodide
 * @param {any} module the PyProxy of the Python module, borrowed
 * @param {import("./mounts.js").Mounts} mounts
 * @returns {() => void} takes it back
 */
export function offerToPython(pyodide, module, mounts) {
  /** @type {any} */
  let made;
  const names = {
    from_entries: Object.fromEntries,
    new_controller: () => new AbortController(),
    python_file: (/** @type {string} */ path) =>
      new PythonFile(path, () => asOSError(pyodide, path, () => pyodide.FS.readFile(path))),
    mount_in_js: (/** @type {unknown} */ source, /** @type {unknown} */ options) =>
      mounts.mount(source, options),
  };
  // Whoever is given a proxy within a call from Python loses it at the end of that.
  const make = () => (made ??= runApart(pyodide, CODE, names)).copy();
  const use = (/** @type {unknown} */ source) =>
    callFunction(module, "_use_mount", (method) => method(source));
  use(make);
  return () => {
    use(undefined);
    made?.destroy();
  };
}
