// Puts packages where they are used: in a Pyodide of their own, mounted by ours, or unpacked in one that has
// nothing of ours.

import { readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";

import { projectPath, start } from "../pyodide/harness.mjs";
import { install } from "../../js/node.js";

/** What places archives, all in one way. */
class Place {
  #added = new Set();

  constructor(pyodide, zips) {
    this.pyodide = pyodide;
    this.zips = zips;
    /** The folder that every archive has a folder in. */
    this.root = zips ? "/lib/zip" : "/lib/unpacked";
  }

  /** Makes a module of this folder one that Python can import. */
  addModule(name) {
    const { FS } = this.pyodide;
    FS.mkdirTree("/tests");
    FS.writeFile(`/tests/${name}.py`, readFileSync(projectPath(`tests/wheels/${name}.py`)));
    this.pyodide.runPython(`import sys; "/tests" in sys.path or sys.path.append("/tests")`);
  }

  /**
   * Places the archive of a folder that holds this project: once, however often it is asked for.
   *
   * @param {string} folder
   * @param {string} project as files are named by it: "markdown_it_py"
   * @returns {Promise<{ path: string, archive: string } | undefined>} where it is now, and the file that it is of;
   *   nothing if it was placed before
   */
  async addProject(folder, project) {
    if (this.#added.has(project)) return undefined;
    this.#added.add(project);
    const file = readdirSync(folder).find(
      (name) => /\.(whl|zip)$/.test(name) && name.split(/[-.]/)[0] === project,
    );
    if (!file) throw new Error(`${folder} has no ${project}`);
    const archive = `${folder}/${file}`;
    return { archive, path: await this.addArchive(basename(archive), readFileSync(archive)) };
  }

  /** Places an archive, and gives the folder that it is now, the first one on sys.path. */
  async addArchive(name, content) {
    const path = `${this.root}/${name}`;
    const bytes = Uint8Array.from(content);
    if (this.zips) {
      await this.zips.mount(bytes, { name });
      return path;
    }
    this.pyodide.unpackArchive(bytes, "zip", { extractDir: path });
    this.pyodide.runPython(
      `import importlib, sys; sys.path.insert(0, "${path}"); importlib.invalidate_caches()`,
    );
    return path;
  }
}

/**
 * @param {string} version
 * @param {"mounted" | "unpacked"} way
 */
export async function startPlace(version, way) {
  const pyodide = await start(version);
  const zips = way === "mounted" ? await install(pyodide, { storage: "memory" }) : undefined;
  return new Place(pyodide, zips);
}
