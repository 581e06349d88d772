// Published wheels with extension modules, mounted and unpacked in processes of their own: equal output.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { runChild, versions } from "./harness.mjs";
import { isFull } from "../matrix.mjs";

const PUBLISHED = {
  "0.29.5": ["librt", "uharfbuzz", "perspective"],
  "314.0.7": ["librt", "uharfbuzz", "perspective", "pydantic"],
};

for (const version of versions.filter((each) => isFull && each in PUBLISHED)) {
  describe(`published extension modules, Pyodide ${version}`, () => {
    for (const name of PUBLISHED[version]) {
      for (const [way, stock] of [
        ["mounted", "unpacked"],
        ["shown", "loaded"],
      ])
        test(`${name}, ${way} as ${stock}`, async () => {
          const use = (each) => runChild("extension-wheels/use.mjs", [version, each, name]);
          const expected = await use(stock);
          assert.equal(expected.status, 0, expected.errors.slice(-1000));
          assert.ok(expected.lines.length > 0);
          assert.deepEqual(await use(way), expected);
        });
    }
  });
}
