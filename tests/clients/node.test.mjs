// The examples for Node: a script, and a suite of which each file is a process of its own. What the second run
// finds compiled in a cache folder that they share.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "../package/packed.mjs";
import { countsIn } from "./visits.mjs";

const EXAMPLES = fileURLToPath(new URL("../../build/examples/", import.meta.url));
/** The standard library's modules that sympy needs, and sympy's. */
const MANY = 400;

/** What a script of examples/package.json prints. */
async function run(script, cache) {
  // What tells Node's test runner that it is itself run by one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, XDG_CACHE_HOME: cache };
  const options = { cwd: EXAMPLES, env, timeout: 200_000 };
  const { stdout, stderr } = await promisify(execFile)("npm", ["run", "--silent", script], options);
  assert.equal(stderr, "");
  return stdout;
}

for (const [script, pattern, processes] of [
  ["node", /641: 1, 65537: 1/, 1],
  ["node-tests", /^. pass 3$/m, 3],
])
  describe(script, () => {
    const cache = temporaryFolder();

    before(async () => {
      const first = countsIn(await run(script, cache));
      assert.equal(first.length, processes);
      assert.ok(first[0].compiled > 0);
    });

    test("the second run compiles nothing, in any of its processes", async () => {
      const output = await run(script, cache);
      assert.match(output, pattern);
      const second = countsIn(output);
      assert.equal(second.length, processes);
      for (const { compiled, found } of second) {
        assert.equal(compiled, 0);
        assert.ok(found > MANY, `${found}`);
      }
    });
  });
