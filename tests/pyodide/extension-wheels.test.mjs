// Published wheels with extension modules, mounted or shown and unpacked in processes of their own: equal output.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { projectPath, runChild, versions } from "./harness.mjs";
import { serve } from "./packages/place.mjs";
import { isFull } from "../matrix.mjs";

const PUBLISHED = {
  "0.29.5": ["librt", "uharfbuzz", "perspective"],
  "314.0.7": ["librt", "uharfbuzz", "perspective", "pydantic"],
};

for (const version of versions.filter((each) => isFull && each in PUBLISHED)) {
  describe(`published extension modules, Pyodide ${version}`, () => {
    /** @type {any} */ let server;
    before(async () => {
      const folder = projectPath(`build/extension-wheels/${version}`);
      const names = readdirSync(folder).filter((name) => name.endsWith(".whl"));
      server = await serve(
        Object.fromEntries(names.map((name) => [name, readFileSync(`${folder}/${name}`)])),
      );
    });
    after(() => server.close());

    for (const name of PUBLISHED[version]) {
      for (const [way, stock] of [
        ["mounted", "unpacked"],
        ["shown", "loaded"],
        ["micropip-shown", "micropip-loaded"],
      ])
        test(`${name}, ${way} as ${stock}`, async () => {
          const use = (each) =>
            runChild("extension-wheels/use.mjs", [version, each, name, server.index]);
          const expected = await use(stock);
          assert.equal(expected.status, 0, expected.errors.slice(-1000));
          assert.ok(expected.lines.length > 0);
          assert.deepEqual(await use(way), expected);
        });
    }
  });
}
