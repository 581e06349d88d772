// @ts-check
// Runs test suites and adds up what they count.
//
//   node tests/suite.mjs run NAME COMMAND...   runs the shell commands one after the other, all of
//                                              them, and writes their counts to build/counts/NAME
//   node tests/suite.mjs sum NAME...           prints the sum of these suites' counts
//
// A command tells its counts in its last line of the form "N passed, N failed", perhaps with
// ", N skipped" behind it, or as Node's test runner does. One that fails without counting a failure
// (it crashed, say), and one that counts nothing at all, is itself a failed test: no suite passes by
// not running. The exit code is 1 if anything failed.

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const root = fileURLToPath(new URL("..", import.meta.url));
const countsFolder = new URL("../build/counts/", import.meta.url);

/**
 * @param {string} output
 * @returns {Counts | null} null if it counts nothing
 */
function readCounts(output) {
  const text = stripVTControlCharacters(output);
  const plain = [
    ...text.matchAll(/^(?:\S+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm),
  ].at(-1);
  if (plain)
    return { passed: Number(plain[1]), failed: Number(plain[2]), skipped: Number(plain[3] ?? 0) };

  const node = (/** @type {string} */ word) =>
    Number([...text.matchAll(new RegExp(`^\\S ${word} (\\d+)$`, "gm"))].at(-1)?.[1] ?? 0);
  const counts = {
    passed: node("pass"),
    failed: node("fail") + node("cancelled"),
    skipped: node("skipped") + node("todo"),
  };
  return counts.passed + counts.failed + counts.skipped > 0 ? counts : null;
}

/**
 * Runs a shell command, shows its output while it comes, and counts.
 *
 * @param {string} command
 * @returns {Promise<Counts>}
 */
function runCommand(command) {
  return new Promise((resolve) => {
    const child = spawn(command, { cwd: root, shell: true, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on("close", (code, signal) => {
      const counts = readCounts(output) ?? { passed: 0, failed: 0, skipped: 0 };
      const ran = counts.passed + counts.failed > 0;
      if (counts.failed === 0 && (code !== 0 || !ran)) {
        console.log(
          `${ran ? `ended with ${signal ?? `exit code ${code}`}` : "ran no test"}: ${command}`,
        );
        counts.failed++;
      }
      resolve(counts);
    });
  });
}

/** @param {Counts[]} all */
function sum(all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of all) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

/**
 * @param {string} name
 * @param {Counts} counts
 */
function report(name, counts) {
  console.log(
    `${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  );
  process.exitCode = counts.failed === 0 ? 0 : 1;
}

/** @param {string} name */
function readSuite(name) {
  try {
    return /** @type {Counts} */ (JSON.parse(readFileSync(new URL(name, countsFolder), "utf8")));
  } catch {
    console.log(`${name} did not run`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const [mode, ...args] = process.argv.slice(2);
if (mode === "run") {
  const [name, ...commands] = args;
  const start = Date.now();
  const all = [];
  for (const command of commands) all.push(await runCommand(command));
  const counts = sum(all);
  mkdirSync(countsFolder, { recursive: true });
  writeFileSync(new URL(name, countsFolder), JSON.stringify(counts));
  console.log(`${name} took ${Math.round((Date.now() - start) / 1000)} s`);
  report(name, counts);
} else if (mode === "sum") {
  report("tests", sum(args.map(readSuite)));
} else {
  console.error("usage: node tests/suite.mjs run NAME COMMAND... | sum NAME...");
  process.exitCode = 2;
}
