// A flush in the background leaves turns to others: no long piece of it shares a turn with another, and no
// file is written while the thread waits.

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { test } from "node:test";

import { describeOn, newest, runChild, start, temporaryFolder, writeArchive } from "./harness.mjs";
import { makeAPI } from "../../js/api.js";
import { node } from "../../js/platform/node.js";

/** node:fs that notes which calls are made, and in which turn of the event loop. */
function notingFs(note) {
  const watch = (target) =>
    new Proxy(target, {
      get(_, name) {
        if (name === "promises") return watch(fs.promises);
        if (typeof target[name] !== "function") return target[name];
        return (...args) => {
          note(String(name));
          return target[name](...args);
        };
      },
    });
  return watch(fs);
}

describeOn([newest], "a flush while others wait", (version) => {
  test("its long pieces have a turn each, and files are not written synchronously", async () => {
    const pyodide = await start(version);
    const calls = [];
    let turn = 0;
    let isOver = false;
    const count = () => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    const note = (name) => calls.push([name, turn]);
    const folders = { ...node.folders, fs: notingFs(note) };
    const { install } = makeAPI({ ...node, folders });
    const zips = await install(pyodide, {
      storage: { directory: temporaryFolder() },
      autoFlush: false,
    });
    for (const name of ["first", "second"]) {
      writeArchive(pyodide, `/tmp/${name}.zip`, { [`${name}.py`]: "" });
      pyodide.runPython(`import sys; sys.path.insert(0, "/tmp/${name}.zip"); import ${name}`);
    }
    const { readFile } = pyodide.FS;
    pyodide.FS.readFile = (...args) => {
      note("copy");
      return readFile(...args);
    };
    calls.length = 0;
    count();
    await zips.flush();
    isOver = true;

    const named = (wanted) => calls.filter(([name]) => name === wanted);
    assert.equal(named("copy").length, 2, "a pack of each archive");
    assert.equal(named("rename").length, 2);
    const large = calls.filter(([name]) => name === "copy" || name === "open");
    const turns = large.map(([, at]) => at);
    assert.equal(new Set(turns).size, turns.length, JSON.stringify(large));
    const unnoted = zips.stats().storage.entries - 2;
    // Notes are some bytes each.
    assert.equal(named("writeSync").length, unnoted, JSON.stringify(calls));
    zips.uninstall();
  });
});

test("a process that exits while a file is being written writes it at once", async () => {
  const directory = temporaryFolder();
  const { status, errors } = await runChild("exit-in-write.mjs", [newest, directory]);
  assert.equal(status, 0, errors);
  const packs = fs
    .readdirSync(directory, { recursive: true })
    .filter((name) => /z1-[^/]*\.zip$/.test(String(name)));
  assert.equal(packs.length, 1);
});
