// @ts-check
// A process of its own for measure.js: starts a Pyodide once, and prints as JSON how long that took.
//
//   node start-once.js FOLDER ARCHIVE

import { describeError } from "../base/errors.js";
import { Distribution } from "./distribution.js";
import { lookAt } from "./started.js";

/** @param {unknown} error */
function fail(error) {
  process.stderr.write(describeError(error));
  process.exit(1);
}
process.on("uncaughtException", fail);

try {
  const [folder, stdLibURL] = process.argv.slice(2);
  const distribution = await Distribution.find(folder);
  const begin = performance.now();
  const pyodide = await distribution.start({ stdLibURL });
  const ms = performance.now() - begin;
  const { members } = await lookAt(pyodide);
  const compiled = members.filter((member) => member.endsWith(".py")).length;
  process.stdout.write(JSON.stringify({ ms, modules: members.length, compiled }));
} catch (error) {
  fail(error);
}
