// trace(): what imports took, as records and as trace events.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { describeOn, newest, start, writeArchive } from "./harness.mjs";
import { ZipImportUsageError, install } from "../../js/node.js";

const MEMBERS = { "outer.py": "import inner", "inner.py": "x = 1", "later.py": "" };

describeOn([newest], "trace", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let zips;

  before(async () => {
    pyodide = await start(version);
    zips = await install(pyodide, { storage: "memory", trace: true });
    writeArchive(pyodide, "/tmp/a.zip", MEMBERS);
    pyodide.runPython("import sys; sys.path.insert(0, '/tmp/a.zip'); import outer");
  });

  after(() => zips.uninstall());

  test("install() can turn it on: a record for each module", () => {
    const records = zips.trace().filter(({ archive }) => archive === "/tmp/a.zip");
    assert.deepEqual(
      records.map(({ name, origin, bytes }) => [name, origin, bytes]),
      [
        ["inner", "compiled", MEMBERS["inner.py"].length],
        ["outer", "compiled", MEMBERS["outer.py"].length],
      ],
    );
    for (const { startMs, ownMs, totalMs } of records) {
      assert.ok(startMs >= 0 && ownMs >= 0 && totalMs >= ownMs, JSON.stringify(records));
    }
  });

  test("as trace events: complete ones, in microseconds, the inner within the outer", () => {
    const records = zips.trace();
    const trace = JSON.parse(JSON.stringify(zips.trace({ format: "chrome" })));
    assert.deepEqual(Object.keys(trace), ["traceEvents", "displayTimeUnit"]);
    assert.equal(trace.traceEvents.length, records.length);
    for (const [i, event] of trace.traceEvents.entries()) {
      const { name, archive, origin, bytes, startMs, ownMs, totalMs } = records[i];
      assert.deepEqual(event, {
        name,
        cat: origin,
        ph: "X",
        ts: startMs * 1000,
        dur: totalMs * 1000,
        pid: 1,
        tid: 1,
        args: { archive, origin, bytes, ownMs },
      });
    }
    const [inner, outer] = trace.traceEvents.slice(-2);
    assert.ok(inner.ts >= outer.ts && inner.ts + inner.dur <= outer.ts + outer.dur + 1);
  });

  test("off and on again", () => {
    const { length } = zips.trace();
    zips.setTracing(false);
    assert.ok(length >= 2);
    pyodide.runPython("import later");
    assert.equal(zips.trace().length, length);
    zips.setTracing(true);
    assert.deepEqual(zips.trace(), []);
    pyodide.runPython("del sys.modules['later']; import later");
    assert.deepEqual(
      zips.trace().map(({ name, origin }) => [name, origin]),
      [["later", "pack"]],
    );
  });

  test("Python sees the same list", () => {
    const names = pyodide.runPython(
      "import pyodide_zipimport; [each['name'] for each in pyodide_zipimport.trace()]",
    );
    assert.deepEqual(names.toJs(), ["later"]);
  });

  test("what it does not understand is the caller's fault", () => {
    for (const [call, code, message] of [
      [() => zips.setTracing(1), "bad-option", /setTracing\(\): found 1, expected true or false/],
      [() => zips.setTracing(), "bad-option", /setTracing\(\): found undefined/],
      [
        () => zips.trace({ format: "perfetto" }),
        "bad-option",
        /option "format": found "perfetto", expected "records" or "chrome"/,
      ],
      ...[AbortSignal.abort(), null, 5, true, [], "chrome"].map((options) => [
        () => zips.trace(options),
        "bad-option",
        /^trace\(\): found .* as options, expected an object$/,
      ]),
      [() => zips.trace({ on: false }), "unknown-option", /unknown option "on"; .* setTracing\(\)/],
    ]) {
      assert.throws(call, (error) => {
        assert.ok(error instanceof ZipImportUsageError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal(zips.trace().length, 1, "and is on as before");
  });

  test("off from the start it has no records, and none after uninstall()", async () => {
    zips.uninstall();
    zips.setTracing(true);
    assert.deepEqual(zips.trace(), []);
    assert.deepEqual(zips.trace({ format: "chrome" }).traceEvents, []);
    zips = await install(pyodide, { storage: "memory" });
    pyodide.runPython("del sys.modules['later']; import later");
    assert.deepEqual(zips.trace(), []);
  });
});
