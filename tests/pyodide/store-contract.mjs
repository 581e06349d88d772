// What every store promises, as [name, test] pairs: a test gets a new, empty store and node:assert's
// strict functions, or what stands for them.

const bytesOf = (text) => new TextEncoder().encode(text);
const textOf = (bytes) => bytes && new TextDecoder().decode(bytes);
const namesIn = async (store) => (await store.list()).map(({ name }) => name).sort();

export const contract = [
  [
    "what is put is got, and is a plain Uint8Array",
    async (store, assert) => {
      await store.put("a.zip", bytesOf("first"));
      const bytes = await store.get("a.zip");
      assert.equal(textOf(bytes), "first");
      assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    },
  ],
  [
    "what is not there is undefined",
    async (store, assert) => {
      assert.equal(await store.get("a.zip"), undefined);
      assert.deepEqual(await store.list(), []);
    },
  ],
  [
    "put overwrites",
    async (store, assert) => {
      await store.put("a", bytesOf("first, and longer"));
      await store.put("a", bytesOf("second"));
      assert.equal(textOf(await store.get("a")), "second");
      assert.deepEqual(await namesIn(store), ["a"]);
    },
  ],
  [
    "nothing is no value",
    async (store, assert) => {
      await assert.rejects(async () => store.put("a", new Uint8Array()), TypeError);
      assert.equal(await store.get("a"), undefined);
      assert.deepEqual(await store.list(), []);
    },
  ],
  [
    "a part of a buffer is put as that part",
    async (store, assert) => {
      await store.put("a", bytesOf("0123456789").subarray(2, 5));
      assert.equal(textOf(await store.get("a")), "234");
    },
  ],
  [
    "large values",
    async (store, assert) => {
      const large = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) >> 3);
      await store.put("a", large);
      assert.deepEqual(await store.get("a"), large);
    },
  ],
  [
    "delete, also of what is not there",
    async (store, assert) => {
      await store.put("a", bytesOf("x"));
      await store.put("b", bytesOf("y"));
      await store.delete("a");
      await store.delete("a");
      assert.equal(await store.get("a"), undefined);
      assert.deepEqual(await namesIn(store), ["b"]);
    },
  ],
  [
    "list tells sizes, and when an entry was last used",
    async (store, assert) => {
      const before = Date.now();
      await store.put("old", bytesOf("123"));
      await store.put("new", bytesOf("12345"));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await store.get("new");
      await store.touch("old");
      await store.touch("neither");
      const entries = Object.fromEntries((await store.list()).map((entry) => [entry.name, entry]));
      assert.deepEqual([entries.old.nbytes, entries.new.nbytes], [3, 5]);
      // Some file systems round times to a second or two.
      assert.equal(entries.new.usedMs >= before - 2000, true);
      assert.equal(entries.old.usedMs >= entries.new.usedMs + 10, true);
      assert.deepEqual(Object.keys(entries).sort(), ["new", "old"]);
    },
  ],
  [
    "names that could be something else are refused everywhere",
    async (store, assert) => {
      const long = "n".repeat(200);
      for (const name of ["z1-p3627-o0-r1-1a2b-3.4c-5.zip", "_", long]) {
        await store.put(name, bytesOf("x"));
        assert.equal(textOf(await store.get(name)), "x");
      }
      for (const name of ["", ".", "..", ".hidden", "a/b", "../a", "a\\b", "a b", "é", `${long}n`])
        for (const method of ["get", "put", "delete", "touch"])
          await assert.rejects(async () => store[method](name, bytesOf("x")), TypeError);
      assert.equal((await namesIn(store)).length, 3);
    },
  ],
];
