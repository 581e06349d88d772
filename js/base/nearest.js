// @ts-check
// Which of some known names is most like one that somebody wrote.

/**
 * @param {string} written
 * @param {readonly string[]} known at least one
 * @param {(name: string) => string} [fold] makes names equal that differ in nothing that matters
 * @returns {{ name: string, distance: number }} the nearest, the first of several
 */
export function findNearest(written, known, fold = (name) => name) {
  const folded = fold(written);
  return known
    .map((name) => ({ name, distance: editDistance(folded, fold(name)) }))
    .reduce((best, each) => (each.distance < best.distance ? each : best));
}

/**
 * How many letters are to be changed, inserted or deleted to make one of the other (Levenshtein), one
 * row of the table at a time.
 *
 * @param {string} from
 * @param {string} to
 */
function editDistance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = row[j - 1] + Number(from[i - 1] !== to[j - 1]);
      next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}
