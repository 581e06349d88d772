// Obtains CPython's own test packages (the folder `test` of a full CPython)
// for a given minor version.
//
// Nothing of them is ever committed. A tree is one folder, build/cpython/trees/<name>/, that holds
// only `test/`, so that putting it first on sys.path shadows nothing of the interpreter under test.
// It comes from one of two places:
//
//   pyenv   a full CPython of that minor version in pyenv's versions folder; copied, since tests
//           write beside themselves;
//   debian  libpython3.x-testsuite and the libpython3.x-stdlib that carries test/support, fetched
//           by apt under a configuration of its own (source list, package lists, state and cache
//           all below build/) and unpacked with dpkg; nothing is installed.
//
// obtainModules() obtains single modules of a newer patch version in the second way.
//
// apt checks the archive's signature and every package's hash; nothing here switches that off. A
// tree is complete once its file ORIGIN exists, which is written last; a complete tree is used
// again without a look at the network.

import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** A tree that this machine cannot have. Its message is the reason shown in the table. */
export class TreeUnavailable extends Error {}

/**
 * @typedef {object} Tree
 * @property {string} path    folder to put on sys.path; holds `test/` and nothing else importable
 * @property {string} origin  where it came from, with the full version
 */

/**
 * @param {string} build   the folder that everything goes under
 * @param {"pyenv" | "debian"} source
 * @param {string} minor   "3.13"
 * @param {string} [suite] Debian suite to take it from
 * @returns {Promise<Tree>}
 */
export async function obtainTree(build, source, minor, suite) {
  const name = [minor, source, suite].filter(Boolean).join("-");
  const path = join(build, "trees", name);
  const originFile = join(path, "ORIGIN");
  if (!existsSync(originFile)) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    const origin =
      source === "pyenv"
        ? copyFromPyenv(path, minor)
        : await unpackFromDebian(build, path, minor, suite);
    writeFileSync(originFile, origin);
  }
  return { path, origin: readFileSync(originFile, "utf8") };
}

// ---- pyenv --------------------------------------------------------------------------------------

function pyenvRoot() {
  if (process.env.PYENV_ROOT) return process.env.PYENV_ROOT;
  try {
    return execFileSync("pyenv", ["root"], { encoding: "utf8" }).trim();
  } catch {
    throw new TreeUnavailable("no pyenv on this machine");
  }
}

function copyFromPyenv(path, minor) {
  const versions = join(pyenvRoot(), "versions");
  const patch = (version) => Number(version.slice(minor.length + 1));
  const candidates = (existsSync(versions) ? readdirSync(versions) : [])
    .filter((version) => version.startsWith(`${minor}.`) && Number.isInteger(patch(version)))
    .filter((version) =>
      existsSync(join(versions, version, "lib", `python${minor}`, "test", "support")),
    )
    .sort((a, b) => patch(b) - patch(a));
  if (candidates.length === 0) throw new TreeUnavailable(`pyenv has no full CPython ${minor}`);
  const [version] = candidates;
  cpSync(join(versions, version, "lib", `python${minor}`, "test"), join(path, "test"), {
    recursive: true,
    filter: (from) => !from.endsWith("__pycache__"),
  });
  return `pyenv ${version}`;
}

// ---- Debian -------------------------------------------------------------------------------------

async function unpackFromDebian(build, path, minor, suite) {
  const unpacked = join(path, "unpacked");
  const names = [`libpython${minor}-testsuite`, `libpython${minor}-stdlib`];
  const version = await unpackPackages(build, unpacked, names, suite);
  renameSync(join(unpacked, "usr", "lib", `python${minor}`, "test"), join(path, "test"));
  rmSync(unpacked, { recursive: true });
  return `Debian ${suite} ${version}`;
}

/**
 * Modules of the standard library of the newest patch version that a suite has.
 *
 * @param {string} build   the folder that everything goes under
 * @param {string} minor   "3.14"
 * @param {string} suite   Debian suite to take them from
 * @param {string[]} files "zipimport.py"
 * @returns {Promise<{ path: string, version: string }>} the folder that holds just these files
 */
