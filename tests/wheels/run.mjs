// Runs a script of this folder in a process of its own.

import { runChild } from "../pyodide/harness.mjs";

/**
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<any[]>} what it printed: lines of JSON
 */
export async function runScript(script, args) {
  const { status, lines, errors } = await runChild(`../wheels/${script}`, args);
  if (status !== 0) throw new Error(`${args.join(" ")}: ended with ${status}: ${errors}`);
  return lines.map((line) => JSON.parse(line));
}
