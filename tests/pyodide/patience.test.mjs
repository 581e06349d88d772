// A time limit for answers that does not count while the thread is busy.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { waitAtMost } from "../../js/base/patience.js";
import { Catalogue } from "../../js/kept/catalogue.js";
import { REMOVE_OLDER } from "../../js/kept/stores/store.js";
import { readWasmFile } from "../../js/pyodide/wasm-file.js";

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

test("a store that never answers is waited for: 10 s to read, 60 s to write", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const methods = ["get", "list", "put", "delete", "getMany"];
  const store = Object.fromEntries(methods.map((name) => [name, () => new Promise(() => {})]));
  const catalogue = new Catalogue(/** @type {any} */ (store));
  const errors = [];
  const asked = [
    catalogue.get("a"),
    catalogue.list(),
    catalogue.getMany(["a"], (error) => errors.push(error.message)),
    catalogue.put("a", new Uint8Array(1)),
    catalogue.delete("a"),
  ];
  const outcomes = asked.map((each) => each.catch(({ message }) => message));
  // Each limit is that of several turns.
  for (let turn = 0; turn < 4; turn++) mock.timers.tick(15_000);
  mock.timers.reset();
  const late = (seconds) => `no answer from the store within ${seconds} s`;
  assert.deepEqual(await Promise.all(outcomes), [late(10), late(10), [], late(60), late(60)]);
  assert.deepEqual(errors, [late(10)]);
});

test("nor does a store that only writes in the background hold others up, or what is tidied", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const never = () => new Promise(() => {});
  const store = { sync: true, putAsync: never, [REMOVE_OLDER]: never };
  const catalogue = new Catalogue(/** @type {any} */ (store));
  const asked = [catalogue.put("a", new Uint8Array(1), true), catalogue.removeOlder()];
  const outcomes = asked.map((each) => each.catch(({ message }) => message));
  for (let turn = 0; turn < 4; turn++) mock.timers.tick(15_000);
  mock.timers.reset();
  const late = "no answer from the store within 60 s";
  assert.deepEqual(await Promise.all(outcomes), [late, undefined]);
});

test("a server that never answers is waited for 30 s", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const platform = { read: () => new Promise(() => {}), toURL: (path) => new URL(path) };
  const reading = readWasmFile(/** @type {any} */ (platform), "http://127.0.0.1/a.wasm");
  const outcome = assert.rejects(reading, { code: "wasm-unreachable", message: /within 30 s/ });
  for (let turn = 0; turn < 4; turn++) mock.timers.tick(7_500);
  mock.timers.reset();
  await outcome;
});
