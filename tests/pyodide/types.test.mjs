// index.d.ts says what the code does: same exports, options, methods, counters and codes; and it
// takes every Pyodide's own type.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

import { projectPath, start, versions } from "./harness.mjs";
import { VERSION } from "../../js/base/version.js";
import * as inBrowser from "../../js/index.js";
import * as api from "../../js/node.js";

const declarations = ts.createSourceFile(
  "index.d.ts",
  readFileSync(projectPath("js/index.d.ts"), "utf8"),
  ts.ScriptTarget.ES2022,
);

/** Once each: a method may be declared in several overloads. */
const namesOf = (nodes) => [...new Set(nodes.map(({ name }) => nameOf(name)))].sort();
const nameOf = (name) => name.text ?? name.expression.getText(declarations);
const keyOf = (key) => (typeof key === "symbol" ? SYMBOLS.get(key) : key);
const SYMBOLS = new Map([
  [Symbol.dispose, "Symbol.dispose"],
  [Symbol.asyncDispose, "Symbol.asyncDispose"],
]);

function declared(name) {
  return declarations.statements.find((statement) => statement.name?.text === name);
}

/** The strings of a union type, those of the unions that it names included. */
function unionOf(name) {
  return declared(name)
    .type.types.flatMap((type) =>
      type.literal ? [type.literal.text] : unionOf(type.typeName.text),
    )
    .sort();
}

/** The first string arguments in the calls that make errors or warnings of a kind. */
function codesInSources(pattern) {
  const codes = new Set();
  const files = readdirSync(projectPath("js"), { recursive: true });
  for (const file of files.filter((name) => name.endsWith(".js"))) {
    for (const [, code] of readFileSync(projectPath(`js/${file}`), "utf8").matchAll(pattern)) {
      codes.add(code);
    }
  }
  return [...codes].sort();
}

test("exported values are the declared ones", () => {
  const values = declarations.statements.filter(
    (node) => ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node),
  );
  assert.deepEqual(Object.keys(api).sort(), namesOf(values));
  assert.deepEqual(Object.keys(inBrowser).sort(), namesOf(values));
});

test("the version is that of package.json", () => {
  const { version } = JSON.parse(readFileSync(projectPath("package.json"), "utf8"));
  assert.equal(VERSION, version);
});

