// `await pyodide_zipimport.mount()`: what it takes, gives and raises, as Python sees it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { collectWarnings, describeOn, oldAndNew, once, start } from "./harness.mjs";
import { makeZip } from "./zip.mjs";
import { install } from "../../js/node.js";

const archive = (value) =>
  makeZip({ "mounted/__init__.py": `value = ${value}\n`, "mounted/data.txt": `data ${value}` });

describeOn(oldAndNew, "mount() of Python", (version) => {
  const { test: testOnce } = once(version);
  /** @type {any} */ let pyodide;
  /** @type {any} */ let zips;
  /** @type {any} */ let server;
  let origin;
  let served = archive(1);
  const { taken, onWarning } = collectWarnings();

  before(async () => {
    server = createServer((request, response) => {
      if (request.url.startsWith("/silent")) return;
      if (request.url.startsWith("/echo"))
        return response.writeHead(Number(request.headers["x-status"])).end();
      response.writeHead(200, { "content-length": served.length }).end(served);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${server.address().port}`;
    pyodide = await start(version);
    zips = await install(pyodide, { storage: "memory", onWarning });
    pyodide.FS.mkdirTree("/home/pyodide/folder");
    pyodide.FS.writeFile("/home/pyodide/folder/wheel-1.whl", archive(1));
  });
  after(() => {
    zips.uninstall();
    server.closeAllConnections();
    server.close();
    assert.deepEqual(taken, []);
  });

  /** Runs the body of an async function. */
  async function python(body) {
    const globals = pyodide.toPy({ origin });
    const lines = body
      .trim()
      .split("\n")
      .map((line) => `    ${line}`);
    try {
      await pyodide.runPythonAsync(
        `
import asyncio, os, pathlib, sys, zipimport
import pyodide_zipimport
from pyodide_zipimport import mount

async def raises(kind, code, awaitable, text=""):
    try:
        await awaitable
    except BaseException as error:
        assert type(error) is kind, repr(error)
        assert getattr(error, "code", None) == code, error.code
        assert text in str(error), str(error)
        return error
    raise AssertionError("nothing was raised")

async def body():
    sys.modules.pop("mounted", None)
${lines.join("\n")}
await body()
`,
        { globals },
      );
    } catch (error) {
      throw new Error(error.message.slice(-2000), { cause: undefined });
    } finally {
      globals.destroy();
    }
  }

  test("a path, also a relative one or an object, a URL, bytes, an object of JavaScript's", async () => {
    await python(`
os.chdir("/home/pyodide")
path = "/home/pyodide/folder/wheel-1.whl"
data = open(path, "rb").read()
from pyodide.ffi import to_js
for source, name in [
    (path, "wheel-1.whl"),
    ("folder/wheel-1.whl", "wheel-1.whl"),
    (pathlib.Path(path), "wheel-1.whl"),
    (origin + "/from-url.whl?x", "from-url.whl"),
    (data, "archive-"),
    (bytearray(data), "archive-"),
    (memoryview(data), "archive-"),
    (to_js(data), "archive-"),
    (to_js(data).buffer, "archive-"),
]:
    lib = await mount(source)
    assert lib.name.startswith(name), lib.name
    assert lib.path == "/lib/zip/" + lib.name
    assert sys.path[0] == lib.path
    assert repr(lib) == f"<Mount {lib.path!r}>"
    import mounted
    assert mounted.value == 1 and mounted.__file__ == lib.path + "/mounted/__init__.py"
    del sys.modules["mounted"]
    lib.unmount()
    lib.unmount()
    assert lib.path not in sys.path and not os.path.exists(lib.path)
assert data == open(path, "rb").read()
`);
  });

  test("as a context manager, with await and without", async () => {
    await python(`
with await mount("/home/pyodide/folder/wheel-1.whl", name="a") as lib:
    assert os.listdir(lib.path) == ["mounted"]
assert not os.path.exists("/lib/zip/a")
async with await mount("/home/pyodide/folder/wheel-1.whl", name="a", sys_path=False) as lib:
    assert lib.path not in sys.path and os.path.exists(lib.path)
assert not os.path.exists("/lib/zip/a")
try:
    with await mount("/home/pyodide/folder/wheel-1.whl", name="a"):
        raise KeyError
except KeyError:
    assert not os.path.exists("/lib/zip/a")
`);
  });

  test("invalidate() reads a path or a URL again; replace()", async () => {
    pyodide.FS.writeFile("/tmp/changing.whl", archive(1));
    pyodide.FS.writeFile("/tmp/other.whl", archive(2));
    await python(`
import shutil
lib = await mount("/tmp/changing.whl")
assert await lib.invalidate() is False
shutil.copy("/tmp/other.whl", "/tmp/changing.whl")
assert open(lib.path + "/mounted/data.txt").read() == "data 1"
assert await lib.invalidate() is True
assert open(lib.path + "/mounted/data.txt").read() == "data 2"
assert await lib.replace("/home/pyodide/folder/wheel-1.whl") is True
assert open(lib.path + "/mounted/data.txt").read() == "data 1"
assert await lib.replace(open("/tmp/other.whl", "rb").read()) is True
await raises(ValueError, "not-readable-again", lib.invalidate())
await lib.replace("/tmp/changing.whl")
os.remove("/tmp/changing.whl")
await raises(OSError, "source-unreachable", lib.invalidate(), "No such file or directory: '/tmp/changing.whl'")
lib.unmount()
await raises(ValueError, "unmounted", lib.invalidate())
await raises(ValueError, "unmounted", lib.replace(b"x"))
`);
    await python(`
import builtins
builtins.kept = await mount(origin + "/changing.whl")
`);
    served = archive(7);
    await python(`
import builtins
assert await builtins.kept.invalidate() is True
assert open(builtins.kept.path + "/mounted/data.txt").read() == "data 7"
builtins.kept.unmount()
del builtins.kept
`);
    served = archive(1);
  });

  test("errors are Python's own kinds, with the code", async () => {
    await python(`
await raises(FileNotFoundError, None, mount("/tmp/missing.whl"))
await raises(IsADirectoryError, None, mount("/tmp"), "'/tmp'")
await raises(OSError, "source-unreachable", mount("http://127.0.0.1:1/a.whl"), "fetch failed")
await raises(zipimport.ZipImportError, "not-an-archive", mount(b"hello"), 'begin with "hello"')
await raises(ValueError, "bad-option", mount(b"PK", name="a/b"), 'option "name": found "a/b"')
await raises(ValueError, "bad-option", mount(b"PK", sys_path="last"), '"prepend", "append" or false')
await raises(OSError, "integrity-mismatch", mount(b"PK", integrity="sha256-" + "A" * 43 + "="))
await raises(TimeoutError, "timed-out", mount(origin + "/silent", timeout=50), "within 50 ms")
await raises(TypeError, None, mount(5), "found int, expected a URL, a path, bytes")
try:
    mount(b"PK", nam="a")
    raise AssertionError
except TypeError as error:
    assert "unexpected keyword argument 'nam'" in str(error)
lib = await mount("/home/pyodide/folder/wheel-1.whl", name="twice")
await raises(FileExistsError, "name-in-use", mount("/tmp/other.whl", name="twice"), "/lib/zip/twice")
lib.unmount()
`);
  });

  testOnce("progress, the request's options, cancellation", async () => {
    await python(`
seen = []
lib = await mount(origin + "/p.whl", on_progress=lambda loaded, total: seen.append((loaded, total)))
size = os.stat("/home/pyodide/folder/wheel-1.whl").st_size
assert seen[-1] == (size, size), seen
lib.unmount()
def fail(loaded, total):
    raise KeyError("mine")
error = await raises(KeyError, None, mount(origin + "/p.whl", on_progress=fail))
await raises(OSError, "source-unreachable",
    mount(origin + "/echo.whl", request={"headers": {"x-status": "418"}}), "HTTP status 418")
task = asyncio.ensure_future(mount(origin + "/silent"))
await asyncio.sleep(0.05)
task.cancel()
await raises(asyncio.CancelledError, None, task)
`);
  });

  testOnce(
    "it has a signature and says what it is; without the importer it is refused",
    async () => {
      await python(`
import inspect
assert list(inspect.signature(mount).parameters)[:2] == ["source", "name"]
assert "Mount an archive" in mount.__doc__
`);
      zips.uninstall();
      await python(`
try:
    mount(b"PK")
    raise AssertionError
except RuntimeError as error:
    assert "not installed" in str(error)
`);
      zips = await install(pyodide, { storage: "memory", onWarning });
      await python(`(await mount("/home/pyodide/folder/wheel-1.whl")).unmount()`);
    },
  );
});
