// What happens with packages, one scenario each: run() answers with all that there is to see, which has to be the same
// with stock's installer and with ours. Each has packages of its own.

import { readFileSync } from "node:fs";

import { makeWheel } from "./wheel.mjs";
import { projectPath } from "../harness.mjs";

/** An extension module. */
const ALONE = readFileSync(projectPath("build/extension/alone.so"));

/** Names of temporary files differ each time; and a traceback shows that ours has called stock's. */
const withoutNames = (text) =>
  String(text)
    .replaceAll(/\/tmp\/tmp\w{8}/g, "/tmp/<name>")
    .replaceAll(/ {2}File "<string>", line \d+, in (unpack_buffer|_extract)\n/g, "");

export const WHEELS = {
  ...makeWheel("plain", "1.0", { "plain/__init__.py": "value = 1", "plain/data.txt": "text" }),
  ...makeWheel(
    "needy",
    "1.0",
    { "needy.py": "import plain; value = plain.value" },
    { requires: ["plain"] },
  ),
  ...makeWheel("versions", "1.0", { "versions/__init__.py": "value = 1", "versions/old.py": "" }),
  ...makeWheel("versions", "2.0", { "versions/__init__.py": "value = 2", "versions/new.py": "" }),
  ...makeWheel("space_one", "1.0", { "space/inner/one.py": "value = 1" }),
  ...makeWheel("space_two", "1.0", { "space/inner/two.py": "value = 2" }),
  ...makeWheel("whole_base", "1.0", {
    "whole/__init__.py": "",
    "whole/first.py": "value = 1",
    "whole/both.py": "value = 'base'",
  }),
  ...makeWheel("whole_more", "1.0", {
    "whole/second.py": "value = 2",
    "whole/both.py": "value = 'more'",
  }),
  ...makeWheel("paths", "1.0", {
    "paths.pth": "import sys; sys.ran = True\n/tmp",
    "paths_own.py": "",
  }),
  ...makeWheel("writer", "1.0", {
    "writer/__init__.py": `
import os
with open(os.path.join(os.path.dirname(__file__), "made.txt"), "w") as file:
    file.write("made")
`,
  }),
  ...makeWheel("dated", "1.0", {
    "dated/__init__.py": "",
    "dated-1.0.data/data/share/dated/text.txt": "text",
    "dated-1.0.data/data/etc/dated.conf": "",
    "dated-1.0.data/scripts/dated": "#!python\n",
  }),
  // /lib is a folder.
  ...makeWheel("folded", "1.0", { "folded.py": "", "folded-1.0.data/data/lib": "text" }),
  ...makeWheel(
    "Pointed.Name",
    "1.0",
    { "pointed.py": "" },
    { entryPoints: "[console_scripts]\npointed = pointed:main\n" },
  ),
  ...makeWheel("nameless", "1.0", { "nameless.py": "value = 1" }, { hasInfo: false }),
  ...makeWheel("starter", "1.0", {
    "starter/__init__.py": "import start_later; start_later.run(); value = 1",
  }),
  ...makeWheel("later", "1.0", { "later.py": "value = 1" }),
  ...makeWheel("twice", "1.0", { "twice.py": "value = 1" }),
  ...makeWheel("native", "1.0", { "native/__init__.py": "", "native/_alone.abi3.so": ALONE }),
  ...makeWheel("native_pip", "1.0", {
    "native_pip/__init__.py": "",
    "native_pip/_alone.abi3.so": ALONE,
  }),
  ...makeWheel("unpacked", "1.0", { "unpacked/__init__.py": "value = 1" }),
  ...makeWheel("elsewhere", "1.0", { "elsewhere/__init__.py": "value = 1" }),
  ...makeWheel("wrong_sum", "1.0", { "wrong_sum.py": "value = 1" }),
};

export const HASHES = { "wrong_sum-1.0-py3-none-any.whl": "0".repeat(64) };

/** The same wheel, with another byte in the contents of a file. */
function damage(wheel, contents) {
  const [bytes] = Object.values(wheel);
  bytes[Buffer.from(bytes).indexOf(contents)] ^= 1;
  return wheel;
}

export const BAD_FILES = {
  ...makeWheel("blocked", "1.0", { "blocked.py": "", "blocked-1.0.data/data/blocked/x": "" }),
  ...damage(
    makeWheel(
      "damaged",
      "1.0",
      { "damaged/__init__.py": "value = 1", "damaged/data.txt": "some text" },
      { isStored: true },
    ),
    "some text",
  ),
  "text-1.0-py3-none-any.whl": new TextEncoder().encode("<!DOCTYPE html> is no wheel"),
  "cut-1.0-py3-none-any.whl": Object.values(makeWheel("cut", "1.0", { "cut.py": "" }))[0].slice(
    0,
    -30,
  ),
  "ends-1.0-py3-none-any.whl": (response) => {
    response.writeHead(200, { "content-length": 10_000 });
    response.write("PK");
    setTimeout(() => response.destroy(), 20);
  },
};

