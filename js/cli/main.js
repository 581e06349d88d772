#!/usr/bin/env node
// @ts-check
// The command line `pyodide-zipimport`: one command a process. What was asked for goes to stdout, what
// is said about it to stderr.

import { readFileSync } from "node:fs";

import { describeError } from "../base/errors.js";
import { COMMON, readArguments, suggest } from "./arguments.js";
import { command as compile } from "./compile.js";
import { UsageError } from "./failures.js";
import { PROGRAM, describeCommand, describeProgram } from "./help.js";
import { Progress } from "./progress.js";
import { command as stdlib } from "./stdlib.js";

/** @typedef {import("./help.js").Command} Command */

const COMMANDS = [stdlib, compile];
/** @type {Record<string, import("./arguments.js").Option>} */
const PROGRAM_OPTIONS = {
  help: COMMON.help,
  version: { type: "boolean", help: "print the version of this program" },
};

process.stdout.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code !== "EPIPE") throw error; // whoever reads has seen enough
});
// Of an error that nobody awaits, Node would show the line, and Pyodide's lines have a megabyte.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${PROGRAM}: ${describeError(error)}\n`);
  process.exit(1);
});
process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main(args) {
  let title = PROGRAM;
  const progress = new Progress(process.stderr);
  try {
    if (args.length === 0 || args[0].startsWith("-")) return answer(args);
    const command = findCommand(args[0]);
    title = `${PROGRAM} ${command.name}`;
    const { options, operands } = command;
    const values = readArguments(args.slice(1), { ...options, ...COMMON }, operands);
    if (values.options.help) {
      process.stdout.write(describeCommand(command));
      return 0;
    }
    const { figures, text } = await command.run(values, progress);
    progress.clear();
    process.stdout.write(`${values.options.json ? JSON.stringify(figures, null, 2) : text}\n`);
    return 0;
  } catch (error) {
    progress.clear();
    const hint = error instanceof UsageError ? `\nSee ${title} --help` : "";
    process.stderr.write(`${title}: ${describeError(error)}${hint}\n`);
    return Object(error).exitCode ?? 1;
  }
}

/**
 * What can be asked without a command.
 *
 * @param {string[]} args
 */
function answer(args) {
  const { options } = readArguments(args, PROGRAM_OPTIONS, []);
  const { help, version } = options;
  if (version) process.stdout.write(`${PROGRAM} ${readVersion()}\n`);
  else (help ? process.stdout : process.stderr).write(describeProgram(COMMANDS));
  return version || help ? 0 : 2;
}

/**
 * @param {string} name
 * @returns {Command}
 */
function findCommand(name) {
  const found = COMMANDS.find((command) => command.name === name);
  if (found) return found;
  const names = COMMANDS.map((command) => command.name);
  throw new UsageError(`found the command "${name}", expected ${suggest(name, names)}`);
}

function readVersion() {
  const file = new URL("../../package.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).version;
}
