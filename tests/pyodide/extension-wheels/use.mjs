// Uses a published wheel with extension modules, mounted or unpacked, or loaded by loadPackage() or micropip, which
// unpack it or show it, and prints what came of it.
//
//   node use.mjs VERSION mounted|unpacked|shown|loaded|micropip-shown|micropip-loaded NAME [INDEX]
//
// INDEX is the address of a simple index that has the wheels, for micropip.

import { readFileSync, readdirSync } from "node:fs";

import { projectPath, start } from "../harness.mjs";
import { install } from "../../../js/node.js";

/** By the package that is imported: how its wheels' names begin, and a use that prints the same each time. */
const USES = {
  pydantic: {
    wheels: /^(pydantic|annotated|typing)/,
    code: `
from typing import Annotated
import pydantic

class Model(pydantic.BaseModel):
    number: int
    names: list[str] = []
    part: Annotated[float, pydantic.Field(gt=0)] = 1

print(repr(Model.model_validate({"number": "5", "names": ["x"]})), Model.model_json_schema())
try:
    Model(number="x", part=-1)
except pydantic.ValidationError as error:
    print(error)
`,
  },
  librt: {
    wheels: /^(librt|mypy_extensions)/,
    code: `
import importlib, pkgutil
import librt, librt.base64
print(librt.base64.b64encode(b"some bytes"), librt.base64.__file__)
for module in pkgutil.iter_modules(librt.__path__):
    print(module.name, sorted(dir(importlib.import_module("librt." + module.name))))
`,
  },
  uharfbuzz: {
    wheels: /^uharfbuzz/,
    code: `
import uharfbuzz
buffer = uharfbuzz.Buffer()
buffer.add_str("some text")
buffer.guess_segment_properties()
uharfbuzz.shape(uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob(b""))), buffer)
print([(glyph.codepoint, glyph.cluster) for glyph in buffer.glyph_infos])
print(uharfbuzz.Blob(b"some bytes").data, uharfbuzz.version_string())
`,
  },
  perspective: {
    wheels: /^perspective/,
    code: `
import perspective
table = perspective.Server().new_local_client().table({"a": [1, 2, 3], "b": ["x", "y", "x"]})
print(table.view(group_by=["b"]).to_json_string(), table.size(), perspective.__file__)
`,
  },
};

const [version, way, name, index] = process.argv.slice(2);
const folder = projectPath(`build/extension-wheels/${version}`);
const { wheels, code } = USES[name];
const pyodide = await start(version, { print: (line) => console.log(line) });
const zips = await install(pyodide, { storage: "memory", mountPackages: way.endsWith("shown") });
const files = readdirSync(folder).filter((each) => wheels.test(each));
const libraries = () => Object.keys(pyodide._module.LDSO.loadedLibsByName).length;
const load = (paths) => pyodide.loadPackage(paths, { messageCallback() {} });
if (way === "shown" || way === "loaded") {
  const before = libraries();
  const found = await load(files.map((each) => `${folder}/${each}`));
  if (found.length !== files.length)
    throw new Error(`${found.length} of ${files.length} are there`);
  if (way === "shown" && libraries() > before) throw new Error("a library was loaded ahead");
} else if (way.startsWith("micropip")) {
  await load([projectPath("build/packages/micropip-0.11.1-py3-none-any.whl")]);
  const before = libraries();
  const names = files.map((each) => each.split("-")[0]);
  await pyodide.runPythonAsync(`
import micropip
await micropip.install(${JSON.stringify(names)}, index_urls="${index}")
`);
  if (way.endsWith("shown") && libraries() > before) throw new Error("a library was loaded ahead");
} else
  for (const wheel of files) {
    const bytes = Uint8Array.from(readFileSync(`${folder}/${wheel}`));
    if (way === "mounted") {
      await zips.mount(bytes, { name: wheel });
    } else {
      pyodide.unpackArchive(bytes, "zip", { extractDir: `/lib/zip/${wheel}` });
      pyodide.runPython(`import sys; sys.path.insert(0, "/lib/zip/${wheel}")`);
    }
  }
pyodide.runPython(code);
const { mounts, packages } = zips.stats();
if (mounts.filledBytes + (packages?.filledBytes ?? 0) > 512 * 1024)
  throw new Error("the module's bytes are kept");
