// Other Pyodides to work with: each in a process or worker thread of its own, told what to do by
// messages.

import { execFileSync, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { projectPath } from "./harness.mjs";
import { makeCommands } from "./peer-commands.mjs";

const SCRIPT = projectPath("tests/pyodide/peer.mjs");

export class Peer {
  #waiting = new Map();
  #count = 0;
  #send;
  #stop;
  /** @type {Promise<number | string>} its exit code, or the signal that ended it */
  ended;

  /** @param {{ thread?: boolean }} [how] */
  constructor({ thread = false } = {}) {
    const peer = thread
      ? new Worker(SCRIPT)
      : fork(SCRIPT, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.errors = "";
    peer.stderr?.on("data", (text) => (this.errors = (this.errors + text).slice(-2000)));
    peer.on("message", ({ id, value, error }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) resolve(value);
      else reject(new Error(error));
    });
    this.ended = new Promise((resolve) =>
      peer.on("exit", (code, signal) => {
        resolve(signal ?? code);
        for (const { reject } of this.#waiting.values())
          reject(new Error(`it ended: ${this.errors}`));
      }),
    );
    this.#send = (message) => (thread ? peer.postMessage(message) : peer.send(message, () => {}));
    this.#stop = () => (thread ? peer.terminate() : peer.kill("SIGKILL"));
  }

  /** Resolves to the command's value. */
  tell(command, args = {}) {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, command, ...args });
    });
  }

  run(code) {
    return this.tell("run", { code });
  }

  /** SIGKILL, or what comes nearest to it for a thread. */
  kill() {
    this.#stop();
    return this.ended;
  }

  /** Lets it end by itself, and so do what it does at its end. */
  async finish() {
    this.tell("end").catch(() => {});
    return this.ended;
  }
}

/** The same in this very process. */
class Neighbour {
  #commands = makeCommands();

  async tell(command, args = {}) {
    return this.#commands[command](args);
  }

  run(code) {
    return this.tell("run", { code });
  }

  kill() {
    return this.tell("uninstall");
  }
}

/** A peer whose Pyodide is started, with ours installed. */
export async function startPeer(version, options, { thread, cache } = {}) {
  return started(new Peer({ thread }), { version, options, cache });
}

/** The same for a Pyodide of this process. */
export async function startNeighbour(version, options) {
  return started(new Neighbour(), { version, options });
}

async function started(peer, args) {
  const active = await peer.tell("start", args);
  if (!active) throw new Error(`not installed: ${JSON.stringify(await peer.tell("warnings"))}`);
  return peer;
}

const BUILD = `
import json, sys, zipfile
path, members = json.load(sys.stdin)
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, source in members.items():
        archive.writestr(zipfile.ZipInfo(name), source)
`;

/** Writes an archive on this machine: of the same members, always the same bytes. */
export function buildArchive(file, members) {
  execFileSync("/usr/bin/python3", ["-c", BUILD], { input: JSON.stringify([file, members]) });
  return file;
}

const INSPECT = `
import glob, json, sys, zipfile
members = {}
for path in glob.glob(sys.argv[1] + "/**/*.zip", recursive=True):
    with zipfile.ZipFile(path) as pack:
        assert pack.testzip() is None, path
        name = path.rpartition("/")[2].partition(".")[0]
        members.setdefault(name, set()).update(pack.namelist())
print(json.dumps({name: sorted(each) for name, each in members.items()}))
`;

/** What the packs in a folder hold, by name; fails if one of them is not a sound archive. */
export function packsIn(folder) {
  return JSON.parse(
    execFileSync("/usr/bin/python3", ["-c", INSPECT, folder], { encoding: "utf8" }),
  );
}

/** A file that is no pack, or an old one. */
export function plant(folder, name, bytes = "x") {
  writeFileSync(`${folder}/${name}`, bytes);
}