test("error codes are the declared ones", () => {
  assert.deepEqual(codesInSources(/UsageError\(\s*"([^"]+)"/g), unionOf("UsageErrorCode"));
  assert.deepEqual(codesInSources(/InternalError\(\s*"([^"]+)"/g), unionOf("InternalErrorCode"));
  assert.deepEqual(
    unionOf("WarningCode"),
    [
      ...unionOf("InternalErrorCode"),
      ...codesInSources(/"(options-ignored|changes-lost|store-[a-z]+)",?\s*\);/g),
    ].sort(),
  );
});

test("options, methods and counters are the declared ones", async () => {
  const { pyodide, zips } = await start(versions.at(-1), {
    load: (loadPyodide, own) => api.boot(loadPyodide, { pyodide: own }),
  });
  const options = namesOf([...declared("InstallOptions").members]);
  for (const name of options) {
    // No option may be null, so each one that is known says so, by its name.
    await assert.rejects(api.install(pyodide, { [name]: null }), { code: "bad-option" });
  }
  const ofReplace = namesOf([...declared("ReplaceOptions").members]);
  for (const name of [...ofReplace, ...namesOf([...declared("MountOptions").members])])
    await assert.rejects(zips.mount("a", { [name]: null }), { code: "bad-option" });
  const empty = new Uint8Array([...Buffer.from("PK\x05\x06"), ...Array(18).fill(0)]);
  const lib = await zips.mount(empty);
  for (const name of ofReplace)
    await assert.rejects(lib.replace("a", { [name]: null }), { code: "bad-option" });
  const ofMount = [...Reflect.ownKeys(Object.getPrototypeOf(lib)), ...Reflect.ownKeys(lib)];
  assert.deepEqual(
    ofMount
      .filter((name) => name !== "constructor")
      .map(keyOf)
      .sort(),
    namesOf([...declared("Mount").members]),
  );
  assert.deepEqual(
    Object.keys(zips.stats().mounts).sort(),
    namesOf([...declared("MountStats").members]),
  );
  assert.deepEqual(
    Object.keys(zips.stats().packages).sort(),
    namesOf([...declared("PackageStats").members, ...declared("MountStats").members]),
  );
  lib.unmount();
  const members = Reflect.ownKeys(Object.getPrototypeOf(zips)).filter(
    (name) => name !== "constructor",
  );
  assert.deepEqual(members.map(keyOf).sort(), namesOf([...declared("Handle").members]));

  const all = namesOf([...declared("Stats").members]);
  const counters = all.filter((name) => !["storage", "start", "mounts", "packages"].includes(name));
  assert.deepEqual(Object.keys(zips.stats()).sort(), all);
  const inPython = pyodide.runPython("import pyodide_zipimport; list(pyodide_zipimport.stats())");
  const camelCase = (name) => name.replace(/_./g, (match) => match[1].toUpperCase());
  assert.deepEqual(inPython.toJs().map(camelCase).sort(), counters, "Python's, renamed");
  zips.uninstall();
  assert.deepEqual(
    Object.keys(zips.stats()).sort(),
    [...counters, "mounts", "start"].sort(),
    "after uninstall too",
  );
});

test("a program that uses all of it compiles with every Pyodide's types; a wrong one does not", () => {
  const uses = versions.map(
    (version, i) => `
      import { loadPyodide as load${i} } from "pyodide-${version}";
      export const zips${i}: Handle = await install(await load${i}());`,
  );
  const right = `
    import { boot, install, type Handle, type Mount, type Stats, type Store, ZipImportUsageError } from "../../js/index.js";
    ${uses.join("\n")}
    const { pyodide, zips: booted } = await boot(load0, { pyodide: { indexURL: "/" }, storage: "memory" });
    pyodide.runPython("1"); booted.pin("/a.zip");
    const { start } = booted.stats(); if (start?.library === "stock") void start.reason.length;
    const zips = await install({ version: "", runPython() {} }, {
      storage: { directory: "/cache" }, maxBytes: 2 ** 20, preloadBytes: 0, implicitInvalidation: false, autoFlush: false,
      mountPackages: true, namespace: "", trace: true, wasmURL: new URL("file:///a"),
      onWarning: (message, code) => { const text: string = message + code; void text; },
      maxMemberBytes: 1,
    });
    zips.invalidate(); zips.invalidate("/a.zip"); zips.pin("/a.zip"); zips.unpin("/a.zip"); zips.uninstall();
    await zips.flush(); await zips.flush({ signal: AbortSignal.timeout(9) }); await zips.clear(); await zips.clear("/a.zip");
    zips.setTracing(true); const [{ origin, ownMs }] = zips.trace(); void (origin === "pack" && ownMs > 1);
    const { traceEvents } = zips.trace({ format: "chrome" }); void traceEvents[0].args.bytes;
    const stats: Stats = zips.stats();
    const count: number = stats.readBytes + (stats.storage?.bytes ?? 0); void count;
    const store: Store = { get: async () => undefined, put() {}, delete() {}, list: () => [] };
    await install({ version: "", runPython() {} }, { storage: store });
    const error = new ZipImportUsageError("bad-path", ""); void error;
    const lib: Mount = await zips.mount("https://host/a.whl", {
      name: "a", sysPath: "append", extensions: "ahead", integrity: "sha256-", copy: true, request: { headers: { a: "b" } }, timeout: 9,
      onProgress: ({ loaded, total = NaN }) => void (loaded / total), signal: AbortSignal.timeout(9),
    });
    for (const source of [new URL("a:b"), new Uint8Array(), new ArrayBuffer(1), new Blob([]), new Response()])
      await zips.mount(source);
    const changed: boolean = (await lib.invalidate()) || (await lib.replace(new Uint8Array(), { copy: true }));
    lib.unmount(); void [changed, lib.path.length, lib.name.length];`;
  assert.deepEqual(problems(right), []);
  const wrong = right
    .replace('{ directory: "/cache" }', '"disk"')
    .replace('zips.pin("/a.zip")', "zips.pin()")
    .replace('sysPath: "append"', 'sysPath: "last"');
  assert.equal(problems(wrong).length, 3);
});

test("boot() takes the options of the loader that it is given, and gives that one's Pyodide", () => {
  // A comment that expects an error is one itself where there is none.
  const uses = versions.map(
    (version, i) => `
      import { loadPyodide as load${i}, type PyodideInterface as Interface${i} } from "pyodide-${version}";
      const options${i}: BootOptions<typeof load${i}> = {
        pyodide: {
          indexURL: "/", env: { HOME: "/" }, packages: ["numpy"], stdout: (text) => void text.length,
          fsInit: async (FS, info) => void [FS, info.sitePackages.length],
        },
        maxBytes: 1,
      };
      const { pyodide: booted${i} } = await boot(load${i}, options${i});
      const same${i}: Interface${i} = booted${i}; void same${i};
      // @ts-expect-error
      const text${i}: string = booted${i};
      await boot(load${i}, { pyodide: { args: ["-O"] } });
      // @ts-expect-error
      await boot(load${i}, { pyodide: { arguments: ["-O"] } });
      // @ts-expect-error
      await boot(load${i}, { pyodide: { args: "-O" } });
      const wrapper${i} = (given: { indexURL: string }) => load${i}(given);
      await boot(wrapper${i}, { pyodide: { indexURL: "/" } });
      // @ts-expect-error
      await boot(wrapper${i}, { pyodide: { env: {} } });
      await boot(() => load${i}(), { maxBytes: 1 });
      // @ts-expect-error
      await boot(() => load${i}(), { pyodide: { env: {} } });`,
  );
  const program = `
    import { boot, type BootOptions } from "../../js/index.js";
    ${uses.join("\n")}
    const anyVersion: BootOptions = { pyodide: { whatever: 1 } }; void anyVersion;`;
  assert.deepEqual(problems(program), []);
});

test("`using` compiles in a program that names no library for it", () => {
  const right = `
    import { install } from "../../js/index.js";
    using zips = await install({ version: "", runPython() {} });
    await using later = await install({ version: "", runPython() {} });
    void [zips, later];`;
  assert.deepEqual(problems(right, { types: [] }), []);
  assert.equal(problems(right.replace("await install", "install"), { types: [] }).length, 1);
});

function problems(source, others = {}) {
  const name = projectPath("tests/pyodide/sample.ts");
  const options = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022 },
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
    ...{ types: ["node"], lib: ["lib.es2023.d.ts", "lib.dom.d.ts"] },
    ...others,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (file, ...rest) =>
    file === name
      ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022)
      : getSourceFile(file, ...rest);
  host.fileExists = (file) => file === name || fileExists(file);
  host.readFile = (file) => (file === name ? source : readFile(file));
  const program = ts.createProgram([name], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
