/** "Did you mean": the known name nearest to a mistyped one, with PostgreSQL's limits on what is plausible. */

/** PostgreSQL suggests nothing further away than this. */
const distanceMax = 3;

/**
 * The names nearest to `name`: at most `distanceMax` edits away and with at least half of it unchanged.
 * Empty when nothing is near, or too much is equally near.
 */
export function closestNames(name: string, known: Iterable<string>, countMax = 2): string[] {
  let best: string[] = [];
  let bestDistance = distanceMax + 1;
  for (const candidate of new Set(known)) {
    const distance = editDistance(name, candidate, bestDistance);
    if (distance > name.length / 2 || distance > bestDistance) continue;
    if (distance < bestDistance) {
      best = [candidate];
      bestDistance = distance;
    } else if (distance <= distanceMax) best.push(candidate);
  }
  return best.length > countMax ? [] : best;
}

/** A hint that names the nearest known name, or undefined. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const [first] = closestNames(name, known);
  return first === undefined ? undefined : `Did you mean "${first}"?`;
}

/** Levenshtein distance, or some number above `limit` as soon as it must be that. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change));
    }
    if (Math.min(...next) > limit) return limit + 1;
    row = next;
  }
  return row[b.length]!;
}
