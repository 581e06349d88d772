// Runs a script of this folder in a process of its own.

import { spawn } from "node:child_process";

import { projectPath } from "../pyodide/harness.mjs";

const TIMEOUT_MS = 600_000;

/**
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<any[]>} what it printed: lines of JSON
 */
export function runScript(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [projectPath(`tests/wheels/${script}`), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
    });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (errors = (errors + text).slice(-2000)));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0)
        return reject(new Error(`${args.join(" ")}: ended with ${signal ?? code}: ${errors}`));
      const lines = output.split("\n").filter(Boolean);
      resolve(lines.map((line) => JSON.parse(line)));
    });
  });
}
