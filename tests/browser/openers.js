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
};
