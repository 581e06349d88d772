// @ts-check
// Measures our importer against Python's own, in Node and in browsers, and prints the table of README:
//
//   node bench/bench.mjs [--quick] [ROW...]     all rows, or those named; --quick takes fewer rounds
//
// Every figure is kept in build/bench/. A full run puts its table and a picture into README.

import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { browserRows } from "./browser-rows.mjs";
import { measured } from "./engine.mjs";
import { describeEnvironment, environment, isBusy } from "./environment.mjs";
import { putIntoPage } from "./page.mjs";
import { drawPicture } from "./picture.mjs";
import { measure } from "./processes.mjs";
import { NONE } from "./results.mjs";
import { rows as nodeRows } from "./rows.mjs";
import { formatTable } from "./table.mjs";

const FOLDER = new URL("../build/bench/", import.meta.url);
const README = new URL("../README.md", import.meta.url);
const rows = [...nodeRows, ...browserRows];
const HEAD = ["what", "theirs", "ours", "times faster", "at least", "met"];
const METHOD = `\
Medians; of pauses the longest. In Node one measurement is one fresh process of Node in which one Pyodide imports with one importer;
what a round needs is prepared outside the clock, and what can be repeated is first repeated for a
quarter of a second, with either importer. Between a start and what is measured after it lies one turn
of the event loop, in which Node waits for V8's background compilers: a program that imports in the
very turn in which a short start ends shares its cores with them. In browsers each visit is a page of its
own, with a Pyodide of its own; stock, a first visit, a second one in turn. Ratios may be compared between
machines, times only within one run; ratios of a busy machine say little.`;

/** @param {string[]} names */
function chooseRows(names) {
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no row ${unknown.join(", ")}; there are ${rows.map(({ name }) => name).join(", ")}`,
    );
  return names.length > 0 ? rows.filter(({ name }) => names.includes(name)) : rows;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false } },
  });
  const chosen = chooseRows(positionals);
  const began = new Date();
  /** @type {import("./run-one.mjs").Outcome[]} */
  const outcomes = [];
  const table = [];
  const atStart = environment([]);
  for (const row of chosen) {
    console.error(row.name);
    const result = await row.run(async (spec) => {
      const outcome = await measure(spec);
      outcomes.push(outcome);
      return outcome;
    }, Boolean(values.quick));
    table.push({ name: row.name, what: row.what, ...result });
  }

  const versions = [...new Set(outcomes.map(({ spec }) => spec.pyodide))];
  const where = { ...atStart, pyodide: versions.sort() };
  const cells = table.map(({ what, theirs, ours, ratio, bar, met }) => [
    what,
    theirs,
    ours,
    ratio,
    bar,
    met === undefined ? NONE : met ? "yes" : "**no**",
  ]);
  const text = [
    formatTable(HEAD, cells),
    `${[describeEnvironment(where), ...measured].join("; ")}${values.quick ? "; a quick run" : ""}.\n${METHOD}`,
  ].join("\n\n");
  mkdirSync(FOLDER, { recursive: true });
  const kept = { began: began.toISOString(), quick: values.quick, where, table, outcomes };
  const file = `${began.toISOString().replaceAll(/[:.]/g, "-")}.json`;
  writeFileSync(new URL(file, FOLDER), `${JSON.stringify(kept, null, 1)}\n`);
  if (!values.quick && chosen.length === rows.length) {
    putIntoPage(README, "picture", drawPicture(table));
    putIntoPage(README, "table", text);
  }
  console.log(text);
  if (isBusy(atStart)) console.error("The machine was busy when this began: run it again later.");
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
