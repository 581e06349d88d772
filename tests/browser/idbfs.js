// An archive in IDBFS, which keeps files in MEMFS and sets their old times when it restores them.

const PREPARE = `
import importlib, io, os, sys, time, zipfile

archive = "/idb/lib.zip"

def write(text):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(zipfile.ZipInfo("in_idb.py"), text)
    with open(archive, "r+b" if os.path.exists(archive) else "wb") as file:
        file.write(data.getvalue())
    os.utime(archive, (10**9, 10**9))

def value():
    sys.modules.pop("in_idb", None)
    return importlib.import_module("in_idb").x

def stamp():
    stat = os.stat(archive)
    return [stat.st_ino, stat.st_size, stat.st_mtime_ns]

sys.path.insert(0, archive)
`;

/**
 * IndexedDB has an archive of the same size and time as the one that is imported from, and restores it to
 * the same file. Gives what was imported before and after, and whether stat says that nothing changed.
 */
export async function restoreFromIndexedDB({ pyodide, install }) {
  const { FS } = pyodide;
  /** @type {(populate: boolean) => Promise<void>} */
  const sync = (populate) =>
    new Promise((resolve, reject) =>
      FS.syncfs(populate, (error) => (error ? reject(error) : resolve(undefined))),
    );
  const zips = await install(pyodide);
  FS.mkdir("/idb");
  FS.mount(FS.filesystems.IDBFS, {}, "/idb");
  pyodide.runPython(PREPARE);
  pyodide.runPython('write("x = 2")');
  await sync(false);
  const before = pyodide.runPython('write("x = 1"); time.sleep(0.05); before = stamp(); value()');
  pyodide.runPython("os.utime(archive)"); // newer than what IndexedDB has, so that it is restored
  await sync(true);
  const same = pyodide.runPython("stamp() == before");
  const after = pyodide.runPython("importlib.invalidate_caches(); value()");
  pyodide.runPython("os.remove(archive)");
  await sync(false);
  return { active: zips.active, before, same, after };
}
