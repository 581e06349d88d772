// @ts-check
// Which versions of Pyodide, and how much of the matrix, a run of the tests covers.
//
// `make test` runs each promise once, where it can break: what reaches into Pyodide or differs between
// versions of Python on every version; the rest on the newest release. `make test-full` sets FULL=1 and
// runs everything on everything; it is the same test code. PYODIDE=0.27.8 leaves one version.

import { readFileSync } from "node:fs";

const PREFIX = "pyodide-";
const { devDependencies } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);

/** Whether everything runs on everything. */
export const isFull = Boolean(process.env.FULL);

/** Every version that package.json installs, oldest first. */
const known = Object.keys(devDependencies)
  .filter((name) => devDependencies[name].startsWith("npm:pyodide@"))
  .map((name) => name.slice(PREFIX.length));

/** The versions under test: all, or the one that the environment names. */
export const versions = chooseVersions();

function chooseVersions() {
  const wanted = process.env.PYODIDE;
  if (!wanted) return known;
  if (!known.includes(wanted))
    throw new Error(`PYODIDE=${wanted}: expected one of ${known.join(", ")}`);
  return [wanted];
}

/** The newest release among those under test; a pre-release if there is no other. */
export const newest = versions.findLast((version) => !version.includes("-")) ?? versions[0];

/** The oldest and the newest release: for what differs most between them. */
export const oldAndNew = [...new Set([versions[0], newest])];
