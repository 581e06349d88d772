// @ts-check
// Tells what can be seen of a Pyodide that has just been started.

import { readFile } from "node:fs/promises";

/**
 * @param {any} pyodide in which nothing has been imported yet
 * @returns {Promise<{ archive: string, python: string, members: string[] }>} the path of its standard
 *   library, the version of Python, and the library's members that were imported
 */
export async function lookAt(pyodide) {
  const code = await readFile(new URL("start_modules.py", import.meta.url), "utf8");
  const globals = pyodide.toPy({});
  const answer = pyodide.runPython(code, { globals });
  globals.destroy();
  const [archive, python, members] = answer.toJs();
  answer.destroy();
  return { archive, python, members };
}
