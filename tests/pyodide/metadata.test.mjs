// importlib.metadata over mounted wheels: no query reads the directory of an archive again, or opens one, and each file
// is inflated once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { describeOn, oldAndNew, start } from "./harness.mjs";
import { makeZip } from "./zip.mjs";
import { install } from "../../js/node.js";

const COUNT = 20;

/** A wheel of one package; `number` tells it from others. */
function makeWheel(number) {
  const info = `package_${number}-1.${number}.dist-info`;
  const files = {
    [`package_${number}/__init__.py`]: "",
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: package-${number}\nVersion: 1.${number}\nRequires-Dist: other>${number}\n`,
    [`${info}/entry_points.txt`]: `[of.tests]\nentry-${number} = package_${number}:function\n`,
  };
  const record = `${info}/RECORD`;
  const lines = [...Object.keys(files), record].map((name) => `${name},,\n`);
  return makeZip({ ...files, [record]: lines.join("") });
}

/** The queries, each for all wheels, with the number of files of a wheel that are read for it at first. */
const QUERIES = [
  ["[version(name) for name in names]", 1],
  ["[requires(name) for name in names]", 0],
  ["sorted(point.name for point in entry_points(group='of.tests'))", 1],
  ["[len(files(name)) for name in names]", 1],
];

describeOn(oldAndNew, "importlib.metadata over mounts", (version) => {
  /** @type {any} */ let pyodide;
  /** @type {any} */ let zips;
  before(async () => {
    pyodide = await start(version);
    zips = await install(pyodide, { storage: "memory" });
    await zips.mount(makeWheel("first"), { name: "first.whl" });
    pyodide.runPython(`
import importlib
from importlib.metadata import entry_points, files, requires, version
names = ["package-first"]
`);
    for (const [query] of QUERIES) ask(query); // so that what they import is imported
  });
  after(() => zips.uninstall());

  function ask(query) {
    const answer = pyodide.runPython(query);
    const values = answer.toJs();
    answer.destroy();
    return values;
  }

  /** What a query answers, and what it takes. */
  function measure(query) {
    const read = () => {
      const { parses, opens, reads, revalidations, inflates, mounts } = zips.stats();
      const { fills, drops } = mounts;
      return { parses, opens, reads, revalidations, inflates, fills, drops };
    };
    const earlier = read();
    const answer = ask(query);
    const taken = Object.entries(read()).map(([name, count]) => [name, count - earlier[name]]);
    return { answer, taken: Object.fromEntries(taken.filter(([, count]) => count > 0)) };
  }

  test(`${COUNT} wheels: an archive is read when it is mounted, and a file once`, async () => {
    const numbers = Array.from({ length: COUNT }, (_, number) => number);
    const { parses } = zips.stats();
    for (const number of numbers)
      await zips.mount(makeWheel(number), { name: `package_${number}.whl` });
    assert.equal(zips.stats().parses - parses, COUNT);
    pyodide.runPython(`names = [f"package-{number}" for number in range(${COUNT})]`);

    const answers = [];
    for (const [query, nfiles] of QUERIES) {
      const { answer, taken } = measure(query);
      assert.deepEqual(taken, nfiles ? { fills: nfiles * COUNT } : {}, query);
      answers.push(answer);
    }
    assert.deepEqual(answers, [
      numbers.map((number) => `1.${number}`),
      numbers.map((number) => [`other>${number}`]),
      ["entry-first", ...numbers.map((number) => `entry-${number}`)].sort(),
      numbers.map(() => 4),
    ]);

    for (const prepare of ["", "importlib.invalidate_caches()"]) {
      pyodide.runPython(prepare);
      for (const [at, [query]] of QUERIES.entries()) {
        const { answer, taken } = measure(query);
        assert.deepEqual([answer, taken], [answers[at], {}], `${query} ${prepare}`);
      }
    }
  });
});
