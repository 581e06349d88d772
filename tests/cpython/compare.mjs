// Compares what the tests did through two importers.

/**
 * @typedef {object} Finding
 * @property {object} row       the configuration's row
 * @property {string} [suite]   absent: it concerns the whole run
 * @property {"regression" | "unreached" | "fixed" | "both"} kind
 * @property {string} text
 */

/**
 * Count what ours did, and find where it differs from stock.
 *
 * A regression is a test that passes through stock and does not through ours, or that fails
 * through ours (or kills the process there) without failing through stock. A run that did not
 * finish is a regression by itself, and what it did not reach is not a pass; one that shall find packs
 * and read nothing of any is a regression too. A tree that could not be had counts as one skipped test.
 *
 * @returns {{ passed: number, failed: number, skipped: number, findings: Finding[] }}
 */
export function compare(rows) {
  /** @type {Finding[]} */
  const findings = [];
  let passed = 0;
  let skipped = 0;
  for (const row of rows) {
    if (row.unavailable) skipped++;
    const { stock, ours } = row.runs;
    if (!ours) continue;
    for (const [importer, { died }] of Object.entries(row.runs)) {
      if (died)
        findings.push({ row, kind: "regression", text: `the ${importer} run died: ${died}` });
    }
    if (row.findsPacks && !ours.died && !ours.stats?.pack_bytes)
      findings.push({
        row,
        kind: "regression",
        text: "nothing came from the packs that were kept",
      });
    for (const id of new Set([...Object.keys(stock.tests), ...Object.keys(ours.tests)])) {
      const [before, now] = [stock.tests[id], ours.tests[id]];
      const kind = judge(before?.status, now?.status, Boolean(ours.died));
      if (isPass(now?.status) || kind === "fixed") passed++;
      if (now?.status === "skipped") skipped++;
      if (!kind) continue;
      const why = kind === "fixed" ? before.why : (now?.why ?? now?.status ?? "not run");
      findings.push({ row, suite: (now ?? before).suite, kind, text: `${id}: ${why}` });
    }
  }
  const failed = findings.filter(isRegression).length;
  return { passed, failed, skipped, findings };
}

/** Whether the bar is missed by it. */
export function isRegression({ kind }) {
  return kind === "regression" || kind === "unreached";
}

/** A test that was started and never ended, "running", took the process with it. */
export function isFailure(status) {
  return status === "failed" || status === "running" || status === "unexpected success";
}

/** The test is marked as known to fail in this version of CPython, and does. */
const KNOWN_FAILURE = "expected failure";

function isPass(status) {
  return status === "ok" || status === KNOWN_FAILURE;
}

/**
 * What one test's two outcomes amount to; no status: it was not run.
 *
 * @returns {Finding["kind"] | undefined}
 */
function judge(before, now, oursDied) {
  if (before === KNOWN_FAILURE && now === "unexpected success") return "fixed";
  if (isFailure(before) && isPass(now)) return "fixed";
  if (isFailure(before) && isFailure(now)) return "both";
  if (now === undefined && oursDied) return "unreached";
  if ((isPass(before) && !isPass(now)) || isFailure(now)) return "regression";
  return undefined;
}
