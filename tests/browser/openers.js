// Opens stores as the package does: by where they are, as stats() says it.

import { openIndexedDB } from "../../js/kept/stores/indexeddb.js";
import { openOPFS } from "../../js/kept/stores/opfs.js";

/** Of each kind, that without a namespace. */
export const OWN = { indexeddb: "pyodide-zipimport.v1", opfs: "pyodide-zipimport/v1" };

export const openers = {
  indexeddb: openIndexedDB,
  opfs(where) {
    const [base, name = "v1"] = where.split("/");
    return openOPFS(base, name);
  },
  "opfs, small": async (where) => smallOnly(await openers.opfs(where)),
};

/** A store of which every entry has the name of something small. */
function smallOnly(store) {
  const rename = (name) => (name.length > 196 && name.length <= 200 ? name : `${name}.txt`);
  return {
    get: (name) => store.get(rename(name)),
    put: (name, bytes) => store.put(rename(name), bytes),
    delete: (name) => store.delete(rename(name)),
    touch: (name) => store.touch(rename(name)),
    list: async () =>
      (await store.list()).map((entry) => ({ ...entry, name: entry.name.replace(/\.txt$/, "") })),
  };
}
