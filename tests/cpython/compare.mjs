// This file knows how to compare what the tests did through two importers, and to print it.

/**
 * Count what ours did, and find where it differs from stock.
 *
 * A regression is a test that passes through stock and does not through ours, or that fails
 * through ours (or kills the process there) without failing through stock. A run that did not
 * finish is a regression by itself: a test that was not reached is not a pass. A tree that could
 * not be had counts as one skipped test.
 */
export function compare(rows) {
  const verdict = { passed: 0, failed: 0, skipped: 0, regressions: [], fixed: [], both: [] };
  for (const { configuration, unavailable, runs } of rows) {
    if (unavailable) verdict.skipped++;
    const { stock, ours } = runs;
    if (!ours) continue;
    const at = (id) => `${configuration.name}: ${id}`;
    for (const [importer, { died }] of Object.entries(runs))
      if (died)
        verdict.regressions.push(`${configuration.name}: the ${importer} run died, ${died}`);
    for (const id of new Set([...Object.keys(stock.tests), ...Object.keys(ours.tests)])) {
      const before = stock.tests[id]?.status ?? "not run";
      const now = ours.tests[id]?.status ?? "not run";
      if (now === "ok") verdict.passed++;
      if (now === "skipped") verdict.skipped++;
      const why = ours.tests[id]?.why ?? now;
      if ((before === "ok" && now !== "ok") || (failing(now) && !failing(before)))
        verdict.regressions.push(`${at(id)} (stock: ${before}): ${why}`);
      else if (failing(before) && now === "ok")
        verdict.fixed.push(`${at(id)}: ${stock.tests[id].why}`);
      else if (failing(before) && failing(now)) verdict.both.push(`${at(id)}: ${why}`);
    }
  }
  verdict.failed = verdict.regressions.length;
  return verdict;
}

/** A test that was started and never ended took the process with it. */
function failing(status) {
  return status === "failed" || status === "running";
}

export function printTable(rows, verdict, importers) {
  const longest = (texts) => Math.max(...texts.map((text) => text.length));
  const widths = [
    longest(rows.map(({ configuration }) => configuration.name)),
    longest(["tests from", ...rows.map(({ origin }) => origin)]),
    18,
    ...importers.map(() => 20),
  ];
  const line = (...cells) =>
    console.log(
      cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join(" ")
        .trimEnd(),
    );
  line("python in", "tests from", "suite", ...importers);
  line("", "", "", ...importers.map(() => "run / fail / skip"));
  for (const { configuration, origin, unavailable, runs } of rows) {
    if (unavailable) {
      line(configuration.name, `skipped: ${unavailable}`);
      continue;
    }
    const suites = [...new Set(Object.values(runs.stock.tests).map(({ suite }) => suite))];
    for (const suite of suites)
      line(
        configuration.name,
        origin,
        suite,
        ...importers.map((importer) => counts(runs[importer], suite)),
      );
    line("", "", "seconds", ...importers.map((importer) => runs[importer].seconds.toFixed(0)));
    for (const importer of importers)
      if (runs[importer].died)
        console.log(`${configuration.name}: ${importer} died: ${runs[importer].died}`);
  }
  console.log("Left out: testZip64LargeFile (writes 4 GiB; its own seek overflows in Pyodide).");
  if (!importers.includes("ours")) return;

  list("Regressions", verdict.regressions);
  list("Fixed: fail through stock, pass through ours", verdict.fixed);
  list("Fail through both", verdict.both);
  console.log(`\n${verdict.both.length} tests fail through both importers`);
  console.log(`${verdict.passed} passed, ${verdict.failed} failed, ${verdict.skipped} skipped`);
}

function list(title, lines) {
  if (lines.length > 0)
    console.log(`\n${title} (${lines.length})\n${lines.map((text) => `  ${text}`).join("\n")}`);
}

/** "81 / 0 / 6": run counts every test that was started or skipped. */
function counts(run, suite) {
  const statuses = Object.values(run.tests)
    .filter((test) => test.suite === suite)
    .map(({ status }) => status);
  const skipped = statuses.filter((status) => status === "skipped").length;
  return [statuses.length, statuses.filter(failing).length, skipped]
    .map((n) => String(n).padStart(4))
    .join(" /");
}
