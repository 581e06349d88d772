// Packages made for the tests: whatever is done with them, it comes out as without ours.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { describeOn, oldAndNew, projectPath, start } from "./harness.mjs";
import { openPlace, serve } from "./packages/place.mjs";
import { BAD_FILES, HASHES, SCENARIOS, Visitor, WHEELS } from "./packages/scenarios.mjs";
import { install } from "../../js/node.js";

const FACTS = readFileSync(projectPath("tests/pyodide/packages/facts.py"), "utf8");

describeOn(oldAndNew, "packages of every shape", (version) => {
  /** @type {any} */ let server;
  /** @type {Visitor} */ let stock;
  /** @type {Visitor} */ let ours;
  /** @type {any} */ let zips;

  async function open() {
    const { options } = await openPlace(version, WHEELS, { needy: { depends: ["plain"] } });
    const pyodide = await start(version, {
      load: (loadPyodide, own) => loadPyodide({ ...own, ...options }),
    });
    pyodide.FS.mkdirTree("/tests");
    pyodide.FS.writeFile("/tests/facts.py", FACTS);
    pyodide.runPython("import sys; sys.path.append('/tests'); import facts");
    await pyodide.loadPackage("micropip");
    return new Visitor(pyodide, server);
  }

  before(async () => {
    server = await serve({ ...WHEELS, ...BAD_FILES }, HASHES);
    stock = await open();
    ours = await open();
    zips = await install(ours.pyodide, { storage: "memory", mountPackages: true });
  });
  after(() => {
    zips.uninstall();
    server.close();
  });

  for (const [name, run] of Object.entries(SCENARIOS))
    test(name, async () => {
      const [expected, found] = [await run(stock), await run(ours)].map((answer) =>
        JSON.parse(JSON.stringify(answer)),
      );
      assert.deepEqual(found, expected);
    });

  test("a damaged file is an error when it is read", async () => {
    const name = "damaged-1.0-py3-none-any.whl";
    const [unpacked, shown] = [await stock.loadWheel(name), await ours.loadWheel(name)];
    assert.match(JSON.stringify(unpacked.said), /Bad CRC-32/);
    assert.equal("damaged" in unpacked.known, false);
    assert.deepEqual(
      shown.said.map(([kind]) => kind),
      ["message", "message"],
    );
    assert.equal(ours.python("import damaged; damaged.value"), 1);
    const path = "damaged.__path__[0] + '/data.txt'";
    assert.throws(() => ours.python(`open(${path}, "rb").read()`), /OSError/);
  });

  test("a data file below a file is an error that says where", async () => {
    for (const visitor of [stock, ours]) {
      visitor.python("import sys; open(sys.prefix + '/blocked', 'w').close()");
      const { said } = await visitor.loadWheel("blocked-1.0-py3-none-any.whl");
      const errors = said.filter(([kind]) => kind === "error");
      assert.match(JSON.stringify(errors), /\[Errno \d+\] .*\/blocked/);
    }
  });

  test("what was shown, and what was unpacked and why", () => {
    const { mounted, unpacked, missing } = zips.stats().packages;
    assert.deepEqual(missing, []);
    const names = Object.keys(WHEELS).filter(
      (each) => !/^(nameless|wrong_sum|elsewhere|unpacked)/.test(each),
    );
    for (const each of names)
      assert.ok(mounted.includes(each.toLowerCase()) || mounted.includes(each), each);
    assert.equal(mounted.filter((each) => each.startsWith("archive-")).length, 2);
    assert.deepEqual(unpacked.map(({ name }) => name.replace(/archive-.*/, "archive")).sort(), [
      "archive",
      "archive",
      "archive",
      "archive",
      "cut-1.0-py3-none-any.whl",
      "nameless-1.0-py3-none-any.whl",
      "text-1.0-py3-none-any.whl",
    ]);
    for (const { reason } of unpacked)
      assert.match(
        reason,
        /^it (is no archive: .|has no dist-info folder|goes into \/elsewhere|has files|has names)/,
      );
  });
});
