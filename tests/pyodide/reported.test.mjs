// The case that was reported (python/cpython#103200): a session imports from two large archives, and
// invalidates the caches before each import of something new.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";

import { findArchive } from "../../bench/archives.mjs";
import { describeVersions, start } from "./harness.mjs";
import { install } from "../../js/node.js";

const ROUNDS = 20;

/** Of files that prove something by their times: longer than the slack in src/python/host.c. */
const AGE_MS = 1100;

const BEGIN = `
import sys
sys.path[:0] = archives
import py4j.java_gateway, pyspark
`;

// These need only the standard library and what was imported before.
const GO_ON = `
import importlib, sys, zipimport

NEW = """
    py4j.clientserver pyspark.cloudpickle.cloudpickle_fast pyspark.daemon pyspark.instrumentation_utils pyspark.join
    pyspark.logger.worker_io pyspark.pipelines.logging_utils pyspark.rddsampler pyspark.shuffle pyspark.sql.avro.functions
    pyspark.sql.datasource pyspark.sql.internal pyspark.sql.metrics pyspark.sql.plot.core pyspark.sql.protobuf.functions
    pyspark.sql.tvf pyspark.statcounter pyspark.testing.goldenutils pyspark.testing.objects pyspark.threaddump
""".split()
known = set(sys.modules)
assert not known.intersection(NEW)
for name in NEW:
    importlib.invalidate_caches()
    importlib.import_module(name)
loaders = [getattr(sys.modules[name], "__loader__", None) for name in set(sys.modules) - known]
[len(NEW), sum(isinstance(loader, zipimport.zipimporter) for loader in loaders)]
`;

describeVersions("the reported case", (version) => {
  test("an invalidation before each import parses no directory", async () => {
    const pyodide = await start(version);
    const archives = ["py4j-", "pyspark.zip"].map((beginning) => {
      const path = `/tmp/${beginning}.zip`;
      pyodide.FS.writeFile(path, readFileSync(findArchive(beginning)));
      return path;
    });
    const zips = await install(pyodide);
    // No change time can be set back: it is the archive's age that makes its stamp proof.
    await setTimeout(AGE_MS);
    const globals = pyodide.toPy({ archives });
    pyodide.runPython(BEGIN, { globals });

    const before = zips.stats();
    const [rounds, modules] = pyodide.runPython(GO_ON, { globals }).toJs();
    const after = zips.stats();
    assert.equal(rounds, ROUNDS);
    assert.ok(after.revalidations - before.revalidations >= ROUNDS, "the invalidations were heard");
    assert.equal(after.parses - before.parses, 0);
    // Each module's source, and nothing else, was opened; but on 0.27's file system, which keeps no change
    // time, no stamp is proof, and each invalidated archive that is asked has its directory compared.
    const opens = after.opens - before.opens;
    if (version.startsWith("0.27.")) {
      assert.ok(opens > modules && opens <= modules + archives.length * rounds, `${opens} opened`);
    } else {
      assert.equal(opens, modules);
    }
  });
});
