// A time limit for answers that does not count while the thread is busy.

import assert from "node:assert/strict";
import { test } from "node:test";

import { waitAtMost } from "../../js/base/patience.js";

const block = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test("an answer that came while the thread was busy is in time", async () => {
  const order = [];
  await new Promise((resolve) => {
    const endWait = waitAtMost(40, () => resolve(order.push("too late")));
    setTimeout(() => {
      endWait();
      resolve(order.push("answer"));
    }, 15);
    block(200);
  });
  assert.deepEqual(order, ["answer"]);
});

test("without an answer it ends, once", async () => {
  let count = 0;
  await new Promise((resolve) => {
    waitAtMost(4, () => resolve(count++));
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(count, 1);
});
