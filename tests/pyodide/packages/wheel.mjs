// Makes wheels.

import { makeZip } from "../zip.mjs";

/**
 * @param {string} name
 * @param {string} version
 * @param {Record<string, string | Uint8Array>} files by their paths
 * @param {{ requires?: string[], entryPoints?: string, hasInfo?: boolean, isStored?: boolean }} [options]
 * @returns {{ [fileName: string]: Uint8Array }}
 */
export function makeWheel(
  name,
  version,
  files,
  { requires = [], entryPoints, hasInfo = true, isStored } = {},
) {
  const info = `${name}-${version}.dist-info`;
  const metadata = ["Metadata-Version: 2.1", `Name: ${name}`, `Version: ${version}`];
  metadata.push(...requires.map((each) => `Requires-Dist: ${each}`), "");
  const all = {
    ...files,
    ...(hasInfo && {
      [`${info}/METADATA`]: metadata.join("\n"),
      [`${info}/WHEEL`]: "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
      ...(entryPoints && { [`${info}/entry_points.txt`]: entryPoints }),
    }),
  };
  if (hasInfo)
    all[`${info}/RECORD`] = [...Object.keys(all), `${info}/RECORD`]
      .map((each) => `${each},,\n`)
      .join("");
  return { [`${name}-${version}-py3-none-any.whl`]: makeZip(all, { isStored }) };
}
