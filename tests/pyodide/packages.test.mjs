// Published packages, installed by loadPackage() and by micropip, shown and unpacked, in processes of their own: the same
// use, modules, metadata and files.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";

import { oldAndNew, projectPath, runChild, versions } from "./harness.mjs";
import { serve } from "./packages/place.mjs";
import { isFull } from "../matrix.mjs";
import { ALL, FEW } from "../wheels/wheels.mjs";

const FOLDER = projectPath(isFull ? "build/wheels-full" : "build/wheels");
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".whl"));
/** Those of which there are wheels, for this Python. */
const namesFor = (version) =>
  Object.entries(isFull ? ALL : FEW)
    .filter(([, wheels]) =>
      wheels.every((wheel) => files.some((name) => name.startsWith(`${wheel}-`))),
    )
    .map(([name]) => name)
    .filter((name) => name !== "streamlit" && (name !== "sphinx" || version !== "0.27.8"));

for (const version of isFull ? versions : oldAndNew)
  describe(`packages, Pyodide ${version}`, async () => {
    const names = isFull || version !== "0.27.8" ? namesFor(version) : ["certifi", "jsonschema"];
    const server = await serve(
      Object.fromEntries(files.map((name) => [name, readFileSync(`${FOLDER}/${name}`)])),
    );
    for (const route of ["loadPackage", "micropip"])
      test(`${route}: ${names.join(", ")}`, async () => {
        const visit = (way) =>
          runChild("packages/visit.mjs", [version, way, route, FOLDER, server.index, ...names]);
        const unpacked = await visit("unpacked");
        assert.equal(unpacked.status, 0, unpacked.errors.slice(-1500));
        const mounted = await visit("mounted");
        assert.equal(mounted.status, 0, mounted.errors.slice(-1500));
        assert.deepEqual(mounted.lines.map(JSON.parse), unpacked.lines.map(JSON.parse));
      });
  });
