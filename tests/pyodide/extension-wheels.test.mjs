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
      test(`${name}, mounted as unpacked`, async () => {
        const use = (way) => runChild("extension-wheels/use.mjs", [version, way, name]);
        const unpacked = await use("unpacked");
        assert.equal(unpacked.status, 0, unpacked.errors.slice(-1000));
        assert.ok(unpacked.lines.length > 0);
        assert.deepEqual(await use("mounted"), unpacked);
      });
    }
  });
}
