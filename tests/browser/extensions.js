// What a page does with extension modules of mounted archives.

/** Mounts an archive, and imports its module `padded._alone`. */
export async function importExtension({ pyodide, install, base, job }) {
  const zips = await install(pyodide, { storage: "memory" });
  const { extensions } = job;
  const lib = await zips.mount(base + job.archive, { name: "padded.whl", extensions });
  const path = `${lib.path}/padded/_alone.abi3.so`;
  const isLoaded = path in pyodide._module.LDSO.loadedLibsByName;
  let answer, refusal;
  try {
    answer = pyodide.runPython("import padded._alone as each; each.get()");
  } catch ({ message }) {
    refusal = message.slice(-300);
  }
  return { isLoaded, answer, refusal, filledBytes: zips.stats().mounts.filledBytes };
}
