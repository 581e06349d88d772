// @ts-check
// Puts figures into a page, between two markers: <!-- NAME --> and <!-- /NAME -->, each on a line of its own.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @param {URL} page
 * @param {string} name of the place, which the markers surround
 * @param {string} text
 */
export function putIntoPage(page, name, text) {
  const before = readFileSync(page, "utf8");
  const markers = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const [begin, end] = markers.map((marker) => before.indexOf(marker));
  if (begin < 0 || end < begin)
    throw new Error(`${fileURLToPath(page)} has lost the markers of its ${name}`);
  const head = before.slice(0, begin + markers[0].length);
  writeFileSync(page, `${head}${text}${before.slice(end)}`);
}
