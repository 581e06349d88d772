// What is tested of storage in every browser: each visit is a page of its own in one profile, with a
// Pyodide of its own.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isFull } from "../matrix.mjs";
import { INSECURE_HOST } from "./browsers.mjs";
import { outsideAddress } from "./server.mjs";
import { useBrowser } from "./use-browser.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const TIMEOUT_MS = 3 * 60_000 + ROUNDS * 3000;
const MEMBERS = {
  "one.py": "value = 1\n",
  "two.py": "value = 2\n",
  "pack/__init__.py": "value = 'pack'\n",
};
const NAMES = ["one", "two", "pack"];

/**
 * @typedef {object} Abilities
 * @property {boolean} takesBlobs whether its database takes any, which a private window's may not
 * @property {boolean} opfs whether there is an origin private file system with whole-file writes
 * @property {boolean} keepsWhenLeft whether what a page begins to store when it is left is stored, mostly
 * @property {boolean} knowsInsecureHost whether it can be told a name of this machine, see INSECURE_HOST
 * @property {string[]} versions of Pyodide
 */

/**
 * @param {keyof typeof import("./browsers.mjs").browsers} name
 * @param {Abilities} abilities
 */
export function defineStoreTests(name, abilities) {
  const { takesBlobs, opfs, keepsWhenLeft, knowsInsecureHost, versions } = abilities;
  describe(`${name}, storage`, () => {
    const used = useBrowser(name, TIMEOUT_MS);
    let namespaces = 0;
    /** Chromium tries each store in a window and in a worker. */
    const everywhere = isFull || name === "Chromium";
    /** For what is our doing and none of the browser's. */
    const testAlike = everywhere ? test : () => {};
    const placesOf = (kind) => {
      if (everywhere) return ["window", "worker"];
      return kind === "opfs" ? ["worker"] : ["window"];
    };

    const ask = (job, policy = "csp", open = undefined) => used.ask(policy, job, open);

    /** Visits that share a store of their own. */
    function profile(version, place, storage) {
      const options = { storage, autoFlush: false, namespace: `n${++namespaces}` };
      return ({ policy, open, ...job } = {}) =>
        ask(
          {
            ...{ version, place, task: "visit", members: MEMBERS, names: NAMES },
            ...job,
            options: { ...options, ...job.options },
          },
          policy,
          open,
        );
    }

    for (const kind of opfs ? ["indexeddb", "opfs", "opfs, small"] : ["indexeddb"])
      for (const place of ["window", "worker"])
        test(`the contract of stores: ${kind}, ${place}`, async () => {
          const { results } = await ask({ place, task: "storeContract", kind });
          assert.ok(results.length > 5);
          for (const { name: promise, error } of results)
            assert.equal(error, undefined, `${promise}: ${error}`);
        });

    for (const version of isFull ? versions : versions.slice(0, 1))
      for (const kind of opfs ? ["auto", "opfs"] : ["auto"])
        for (const place of placesOf(kind))
          test(`a second visit that installs, writes its archive and imports compiles nothing, until clear(): ${kind}, ${place}, Pyodide ${version}`, async () => {
            const visit = profile(version, place, kind);
            const first = await visit({ then: ["flush"] });
            assert.deepEqual(first.values, [1, 2, "pack"]);
            assert.deepEqual([first.compiles, first.packHits], [3, 0]);
            assert.equal(first.storage.kind, kind === "auto" ? "indexeddb" : kind);
            assert.equal(first.storage.entries, 3, "a pack, a note, the visit");
            const second = await visit({ then: ["clear"] });
            assert.deepEqual(second.values, [1, 2, "pack"]);
            assert.deepEqual([second.compiles, second.packHits], [0, 3]);
            assert.deepEqual([second.storage.entries, second.storage.bytes], [0, 0]);
            const third = await visit();
            assert.deepEqual([third.compiles, third.packHits], [3, 0]);
            assert.deepEqual(
              [first, second, third].flatMap(({ warnings }) => warnings),
              [],
            );
          });

    const [version] = versions;

    if (opfs) {
      test("notes of the origin private file system are one file: 500 are read at once", async () => {
        const options = { storage: "opfs", namespace: `n${++namespaces}` };
        const job = { version, place: "window", members: MEMBERS, names: NAMES, options };
        const first = await ask({ ...job, task: "noteMany", notes: 500 });
        assert.equal(first.storage.entries, 502, "a pack, the notes, the visit");
        const second = await ask({ ...job, task: "countOpens", waitMs: 3000 });
        assert.deepEqual([second.compiles, second.packHits], [0, 3]);
        assert.equal(second.storage.entries, 502);
        const { installed, later } = second.opens;
        assert.ok(installed <= 4, `${installed} files before install() resolved`);
        assert.ok(later <= 8, `${later} files after it`);
      });

      test("small values that two stores put at the same time are all there", async () => {
        const { names, expected, other } = await ask({ place: "window", task: "putAtOnce" });
        assert.deepEqual(names, expected);
        assert.equal(other, "kept");
      });

      testAlike(
        "a file of small values that is damaged counts as empty, and is written anew",
        async () => {
          const texts = ["", "[[", "{}", "5", "[null]", '[["c.txt",1,5]]', '[["../c",1,"x"]]'];
          const { listed } = await ask({ place: "window", task: "damageSmall", texts });
          assert.deepEqual(
            listed,
            texts.map(() => [0, 1]),
          );
        },
      );
    }

    testAlike(
      "a window's packs serve a worker, and are kept by themselves when nothing is compiled for a while",
      async () => {
        const window = profile(version, "window", "auto");
        const options = { namespace: "shared", autoFlush: true };
        const first = await window({ options, then: [3500] });
        assert.equal(first.storage.entries, 3);
        // What other pages left comes in the background.
        const second = await profile(version, "worker", "auto")({ options, waitMs: 2000 });
        assert.deepEqual([second.compiles, second.packHits], [0, 3]);
      },
    );

    // What was begun when the page was left may come too late: then there is nothing of it.
    test(`a page that is left at once: all of it or nothing${keepsWhenLeft ? ", and all of it in one of three visits" : ""}`, async () => {
      const visit = profile(version, "window", "auto");
      let keptOnce = false;
      for (let visits = keepsWhenLeft ? 3 : 1; visits > 0 && !keptOnce; visits--) {
        await visit({ options: { autoFlush: true } });
        const { compiles, packHits, warnings } = await visit();
        keptOnce = packHits > 0;
        assert.deepEqual([compiles, packHits, warnings], keptOnce ? [0, 3, []] : [3, 0, []]);
      }
      assert.ok(keptOnce || !keepsWhenLeft);
    });

    testAlike("namespaces are apart", async () => {
      const options = { namespace: "" };
      const first = await profile(version, "window", "auto")({ options, then: ["flush"] });
      assert.equal(first.storage.where, "pyodide-zipimport.v1");
      const other = await profile(version, "window", "auto")();
      assert.match(other.storage.where, /^pyodide-zipimport-n\d+\.v1$/);
      assert.equal(other.compiles, 3);
    });

    for (const kind of opfs ? ["indexeddb", "opfs"] : ["indexeddb"])
      testAlike(
        `what is not ours is left alone, and an older version's goes when it is long unused: ${kind}`,
        async () => {
          const theirs = ["w2-2024-tax-form.pdf", "z1-notes.txt", "z80-emulator.zip"];
          const packs = [0, 2].map((schema) => `z${schema}-p1-o0-r1-1-1.1-1.zip`);
          const options = { storage: kind, namespace: `n${++namespaces}`, maxBytes: 10_000 };
          const result = await ask({
            ...{ version, place: "window", task: "shareStore", kind, options },
            ...{ names: [...theirs, ...packs], archive: { members: MEMBERS, names: NAMES } },
          });
          assert.deepEqual(result.young, [0, 1, 2]);
          // Beside it lies what is not ours: then only ours goes.
          assert.deepEqual(result.old, [0, 1, 2]);
          const others = result.flushed.filter((name) => !name.startsWith("z1-p"));
          assert.deepEqual(others, [...theirs, packs[1]].sort());
          assert.deepEqual(result.cleared, [...theirs, packs[1]].sort());
          const alone = { ...options, namespace: `n${++namespaces}` };
          const { old } = await ask({
            ...{ version, place: "window", task: "shareStore", kind, options: alone },
            ...{ names: packs, archive: { members: MEMBERS, names: NAMES } },
          });
          assert.deepEqual(old, [1, 2]);
          if (kind !== "indexeddb") return;
          const beside = { ...options, namespace: `n${++namespaces}` };
          const { old: kept } = await ask({
            ...{
              version,
              place: "window",
              task: "shareStore",
              kind,
              options: beside,
              foreign: true,
            },
            ...{ names: packs, archive: { members: MEMBERS, names: NAMES } },
          });
          assert.deepEqual(kept, [0, 1, 2]);
        },
      );

    const inMemory = ({ warnings, values, storage, active }, cause) => {
      assert.equal(active, true);
      assert.deepEqual(values, [1, 2, "pack"]);
      assert.deepEqual(storage.kind, "memory");
      assert.equal(warnings.length, 1, JSON.stringify(warnings));
      assert.equal(warnings[0].code, "store-unavailable");
      assert.match(warnings[0].message, /compiled code will not be kept beyond this page: /);
      assert.match(warnings[0].message, cause);
    };

    const inDatabase = ({ warnings, values, storage }) => {
      assert.deepEqual([values, storage.kind], [[1, 2, "pack"], "indexeddb"]);
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ["store-unavailable"],
      );
      assert.match(warnings[0].message, /will be kept in IndexedDB.*origin private file system/);
    };

    /** The page in a frame of another page, which is told more of it. */
    const inFrame =
      (hostname, more = {}) =>
      (url) => {
        const frame = new URL("/open/tests/browser/frame.html", url);
        frame.hostname = hostname;
        for (const [key, value] of Object.entries({ address: url, ...more }))
          frame.searchParams.set(key, value);
        return used.browser.open(frame.href);
      };
    const sandboxed = inFrame("127.0.0.1", { sandbox: "allow-scripts" });

    for (const [what, sandbox] of [
      ["a page in a sandbox", { policy: "sandbox" }],
      ["a frame in a sandbox", { policy: "framed", open: sandboxed }],
    ])
      for (const place of everywhere || !sandbox.open ? ["window", "worker"] : ["window"])
        test(`storage that is blocked, in ${what}, ${place}: one warning, and memory`, async () => {
          for (const kind of opfs ? ["auto", "opfs"] : ["auto"]) {
            const visit = profile(version, place, kind);
            inMemory(await visit({ ...sandbox, then: ["flush"] }), /./);
          }
        });

    if (!opfs)
      test("no origin private file system: one warning, and IndexedDB", async () => {
        const visit = profile(version, "window", "opfs");
        inDatabase(await visit({ then: ["flush"] }));
      });

    // By a name that the browser is told, or by this machine's own address where it has one.
    const canBeInsecure = knowsInsecureHost || outsideAddress() !== undefined;
    test(
      `a page that is no secure context: IndexedDB as ever, no private file system${canBeInsecure ? "" : " (not run: this machine has no address but loopback's)"}`,
      { skip: !canBeInsecure },
      async () => {
        const insecure = knowsInsecureHost
          ? used.server.address.replace("127.0.0.1", INSECURE_HOST)
          : used.server.insecureAddress;
        const open = (url) => used.browser.open(url.replace(used.server.address, insecure));
        const visit = profile(version, "window", "auto");
        const first = await visit({ open, then: ["flush"] });
        const second = await visit({ open });
        assert.deepEqual([first.compiles, second.compiles], [3, 0]);
        assert.deepEqual([...first.warnings, ...second.warnings], []);
        const other = profile(version, "window", "opfs");
        inDatabase(await other({ open, then: ["flush"] }));
      },
    );

    test("a page in a frame of another site", async () => {
      const open = inFrame("localhost");
      const visit = profile(version, "window", "auto");
      const first = await visit({ open, then: ["flush"] });
      const second = await visit({ open });
      assert.deepEqual(second.values, [1, 2, "pack"]);
      assert.deepEqual([first.compiles, second.compiles], [3, 0]);
      assert.deepEqual([...first.warnings, ...second.warnings], []);
    });

    testAlike(
      "a database of another program, and one of a later version: one warning, and memory",
      async () => {
        for (const [foreign, cause] of [
          [{ version: 1, stores: ["theirs"] }, /another program/],
          [{ version: 7, stores: ["entries", "values"] }, /version/i],
        ]) {
          const namespace = `foreign${foreign.version}`;
          const place = "window";
          await ask({
            place,
            task: "makeDatabase",
            name: `pyodide-zipimport-${namespace}.v1`,
            foreign,
          });
          const visit = profile(version, place, "auto");
          inMemory(await visit({ options: { namespace }, then: ["flush"] }), cause);
        }
      },
    );

    test("a database that is deleted while it is open: the next flush makes it anew", async () => {
      const visit = profile(version, "window", "auto");
      const result = await visit({ then: ["flush", "delete", "flush"] });
      assert.deepEqual(result.warnings, []);
      const second = await visit();
      assert.equal(second.active, true);
      assert.deepEqual(second.warnings, []);
    });

    test("a Blob that the database refuses once is an accident, and costs nothing for good", async () => {
      const { kinds } = await ask({ place: "window", task: "refuseBlobs" });
      const blob = takesBlobs ? "blob" : "array";
      assert.deepEqual(kinds, {
        "refused once": ["array", blob, blob],
        "always refused": ["array", "array", "array"],
        "nothing is taken": ["nothing", "nothing", blob],
      });
    });

    testAlike("a pack of some megabytes", async () => {
      const visit = profile(version, "window", "auto");
      const padding = "x".repeat(3_000_000);
      const large = {
        members: { "large.py": `value = len('${padding}')\n`, "one.py": "value = 1\n" },
        names: ["large", "one"],
      };
      const first = await visit({ ...large, then: ["flush"] });
      assert.ok(first.storage.bytes > padding.length);
      const second = await visit(large);
      assert.deepEqual([second.values, second.compiles], [[padding.length, 1], 0]);
      assert.deepEqual([...first.warnings, ...second.warnings], []);
    });

    for (const kind of opfs ? ["indexeddb", "opfs"] : ["indexeddb"])
      test(`workers that flush at the same moment lose nothing: ${kind}, ${ROUNDS} rounds`, async () => {
        const namespace = `n${++namespaces}`;
        const job = { version, place: "window", task: "peersInWorkers" };
        const options = { storage: kind, namespace };
        const meeting = { peers: 2, rounds: ROUNDS, meeting: namespace };
        const { peers } = await ask({ ...job, ...meeting, options });
        for (const { error, lost, warnings } of peers) {
          assert.equal(error, undefined);
          assert.deepEqual([lost, warnings], [[], []]);
        }
      });
  });
}
