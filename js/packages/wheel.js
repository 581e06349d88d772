// @ts-check
// What installing a wheel asks of its name and of the names in it.

/** @param {string} path a file name, a path or an address */
export function lastPart(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** @param {string} fileName */
export function isWheel(fileName) {
  return fileName.endsWith(".whl") && fileName.split("-").length >= 5;
}

/**
 * @param {string} fileName of a wheel
 * @param {string[]} folders the wheel's
 * @returns {{ distInfo?: string, data?: string }} those that belong to the package: NAME-VERSION.dist-info
 *   and NAME-VERSION.data, where there are such
 */
export function findFolders(fileName, folders) {
  const name = normalize(fileName.split("-").slice(0, -4).join("-"));
  const find = (/** @type {string} */ suffix) =>
    folders.find((each) => each.endsWith(suffix) && normalize(each).startsWith(name));
  return { distInfo: find(".dist-info"), data: find(".data") };
}

/**
 * The one spelling of a name that is to be compared (PEP 503).
 *
 * @param {string} name
 */
export function normalize(name) {
  return name.replaceAll(/[-_.]+/g, "-").toLowerCase();
}
