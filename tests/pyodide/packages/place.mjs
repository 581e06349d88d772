// A place where packages come from: a folder with a lock file, which loadPyodide() is told of, and a server on
// loopback with the same wheels and an index of them (PEP 691).

import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

import { projectPath, temporaryFolder } from "../harness.mjs";

/** What each version's own lock file names. */
const MICROPIP = { "0.27.8": "0.9.0", "0.28.3": "0.10.1" };
const NEWEST_MICROPIP = "0.11.1";

/** A name as indexes write it. */
const normalize = (name) => name.replaceAll(/[-_.]+/g, "-").toLowerCase();
const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex");

/**
 * @param {string} version of Pyodide
 * @param {Record<string, Uint8Array>} wheels by their file names
 * @param {Record<string, object>} [entries] of the lock file, by package: what is other than usual
 */
export async function openPlace(version, wheels, entries = {}) {
  const folder = temporaryFolder();
  const micropip = `micropip-${MICROPIP[version] ?? NEWEST_MICROPIP}-py3-none-any.whl`;
  copyFileSync(projectPath(`build/packages/${micropip}`), `${folder}/${micropip}`);
  for (const [name, bytes] of Object.entries(wheels)) writeFileSync(`${folder}/${name}`, bytes);

  const stock = projectPath(`node_modules/pyodide-${version}/pyodide-lock.json`);
  const lock = JSON.parse(readFileSync(stock, "utf8"));
  lock.packages = {};
  for (const fileName of readdirSync(folder)) {
    if (!fileName.endsWith(".whl")) continue;
    const [name, release] = fileName.split("-");
    const key = normalize(name);
    lock.packages[key] = {
      name: key,
      version: release,
      file_name: fileName,
      install_dir: "site",
      sha256: hashOf(readFileSync(`${folder}/${fileName}`)),
      package_type: "package",
      imports: [name],
      depends: [],
      unvendored_tests: false,
      ...entries[key],
    };
  }
  const lockFile = `${folder}/pyodide-lock.json`;
  writeFileSync(lockFile, JSON.stringify(lock));
  return {
    folder,
    lock,
    /** For loadPyodide(): everything is found without a network. */
    options: { lockFileURL: lockFile, packageCacheDir: `${folder}/` },
  };
}

/**
 * Serves files, whole ones or otherwise.
 *
 * @param {Record<string, Uint8Array | ((response: import("node:http").ServerResponse) => void)>} files by name
 * @param {Record<string, string>} [hashes] what the index claims of some
 */
export async function serve(files, hashes = {}) {
  const server = createServer((request, response) => {
    const [, kind, name] = decodeURIComponent(request.url).split("/");
    response.setHeader("access-control-allow-origin", "*");
    if (kind === "simple") return sendIndex(response, name);
    const file = files[name];
    if (file === undefined) response.writeHead(404).end("no such file");
    else if (typeof file === "function") file(response);
    else response.writeHead(200, { "content-length": file.length }).end(file);
  });
  const sendIndex = (response, project) => {
    const found = Object.keys(files).filter(
      (each) => each.endsWith(".whl") && normalize(each.split("-")[0]) === project,
    );
    if (found.length === 0) return response.writeHead(404).end();
    const body = {
      meta: { "api-version": "1.1" },
      name: project,
      versions: found.map((each) => each.split("-")[1]),
      files: found.map((filename) => ({
        filename,
        url: `${base}/files/${filename}`,
        hashes: { sha256: hashes[filename] ?? hashOf(files[filename]) },
        size: files[filename].length,
      })),
    };
    const type = "application/vnd.pypi.simple.v1+json";
    response.writeHead(200, { "content-type": type }).end(JSON.stringify(body));
  };
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const base = `http://127.0.0.1:${server.address().port}`;
  return {
    index: `${base}/simple`,
    urlOf: (name) => `${base}/files/${name}`,
    close: () => server.close(),
  };
}
