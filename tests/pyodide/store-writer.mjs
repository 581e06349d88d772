// Child process of stores.test.mjs: puts one name again and again, until it is killed; or once.
//
//   node store-writer.mjs FOLDER [once]

import { DirectoryStore } from "../../js/kept/stores/directory.js";
import { node } from "../../js/platform/node.js";

const [folder, once] = process.argv.slice(2);
try {
  const store = new DirectoryStore(folder, node.folders);
  for (let round = 0; ; round++) {
    // A value that shows whether it is whole: one byte all over.
    store.put("value", new Uint8Array(1_000_000).fill(round % 251));
    if (round === 0) process.stdout.write("begun\n");
    if (once) break;
  }
} catch (error) {
  process.stdout.write(`${error.code ?? "refused"}: ${error.message}\n`);
}
