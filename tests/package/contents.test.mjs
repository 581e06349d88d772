// What npm packs: all that is needed, nothing else, and not too much of it.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pack, temporaryFolder } from "./packed.mjs";

const ROOT = new URL("../../", import.meta.url);
const KIB = 1024;
const INLINED = "js/pyodide/inlined-wasm.js";

const { files } = pack(temporaryFolder());
const sizes = new Map(files.map(({ path, size }) => [path, size]));
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");

/** Every file that package.json names. */
function namedFiles(value) {
  if (typeof value === "string")
    return value.startsWith("./") || value.startsWith("js/") ? [value] : [];
  return Object.values(value).flatMap(namedFiles);
}

describe("the packed package", () => {
  test("has every file that package.json names, and the usual pages", () => {
    const { exports, main, types, bin } = JSON.parse(read("package.json"));
    const named = namedFiles([exports, main, types, bin]).map((path) => path.replace(/^\.\//, ""));
    assert.ok(named.length > 5);
    for (const path of [...named, INLINED, "LICENSE", "CHANGELOG.md", "SECURITY.md", "README.md"])
      assert.ok(sizes.has(path), path);
  });

  test("has nothing but scripts, types, Python, the side module and pages", () => {
    const others = [...sizes.keys()].filter(
      (path) =>
        !/^js\/.*\.(js|py|d\.c?ts|wasm)$/.test(path) &&
        !/^docs\/[^/]+\.md$/.test(path) &&
        !/^(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md$|^LICENSE$|^package\.json$/.test(path),
    );
    assert.deepEqual(others, []);
  });

  test("scripts, types and side module take at most 520 KiB, the inlined one at most 49", () => {
    const code = [...sizes].filter(([path]) => path.startsWith("js/") && path !== INLINED);
    const total = code.reduce((sum, [, size]) => sum + size, 0);
    assert.ok(total <= 520 * KIB, `${total} bytes`);
    assert.ok(sizes.get(INLINED) <= 49 * KIB, `${sizes.get(INLINED)} bytes`);
  });

  test("what its pages link to is packed, or exists in the repository", () => {
    const pages = [...sizes.keys()].filter((path) => path.endsWith(".md"));
    assert.ok(pages.length > 5);
    for (const page of pages)
      for (const [, link] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
        const target = new URL(link, new URL(page, ROOT));
        assert.ok(existsSync(fileURLToPath(target)), `${page} links to ${link}`);
      }
  });
});
