// Prints the comparison: a line for each configuration and suite, then every
// test that differs, by name.

import { isFailure, isRegression } from "./compare.mjs";

/**
 * @param {object[]} rows
 * @param {string[]} importers
 * @param {ReturnType<typeof import("./compare.mjs").compare>} outcome
 */
export function printComparison(rows, importers, { passed, failed, skipped, findings }) {
  printTable(rows, importers, findings);
  if (!importers.includes("ours")) return;
  const named = (/** @type {string} */ kind) =>
    findings
      .filter((finding) => finding.kind === kind)
      .map(({ row, text }) => `  ${row.configuration.name}: ${text}`);
  printList("Regressions", [...named("regression"), ...unreached(rows, findings)]);
  printList("Fixed: fail through stock, pass through ours", named("fixed"));
  printList("Fail through both", named("both"));
  console.log(`\n${named("both").length} tests fail through both importers`);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}

function printTable(rows, importers, findings) {
  const headings = ["python in", "tests from", "suite", ...importers, "regressions"];
  const lines = [headings, ["", "", "", ...importers.map(() => "run /fail /skip"), ""]];
  for (const row of rows) {
    const { configuration, origin, unavailable, runs } = row;
    if (unavailable) continue;
    const suites = new Set(Object.values(runs.stock.tests).map(({ suite }) => suite));
    for (const suite of suites) {
      const here = findings.filter((finding) => finding.row === row && finding.suite === suite);
      const cells = importers.map((importer) => counts(runs[importer], suite));
      const regressions = importers.includes("ours")
        ? String(here.filter(isRegression).length)
        : "";
      lines.push([configuration.name, origin, suite, ...cells, regressions]);
    }
    const seconds = importers.map((importer) => `${runs[importer].seconds.toFixed(0)} s`);
    lines.push([configuration.name, origin, "time taken", ...seconds, ""]);
  }
  const widths = headings.map((_, i) => Math.max(...lines.map((cells) => cells[i].length)));
  for (const cells of lines) {
    const padded = cells.map((cell, i) => cell.padEnd(widths[i]));
    console.log(padded.join("  ").trimEnd());
  }
  for (const { configuration, unavailable } of rows) {
    if (unavailable) console.log(`Skipped: ${configuration.name}: ${unavailable}`);
  }
  console.log("Left out: testZip64LargeFile (writes 4 GiB; its own seek overflows in Pyodide).");
}

function printList(title, lines) {
  if (lines.length > 0) console.log(`\n${title}\n${lines.join("\n")}`);
}

/** One line for all that a dead process did not reach. */
function unreached(rows, findings) {
  return rows
    .map((row) => ({
      row,
      count: findings.filter((each) => each.row === row && each.kind === "unreached").length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ row, count }) => `  ${row.configuration.name}: ${count} tests were not reached`);
}

/**
 * "81 /   0 /   6". Run counts every test that was started or skipped. A test that is marked as
 * known to fail and passes is no failure here: the list below the table has it, as fixed.
 */
function counts(run, suite) {
  const tests = Object.values(run.tests).filter((test) => test.suite === suite);
  const failures = tests.filter(
    ({ status }) => isFailure(status) && status !== "unexpected success",
  ).length;
  const skips = tests.filter(({ status }) => status === "skipped").length;
  return [tests.length, failures, skips].map((n) => String(n).padStart(3)).join(" / ");
}
