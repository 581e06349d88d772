// The package as its users get it: packed by npm, and unpacked again into a project's node_modules.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A new folder, removed when the process ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "pyodide-zipimport-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * @param {string} folder where the tarball is put
 * @returns {{ tarball: string, files: { path: string, size: number }[] }}
 */
export function pack(folder) {
  const env = { ...process.env, npm_config_cache: `${folder}/cache`, npm_config_offline: "true" };
  const args = ["pack", "--json", "--pack-destination", folder];
  const stdio = /** @type {const} */ (["ignore", "pipe", "ignore"]);
  const [{ filename, files }] = JSON.parse(
    execFileSync("npm", args, { cwd: ROOT, env, encoding: "utf8", stdio }),
  );
  return { tarball: join(folder, filename), files };
}

/**
 * @param {string} tarball
 * @param {string} project whose node_modules shall have it
 */
export function unpackInto(tarball, project) {
  const target = `${project}/node_modules/pyodide-zipimport`;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
}
