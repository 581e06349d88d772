// Programs that use the installed package: as an ES module, by require(), and in TypeScript with every
// way to find modules that is in use. Each is compiled, and runs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pack, temporaryFolder, unpackInto } from "./packed.mjs";

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const TSC = root("node_modules/typescript/bin/tsc");
const PYODIDE = root("node_modules/pyodide-314.0.7");

/** What each program does after its imports: wrapped in a function, since CommonJS awaits nothing outside. */
const MAIN = `
async function main() {
  const pyodide = await loadPyodide();
  const zips = await install(pyodide, { storage: "memory" });
  const answer = pyodide.runPython(\`
import sys, zipfile
with zipfile.ZipFile("/tmp/a.zip", "w") as archive:
    archive.writestr("answering.py", "answer = 42")
sys.path.insert(0, "/tmp/a.zip")
import answering
answering.answer\`);
  const { hits } = zips.stats();
  zips.uninstall();
  console.log(JSON.stringify({ answer, found: hits > 0, error: new ZipImportUsageError("bad-path", "").code }));
}
void main();
`;
const IMPORTS = `
import { loadPyodide } from "pyodide";
import { install, boot, ZipImportUsageError } from "pyodide-zipimport";
`;
const TYPED = `${IMPORTS}
import type { Handle, PackageProgress, Stats } from "pyodide-zipimport";
export const codeOf = (error: ZipImportUsageError): string => error.code;
export const count = (zips: Handle): number => { const stats: Stats = zips.stats(); return stats.hits; };
export const start = () => boot(loadPyodide, { storage: "memory" });
export async function load(signal: AbortSignal): Promise<string[]> {
  const { pyodide } = await start();
  const onProgress = ({ name, total }: PackageProgress) => console.log(name, total ?? 0);
  await pyodide.loadPackagesFromImports("import sympy", { onProgress, signal });
  const packages = await pyodide.loadPackage(["sympy"], {
    onProgress: ({ loaded }) => console.log(loaded),
    checkIntegrity: false,
  });
  return packages.map((each) => each.name);
}
${MAIN}`;
/** With the module that stands in for Pyodide's. */
const STAND_IN = `
import { loadPyodide, version } from "pyodide-zipimport/pyodide";
import { ZipImportUsageError } from "pyodide-zipimport";
const onProgress = ({ loaded }: { loaded: number }) => console.log(loaded);
const zipimport = { storage: "memory", onProgress, signal: new AbortController().signal } as const;
const pyodide = await loadPyodide({ env: { A: "1" }, zipimport });
export const load = () => pyodide.loadPackage([], { onProgress: ({ name }) => console.log(name) });
const answer: number = pyodide.runPython("21 * 2");
const found: boolean = pyodide.zipimport.active && version === pyodide.version;
console.log(JSON.stringify({ answer, found, error: new ZipImportUsageError("bad-path", "").code }));
`;
const REQUIRES = `
const { loadPyodide } = require("pyodide");
const { install, ZipImportUsageError } = require("pyodide-zipimport");
${MAIN}`;

describe("the installed package", () => {
  const project = temporaryFolder();

  before(() => {
    unpackInto(pack(temporaryFolder()).tarball, project);
    symlinkSync(PYODIDE, `${project}/node_modules/pyodide`);
    mkdirSync(`${project}/node_modules/@types`);
    symlinkSync(root("node_modules/@types/node"), `${project}/node_modules/@types/node`);
    symlinkSync(root("node_modules/undici-types"), `${project}/node_modules/undici-types`);
  });

  const folderFor = (name, type) => {
    const folder = `${project}/${name}`;
    mkdirSync(folder);
    writeFileSync(`${folder}/package.json`, JSON.stringify({ type }));
    return folder;
  };

  const answers = (file) => {
    const output = execFileSync(process.execPath, [file], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(output), { answer: 42, found: true, error: "bad-path" });
  };

  function compile(folder, file, options) {
    const settings = { strict: true, lib: ["es2022", "dom"], types: ["node"], rootDir: "." };
    const compilerOptions = { ...settings, outDir: "out", ...options };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: [file] }));
    try {
      execFileSync(process.execPath, [TSC, "--project", folder], { encoding: "utf8" });
    } catch (error) {
      assert.fail(error.stdout);
    }
  }

  test("an ES module", () => {
    const folder = folderFor("esm", "module");
    writeFileSync(`${folder}/program.js`, IMPORTS + MAIN);
    answers(`${folder}/program.js`);
  });

  test("CommonJS, by require()", () => {
    const folder = folderFor("require", "commonjs");
    writeFileSync(`${folder}/program.js`, REQUIRES);
    answers(`${folder}/program.js`);
  });

  for (const [name, type, options] of [
    ["an ES module, module nodenext", "module", { module: "nodenext", target: "es2022" }],
    ["CommonJS, module nodenext", "commonjs", { module: "nodenext", target: "es2022" }],
    ["CommonJS, module node16", "commonjs", { module: "node16", target: "es2022" }],
    [
      "CommonJS, module commonjs, of tools that read no exports",
      "commonjs",
      { module: "commonjs", moduleResolution: "node10", target: "es2020" },
    ],
    [
      "for a bundler",
      "module",
      { module: "esnext", moduleResolution: "bundler", target: "es2022" },
    ],
  ])
    test(`TypeScript: ${name}`, () => {
      const folder = folderFor(name.replaceAll(/\W+/g, "-"), type);
      writeFileSync(`${folder}/program.ts`, TYPED);
      compile(folder, "program.ts", { ...options, skipLibCheck: true }); // Pyodide's, that is
      answers(`${folder}/out/program.js`);
    });

  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])
    test(`TypeScript, module ${module}: the stand-in for Pyodide's module`, () => {
      const folder = folderFor(`stand-in-${module}`, "module");
      writeFileSync(`${folder}/program.ts`, STAND_IN);
      const options = { module, moduleResolution, target: "es2022", skipLibCheck: true };
      compile(folder, "program.ts", options);
      answers(`${folder}/out/program.js`);
    });

  test("the types compile by themselves, with the oldest library that they are for", () => {
    const folder = folderFor("types", "module");
    writeFileSync(`${folder}/program.ts`, `export * from "pyodide-zipimport";`);
    const options = { module: "nodenext", target: "es2022", types: [], noEmit: true };
    compile(folder, "program.ts", options);
  });

  test("the types declare every value for CommonJS too", () => {
    const types = (name) =>
      readFileSync(`${project}/node_modules/pyodide-zipimport/js/${name}`, "utf8");
    const names = (text, pattern) => [
      ...new Set([...text.matchAll(pattern)].map(([, name]) => name)),
    ];
    const declared = names(
      types("index.d.ts"),
      /^export (?:declare )?(?:function|class|const) (\w+)/gm,
    );
    assert.ok(declared.length >= 4);
    assert.deepEqual(
      names(types("index.d.cts"), /^export declare const (\w+)/gm).sort(),
      declared.sort(),
    );
  });
});