/** Of one Pyodide, what the scenarios use. */
export class Visitor {
  constructor(pyodide, server) {
    this.pyodide = pyodide;
    this.server = server;
  }

  python(code) {
    return this.pyodide.runPython(code);
  }

  /** The value of an expression, as JSON has it. */
  value(code) {
    return JSON.parse(this.python(`import json\njson.dumps((${code}))`));
  }

  /** loadPackage() with all that it says. */
  async load(names, options = {}) {
    const said = [];
    const messageCallback = (text) => said.push(["message", withoutNames(text)]);
    const errorCallback = (text) => said.push(["error", withoutNames(text)]);
    let loaded;
    try {
      const found = await this.pyodide.loadPackage(names, {
        messageCallback,
        errorCallback,
        ...options,
      });
      loaded = found.map(({ name, version, fileName }) => [name, version, fileName]);
    } catch (error) {
      loaded = withoutNames(error.message);
    }
    return { said, loaded, known: { ...this.pyodide.loadedPackages } };
  }

  loadWheel(fileName) {
    return this.load(this.server.urlOf(fileName));
  }

  /** micropip.install(), and what it raises. */
  async pip(call) {
    try {
      await this.pyodide.runPythonAsync(`import micropip; await micropip.${call}`);
      return "done";
    } catch (error) {
      return withoutNames(error.message.trim().split("\n").at(-1));
    }
  }

  /** What is in site-packages whose name begins so. */
  files(start) {
    return this.value(
      `[each for each in facts.listing() if each[0].lower().startswith("${start}")]`,
    );
  }
}

const index = (visitor) => `index_urls="${visitor.server.index}"`;
const wheel = (name, version = "1.0") => `${name}-${version}-py3-none-any.whl`;