export async function obtainModules(build, minor, suite, files) {
  const path = join(build, "modules", `${minor}-${suite}`);
  const versionFile = join(path, "VERSION");
  if (!existsSync(versionFile)) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    const unpacked = join(path, "unpacked");
    const names = [`libpython${minor}-minimal`, `libpython${minor}-stdlib`];
    const version = await unpackPackages(build, unpacked, names, suite);
    for (const file of files)
      cpSync(join(unpacked, "usr", "lib", `python${minor}`, file), join(path, file));
    rmSync(unpacked, { recursive: true });
    writeFileSync(versionFile, version);
  }
  return { path, version: readFileSync(versionFile, "utf8") };
}

/** Fetches Debian packages and unpacks them into a folder; the version of the first. */
async function unpackPackages(build, folder, names, suite) {
  const apt = await privateApt(build);
  const downloads = `${folder}.downloads`;
  mkdirSync(downloads);
  try {
    await run("apt-get", [...apt, "download", ...names.map((name) => `${name}/${suite}`)], {
      cwd: downloads,
    });
  } catch (error) {
    throw new TreeUnavailable(
      `apt cannot fetch ${names[0]} from ${suite}: ${lastLine(error.stderr)}`,
    );
  }
  const packages = readdirSync(downloads).sort();
  for (const file of packages) await run("dpkg", ["-x", join(downloads, file), folder]);
  rmSync(downloads, { recursive: true });
  // libpython3.13-testsuite_3.13.5-2_all.deb
  const first = packages.find((file) => file.startsWith(`${names[0]}_`));
  return decodeURIComponent(first.split("_")[1]);
}

/** Options that make apt keep to the build folder; the first call fetches the package lists. */
let aptReady;
function privateApt(build) {
  aptReady ??= prepareApt(join(build, "apt"));
  return aptReady;
}

async function prepareApt(root) {
  if (!existsSync(KEYRING)) throw new TreeUnavailable("no Debian archive keyring on this machine");
  for (const folder of ["lists/partial", "cache/archives/partial", "state"])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "state", "status"), ""); // no package counts as installed
  const mirror = await machineMirror();
  const suites = new Set([hostCodename(), "trixie", "sid"]);
  const sourceList = join(root, "sources.list");
  writeFileSync(
    sourceList,
    [...suites]
      .map((suite) => `deb [target=Packages signed-by=${KEYRING}] ${mirror} ${suite} main\n`)
      .join(""),
  );
  const options = {
    "Dir::Etc::sourcelist": sourceList,
    "Dir::Etc::sourceparts": "-",
    "Dir::State": join(root, "state"),
    "Dir::State::status": join(root, "state", "status"),
    "Dir::State::lists": join(root, "lists"),
    "Dir::Cache": join(root, "cache"),
    // The unprivileged user that apt downloads as by default may not be let into the folder that
    // the project was cloned to.
    "APT::Sandbox::User": "root",
  };
  const apt = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  try {
    // Without this a failed index is a warning, and a package of it would look as if it did not
    // exist.
    await run("apt-get", [...apt, "-o", "APT::Update::Error-Mode=any", "update"]);
  } catch (error) {
    throw new TreeUnavailable(`apt cannot read the package index: ${lastLine(error.stderr)}`);
  }
  return apt;
}

/** The mirror that this machine itself takes its release from. */
async function machineMirror() {
  let listing;
  try {
    listing = (await run("apt-get", ["update", "--print-uris"])).stdout;
  } catch {
    throw new TreeUnavailable("no apt on this machine");
  }
  const mirror = listing.match(new RegExp(`^'(\\S+?)/dists/${hostCodename()}/InRelease'`, "m"));
  if (!mirror) throw new TreeUnavailable("no Debian mirror in this machine's apt sources");
  return mirror[1];
}

/** Debian's name of the release this machine runs ("bookworm"). */
export function hostCodename() {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return release.match(/^VERSION_CODENAME=(\S+)$/m)?.[1] ?? "none";
}

function lastLine(text) {
  return text.trim().split("\n").at(-1);
}