/** @type {Record<string, (visitor: Visitor) => Promise<unknown>>} */
export const SCENARIOS = {
  "a package of the lock file, with what it needs": async (visitor) => [
    await visitor.load("needy"),
    visitor.value("facts.metadata('needy'), facts.metadata('plain')"),
    visitor.value("__import__('needy').value"),
    visitor.files("plain"),
    await visitor.load(["needy", "plain"]),
  ],
  "loadPackagesFromImports()": async (visitor) => {
    await visitor.pyodide.loadPackagesFromImports("import later");
    return [visitor.value("__import__('later').value"), visitor.value("facts.metadata('later')")];
  },
  "another version by micropip": async (visitor) => [
    await visitor.pip(`install("versions==1.0", ${index(visitor)})`),
    visitor.value("__import__('versions').value, facts.metadata('versions')"),
    visitor.files("versions"),
    await visitor.pip(`install("versions==2.0", ${index(visitor)})`),
    visitor.python("micropip.uninstall('versions'); import sys; sys.modules.pop('versions')") && 0,
    visitor.files("versions"),
    await visitor.pip(`install("versions==2.0", ${index(visitor)})`),
    visitor.value("__import__('versions').value, facts.metadata('versions')"),
    visitor.files("versions"),
    visitor.python("micropip.uninstall('versions')"),
    visitor.files("versions"),
    visitor.value("'versions' in micropip.list()"),
  ],
  "a namespace of two wheels": async (visitor) => [
    await visitor.loadWheel(wheel("space_one")),
    visitor.value("__import__('space.inner.one').inner.one.value"),
    await visitor.loadWheel(wheel("space_two")),
    visitor.value("__import__('space.inner.two').inner.two.value"),
    visitor.files("space"),
  ],
  "a package that is split over two wheels": async (visitor) => [
    await visitor.loadWheel(wheel("whole_base")),
    visitor.value("__import__('whole.first').first.value"),
    await visitor.loadWheel(wheel("whole_more")),
    visitor.value("__import__('whole.second').second.value"),
    visitor.value("__import__('whole.both').both.value"),
    visitor.files("whole"),
  ],
  "a .pth file is not run": async (visitor) => [
    await visitor.loadWheel(wheel("paths")),
    visitor.value("hasattr(__import__('sys'), 'ran'), __import__('paths_own').__file__"),
    visitor.files("paths"),
  ],
  "a package that writes into its folder": async (visitor) => [
    await visitor.loadWheel(wheel("writer")),
    visitor.value("__import__('writer').__name__"),
    visitor.files("writer"),
  ],
  "a data file whose name a folder has": async (visitor) => [
    await visitor.loadWheel(wheel("folded")),
    visitor.value("open(__import__('sys').prefix + '/lib/lib').read()"),
  ],
  "data files are copied to sys.prefix": async (visitor) => [
    await visitor.loadWheel(wheel("dated")),
    visitor.value("open(__import__('sys').prefix + '/share/dated/text.txt').read()"),
    visitor.value("__import__('os').path.exists(__import__('sys').prefix + '/etc/dated.conf')"),
    visitor.files("dated"),
  ],
  "data files, by micropip": async (visitor) => [
    await visitor.pip(`install("${visitor.server.urlOf(wheel("dated"))}")`),
    visitor.files("dated"),
  ],
  "entry points, of a name with a dot and capitals": async (visitor) => [
    await visitor.loadWheel(wheel("Pointed.Name")),
    visitor.value("facts.metadata('pointed-name')"),
    visitor.files("pointed"),
  ],
  "no zip": async (visitor) => [
    await visitor.loadWheel(wheel("text")),
    visitor.files("text"),
    await visitor.pip(`install("${visitor.server.urlOf(wheel("text"))}")`),
    visitor.files("text"),
  ],
  "cut short": async (visitor) => [await visitor.loadWheel(wheel("cut")), visitor.files("cut")],
  interrupted: async (visitor) => [await visitor.loadWheel(wheel("ends")), visitor.files("ends")],
  "a missing file": async (visitor) => [
    await visitor.loadWheel(wheel("missing")),
    visitor.files("missing"),
  ],
  "a wrong checksum": async (visitor) => [
    await visitor.pip(`install("wrong_sum", ${index(visitor)})`),
    visitor.files("wrong_sum"),
  ],
  "no dist-info": async (visitor) => [
    await visitor.loadWheel(wheel("nameless")),
    visitor.files("nameless"),
    visitor.value("__import__('nameless').value"),
  ],
  "the same twice at once": async (visitor) => [
    await Promise.all([visitor.loadWheel(wheel("twice")), visitor.loadWheel(wheel("twice"))]),
    visitor.value("__import__('twice').value"),
    visitor.files("twice"),
  ],
  "begun within an import": async (visitor) => {
    let loading;
    visitor.pyodide.registerJsModule("start_later", {
      run: () => void (loading = visitor.load("later")),
    });
    await visitor.loadWheel(wheel("starter"));
    const value = visitor.value("__import__('starter').value");
    await loading;
    return [value, visitor.value("__import__('later').value")];
  },
  "unpackArchive() into site-packages": async (visitor) => {
    for (const format of ["whl", ".wheel"])
      visitor.pyodide.unpackArchive(WHEELS[wheel("unpacked")], format, {
        extractDir: visitor.python("facts.SITE"),
      });
    visitor.python("import importlib; importlib.invalidate_caches()");
    return [
      visitor.value("__import__('unpacked').value"),
      visitor.files("unpacked"),
      visitor.value("facts.metadata('unpacked')"),
    ];
  },
  "unpackArchive() elsewhere, and of no wheel": async (visitor) => {
    const bytes = WHEELS[wheel("elsewhere")];
    visitor.pyodide.unpackArchive(bytes, "whl", { extractDir: "/elsewhere" });
    visitor.pyodide.unpackArchive(bytes.buffer, "zip", {
      extractDir: visitor.python("facts.SITE"),
    });
    return [visitor.value("facts.listing('/elsewhere')"), visitor.files("elsewhere"), bytes.length];
  },
  "files that are packed by other methods, or have odd names": async (visitor) => {
    visitor.python(`
import io, zipfile
def make(files):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, method in files.items():
            archive.writestr(name, "value = 1", method)
    return whole.getvalue()
`);
    const answers = [];
    for (const files of [
      "{'odd_bz2.py': zipfile.ZIP_BZIP2}",
      "{'odd_both': 0, 'odd_both/__init__.py': 0}",
      "{'odd_slash//x.py': 0, '../odd_up.py': 0, 'odd_dot/./x.py': 0}",
    ]) {
      const bytes = visitor.python(`make(${files})`).toJs();
      try {
        visitor.pyodide.unpackArchive(bytes, "whl", { extractDir: visitor.python("facts.SITE") });
      } catch (error) {
        answers.push(error.message.trim().split("\n").at(-1));
      }
      answers.push(visitor.files("odd_"));
    }
    visitor.python("import importlib; importlib.invalidate_caches()");
    return [answers, visitor.value("__import__('odd_bz2').value")];
  },
  "an extension module": async (visitor) => [
    await visitor.loadWheel(wheel("native")),
    visitor.value("__import__('native._alone')._alone.get()"),
    await visitor.pip(`install("${visitor.server.urlOf(wheel("native_pip"))}")`),
    visitor.value("__import__('native_pip._alone')._alone.get()"),
  ],
};
